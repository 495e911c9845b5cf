//! Commands of explain.
