//! Commands of fleet.
