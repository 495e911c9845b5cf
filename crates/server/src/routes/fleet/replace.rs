//! A node that failed in a client's hands, and the spare in its place.

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::capacity as wire;
use bareboat_base::NodeId;
use bareboat_book::Command;
use bareboat_book::acts::{self, Act as Spanning, replace::held_by};

use super::nodes::named;
use crate::ask::not_found;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/nodes/{node}/replace",
            "replaceNode",
            "Replace a failed node of a lot by the nearest spare: determination, calendar, phases",
        )
        .needs(P::FleetOperate)
        .change::<wire::ReplaceNode, wire::Replacement, _>(replace_node),
    ]
}

fn replace_node(ask: &Ask, body: wire::ReplaceNode) -> Result<Act, Problem> {
    ask.whole_book()?;
    let node = named(ask)?.ok_or_else(not_found::<NodeId>)?.node;
    let at = body.at.map_or_else(|| ask.now(), |at| at.0);
    let allocation = held_by(ask.state(), node, at);
    let act = acts::ReplaceNode {
        node,
        at,
        until: body.until.map(|until| until.0),
        reason: body.reason.0,
    };
    let command = Command::Act(Spanning::ReplaceNode(act));
    Ok(Act::new(command, move |state, _| {
        let sources = wire::Sources {
            fleet: &state.fleet,
            capacity: &state.capacity,
            contracts: &state.contracts,
        };
        wire::Replacement::of_allocation(sources, allocation?).pop()
    }))
}
