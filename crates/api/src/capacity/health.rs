//! Whether nodes are fit for work, as far as the book knows, and what that comes to together.

use std::collections::BTreeMap;

use bareboat_base::{Code, Instant, NodeRef};
use bareboat_capacity as domain;
use bareboat_fleet::{NodeView, Phase};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a node is fit for work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `healthy`, `unhealthy`, or `unknown` where nothing has been said of it since it came, was
    /// mended or was erased.
    pub state: String,
    /// What that is known from: its phase, or the word for which it is out of supply.
    pub from: String,
}

/// Nodes that are out of supply at an instant, and why.
#[derive(Clone, Debug, Default)]
pub struct Outages<'a>(BTreeMap<NodeRef, &'a Code>);

impl<'a> Outages<'a> {
    /// Those of an instant.
    pub fn at(capacity: &'a domain::State, at: Instant) -> Self {
        Self(capacity.outages_at(at))
    }

    /// The nodes, by site and number.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeRef> {
        self.0.keys()
    }

    /// Whether a node is fit for work.
    pub fn health(&self, node: &NodeView<'_>) -> Health {
        let by_phase = match node.phase {
            Phase::Ready | Phase::Allocated => "healthy",
            Phase::Quarantined | Phase::InRepair | Phase::Retired => "unhealthy",
            Phase::Received
            | Phase::Racked
            | Phase::Discovered
            | Phase::Validating
            | Phase::Sanitising => "unknown",
        };
        match self.0.get(&node.node) {
            Some(why) if by_phase == "healthy" => Health {
                state: "unhealthy".to_owned(),
                from: why.to_string(),
            },
            _ => Health {
                state: by_phase.to_owned(),
                from: node.phase.to_string(),
            },
        }
    }
}

/// How the nodes of something stand together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Healths {
    /// Fit for work.
    pub healthy: u32,
    /// Failed, in repair, or under maintenance.
    pub unhealthy: u32,
    /// Not known: not tested since they came, were mended or were erased; or not named yet.
    pub unknown: u32,
}

impl Healths {
    /// Counts a node in.
    pub fn count(&mut self, health: &Health) {
        match health.state.as_str() {
            "healthy" => self.healthy += 1,
            "unhealthy" => self.unhealthy += 1,
            _ => self.unknown += 1,
        }
    }
}
