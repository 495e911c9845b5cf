//! Commands of rulebook.
