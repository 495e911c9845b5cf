//! Placing nodes.
