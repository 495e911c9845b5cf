//! Wire types of ledger.
