//! The one door to the present. Domain code never asks the time: it is told.

use crate::Instant;

/// Tells the present instant. The server holds the real one; tests and simulated books hold one
/// they can set. Nothing below the server may implement it with the system clock.
pub trait Clock: Send + Sync {
    /// The present, in UTC, to the microsecond.
    fn now(&self) -> Instant;
}
