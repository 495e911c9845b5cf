//! Commands of ledger.
