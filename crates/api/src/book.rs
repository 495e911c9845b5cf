//! The book itself, its events, and the audit store.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire;

/// The book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Book {
    /// The operator's name.
    pub operator: wire::Name,
    /// How many events it holds.
    pub position: u64,
    /// The Merkle root over them (RFC 6962), 64 hexadecimal digits.
    pub root: wire::Digest,
    /// When the last of them was recorded.
    pub recorded_at: Option<wire::Instant>,
    /// Whether instants come from outside: such a book proves nothing of real time.
    pub simulated_clock: bool,
    /// The tz database that the program holds.
    pub tz_version: String,
    /// The tz database that the book began with.
    pub tz_version_at_creation: String,
    /// The program's version.
    pub version: String,
}

/// One event of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its place, from 1.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: wire::Instant,
    /// Who asked for it.
    pub actor: wire::Id,
    /// The command it came from.
    pub command_id: wire::Id,
    /// Its leaf in the Merkle tree.
    pub leaf: wire::Digest,
    /// What it says: `{"type","version","data"}` as stored. Sealed values are references.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
}

/// One line of the audit store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its number in the store.
    pub number: u64,
    /// When the request was answered.
    pub at: wire::Instant,
    /// Who asked; none when no key was let in.
    pub principal: Option<wire::Id>,
    /// The operation; none when there is no such route.
    pub operation: Option<String>,
    /// The method.
    pub method: String,
    /// The path asked for, without its query.
    pub path: String,
    /// `allowed`, `denied` (401, 403, 404) or `failed`.
    pub outcome: String,
    /// The HTTP status.
    pub status: u16,
    /// The problem's code.
    pub code: Option<String>,
    /// The request's id.
    pub request_id: String,
}
