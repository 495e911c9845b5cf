//! The index of capacity that appeared and left, with the reasons, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Numbers;
use crate::wire;

/// Nodes that appeared, left, or changed their health, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapacityChange {
    /// The event that it follows from; none where an allocation ran out by time.
    pub position: Option<u64>,
    /// When the book learned it.
    pub recorded_at: wire::Instant,
    /// When it is true.
    pub at: wire::Instant,
    /// `appeared`, `left`, `unhealthy` or `healthy`.
    pub change: String,
    /// Why: `delivered` or `replaced` of what appeared; `failed` (another came in its place),
    /// `released` or `ended` of what left; `failed`, or the word for which it is out of supply, of
    /// what is unhealthy; `repaired` of what is healthy again.
    pub reason: String,
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// The nodes' numbers at the site.
    pub nodes: Numbers,
    /// How many nodes.
    pub count: u32,
    /// The label of the node that these took the place of.
    pub replaces: Option<String>,
    /// The label of the node that took their place.
    pub replaced_by: Option<String>,
    /// To when they are out of supply, where that is known.
    pub until: Option<wire::Instant>,
    /// The allocation.
    pub allocation: wire::Id,
    /// The allocation's label.
    pub allocation_label: String,
    /// The contract.
    pub contract: wire::Id,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
    /// The account.
    pub organisation: Option<wire::Id>,
    /// The project.
    pub project: Option<wire::Id>,
}

/// What changed since the last answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapacityChanges {
    /// The changes, in the order in which the book learned them.
    pub changes: Vec<CapacityChange>,
    /// What to ask `after` next time.
    pub next: String,
    /// Whether there is more to read right away.
    pub more: bool,
}

/// How the nodes of a part of the fabric, a reservation or a block stand together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupHealth {
    /// Which: `OSA/H1/leaf-3`, `OSA/spine-1`, `OSA/nvlink-7`, `R-0001`, `BL-0001`.
    pub key: String,
    /// The contract's reference, of a reservation or a block.
    pub contract_reference: Option<wire::Code>,
    /// What a block is for.
    pub purpose: Option<wire::Name>,
    /// `healthy` where all are; `unhealthy` where none is fit; `degraded` where some are not;
    /// `unknown` where it is not known of some and the others are fit.
    pub state: String,
    /// How many nodes.
    pub count: u32,
    /// Fit for work.
    pub healthy: u32,
    /// Failed, in repair, or under maintenance.
    pub unhealthy: u32,
    /// Not known: not tested since they came, were mended or were erased; or not named yet.
    pub unknown: u32,
}

impl GroupHealth {
    /// From how its nodes stand.
    pub fn of(key: String, healths: super::Healths) -> Self {
        let super::Healths {
            healthy,
            unhealthy,
            unknown,
        } = healths;
        let state = match (healthy, unhealthy, unknown) {
            (0, 0, 0) => "unknown",
            (0, _, 0) => "unhealthy",
            (_, 0, 0) => "healthy",
            (_, 0, _) => "unknown",
            _ => "degraded",
        };
        Self {
            key,
            contract_reference: None,
            purpose: None,
            state: state.to_owned(),
            count: healthy + unhealthy + unknown,
            healthy,
            unhealthy,
            unknown,
        }
    }
}
