//! How a node lives: its phases and the moves between them.

use serde::{Deserialize, Serialize};

/// Where a node stands between the loading dock and the scrap yard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Arrived at its site.
    Received,
    /// In its rack, cabled.
    Racked,
    /// Its management controller answers and its parts are listed.
    Discovered,
    /// Under test.
    Validating,
    /// Fit to be sold.
    Ready,
    /// In a client's hands.
    Allocated,
    /// Being erased after a client.
    Sanitising,
    /// Set aside, not trusted.
    Quarantined,
    /// Being mended.
    InRepair,
    /// Gone for good.
    Retired,
}

impl Phase {
    /// Every phase, in the order of a node's life, the side ways last.
    pub const ALL: [Phase; 10] = [
        Phase::Received,
        Phase::Racked,
        Phase::Discovered,
        Phase::Validating,
        Phase::Ready,
        Phase::Allocated,
        Phase::Sanitising,
        Phase::Quarantined,
        Phase::InRepair,
        Phase::Retired,
    ];

    /// The phases that a plain move may lead to. `Sanitising` has none: a node leaves it only
    /// by a recorded sanitisation. `Received` is reached only by a receipt.
    pub fn next(self) -> &'static [Phase] {
        use Phase::*;
        match self {
            Received => &[Racked, Quarantined, InRepair, Retired],
            Racked => &[Discovered, Quarantined, InRepair, Retired],
            Discovered => &[Validating, Quarantined, InRepair, Retired],
            Validating => &[Ready, Quarantined, InRepair, Retired],
            Ready => &[Allocated, Validating, Quarantined, InRepair, Retired],
            Allocated => &[Sanitising, Quarantined, InRepair],
            Sanitising => &[],
            Quarantined => &[Validating, Sanitising, InRepair, Retired],
            InRepair => &[Validating, Sanitising, Quarantined, Retired],
            Retired => &[],
        }
    }

    /// The phases open to a node that still holds a client's data: erasure and the side ways.
    pub fn next_unerased(self) -> &'static [Phase] {
        use Phase::*;
        match self {
            Allocated => &[Sanitising, Quarantined, InRepair],
            Quarantined => &[Sanitising, InRepair],
            InRepair => &[Sanitising, Quarantined],
            _ => &[],
        }
    }

    /// Whether a move to it must say why.
    pub fn needs_reason(self) -> bool {
        matches!(self, Phase::Quarantined | Phase::InRepair | Phase::Retired)
    }

    /// Whether a node in it cannot serve, now or as far as anyone knows.
    pub fn is_out(self) -> bool {
        matches!(self, Phase::Quarantined | Phase::InRepair | Phase::Retired)
    }

    /// Its name: `in-repair`.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Received => "received",
            Phase::Racked => "racked",
            Phase::Discovered => "discovered",
            Phase::Validating => "validating",
            Phase::Ready => "ready",
            Phase::Allocated => "allocated",
            Phase::Sanitising => "sanitising",
            Phase::Quarantined => "quarantined",
            Phase::InRepair => "in-repair",
            Phase::Retired => "retired",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no phase of a node")]
pub struct BadPhase(pub String);

impl std::str::FromStr for Phase {
    type Err = BadPhase;

    fn from_str(text: &str) -> Result<Self, BadPhase> {
        let known = Phase::ALL.into_iter().find(|phase| phase.as_str() == text);
        known.ok_or_else(|| BadPhase(text.chars().take(40).collect()))
    }
}
