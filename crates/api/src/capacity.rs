//! Pools, their calendars, reservations, allocations and maintenance on the wire.

mod block;
mod changes;
mod explain;
mod exposure;
mod groups;
mod health;
mod maintenance;
mod names;
mod pins;
mod quote;
mod replace;
mod risk;
mod shape;

pub use block::{
    AllocateBlock, Block, BlockDetail, BlockReplacement, part, status_at as block_status_at,
};
pub use changes::{CapacityChange, CapacityChanges, GroupHealth};
pub use exposure::{ExposedMonth, ExposedOption, Exposure, OptionMode, SetOptionMode};
pub use groups::{
    AccountCapacity, CapacityGroup, ContractCapacity, HeldInterval, PoolCapacity, PoolCounts,
    groups_of,
};
pub use health::{Health, Healths, Outages};
pub use maintenance::*;
pub use names::SupposedNames;
pub use pins::*;
pub use quote::{Hold, MakeQuote, Quote};
pub use replace::{ReplaceNode, Replacement};
pub use shape::{FabricLevel, Shape, ShapeSpread};

use std::collections::BTreeSet;

use bareboat_base::{
    AllocationId, ContractId, LotId, NodeCount, NodeRef, OrganisationId, PoolId, ProjectId,
    ReservationId, Window,
};
use bareboat_capacity as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fleet::{Numbers, Place, label_in, model_code, site_code};
use crate::wire;

pub use explain::*;
pub use risk::*;

/// The parts of a book that capacity is told from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// What there is.
    pub fleet: &'a bareboat_fleet::State,
    /// When it is free.
    pub capacity: &'a domain::State,
    /// What was agreed.
    pub contracts: &'a bareboat_contracts::State,
}

impl Sources<'_> {
    fn reference(&self, contract: ContractId) -> Option<wire::Code> {
        let row = self.contracts.contract(contract);
        row.map(|row| row.reference.clone().into())
    }

    /// The account that a contract's capacity is kept for (the client's organisation, or the
    /// partner's while the client has none), and its project.
    pub fn account(&self, contract: ContractId) -> Option<(OrganisationId, ProjectId)> {
        let row = self.contracts.contract(contract)?;
        let account = row.client_organisation.unwrap_or(row.organisation);
        Some((account, row.project))
    }

    fn codes(&self, pool: PoolId) -> (Option<wire::Code>, Option<wire::Code>, u32) {
        self.capacity.pools.get(&pool).map_or((None, None, 0), |p| {
            let site = site_code(self.fleet, p.site);
            (site, model_code(self.fleet, p.model), p.gpus_per_node)
        })
    }

    fn lot_label(&self, lot: LotId) -> String {
        label_in(&self.contracts.lots, lot)
    }

    fn contract_label(&self, contract: ContractId) -> String {
        label_in(&self.contracts.contracts, contract)
    }
}

/// All nodes of one model at one site: the unit in which capacity is sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pool {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `POOL-0001`.
    pub label: String,
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model.
    pub model: wire::Id,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Nodes that are never sold.
    pub spare_floor: u32,
    /// Whether its options may be sold over.
    pub option_mode: OptionMode,
    /// How many days before their beginning its reservations get their nodes; only when asked
    /// for, when there are none.
    pub pin_ahead_days: Option<u32>,
    /// Nodes that were received.
    pub received: u32,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Pool {
    /// The pool with an id.
    pub fn of(sources: Sources<'_>, id: PoolId) -> Option<Self> {
        let row = sources.capacity.pools.get(&id)?;
        let received = sources.capacity.nodes_of_pool(id);
        Some(Self {
            id: id.into(),
            label: label_in(&sources.capacity.pools, id),
            site: row.site.into(),
            site_code: site_code(sources.fleet, row.site),
            model: row.model.into(),
            model_code: model_code(sources.fleet, row.model),
            gpus_per_node: row.gpus_per_node,
            spare_floor: row.spare_floor.0,
            option_mode: row.option_mode().into(),
            pin_ahead_days: row.pin_ahead.map(|ahead| ahead.days),
            received: received.map_or(0, |nodes| nodes.count().0),
            recorded: row.recorded.into(),
        })
    }
}

/// Keeps so many nodes of a pool unsold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetSpareFloor {
    /// How many.
    pub nodes: u32,
}

