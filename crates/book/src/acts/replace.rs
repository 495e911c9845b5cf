//! A failed node in a client's hands and the spare that takes its place: a determination, the
//! calendar, and both nodes' phases, in one act.

use bareboat_base::{AllocationId, Context, Instant, NodeRef, NodeSet, Text};
use bareboat_capacity as capacity;
use bareboat_fleet as fleet;
use bareboat_rulebook::Activity;

use crate::acts::allocate::bound;
use crate::acts::determine::{self, Determine};
use crate::acts::phases;
use crate::acts::supply::{in_capacity, in_fleet};
use crate::draft::Draft;
use crate::event::Event;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Replaces a node of a live allocation by the nearest spare, and takes it out of supply.
#[derive(Clone, Debug)]
pub struct ReplaceNode {
    /// The node that failed.
    pub node: NodeRef,
    /// From when the spare serves: not after now.
    pub at: Instant,
    /// When the node is expected back, if that is known; until then it is out of supply.
    pub until: Option<Instant>,
    /// What failed.
    pub reason: Text,
}

pub(crate) fn run(
    draft: &mut Draft,
    context: &Context,
    act: &ReplaceNode,
) -> Result<(), Rejection> {
    let (at, now) = (act.at, context.recorded_at);
    if at > now {
        return Err(BookRejection::InstantAhead { at, now }.into());
    }
    let state = draft.state();
    let id = held_by(state, act.node, at).ok_or_else(|| {
        let label = state.fleet.label_of(&act.node);
        let label = label.unwrap_or_else(|| act.node.number.to_string());
        BookRejection::NodeNotHeld { node: label }
    })?;
    let row = state.capacity.allocations.get(&id);
    let row = row.ok_or_else(|| inconsistent("the node's allocation is gone"))?;
    let (contract, lot, pool) = (row.contract, row.lot, row.pool);
    // Nodes that were named ahead serve from the beginning on, once they are handed over.
    let (awaited, serves_from) = (row.awaited, at.max(row.window.from()));
    let legal_date = now.date_in(&bound(state, contract)?.billing_zone);
    // A spare is handed over as the node it replaces was: by the law of now.
    let judge = Determine {
        contract,
        activity: Activity::Allocate,
        legal_date,
    };
    determine::require(draft, &judge, Some(lot), true)?;
    let failed = one(act.node.site, act.node.number)?;
    // A failure that was reported before is out already: the latest word counts.
    phases::take_out(draft, pool, &failed, (at, act.until), phases::FAILED)?;
    let model = draft
        .state()
        .capacity
        .pools
        .get(&pool)
        .map(|pool| pool.model);
    let model = model.ok_or_else(|| inconsistent("the node's pool is gone"))?;
    let replace = capacity::ReplaceNode {
        allocation: id,
        node: act.node.number,
        at: serves_from,
        exclude: draft.state().fleet.not_ready(act.node.site, model),
    };
    let events = draft.run(in_capacity, &capacity::Command::ReplaceNode(replace))?;
    let spare = events.iter().find_map(|event| match event {
        Event::Capacity(capacity::Event::NodeReplaced(event)) => Some(event.spare),
        _ => None,
    });
    let spare = spare.ok_or_else(|| inconsistent("the calendar named no spare"))?;
    // A failure that was reported before has moved the node already.
    let phase = draft.state().fleet.node(&act.node).map(|node| node.phase);
    if matches!(phase, Some(fleet::Phase::Allocated | fleet::Phase::Ready)) {
        let reason = Some(act.reason.clone());
        advance(draft, failed, fleet::Phase::InRepair, at, reason)?;
    }
    if awaited {
        return Ok(());
    }
    let spare = one(act.node.site, spare)?;
    advance(draft, spare, fleet::Phase::Allocated, at, None)
}

/// The live allocation that has a node at an instant; where none has it in hand, the one named
/// ahead that is the first to begin.
pub fn held_by(state: &State, node: NodeRef, at: Instant) -> Option<AllocationId> {
    let rows = state.capacity.allocations.iter();
    let found = rows.filter(|(_, _, row)| {
        let live = row.status == capacity::AllocationStatus::Live;
        live && at < row.ends_at()
            && row.nodes.site() == node.site
            && row.nodes.contains(node.number)
    });
    let first = found.min_by_key(|(_, _, row)| (!row.serves_at(at), row.window.from()));
    first.map(|(_, id, _)| *id)
}

fn one(site: bareboat_base::SiteId, number: u32) -> Result<NodeSet, Rejection> {
    let set = NodeSet::from_numbers(site, [number]);
    Ok(set.map_err(|error| inconsistent(&error.to_string()))?)
}

fn advance(
    draft: &mut Draft,
    nodes: NodeSet,
    to: fleet::Phase,
    at: Instant,
    reason: Option<Text>,
) -> Result<(), Rejection> {
    let advance = fleet::AdvanceNodes {
        nodes,
        to,
        at,
        reason,
    };
    draft.run(in_fleet, &fleet::Command::AdvanceNodes(advance))?;
    Ok(())
}

fn inconsistent(problem: &str) -> BookRejection {
    BookRejection::Inconsistent {
        problem: problem.to_owned(),
    }
}
