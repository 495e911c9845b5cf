//! Limits on everything that comes from outside.

/// Bytes of an ordinary request body.
pub const BODY: usize = 1 << 20;
/// Bytes of a bulk import or a published list.
pub const BULK_BODY: usize = 16 << 20;
/// Rows of a page when none are asked for.
pub const PAGE_DEFAULT: usize = 100;
/// Rows of a page at most.
pub const PAGE_MOST: usize = 1_000;
/// Characters of an idempotency key, all of them visible ASCII.
pub const IDEMPOTENCY_KEY: usize = 200;
/// Bytes of a request's path and query.
pub const TARGET: usize = 8 << 10;
/// Characters of a request id that a caller may choose: letters, digits, `-`, `_` and `.`.
pub const REQUEST_ID: usize = 64;
