//! Signing and extending: a determination, capacity, the contract, the ledger, in one act.

use bareboat_base::{Context, ContractId, Date};
use bareboat_capacity as capacity;
use bareboat_contracts as contracts;
use bareboat_ledger as ledger;
use bareboat_rulebook::Activity;

use crate::acts::determine::{self, Determine};
use crate::acts::invoice;
use crate::acts::quote;
use crate::acts::starts;
use crate::acts::supply::{in_capacity, pool_at};
use crate::draft::Draft;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;
use crate::terms::terms_of;

/// Signs a draft.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// The draft.
    pub contract: ContractId,
    /// The day of signing, not after today in the contract's billing zone.
    pub signed_on: Date,
}

/// Exercises a contract's extension option.
#[derive(Clone, Copy, Debug)]
pub struct Extend {
    /// The contract.
    pub contract: ContractId,
    /// The day notice is given, not after today.
    pub on: Date,
}

pub(crate) fn unknown_contract(contract: ContractId) -> Rejection {
    BookRejection::Unknown {
        kind: "contract",
        id: contract.to_string(),
    }
    .into()
}

/// Today in the contract's billing zone; refuses a date after it.
pub(crate) fn today(
    state: &State,
    context: &Context,
    contract: ContractId,
    on: Date,
) -> Result<Date, Rejection> {
    let row = state
        .contracts
        .contract(contract)
        .ok_or_else(|| unknown_contract(contract))?;
    let today = context.recorded_at.date_in(&row.billing_zone);
    if on > today {
        return Err(BookRejection::EffectiveDateAhead { on, today }.into());
    }
    Ok(today)
}

pub(crate) fn amount(error: &bareboat_base::money::MoneyError) -> Rejection {
    BookRejection::Amount {
        problem: error.to_string(),
    }
    .into()
}

pub(crate) fn time(error: &bareboat_base::time::TimeError) -> Rejection {
    BookRejection::Time {
        problem: error.to_string(),
    }
    .into()
}

pub(crate) fn run(draft: &mut Draft, context: &Context, act: &Sign) -> Result<(), Rejection> {
    let legal_date = today(draft.state(), context, act.contract, act.signed_on)?;
    let row = draft.state().contracts.contract(act.contract);
    if row.is_some_and(|row| row.status != contracts::Status::Draft) {
        // The domain's own refusal says it best; nothing else needs to be judged first.
        let command = contracts::SignContract {
            contract: act.contract,
            signed_on: act.signed_on,
            determination: draft.context().mint(0),
            reservations: Vec::new(),
        };
        draft.run(in_contracts, &contracts::Command::SignContract(command))?;
    }
    starts::settle(draft, context, act.contract)?;
    let judge = Determine {
        contract: act.contract,
        activity: Activity::Sign,
        legal_date,
    };
    let determination = determine::require(draft, &judge, None, true)?;
    let reservations = quote::reserve(draft, context, act.contract)?;
    let command = contracts::SignContract {
        contract: act.contract,
        signed_on: act.signed_on,
        determination,
        reservations,
    };
    draft.run(in_contracts, &contracts::Command::SignContract(command))?;
    post_prepayment(draft, act)
}

/// The capacity that signing reserves for a lot.
///
/// # Errors
/// When there is no such lot, its site has no such pool, or its days are beyond the calendar.
pub fn reserve_lot(
    state: &State,
    contract: ContractId,
    lot: bareboat_base::LotId,
) -> Result<capacity::Reserve, Rejection> {
    let missing = || BookRejection::Unknown {
        kind: "lot",
        id: lot.to_string(),
    };
    let row = state.contracts.lot(lot).ok_or_else(missing)?;
    let window = state
        .contracts
        .lot_window(lot)
        .ok_or_else(missing)?
        .map_err(|e| time(&e))?;
    let option = state
        .contracts
        .option_window(lot)
        .transpose()
        .map_err(|e| time(&e))?;
    Ok(capacity::Reserve {
        lot,
        contract,
        pool: pool_at(state, row.site, row.model)?,
        nodes: row.nodes,
        window,
        shape: row.shape,
        part: row.part.map(|part| capacity::Part {
            of: part.of,
            to_come: part.to_come,
        }),
        option,
    })
}

fn post_prepayment(draft: &mut Draft, act: &Sign) -> Result<(), Rejection> {
    let state = draft.state();
    if state
        .contracts
        .contract(act.contract)
        .is_none_or(|row| row.prepayment.is_none())
    {
        return Ok(());
    }
    let terms = terms_of(state, act.contract)?;
    let document = bareboat_billing::prepayment_draft(&terms, act.signed_on)?;
    invoice::issue(draft, document, act.signed_on)
}

pub(crate) fn extend(draft: &mut Draft, context: &Context, act: &Extend) -> Result<(), Rejection> {
    let legal_date = today(draft.state(), context, act.contract, act.on)?;
    let exercise = contracts::ExerciseExtension {
        contract: act.contract,
        on: act.on,
    };
    draft.run(
        in_contracts,
        &contracts::Command::ExerciseExtension(exercise),
    )?;
    let judge = Determine {
        contract: act.contract,
        activity: Activity::Sign,
        legal_date,
    };
    determine::require(draft, &judge, None, true)?;
    let reservations: Vec<_> = draft
        .state()
        .contracts
        .lots_of(act.contract)
        .iter()
        .filter_map(|(_, lot)| lot.reservation)
        .collect();
    for reservation in reservations {
        let exercise = capacity::ExerciseOption { reservation };
        draft.run(in_capacity, &capacity::Command::ExerciseOption(exercise))?;
    }
    Ok(())
}

pub(crate) fn in_contracts(
    state: &State,
    context: &Context,
    command: &contracts::Command,
) -> Result<Vec<contracts::Event>, contracts::Rejection> {
    contracts::decide(&state.contracts, context, command)
}

pub(crate) fn in_ledger(
    state: &State,
    context: &Context,
    command: &ledger::Command,
) -> Result<Vec<ledger::Event>, ledger::Rejection> {
    ledger::decide(&state.ledger, context, command)
}
