//! Commands of impact.
