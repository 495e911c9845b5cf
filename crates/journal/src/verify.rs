//! Everything a book claims of itself, recomputed.
