//! Purchase orders, their tranches, and what arrived.

use bareboat_access::Permission as P;
use bareboat_api::capacity::{AtRisk, Sources};
use bareboat_api::fleet as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{NodeCount, PurchaseOrderId, ReceiptId, SiteId, TrancheId, id::derive_id};
use bareboat_book::{Command, State};
use bareboat_fleet::{self as domain, Command as Fleet};

use super::{bulk, refs};
use crate::bulk::MEDIA_TYPES;
use crate::query::invalid;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    let mut all = orders();
    all.extend(tranches());
    all.extend(arrivals());
    all
}

fn orders() -> Vec<Route> {
    vec![
        Route::get("/v1/orders", "listOrders", "List purchase orders")
            .needs(P::SupplyRead)
            .parameter("site", "Only for this site: its code, label or id.")
            .parameter("model", "Only of this model: its code, label or id.")
            .page(list_orders),
        Route::post(
            "/v1/orders",
            "placeOrder",
            "Record a purchase order with its tranches; their nodes count in the calendar at once",
        )
        .needs(P::FleetPlan)
        .create::<wire::PlaceOrder, wire::PurchaseOrder, _>(place_order),
        Route::get("/v1/orders/{order}", "getOrder", "Read a purchase order")
            .needs(P::SupplyRead)
            .item(get_order),
    ]
}

fn tranches() -> Vec<Route> {
    vec![
        Route::get("/v1/tranches", "listTranches", "List tranches")
            .needs(P::SupplyRead)
            .parameter("order", "Only this order's: its id or label.")
            .parameter("site", "Only for this site: its code, label or id.")
            .parameter("model", "Only of this model: its code, label or id.")
            .parameter("hall", "Only for this hall: its label or id.")
            .parameter(
                "status",
                "Only `expected`, `partly-received` or `received`.",
            )
            .page(list_tranches),
        Route::get("/v1/tranches/{tranche}", "getTranche", "Read a tranche")
            .needs(P::SupplyRead)
            .item(get_tranche),
        Route::post(
            "/v1/tranches/{tranche}/slip",
            "slipTranche",
            "Move a tranche's date; the answer lists the reservations at risk",
        )
        .needs(P::FleetPlan)
        .change::<wire::SlipTranche, wire::Slipped, _>(slip_tranche),
    ]
}

fn arrivals() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/tranches/{tranche}/receive",
            "receiveTranche",
            "Record the arrival of a tranche's nodes",
        )
        .needs(P::FleetOperate)
        .body_limit(bareboat_api::limit::BULK_BODY)
        .slow()
        .create::<wire::ReceiveTranche, wire::Receipt, _>(receive_tranche),
        Route::post(
            "/v1/tranches/{tranche}/import",
            "importTranche",
            "Record the arrival of a tranche's nodes from CSV or JSONL, all or none",
        )
        .needs(P::FleetOperate)
        .parameter(
            "received_on",
            "When they arrived, a civil date of the site.",
        )
        .import::<wire::Receipt, _>(MEDIA_TYPES, import_tranche),
        Route::get("/v1/receipts", "listReceipts", "List receipts")
            .needs(P::SupplyRead)
            .parameter("tranche", "Only this tranche's: its id or label.")
            .page(list_receipts),
        Route::get("/v1/receipts/{receipt}", "getReceipt", "Read a receipt")
            .needs(P::SupplyRead)
            .item(get_receipt),
    ]
}

fn list_orders(ask: &Ask) -> Result<Page<wire::PurchaseOrder>, Problem> {
    let fleet = &ask.state().fleet;
    let site = refs::param(ask, "site", &fleet.sites, |row| &row.code)?;
    let model = refs::param(ask, "model", &fleet.models, |row| &row.code)?;
    ask.page(&fleet.orders, |_, id, row| {
        let asked = site.is_none_or(|site| site == row.site)
            && model.is_none_or(|model| model == row.model);
        asked.then(|| wire::PurchaseOrder::of(fleet, id)).flatten()
    })
}

fn get_order(ask: &Ask) -> Result<wire::PurchaseOrder, Problem> {
    let fleet = &ask.state().fleet;
    let id = ask.row("order", &fleet.orders)?.id;
    wire::PurchaseOrder::of(fleet, id).ok_or_else(crate::ask::not_found::<PurchaseOrderId>)
}

fn place_order(ask: &Ask, body: wire::PlaceOrder) -> Result<Act, Problem> {
    ask.whole_book()?;
    let entity = body.entity.as_ref();
    let site = refs::site(ask, "site", &body.site)?;
    let mut tranches = Vec::with_capacity(body.tranches.len());
    for (index, one) in body.tranches.into_iter().enumerate() {
        let hall = one.hall.map(|hall| refs::hall_of(ask, site, &hall.0));
        let hall = hall.transpose();
        tranches.push(domain::NewTranche {
            nodes: NodeCount(one.nodes),
            due_on: one.due_on.0,
            hall: hall.map_err(|why| ask.field(&format!("tranches[{index}].hall"), why))?,
        });
    }
    let command = domain::PlaceOrder {
        supplier: body.supplier.0,
        reference: body.reference.0,
        entity: entity
            .map(|entity| refs::entity(ask, "entity", entity))
            .transpose()?,
        model: refs::model(ask, "model", &body.model)?,
        site,
        nodes: NodeCount(body.nodes),
        price: body.price.0,
        placed_on: body.placed_on.0,
        tranches,
    };
    let id: PurchaseOrderId = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Fleet(Fleet::PlaceOrder(command)),
        move |state, _| wire::PurchaseOrder::of(&state.fleet, id),
    ))
}

