//! The one place where the system's clock is read.

use bareboat_base::{Clock, Instant};

/// The machine's clock, in UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        // tidy-allow(system-clock): this is the clock that everything else is told of.
        jiff::Timestamp::now().into()
    }
}