/// A stretch of time over which a pool's counts of nodes do not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// Its first instant.
    pub from: wire::Instant,
    /// The first instant after it.
    pub to: wire::Instant,
    /// Delivered, or due by then.
    pub installed: u32,
    /// Installed, less the spares and what is out of supply.
    pub sellable: u32,
    /// Held by reservations' windows.
    pub firm: u32,
    /// Held by open options.
    pub option: u32,
    /// Held by open quotes.
    pub soft_held: u32,
    /// Never sold.
    pub spare: u32,
    /// Out of supply.
    pub unavailable: u32,
    /// What can still be sold.
    pub free: u32,
    /// How many are missing where the others come to more than is installed.
    pub short: u32,
}

impl From<domain::Step> for Step {
    fn from(step: domain::Step) -> Self {
        Self {
            from: step.window.from().into(),
            to: step.window.to().into(),
            installed: step.installed.0,
            sellable: step.sellable().0,
            firm: step.firm.0,
            option: step.option.0,
            soft_held: step.soft_held.0,
            spare: step.spare.0,
            unavailable: step.unavailable.0,
            free: step.free.0,
            short: step.short.0,
        }
    }
}

/// A pool's counts over a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Calendar {
    /// The pool.
    pub pool: wire::Id,
    /// The pool's label.
    pub pool_label: String,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// The window asked for.
    pub window: wire::Window,
    /// The most nodes that a new reservation could hold throughout the window, by count.
    pub most_free: u32,
    /// The steps, in order, without a gap.
    pub steps: Vec<Step>,
}

impl Calendar {
    /// The calendar of a pool over a window.
    pub fn of(sources: Sources<'_>, pool: PoolId, window: Window) -> Self {
        let (site_code, model_code, _) = sources.codes(pool);
        let steps = sources.capacity.profile(pool, window);
        Self {
            pool: pool.into(),
            pool_label: label_in(&sources.capacity.pools, pool),
            site_code,
            model_code,
            window: window.into(),
            most_free: sources.capacity.max_free(pool, window).0,
            steps: steps.into_iter().map(Into::into).collect(),
        }
    }
}

/// Capacity held for a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reservation {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `R-0001`.
    pub label: String,
    /// The contract.
    pub contract: wire::Id,
    /// The contract's label.
    pub contract_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The account that it is kept for: the client's organisation, or the partner's while the
    /// client has none.
    pub organisation: Option<wire::Id>,
    /// The project.
    pub project: Option<wire::Id>,
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
    /// The pool.
    pub pool: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// How many nodes, throughout.
    pub nodes: u32,
    /// How many GPUs those are.
    pub gpus: Option<u32>,
    /// When; an exercised option is part of it.
    pub window: wire::Window,
    /// An option still open, directly after the window.
    pub option: Option<wire::Window>,
    /// How the nodes lie in the fabric.
    pub shape: Shape,
    /// `held` or `ended`.
    pub status: String,
    /// The first instant no longer held, once ended.
    pub ended_at: Option<wire::Instant>,
    /// The live allocation, once nodes are named.
    pub allocation: Option<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Reservation {
    /// The reservation with an id.
    pub fn of(sources: Sources<'_>, id: ReservationId) -> Option<Self> {
        let row = sources.capacity.reservations.get(&id)?;
        let (site_code, model_code, gpus_per_node) = sources.codes(row.pool);
        let account = sources.account(row.contract);
        let (status, ended_at) = match row.status {
            domain::ReservationStatus::Held => ("held", None),
            domain::ReservationStatus::Ended { at } => ("ended", Some(at.into())),
        };
        Some(Self {
            id: id.into(),
            label: label_in(&sources.capacity.reservations, id),
            contract: row.contract.into(),
            contract_label: sources.contract_label(row.contract),
            contract_reference: sources.reference(row.contract),
            organisation: account.map(|(organisation, _)| organisation.into()),
            project: account.map(|(_, project)| project.into()),
            lot: row.lot.into(),
            lot_label: sources.lot_label(row.lot),
            pool: row.pool.into(),
            site_code,
            model_code,
            nodes: row.nodes.0,
            gpus: row.nodes.gpus(gpus_per_node).map(|gpus| gpus.0),
            window: row.window.into(),
            option: row.option.map(Into::into),
            shape: row.shape.into(),
            status: status.to_owned(),
            ended_at,
            allocation: row.allocation.map(Into::into),
            recorded: row.recorded.into(),
        })
    }
}

