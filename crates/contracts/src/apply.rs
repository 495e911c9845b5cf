//! Folding contract events in.

use bareboat_base::Recorded;

use crate::event::{ContractDrafted, ContractSigned, Event, StartsSettled, WindDownPlanned};
use crate::model::{Contract, Lot, Status, Step, StepRecord, Suspension, WindDown, WindDownStatus};
use crate::state::{State, reference_key};

/// Folds one event in. Never refuses: what it is given was decided.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    match event {
        Event::ContractDrafted(event) => drafted(state, recorded, event),
        Event::StartsSettled(event) => settled(state, event),
        Event::DraftWithdrawn(event) => {
            on_contract(state, event.contract, |row| row.status = Status::Withdrawn);
        }
        Event::ContractSigned(event) => signed(state, event),
        Event::ContractExtended(event) => {
            for added in &event.lots {
                if let Some(lot) = state.lots.get_mut(&added.lot) {
                    lot.extended_to = Some(added.extension);
                }
            }
            on_contract(state, event.contract, |row| {
                row.status = Status::Extended;
                row.extended_on = Some(event.on);
            });
        }
        Event::AccessSuspended(event) => on_contract(state, event.contract, |row| {
            row.suspension = Some(Suspension {
                at: event.at,
                reason: event.reason.clone(),
            });
        }),
        Event::AccessResumed(event) => {
            on_contract(state, event.contract, |row| row.suspension = None);
        }
        Event::WindDownPlanned(event) => planned(state, recorded, event),
        Event::WindDownWithdrawn(event) => {
            if let Some(row) = state.wind_downs.get_mut(&event.wind_down) {
                row.status = WindDownStatus::Withdrawn;
                let contract = row.contract;
                on_contract(state, contract, |_| {});
            }
        }
        Event::WindDownApproved(event) => {
            if let Some(row) = state.wind_downs.get_mut(&event.wind_down) {
                row.status = WindDownStatus::Approved;
                row.approved_by = Some(recorded.by);
                let contract = row.contract;
                on_contract(state, contract, |row| row.status = Status::Terminating);
            }
        }
        Event::WindDownStepRecorded(event) => step(state, recorded, event),
        Event::ContractEnded(event) => on_contract(state, event.contract, |row| {
            row.status = Status::Ended;
            row.ended_on = Some(event.on);
        }),
    }
}

/// Changes a contract and counts the change.
fn on_contract(
    state: &mut State,
    contract: bareboat_base::ContractId,
    change: impl FnOnce(&mut Contract),
) {
    if let Some(row) = state.contracts.get_mut(&contract) {
        change(row);
        row.version += 1;
    }
}

fn drafted(state: &mut State, recorded: &Recorded, event: &ContractDrafted) {
    for lot in &event.lots {
        let row = Lot {
            contract: event.contract,
            model: lot.model,
            site: lot.site,
            zone: lot.zone.clone(),
            gpus: lot.gpus,
            gpus_per_node: lot.gpus_per_node,
            nodes: lot.nodes,
            window: lot.window,
            stated_hours: lot.stated_hours,
            shape: lot.shape,
            part: lot.part,
            flexible: lot.flexible,
            instants: None,
            tz_version: None,
            reservation: None,
            extended_to: None,
            recorded: *recorded,
        };
        state.lots.insert(lot.lot, row);
    }
    let row = Contract {
        reference: event.reference.clone(),
        entity: event.entity,
        partner: event.partner,
        client: event.client,
        organisation: event.organisation,
        client_organisation: event.client_organisation,
        project: event.project,
        currency: event.currency,
        billing_zone: event.billing_zone.clone(),
        lots: event.lots.iter().map(|lot| lot.lot).collect(),
        term: event.term,
        price: event.price,
        take_or_pay: event.take_or_pay,
        prepayment: event.prepayment,
        extension: event.extension,
        regulatory_termination: event.regulatory_termination,
        treatment: event.treatment,
        status: Status::Draft,
        signed_on: None,
        determination: None,
        extended_on: None,
        suspension: None,
        wind_down: None,
        ended_on: None,
        version: 1,
        recorded: *recorded,
    };
    state.contracts.insert(event.contract, row);
    let key = reference_key(&event.reference);
    state.references.insert(key, event.contract);
}

fn settled(state: &mut State, event: &StartsSettled) {
    for settled in &event.lots {
        if let Some(lot) = state.lots.get_mut(&settled.lot) {
            lot.window = settled.window;
            lot.stated_hours = settled.stated_hours;
        }
    }
    on_contract(state, event.contract, |row| row.term = event.term);
}

fn signed(state: &mut State, event: &ContractSigned) {
    for signed in &event.lots {
        if let Some(lot) = state.lots.get_mut(&signed.lot) {
            lot.reservation = Some(signed.reservation);
            lot.instants = Some(signed.instants);
            lot.tz_version = Some(event.tz_version.clone());
        }
    }
    on_contract(state, event.contract, |row| {
        row.status = Status::Signed;
        row.signed_on = Some(event.signed_on);
        row.determination = Some(event.determination);
    });
}

fn planned(state: &mut State, recorded: &Recorded, event: &WindDownPlanned) {
    let row = WindDown {
        contract: event.contract,
        cause: event.cause,
        reason: event.reason.clone(),
        impact: event.impact.clone(),
        determination: event.determination,
        requested_by: recorded.by,
        approved_by: None,
        notice_on: event.notice_on,
        ends_on: event.ends_on,
        ends_at: event.ends_at,
        status: WindDownStatus::Planned,
        steps: Vec::new(),
        recorded: *recorded,
    };
    state.wind_downs.insert(event.wind_down, row);
    on_contract(state, event.contract, |row| {
        row.wind_down = Some(event.wind_down);
    });
}

fn step(state: &mut State, recorded: &Recorded, event: &crate::event::WindDownStepRecorded) {
    let Some(row) = state.wind_downs.get_mut(&event.wind_down) else {
        return;
    };
    row.steps.push(StepRecord {
        step: event.step,
        at: event.at,
        evidence: event.evidence,
        note: event.note.clone(),
        recorded: *recorded,
    });
    if row.next_step().is_none() {
        row.status = WindDownStatus::Completed;
    }
    let (contract, reason) = (row.contract, row.reason.clone());
    on_contract(state, contract, |contract| {
        // Access may have been suspended before the wind-down; the earlier instant stands.
        if event.step == Step::Suspend && contract.suspension.is_none() {
            contract.suspension = Some(Suspension {
                at: event.at,
                reason,
            });
        }
    });
}