fn list_tranches(ask: &Ask) -> Result<Page<wire::Tranche>, Problem> {
    let fleet = &ask.state().fleet;
    let order = ask.param_ref("order", &fleet.orders)?;
    let site = refs::param(ask, "site", &fleet.sites, |row| &row.code)?;
    let model = refs::param(ask, "model", &fleet.models, |row| &row.code)?;
    let hall = ask.param_ref("hall", &fleet.halls)?;
    let status = ask.param("status");
    if status.is_some_and(|status| !wire::Tranche::STATUSES.contains(&status)) {
        let names = wire::Tranche::STATUSES.join(", ");
        return Err(invalid("status", format!("one of {names}")));
    }
    ask.page(&fleet.tranches, |_, id, row| {
        let of = fleet.orders.get(&row.order)?;
        let asked = order.is_none_or(|order| order == row.order)
            && site.is_none_or(|site| site == of.site)
            && model.is_none_or(|model| model == of.model)
            && hall.is_none_or(|hall| Some(hall) == row.hall)
            && status.is_none_or(|status| status == wire::Tranche::status(row.status));
        asked.then(|| wire::Tranche::of(fleet, id)).flatten()
    })
}

fn get_tranche(ask: &Ask) -> Result<wire::Tranche, Problem> {
    let fleet = &ask.state().fleet;
    let id = ask.row("tranche", &fleet.tranches)?.id;
    wire::Tranche::of(fleet, id).ok_or_else(crate::ask::not_found::<TrancheId>)
}

/// What the calendar cannot keep in the pool that a tranche goes to.
fn at_risk(state: &State, tranche: TrancheId) -> Vec<AtRisk> {
    let sources = Sources {
        fleet: &state.fleet,
        capacity: &state.capacity,
        contracts: &state.contracts,
    };
    let supply = state.capacity.supplies.get(&tranche);
    supply.map_or_else(Vec::new, |supply| AtRisk::of_pool(sources, supply.pool))
}

fn slip_tranche(ask: &Ask, body: wire::SlipTranche) -> Result<Act, Problem> {
    ask.whole_book()?;
    let id = ask.row("tranche", &ask.state().fleet.tranches)?.id;
    let command = domain::SlipTranche {
        tranche: id,
        due_on: body.due_on.0,
        reason: body.reason.0,
    };
    let act = Act::new(
        Command::Fleet(Fleet::SlipTranche(command)),
        move |state, _| {
            Some(wire::Slipped {
                tranche: wire::Tranche::of(&state.fleet, id)?,
                at_risk: at_risk(state, id),
            })
        },
    );
    Ok(act.guarded(move |state| wire::Tranche::of(&state.fleet, id)))
}

/// The tranche that the path names, and the site that it goes to.
fn tranche(ask: &Ask) -> Result<(TrancheId, SiteId), Problem> {
    ask.whole_book()?;
    let fleet = &ask.state().fleet;
    let found = ask.row("tranche", &fleet.tranches)?;
    let order = fleet.orders.get(&found.row.order);
    let order = order.ok_or_else(crate::ask::not_found::<TrancheId>)?;
    Ok((found.id, order.site))
}

fn receive(ask: &Ask, command: domain::ReceiveTranche) -> Act {
    let (receipt, tranche): (ReceiptId, _) = (derive_id(ask.command_id(), 0), command.tranche);
    let act = Act::new(
        Command::Fleet(Fleet::ReceiveTranche(command)),
        move |state, _| wire::Receipt::of(&state.fleet, receipt),
    );
    act.guarded(move |state| wire::Tranche::of(&state.fleet, tranche))
}

fn receive_tranche(ask: &Ask, body: wire::ReceiveTranche) -> Result<Act, Problem> {
    let (tranche, site) = tranche(ask)?;
    let mut nodes = Vec::with_capacity(body.nodes.len());
    for (index, node) in body.nodes.into_iter().enumerate() {
        let facts = bulk::facts(ask, site, node);
        nodes.push(facts.map_err(|why| ask.field(&format!("nodes[{index}].hall"), why))?);
    }
    let command = domain::ReceiveTranche {
        tranche,
        received_on: body.received_on.0,
        nodes,
    };
    Ok(receive(ask, command))
}

fn import_tranche(ask: &Ask, bytes: &[u8]) -> Result<Act, Problem> {
    let (tranche, site) = tranche(ask)?;
    let received_on = ask.parsed("received_on")?;
    let command = domain::ReceiveTranche {
        tranche,
        received_on: received_on
            .ok_or_else(|| invalid("received_on", "give the date of arrival"))?,
        nodes: bulk::nodes(ask, tranche, site, bytes)?,
    };
    Ok(receive(ask, command))
}

fn list_receipts(ask: &Ask) -> Result<Page<wire::Receipt>, Problem> {
    let fleet = &ask.state().fleet;
    let tranche = ask.param_ref("tranche", &fleet.tranches)?;
    ask.page(&fleet.receipts, |_, id, row| {
        let asked = tranche.is_none_or(|tranche| tranche == row.tranche);
        asked.then(|| wire::Receipt::of(fleet, id)).flatten()
    })
}

fn get_receipt(ask: &Ask) -> Result<wire::Receipt, Problem> {
    let fleet = &ask.state().fleet;
    let id = ask.row("receipt", &fleet.receipts)?.id;
    wire::Receipt::of(fleet, id).ok_or_else(crate::ask::not_found::<ReceiptId>)
}
