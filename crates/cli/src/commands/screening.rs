//! Commands of screening.
