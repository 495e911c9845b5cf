//! What the fleet says of a node, the calendar follows: one that cannot serve is out of supply
//! from then until it is ready again, or for ever. A fact, so never refused for what it breaks.

use bareboat_base::{Code, Instant, NodeRef, NodeSet, PoolId, Window};
use bareboat_capacity as capacity;
use bareboat_fleet::{self as fleet, Phase};

use crate::acts::supply::in_capacity;
use crate::draft::Draft;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Why a node that failed under a lot is out of supply.
pub(crate) const FAILED: &str = "failed";

/// The reasons that a node's phase, or its failure, gives; what else was said of it stays.
fn reasons() -> Result<Vec<Code>, Rejection> {
    let phases = Phase::ALL.into_iter().filter(|phase| phase.is_out());
    let names = phases.map(Phase::as_str).chain([FAILED]);
    names.map(reason).collect()
}

/// Whether a reason is one that a node's phase, or its failure, gives.
pub fn says_of_itself(why: &Code) -> bool {
    reasons().is_ok_and(|reasons| reasons.contains(why))
}

pub(crate) fn reason(name: &str) -> Result<Code, Rejection> {
    Ok(
        Code::new(name).map_err(|error| BookRejection::Inconsistent {
            problem: error.to_string(),
        })?,
    )
}

/// Tells the calendar of nodes that came to another phase.
pub(crate) fn follow(draft: &mut Draft, advanced: &fleet::NodesAdvanced) -> Result<(), Rejection> {
    let out = advanced.to.is_out();
    if !out && advanced.to != Phase::Ready {
        return Ok(());
    }
    for (pool, nodes) in by_pool(draft.state(), &advanced.nodes) {
        if out {
            let why = advanced.to.as_str();
            take_out(draft, pool, &nodes, (advanced.at, None), why)?;
        } else {
            bring_back(draft, pool, &nodes, advanced.at)?;
        }
    }
    Ok(())
}

/// Takes nodes out of supply from an instant, until another if it is known. The latest word
/// counts: what was said before ends there.
pub(crate) fn take_out(
    draft: &mut Draft,
    pool: PoolId,
    nodes: &NodeSet,
    (from, until): (Instant, Option<Instant>),
    why: &str,
) -> Result<(), Rejection> {
    let window = Window::new(from, until.unwrap_or(Instant::LAST));
    let window = window.map_err(|error| BookRejection::Time {
        problem: error.to_string(),
    })?;
    bring_back(draft, pool, nodes, from)?;
    let out = capacity::SetUnavailable {
        pool,
        nodes: nodes.clone(),
        window,
        why: reason(why)?,
    };
    draft.run(in_capacity, &capacity::Command::SetUnavailable(out))?;
    Ok(())
}

/// Brings back those nodes that are out for their phase; what is planned for them stays.
fn bring_back(
    draft: &mut Draft,
    pool: PoolId,
    nodes: &NodeSet,
    at: Instant,
) -> Result<(), Rejection> {
    let why = reasons()?;
    let out = draft.state().capacity.out_of_supply(pool, at, &why);
    let back = out.and_then(|out| common(&out, nodes));
    let Some(nodes) = back else {
        return Ok(());
    };
    let end = capacity::EndUnavailability {
        pool,
        nodes,
        at,
        why,
    };
    draft.run(in_capacity, &capacity::Command::EndUnavailability(end))?;
    Ok(())
}

fn common(these: &NodeSet, those: &NodeSet) -> Option<NodeSet> {
    let numbers = those.numbers().filter(|number| these.contains(*number));
    NodeSet::from_numbers(those.site(), numbers).ok()
}

/// The nodes of a set in each pool of their site.
pub fn by_pool(state: &State, nodes: &NodeSet) -> Vec<(PoolId, NodeSet)> {
    let site = nodes.site();
    let pools = state.capacity.pools.iter();
    let pools = pools.filter(|(_, _, pool)| pool.site == site);
    let of_model = pools.filter_map(|(_, id, pool)| {
        let numbers = nodes.numbers().filter(|number| {
            let number = *number;
            let node = state.fleet.node(&NodeRef { site, number });
            node.is_some_and(|node| node.model == pool.model)
        });
        Some((*id, NodeSet::from_numbers(site, numbers).ok()?))
    });
    of_model.collect()
}
