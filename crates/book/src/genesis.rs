//! How a book begins: who operates it, and whether its clock is simulated.

use bareboat_base::{Name, Text};
use serde::{Deserialize, Serialize};

/// The first event of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The operator's name.
    pub operator: Name,
    /// Whether instants come from outside. Every page and bundle of such a book says so.
    pub simulated_clock: bool,
    /// The tz database that civil dates were resolved with.
    pub tz_version: Text,
}

/// Asks for a new book; refused when it has begun.
#[derive(Clone, Debug)]
pub struct Create {
    /// The operator's name.
    pub operator: Name,
    /// Whether instants come from outside.
    pub simulated_clock: bool,
}

/// Asks for a new book together with its operator and its first administrator: a book without
/// one could never be opened by anybody.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The book.
    pub create: Create,
    /// Operator and administrator.
    pub bootstrap: bareboat_access::Bootstrap,
}
