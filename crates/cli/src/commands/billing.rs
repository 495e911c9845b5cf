//! Commands of billing.
