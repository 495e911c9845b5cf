//! Explanations on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire;

/// One record, what it says, and what it follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The kind of record: `allocation`.
    pub kind: String,
    /// Its label.
    pub label: String,
    /// Its id.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// What it says.
    pub facts: Vec<Fact>,
    /// The event that recorded it.
    pub recorded: Option<wire::Recorded>,
    /// What it follows from.
    #[schema(no_recursion)]
    pub because: Vec<Explanation>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How much, who, when.
    pub value: String,
}
