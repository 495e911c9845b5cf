//! How nodes stand together: in a leaf, a spine group, an NVLink domain, a reservation, a block.

use std::collections::BTreeMap;

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::id::label;
use bareboat_base::{BlockId, NodeRef, NodeSet, ReservationId};
use bareboat_book::State;
use bareboat_capacity::Within;
use bareboat_fleet::Phase;

use super::{sees, sources};
use crate::query::invalid;
use crate::routes::fleet::holdings::{Holdings, moment};
use crate::{Ask, Route};

type Row = (Vec<u8>, wire::GroupHealth);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/capacity/health",
            "listCapacityHealth",
            "List how nodes stand together, by leaf, spine group, NVLink domain, reservation or block",
        )
        .needs(P::CapacityRead)
        .parameter(
            "by",
            "`reservation` when left out; `block`, `leaf`, `nvlink-domain` or `spine-group`.",
        )
        .slow()
        .page(list_health),
    ]
}

fn list_health(ask: &Ask) -> Result<Page<wire::GroupHealth>, Problem> {
    let outages = wire::Outages::at(&ask.state().capacity, moment(ask));
    let rows = match ask.param("by").unwrap_or("reservation") {
        "reservation" => by_reservation(ask, &outages),
        "block" => by_block(ask, &outages),
        by => {
            let wide = || {
                invalid(
                    "by",
                    "one of reservation, block, leaf, nvlink-domain, spine-group",
                )
            };
            by_part(ask, by.parse().map_err(|_| wide())?, &outages)
        }
    };
    ask.page_by_key(rows)
}

/// Counts nodes of a set.
fn count(state: &State, outages: &wire::Outages<'_>, nodes: &NodeSet) -> wire::Healths {
    let mut healths = wire::Healths::default();
    let site = nodes.site();
    let nodes = nodes.numbers();
    for node in nodes.filter_map(|number| state.fleet.node(&NodeRef { site, number })) {
        healths.count(&outages.health(&node));
    }
    healths
}

/// Reservations that hold now. Of nodes that have no names yet nothing is known.
fn by_reservation(ask: &Ask, outages: &wire::Outages<'_>) -> Vec<Row> {
    let (state, at) = (ask.state(), moment(ask));
    let mut named: BTreeMap<ReservationId, wire::Healths> = BTreeMap::new();
    let allocations = state.capacity.allocations.values();
    for row in allocations.filter(|row| row.serves_at(at) && sees(ask, row.contract)) {
        let found = count(state, outages, &row.nodes);
        let sum = named.entry(row.reservation).or_default();
        sum.healthy += found.healthy;
        sum.unhealthy += found.unhealthy;
        sum.unknown += found.unknown;
    }
    let rows = state
        .capacity
        .reservations
        .iter()
        .filter_map(|(handle, id, row)| {
            let holds = row.held().is_some_and(|held| held.contains(at));
            if !holds || !sees(ask, row.contract) {
                return None;
            }
            let mut healths = named.get(id).copied().unwrap_or_default();
            let known = healths.healthy + healths.unhealthy + healths.unknown;
            healths.unknown += row.nodes.0.saturating_sub(known);
            let key = label::<ReservationId>(handle.number());
            let contract = state.contracts.contract(row.contract);
            let told = wire::GroupHealth {
                contract_reference: contract.map(|row| row.reference.clone().into()),
                ..wire::GroupHealth::of(key, healths)
            };
            Some((handle.0.to_be_bytes().to_vec(), told))
        });
    rows.collect()
}

/// Blocks that live now.
fn by_block(ask: &Ask, outages: &wire::Outages<'_>) -> Vec<Row> {
    let (state, at) = (ask.state(), moment(ask));
    let rows = state.capacity.blocks.iter().filter_map(|(handle, _, row)| {
        if !state.capacity.block_lives(row, at) || !sees(ask, row.contract) {
            return None;
        }
        let key = label::<BlockId>(handle.number());
        let contract = state.contracts.contract(row.contract);
        let told = wire::GroupHealth {
            contract_reference: contract.map(|row| row.reference.clone().into()),
            purpose: Some(row.purpose.clone().into()),
            ..wire::GroupHealth::of(key, count(state, outages, &row.nodes))
        };
        Some((handle.0.to_be_bytes().to_vec(), told))
    });
    rows.collect()
}

/// Parts of the fabric: of the whole fleet for the operator, of its own nodes for a tenant.
fn by_part(ask: &Ask, within: Within, outages: &wire::Outages<'_>) -> Vec<Row> {
    let state = ask.state();
    let mut parts: BTreeMap<String, wire::Healths> = BTreeMap::new();
    let mut see = |node: bareboat_fleet::NodeView<'_>| {
        let key = wire::part(sources(state), &node, within);
        parts.entry(key).or_default().count(&outages.health(&node));
    };
    if ask.reach().is_book() {
        let sites = state.fleet.sites.iter();
        let nodes = sites.flat_map(|(_, site, _)| state.fleet.nodes_of(*site));
        nodes
            .filter(|node| node.phase != Phase::Retired)
            .for_each(see);
    } else {
        let own = Holdings::of(ask);
        let nodes = own.held().filter_map(|(node, _)| state.fleet.node(&node));
        nodes.for_each(&mut see);
    }
    let rows = parts.into_iter();
    rows.map(|(key, healths)| {
        let told = wire::GroupHealth::of(key.clone(), healths);
        (key.into_bytes(), told)
    })
    .collect()
}
