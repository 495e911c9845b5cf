//! Wire types of screening.
