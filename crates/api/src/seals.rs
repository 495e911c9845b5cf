//! Openings and destruction of sealed values on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::evidence::EvidenceDocument;
use crate::wire;

/// Asks to open a sealed value. The opening is recorded for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSealed {
    /// What for, in words that stand in the open.
    pub purpose: wire::Text,
}

/// One opening of a sealed value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opening {
    /// Counts openings, from 1.
    pub number: u32,
    /// What was opened.
    pub sealed: wire::Id,
    /// Of which party.
    pub party: wire::Id,
    /// The party's label.
    pub party_label: String,
    /// Which field: `name`, `alias`, `address`, `identifier`, `hit entry`, `hit reasons`,
    /// `document`.
    pub field: String,
    /// What for.
    pub purpose: wire::Text,
    /// When, and by whom.
    pub recorded: wire::Recorded,
}

/// A sealed value, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opened {
    /// The opening, as recorded.
    pub opening: Option<Opening>,
    /// The value. It is stored nowhere, so it is absent from a dry run's answer, and from one
    /// that is repeated for an idempotency key: open it anew.
    pub value: Option<String>,
    /// The document, when it is one that was opened; absent where a value would be.
    pub document: Option<EvidenceDocument>,
}

/// Asks to destroy the key of all that is sealed of a party. Nothing brings it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShredKey {
    /// Why, in words that stand in the open.
    pub reason: wire::Text,
}

/// That a party's key was destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shredded {
    /// Whose.
    pub party: wire::Id,
    /// Its label.
    pub label: String,
    /// When, and by whom.
    pub recorded: Option<wire::Recorded>,
}
