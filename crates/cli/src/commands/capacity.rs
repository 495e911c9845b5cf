//! Commands of capacity.
