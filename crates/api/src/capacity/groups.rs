//! What a contract, an account and a pool have: now, in use, and when that changes next.

use std::collections::BTreeMap;

use bareboat_base::{
    ContractId, Handle, Instant, LotId, NodeRef, OrganisationId, PoolId, ProjectId, Table, TypedId,
    Window,
};
use bareboat_capacity::{self as domain, Stretch};
use bareboat_fleet::Phase;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Sources;
use super::health::{Healths, Outages};
use crate::fleet::{label_in, model_code, site_code};
use crate::wire;

/// A pool's counts of nodes at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolCounts {
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
    /// Out of supply.
    pub unavailable: u32,
    /// What can still be sold.
    pub free: u32,
}

impl PoolCounts {
    fn of(capacity: &domain::State, pool: PoolId, at: Instant) -> Option<Self> {
        let instant = Window::new(at, at.next()?).ok()?;
        let step = capacity.profile(pool, instant).into_iter().next()?;
        Some(Self {
            installed: step.installed.0,
            sellable: step.sellable().0,
            firm: step.firm.0,
            option: step.option.0,
            soft_held: step.soft_held.0,
            unavailable: step.unavailable.0,
            free: step.free.0,
        })
    }
}

/// A pool's counts now, and what they change to next; its calendar has all that follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolCapacity {
    /// The pool.
    pub id: wire::Id,
    /// The pool's label.
    pub label: String,
    /// Its counts now.
    pub now: PoolCounts,
    /// When they change next.
    pub next_change_at: Option<wire::Instant>,
    /// Its counts from then on.
    pub next: Option<PoolCounts>,
}

impl PoolCapacity {
    /// A pool at an instant, quotes that expired by then recorded as lapsed.
    pub fn of(capacity: &domain::State, pool: PoolId, at: Instant) -> Option<Self> {
        let next = capacity.next_change(pool, at);
        Some(Self {
            id: pool.into(),
            label: label_in(&capacity.pools, pool),
            now: PoolCounts::of(capacity, pool, at)?,
            next_change_at: next.map(Into::into),
            next: next.and_then(|next| PoolCounts::of(capacity, pool, next)),
        })
    }
}

/// A stretch of time over which what is held does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldInterval {
    /// Its first instant.
    pub from: wire::Instant,
    /// The first instant after it.
    pub to: wire::Instant,
    /// Nodes held firmly.
    pub nodes: u32,
    /// Nodes held by an open option.
    pub option: u32,
}

impl From<&Stretch> for HeldInterval {
    fn from(stretch: &Stretch) -> Self {
        Self {
            from: stretch.window.from().into(),
            to: stretch.window.to().into(),
            nodes: stretch.firm.0,
            option: stretch.option.0,
        }
    }
}

/// What a contract's lot has in a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapacityGroup {
    /// The contract.
    pub contract: wire::Id,
    /// The contract's label.
    pub contract_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The account: the client's organisation, or the partner's while the client has none.
    pub organisation: Option<wire::Id>,
    /// The project.
    pub project: Option<wire::Id>,
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
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
    /// Nodes that it holds firmly now.
    pub current: u32,
    /// Of those, the nodes that have names.
    pub delivered: u32,
    /// Of those delivered, the nodes that are fit for work.
    pub healthy: u32,
    /// Of those delivered, the nodes in the client's hands: `allocated`.
    pub used: u32,
    /// When `current` changes next, or what an option keeps does.
    pub next_change_at: Option<wire::Instant>,
    /// The nodes that it holds firmly from then on.
    pub next_change_to: Option<u32>,
    /// All that it holds and held, in order; nothing in between.
    pub intervals: Vec<HeldInterval>,
}

/// What the lots of contracts have, of each pool, in the order of their reservations.
pub fn groups_of(
    sources: Sources<'_>,
    at: Instant,
    counts: impl Fn(ContractId) -> bool,
) -> Vec<CapacityGroup> {
    let mut keys: Vec<(ContractId, LotId, PoolId)> = Vec::new();
    let mut held: BTreeMap<(LotId, PoolId), Vec<&domain::Reservation>> = BTreeMap::new();
    for row in sources.capacity.reservations.values() {
        if !counts(row.contract) {
            continue;
        }
        let rows = held.entry((row.lot, row.pool)).or_default();
        if rows.is_empty() {
            keys.push((row.contract, row.lot, row.pool));
        }
        rows.push(row);
    }
    let delivered = Delivered::at(sources, at, &counts);
    let groups = keys.into_iter().filter_map(|(contract, lot, pool)| {
        let stretches = domain::stretches(held.remove(&(lot, pool))?);
        let delivered = delivered.0.get(&(lot, pool)).copied().unwrap_or_default();
        CapacityGroup::of(sources, (contract, lot, pool), at, &stretches, delivered)
    });
    groups.collect()
}

impl CapacityGroup {
    fn of(
        sources: Sources<'_>,
        (contract, lot, pool): (ContractId, LotId, PoolId),
        at: Instant,
        stretches: &[Stretch],
        delivered: Nodes,
    ) -> Option<Self> {
        let row = sources.capacity.pools.get(&pool)?;
        let account = sources.account(contract);
        let (now, next) = Stretch::now_and_next(stretches, at);
        let firm = |stretch: Option<Stretch>| stretch.map_or(0, |one| one.firm.0);
        Some(Self {
            contract: contract.into(),
            contract_label: sources.contract_label(contract),
            contract_reference: sources.reference(contract),
            organisation: account.map(|(organisation, _)| organisation.into()),
            project: account.map(|(_, project)| project.into()),
            lot: lot.into(),
            lot_label: sources.lot_label(lot),
            site: row.site.into(),
            site_code: site_code(sources.fleet, row.site),
            model: row.model.into(),
            model_code: model_code(sources.fleet, row.model),
            gpus_per_node: row.gpus_per_node,
            current: firm(now),
            delivered: delivered.delivered,
            healthy: delivered.healths.healthy,
            used: delivered.in_use,
            next_change_at: next.map(|(at, _)| at.into()),
            next_change_to: next.map(|(_, then)| firm(then)),
            intervals: stretches.iter().map(Into::into).collect(),
        })
    }
}

