//! Wire types of capacity.
