//! Wire types of fleet.
