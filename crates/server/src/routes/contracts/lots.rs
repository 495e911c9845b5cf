//! Lots, and naming their nodes.

use bareboat_access::Permission as P;
use bareboat_api::contracts as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::LotId;
use bareboat_book::acts::{self, Act as Spanning};
use bareboat_book::{Command, State};
use bareboat_capacity::AllocationStatus;

use super::site_code;
use crate::routes::fleet::holdings::contract_in;
use crate::routes::fleet::refs;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/lots", "listLots", "List lots, with their nodes")
            .needs(P::CapacityRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter("site", "Only at this site: its id, label or code.")
            .parameter("model", "Only of this model: its id, label or code.")
            .page(list_lots),
        Route::get("/v1/lots/{lot}", "getLot", "Read a lot, with its nodes")
            .needs(P::CapacityRead)
            .item(get_lot),
        Route::post(
            "/v1/lots/{lot}/allocate",
            "allocateLot",
            "Hand a lot its nodes, those named ahead or such as are named now: determination, allocation",
        )
        .needs(P::CapacityAllocate)
        .change::<wire::AllocateLot, wire::Lot, _>(allocate_lot),
        Route::post(
            "/v1/lots/{lot}/pin",
            "pinLot",
            "Name the nodes of a lot ahead; they are handed over later, by allocating it",
        )
        .needs(P::CapacityAllocate)
        .command::<wire::Lot, _>(pin_lot),
    ]
}

/// A lot with its nodes, as it is shown.
pub(super) fn lot(state: &State, id: LotId) -> Option<wire::Lot> {
    let table = &state.contracts.lots;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    let allocation = row.reservation.and_then(|reservation| {
        let table = &state.capacity.allocations;
        let id = state.capacity.reservations.get(&reservation)?.allocation?;
        let (handle, row) = (table.handle(&id)?, table.get(&id)?);
        let live = row.status == AllocationStatus::Live;
        let site = site_code(state, &row.nodes);
        live.then(|| wire::LotAllocation::of(handle, id, site, &row.nodes, row.window))
    });
    Some(wire::Lot::of(handle, id, row, allocation))
}

fn list_lots(ask: &Ask) -> Result<Page<wire::Lot>, Problem> {
    let state = ask.state();
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let site = refs::param(ask, "site", &state.fleet.sites, |row| &row.code)?;
    let model = refs::param(ask, "model", &state.fleet.models, |row| &row.code)?;
    ask.page(&state.contracts.lots, |_, id, row| {
        let asked = contract.is_none_or(|contract| contract == row.contract)
            && site.is_none_or(|site| site == row.site)
            && model.is_none_or(|model| model == row.model);
        if asked && contract_in(state, ask.reach(), row.contract) {
            lot(state, id)
        } else {
            None
        }
    })
}

fn get_lot(ask: &Ask) -> Result<wire::Lot, Problem> {
    let found = ask.row("lot", &ask.state().contracts.lots)?;
    let visible = contract_in(ask.state(), ask.reach(), found.row.contract);
    ask.seen(visible, found.id)?;
    lot(ask.state(), found.id).ok_or_else(crate::ask::not_found::<LotId>)
}

fn allocate_lot(ask: &Ask, body: wire::AllocateLot) -> Result<Act, Problem> {
    let state = ask.state();
    let found = ask.row("lot", &state.contracts.lots)?;
    let (id, contract) = (found.id, found.row.contract);
    ask.may_act(id, P::CapacityRead, |part| {
        contract_in(state, part, contract)
    })?;
    ask.whole_book()?;
    let act = acts::AllocateLot {
        lot: id,
        at: body.at.0,
    };
    let command = Command::Act(Spanning::AllocateLot(act));
    let act = Act::new(command, move |state, _| lot(state, id));
    Ok(act.guarded(move |state| lot(state, id)))
}

fn pin_lot(ask: &Ask) -> Result<Act, Problem> {
    let state = ask.state();
    let found = ask.row("lot", &state.contracts.lots)?;
    let (id, contract) = (found.id, found.row.contract);
    ask.may_act(id, P::CapacityRead, |part| {
        contract_in(state, part, contract)
    })?;
    ask.whole_book()?;
    let Some(reservation) = found.row.reservation else {
        let lot = bareboat_base::label::<LotId>(found.handle.number());
        let refused = bareboat_book::rejection::BookRejection::LotNotReserved { lot };
        return Err(Problem::refused(&refused));
    };
    let act = acts::Pin {
        reservations: vec![reservation],
    };
    let command = Command::Act(Spanning::Pin(act));
    let act = Act::new(command, move |state, _| lot(state, id));
    Ok(act.guarded(move |state| lot(state, id)))
}
