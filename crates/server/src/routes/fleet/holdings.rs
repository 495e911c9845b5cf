//! Which nodes are whose: found from the allocations that the caller may see.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_access::Visibility;
use bareboat_api::fleet as wire;
use bareboat_base::id::label;
use bareboat_base::{AllocationId, BlockId, ContractId, HallId, Instant, NodeRef, NodeSet, SiteId};
use bareboat_book::State;
use bareboat_capacity::{Allocation, AllocationStatus};

use crate::Ask;
use crate::routes::capacity::sources;

/// Whether a contract lies in a part of the book: by its partner's project, or by its client.
pub(crate) fn contract_in(state: &State, part: &Visibility, contract: ContractId) -> bool {
    let row = state.contracts.contract(contract);
    row.is_some_and(|row| part.is_book() || row.status.is_signed())
        && offered_in(state, part, contract)
}

/// The same of what is offered: a draft is its partner's and client's to see by its quotes alone.
pub(crate) fn offered_in(state: &State, part: &Visibility, contract: ContractId) -> bool {
    let row = state.contracts.contract(contract);
    row.is_some_and(|row| {
        let client = row.client_organisation;
        part.is_book()
            || part.sees(row.organisation, Some(row.project))
            || client.is_some_and(|client| part.sees(client, Some(row.project)))
    })
}

/// The instant that a read is about: the present, or that of the past state asked for.
pub(crate) fn moment(ask: &Ask) -> Instant {
    let newest = ask.app().engine.view();
    if ask.view().position == newest.position {
        ask.now()
    } else {
        ask.view().recorded_at
    }
}

/// The nodes of allocations that the caller may see.
pub(crate) struct Holdings {
    /// By site and first number of a run: the first number after it, and whose it is now.
    now: BTreeMap<(SiteId, u32), (u32, AllocationId)>,
}

impl Holdings {
    /// What the caller may see of.
    pub(crate) fn of(ask: &Ask) -> Self {
        let (state, at) = (ask.state(), moment(ask));
        Self::among(state, at, |row| {
            ask.reach().is_book() || contract_in(state, ask.reach(), row.contract)
        })
    }

    /// What allocations that count hold at an instant.
    pub(crate) fn among(state: &State, at: Instant, counts: impl Fn(&Allocation) -> bool) -> Self {
        let mut now = BTreeMap::new();
        for (_, id, row) in state.capacity.allocations.iter() {
            let end = match row.status {
                AllocationStatus::Live => row.window.to(),
                AllocationStatus::Released { at } => at.min(row.window.to()),
            };
            if end <= at || !counts(row) {
                continue;
            }
            // Until then they may be another's, and what becomes of them is that one's to know.
            if row.awaited || row.window.from() > at {
                continue;
            }
            let site = row.nodes.site();
            let runs = row.nodes.runs().iter();
            now.extend(runs.map(|run| ((site, run.first), (run.end(), *id))));
        }
        Self { now }
    }

    /// Whose a node is now.
    pub(crate) fn holder(&self, node: &NodeRef) -> Option<AllocationId> {
        let mut upto = self.now.range(..=(node.site, node.number));
        let ((site, _), (end, id)) = upto.next_back()?;
        (*site == node.site && node.number < *end).then_some(*id)
    }

    /// Whether a node is among them.
    pub(crate) fn contains(&self, node: &NodeRef) -> bool {
        self.holder(node).is_some()
    }

    /// The nodes of a set that are among them.
    pub(crate) fn part_of(&self, nodes: &NodeSet) -> Option<NodeSet> {
        let site = nodes.site();
        let own = |number: &u32| {
            self.contains(&NodeRef {
                site,
                number: *number,
            })
        };
        NodeSet::from_numbers(site, nodes.numbers().filter(own)).ok()
    }

    /// Every node held now, with its allocation.
    pub(crate) fn held(&self) -> impl Iterator<Item = (NodeRef, AllocationId)> + '_ {
        self.now.iter().flat_map(|(&(site, first), &(end, id))| {
            (first..end).map(move |number| (NodeRef { site, number }, id))
        })
    }

    /// The halls that they stand in.
    pub(crate) fn halls(&self, fleet: &bareboat_fleet::State) -> BTreeSet<HallId> {
        let held = self.held();
        held.filter_map(|(node, _)| Some(fleet.node(&node)?.hall))
            .collect()
    }
}

/// Whose a node is at an instant, told in full.
pub(crate) fn holder(
    state: &State,
    id: AllocationId,
    node: &NodeRef,
    at: Instant,
) -> Option<wire::Holder> {
    let (capacity, number) = (&state.capacity, node.number);
    let handle = capacity.allocations.handle(&id)?;
    let row = capacity.allocations.get(&id)?;
    let block = capacity.block_with(id, number, at);
    let block_row = block.and_then(|block| capacity.blocks.handle(&block));
    let name = state.fleet.label_of(node).unwrap_or_default();
    let account = sources(state).account(row.contract);
    Some(wire::Holder {
        allocation: id.into(),
        reservation: row.reservation.into(),
        lot: row.lot.into(),
        contract: row.contract.into(),
        organisation: account.map(|(organisation, _)| organisation.into()),
        project: account.map(|(_, project)| project.into()),
        instance: format!("{}/{name}", label::<AllocationId>(handle.number())),
        since: row.has_since(number).unwrap_or(row.window.from()).into(),
        block: block.map(Into::into),
        block_label: block_row.map(|row| label::<BlockId>(row.number())),
    })
}
