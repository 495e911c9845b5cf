//! Wire types of impact.
