//! Backup to one file while the book is in use, and restore from it.
