//! Commands of contracts.
