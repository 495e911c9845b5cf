//! Wire types of explain.
