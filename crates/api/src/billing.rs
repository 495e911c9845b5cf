//! Wire types of billing.