/// Over how much of the fabric nodes are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Spread {
    /// How many halls.
    pub halls: u32,
    /// How many leaf switches.
    pub leaves: u32,
    /// How many spine groups.
    pub spine_groups: u32,
    /// How many NVLink domains beyond single nodes.
    pub nvlink_domains: u32,
}

/// A node of an allocation and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlacedNode {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its phase, while the allocation lives; its tenant reads it from the hand-over on.
    pub phase: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Named nodes bound to a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Allocation {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `A-0001`.
    pub label: String,
    /// Its reservation.
    pub reservation: wire::Id,
    /// The reservation's label.
    pub reservation_label: String,
    /// The contract.
    pub contract: wire::Id,
    /// The contract's label.
    pub contract_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// The nodes' numbers at the site.
    pub nodes: Numbers,
    /// How many nodes.
    pub count: u32,
    /// How many GPUs those are.
    pub gpus: Option<u32>,
    /// When.
    pub window: wire::Window,
    /// To when the nodes are kept from others: the option's end, the window's, or the release.
    pub kept_until: wire::Instant,
    /// Whether its nodes were handed over; those named ahead are not yet.
    pub handed_over: bool,
    /// `live` or `released`.
    pub status: String,
    /// From when they were freed.
    pub released_at: Option<wire::Instant>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Allocation {
    /// The allocation with an id.
    pub fn of(sources: Sources<'_>, id: AllocationId) -> Option<Self> {
        let row = sources.capacity.allocations.get(&id)?;
        let (site_code, model_code, gpus_per_node) = sources.codes(row.pool);
        let (status, released_at) = match row.status {
            domain::AllocationStatus::Live => ("live", None),
            domain::AllocationStatus::Released { at } => ("released", Some(at.into())),
        };
        let count: NodeCount = row.nodes.count();
        Some(Self {
            id: id.into(),
            label: label_in(&sources.capacity.allocations, id),
            reservation: row.reservation.into(),
            reservation_label: label_in(&sources.capacity.reservations, row.reservation),
            contract: row.contract.into(),
            contract_label: sources.contract_label(row.contract),
            contract_reference: sources.reference(row.contract),
            lot: row.lot.into(),
            lot_label: sources.lot_label(row.lot),
            site_code,
            model_code,
            nodes: row.nodes.as_ref().into(),
            count: count.0,
            gpus: count.gpus(gpus_per_node).map(|gpus| gpus.0),
            window: row.window.into(),
            kept_until: row.kept_until.into(),
            handed_over: !row.awaited,
            status: status.to_owned(),
            released_at,
            recorded: row.recorded.into(),
        })
    }
}

/// An allocation with every node of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AllocationDetail {
    /// The allocation.
    pub allocation: Allocation,
    /// Over how much of the fabric its nodes are spread.
    pub spread: Spread,
    /// Its nodes, by number.
    pub nodes: Vec<PlacedNode>,
    /// Failed nodes whose places spares took.
    pub replaced: Vec<Replacement>,
}

impl AllocationDetail {
    /// The allocation with an id. Of a released one's nodes it does not say what became of them:
    /// they may be another's.
    pub fn of(sources: Sources<'_>, id: AllocationId) -> Option<Self> {
        let allocation = Allocation::of(sources, id)?;
        let row = sources.capacity.allocations.get(&id)?;
        let site = row.nodes.site();
        let lives = row.status == domain::AllocationStatus::Live;
        let (mut halls, mut leaves) = (BTreeSet::new(), BTreeSet::new());
        let (mut spines, mut domains) = (BTreeSet::new(), BTreeSet::new());
        let mut nodes = Vec::with_capacity(row.nodes.count().0 as usize);
        for number in row.nodes.numbers() {
            let Some(node) = sources.fleet.node(&NodeRef { site, number }) else {
                continue;
            };
            halls.insert(node.hall);
            leaves.insert((node.hall, node.leaf));
            spines.insert(node.spine_group);
            domains.extend(node.nvlink_domain);
            let label = sources.fleet.label_of(&node.node);
            nodes.push(PlacedNode {
                id: node.id.into(),
                label: label.unwrap_or_default(),
                phase: lives.then(|| node.phase.to_string()),
                place: Place::of(sources.fleet, node.row),
            });
        }
        let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
        let spread = Spread {
            halls: count(halls.len()),
            leaves: count(leaves.len()),
            spine_groups: count(spines.len()),
            nvlink_domains: count(domains.len()),
        };
        Some(Self {
            allocation,
            spread,
            nodes,
            replaced: Replacement::of_allocation(sources, id),
        })
    }
}