/// The nodes that a lot has by name in a pool.
#[derive(Clone, Copy, Debug, Default)]
struct Nodes {
    delivered: u32,
    healths: Healths,
    in_use: u32,
}

struct Delivered(BTreeMap<(LotId, PoolId), Nodes>);

impl Delivered {
    /// Those of contracts that count, at an instant.
    fn at(sources: Sources<'_>, at: Instant, counts: &impl Fn(ContractId) -> bool) -> Self {
        let outages = Outages::at(sources.capacity, at);
        let mut found: BTreeMap<(LotId, PoolId), Nodes> = BTreeMap::new();
        for row in sources.capacity.allocations.values() {
            if !row.serves_at(at) || !counts(row.contract) {
                continue;
            }
            let nodes = found.entry((row.lot, row.pool)).or_default();
            let site = row.nodes.site();
            for number in row.nodes.numbers() {
                let Some(node) = sources.fleet.node(&NodeRef { site, number }) else {
                    continue;
                };
                nodes.delivered += 1;
                nodes.healths.count(&outages.health(&node));
                nodes.in_use += u32::from(node.phase == Phase::Allocated);
            }
        }
        Self(found)
    }
}

/// What a contract has: a group for each lot and pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractCapacity {
    /// The contract.
    pub contract: wire::Id,
    /// The contract's label.
    pub contract_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The instant that it is told for.
    pub at: wire::Instant,
    /// Its lots' capacity.
    pub groups: Vec<CapacityGroup>,
}

impl ContractCapacity {
    /// What a contract has at an instant.
    pub fn of(sources: Sources<'_>, contract: ContractId, at: Instant) -> Self {
        Self {
            contract: contract.into(),
            contract_label: sources.contract_label(contract),
            contract_reference: sources.reference(contract),
            at: at.into(),
            groups: groups_of(sources, at, |id| id == contract),
        }
    }
}

/// The row of an id.
fn row<I: TypedId, V: Clone>(table: &Table<I, V>, id: wire::Id) -> Option<Handle> {
    table.handle(&I::from_uuid(id.0))
}

/// How many nodes of one model at one site an account has in a project, and how they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountCapacity {
    /// The account: the client's organisation, or the partner's while the client has none.
    pub organisation: Option<wire::Id>,
    /// The account's label.
    pub organisation_label: String,
    /// The project.
    pub project: Option<wire::Id>,
    /// The project's label.
    pub project_label: String,
    /// The project's code.
    pub project_code: Option<wire::Code>,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// GPUs in one node.
    pub gpus_per_node: u32,
    /// Nodes named for it now.
    pub delivered: u32,
    /// Of those, the nodes that are fit for work.
    pub healthy: u32,
    /// Nodes that its reservations hold now.
    pub reserved: u32,
    /// Of those delivered, the nodes in its hands: `allocated`.
    pub in_use: u32,
}

impl AccountCapacity {
    /// Groups added up by account, project, site and model, in the order in which those were made.
    pub fn of(
        access: &bareboat_access::State,
        fleet: &bareboat_fleet::State,
        groups: &[CapacityGroup],
    ) -> Vec<(Vec<u8>, Self)> {
        let mut rows: BTreeMap<Vec<u8>, Self> = BTreeMap::new();
        for group in groups {
            let handles = [
                group
                    .organisation
                    .and_then(|id| row(&access.organisations, id)),
                group.project.and_then(|id| row(&access.projects, id)),
                row(&fleet.sites, group.site),
                row(&fleet.models, group.model),
            ];
            let numbers = handles.map(|handle| handle.map_or(0, Handle::number));
            let key: Vec<u8> = numbers.into_iter().flat_map(u32::to_be_bytes).collect();
            let row = rows.entry(key).or_insert_with(|| Self::none(access, group));
            row.delivered += group.delivered;
            row.healthy += group.healthy;
            row.reserved += group.current;
            row.in_use += group.used;
        }
        rows.into_iter().collect()
    }

    fn none(access: &bareboat_access::State, group: &CapacityGroup) -> Self {
        let organisation = group.organisation.map(|id| OrganisationId::from_uuid(id.0));
        let project = group.project.map(|id| ProjectId::from_uuid(id.0));
        let row = project.and_then(|id| access.projects.get(&id));
        let organisation_label = organisation.map(|id| label_in(&access.organisations, id));
        Self {
            organisation: group.organisation,
            organisation_label: organisation_label.unwrap_or_default(),
            project: group.project,
            project_label: project
                .map(|id| label_in(&access.projects, id))
                .unwrap_or_default(),
            project_code: row.map(|row| row.code.clone().into()),
            site_code: group.site_code.clone(),
            model_code: group.model_code.clone(),
            gpus_per_node: group.gpus_per_node,
            delivered: 0,
            healthy: 0,
            reserved: 0,
            in_use: 0,
        }
    }
}
