//! A block of a tenant's delivered nodes: what is fit for work and which NVLink domains there are
//! the fleet knows, what is taken the calendar does.

use std::collections::BTreeMap;

use bareboat_base::{AllocationId, Context, Instant, Name, NodeCount, NodeRef, NodeSet};
use bareboat_capacity::{self as capacity, Within};
use bareboat_fleet::Phase;

use crate::acts::supply::in_capacity;
use crate::draft::Draft;
use crate::rejection::Rejection;
use crate::state::State;

/// Takes nodes of a live allocation together, all of them or none.
#[derive(Clone, Debug)]
pub struct AllocateBlock {
    /// The allocation.
    pub allocation: AllocationId,
    /// How many nodes.
    pub nodes: NodeCount,
    /// Within what of the fabric they stand together.
    pub within: Within,
    /// What for.
    pub purpose: Name,
}

pub(crate) fn run(
    draft: &mut Draft,
    context: &Context,
    act: &AllocateBlock,
) -> Result<(), Rejection> {
    let state = draft.state();
    let allocate = capacity::AllocateBlock {
        allocation: act.allocation,
        nodes: act.nodes,
        within: act.within,
        purpose: act.purpose.clone(),
        exclude: unfit(state, act.allocation, context.recorded_at),
        domains: match act.within {
            Within::NvlinkDomain => nvlink_domains(state, act.allocation),
            Within::Leaf | Within::SpineGroup => Vec::new(),
        },
    };
    draft.run(in_capacity, &capacity::Command::AllocateBlock(allocate))?;
    Ok(())
}

/// The nodes of an allocation that are not fit for work: not in the client's hands, or out of
/// supply.
fn unfit(state: &State, allocation: AllocationId, at: Instant) -> Option<NodeSet> {
    let row = state.capacity.allocations.get(&allocation)?;
    let site = row.nodes.site();
    let out = state.capacity.outages_at(at);
    let unfit = row.nodes.numbers().filter(|&number| {
        let node = NodeRef { site, number };
        let phase = state.fleet.node(&node).map(|node| node.phase);
        phase != Some(Phase::Allocated) || out.contains_key(&node)
    });
    NodeSet::from_numbers(site, unfit).ok()
}

/// The NVLink domains of an allocation's nodes. A node of a model without domains beyond it is one
/// by itself.
fn nvlink_domains(state: &State, allocation: AllocationId) -> Vec<NodeSet> {
    let Some(row) = state.capacity.allocations.get(&allocation) else {
        return Vec::new();
    };
    let site = row.nodes.site();
    let mut domains: BTreeMap<(Option<u32>, u32), Vec<u32>> = BTreeMap::new();
    for number in row.nodes.numbers() {
        let node = state.fleet.node(&NodeRef { site, number });
        let domain = node.and_then(|node| node.nvlink_domain);
        let key = domain.map_or((None, number), |domain| (Some(domain), 0));
        domains.entry(key).or_default().push(number);
    }
    let sets = domains.into_values();
    let sets = sets.filter_map(|numbers| NodeSet::from_numbers(site, numbers).ok());
    sets.collect()
}
