//! Nodes that come back into supply early, on the wire.

use bareboat_base::NodeSet;
use bareboat_capacity as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::Numbers;
use crate::wire;

/// Nodes that came back before their window ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Back {
    /// The nodes' numbers at the site.
    pub nodes: Numbers,
    /// From when they are in supply.
    pub at: wire::Instant,
}

impl Back {
    /// Those that came back and are among `nodes`.
    pub(super) fn of(back: &domain::Back, nodes: &NodeSet) -> Option<Self> {
        let numbers = back
            .nodes
            .numbers()
            .filter(|number| nodes.contains(*number));
        let nodes = NodeSet::from_numbers(nodes.site(), numbers).ok()?;
        Some(Self {
            nodes: (&nodes).into(),
            at: back.at.into(),
        })
    }
}

/// Brings nodes back into supply before their window ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndMaintenance {
    /// The nodes' numbers at the pool's site, all of them out of supply then.
    pub nodes: Numbers,
    /// From when they are back; now when left out. What is planned to begin later stays.
    #[serde(default)]
    pub at: Option<wire::Instant>,
    /// Only windows with this reason; whatever has them out of supply when left out.
    #[serde(default)]
    pub why: Option<wire::Code>,
}

/// Nodes that were brought back into supply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceEnded {
    /// The pool.
    pub pool: wire::Id,
    /// The nodes' numbers at its site.
    pub nodes: Numbers,
    /// How many.
    pub count: u32,
    /// From when they are back.
    pub at: wire::Instant,
}
