//! Wire types of contracts.
