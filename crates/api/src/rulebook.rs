//! Wire types of rulebook.