/// Nodes out of supply for a while: failed, in repair, under maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Maintenance {
    /// Its number, from 1.
    pub number: u32,
    /// The pool.
    pub pool: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// The nodes' numbers at the site; for a tenant, those that are its own.
    pub nodes: Numbers,
    /// How many.
    pub count: u32,
    /// When.
    pub window: wire::Window,
    /// Why, in a word.
    pub why: wire::Code,
    /// Nodes among them that came back early.
    pub back: Vec<Back>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Maintenance {
    /// The unavailability with a number from 0, of `nodes` among its own.
    pub fn of(sources: Sources<'_>, number: u32, nodes: &bareboat_base::NodeSet) -> Option<Self> {
        let row = sources.capacity.unavailabilities.get(&number)?;
        let (site_code, model_code, _) = sources.codes(row.pool);
        Some(Self {
            number: number + 1,
            pool: row.pool.into(),
            site_code,
            model_code,
            nodes: nodes.into(),
            count: nodes.count().0,
            window: row.window.into(),
            why: row.why.clone().into(),
            back: row
                .back
                .iter()
                .filter_map(|back| Back::of(back, nodes))
                .collect(),
            recorded: row.recorded.into(),
        })
    }
}

/// Takes nodes out of supply over a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMaintenance {
    /// The nodes' numbers at the pool's site.
    pub nodes: Numbers,
    /// When; what overlaps an earlier window of the same node counts once.
    pub window: wire::Window,
    /// Why, in a word: `maintenance`, `failed`.
    pub why: wire::Code,
}

/// Nodes that were taken out of supply, and what that breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceSet {
    /// The window as it was recorded.
    pub maintenance: Maintenance,
    /// The reservations of the pool that its calendar cannot keep now.
    pub at_risk: Vec<AtRisk>,
}

/// Nodes in each phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phases {
    /// Arrived.
    pub received: u32,
    /// In the rack.
    pub racked: u32,
    /// Answering.
    pub discovered: u32,
    /// Under test.
    pub validating: u32,
    /// Fit to be sold.
    pub ready: u32,
    /// In a client's hands.
    pub allocated: u32,
    /// Being erased.
    pub sanitising: u32,
    /// Set aside.
    pub quarantined: u32,
    /// Being mended.
    pub in_repair: u32,
    /// Gone for good.
    pub retired: u32,
}

impl From<bareboat_fleet::PhaseCounts> for Phases {
    fn from(counts: bareboat_fleet::PhaseCounts) -> Self {
        use bareboat_fleet::Phase as P;
        let of = |phase| counts.of(phase).0;
        Self {
            received: of(P::Received),
            racked: of(P::Racked),
            discovered: of(P::Discovered),
            validating: of(P::Validating),
            ready: of(P::Ready),
            allocated: of(P::Allocated),
            sanitising: of(P::Sanitising),
            quarantined: of(P::Quarantined),
            in_repair: of(P::InRepair),
            retired: of(P::Retired),
        }
    }
}

/// How many nodes of one model at one site there are, and how they stand: the whole fleet's for
/// the operator, its own for a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capacity {
    /// The site.
    pub site: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model.
    pub model: wire::Id,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Nodes received and not retired; for a tenant, nodes named for it.
    pub delivered: u32,
    /// Of those, the nodes that are fit for work: `ready` or `allocated`, and not out of supply.
    pub healthy: u32,
    /// Nodes that reservations hold now.
    pub reserved: u32,
    /// Nodes that open quotes hold now.
    pub soft_held: u32,
    /// Of those delivered, the nodes that are `allocated`.
    pub in_use: u32,
    /// When `reserved` changes next.
    pub next_change_at: Option<wire::Instant>,
    /// How many nodes reservations hold from then on.
    pub next_change_to: Option<u32>,
    /// The pool's counts, now and next; the operator's to know.
    pub pool: Option<PoolCapacity>,
    /// All nodes by phase; the operator's to know.
    pub phases: Option<Phases>,
}
