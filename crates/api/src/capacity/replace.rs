//! Failed nodes of lots and the spares in their places, on the wire.

use bareboat_base::{AllocationId, NodeRef};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Sources;
use crate::fleet::label_in;
use crate::wire;

/// A failed node whose place a spare took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replacement {
    /// The allocation.
    pub allocation: wire::Id,
    /// The allocation's label.
    pub allocation_label: String,
    /// The label of the node that failed.
    pub node_label: String,
    /// The label of the spare.
    pub spare_label: String,
    /// How near the spare is: `leaf`, `spine-group` or `hall`.
    pub near: String,
    /// From when it serves.
    pub at: wire::Instant,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Replacement {
    /// What was replaced in an allocation, in the order in which it was recorded.
    pub fn of_allocation(sources: Sources<'_>, id: AllocationId) -> Vec<Self> {
        let Some(row) = sources.capacity.allocations.get(&id) else {
            return Vec::new();
        };
        let site = row.nodes.site();
        let label = |number| {
            let node = NodeRef { site, number };
            sources.fleet.label_of(&node).unwrap_or_default()
        };
        let replaced = row.replaced.iter().map(|replaced| Self {
            allocation: id.into(),
            allocation_label: label_in(&sources.capacity.allocations, id),
            node_label: label(replaced.node),
            spare_label: label(replaced.spare),
            near: replaced.near.as_str().to_owned(),
            at: replaced.at.into(),
            recorded: replaced.recorded.into(),
        });
        replaced.collect()
    }
}

/// Reports that a node of a lot failed, and asks for a spare in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceNode {
    /// From when the spare serves; now when left out.
    #[serde(default)]
    pub at: Option<wire::Instant>,
    /// When the node is expected back; until then it is out of supply. Until it is ready again,
    /// when left out.
    #[serde(default)]
    pub until: Option<wire::Instant>,
    /// What failed.
    pub reason: wire::Text,
}
