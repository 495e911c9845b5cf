//! Quoting: a draft offered at the price of its terms, with its capacity held until the offer
//! expires; and how signing takes what is held.

use bareboat_base::{Context, ContractId, Instant};
use bareboat_capacity as capacity;
use bareboat_contracts as contracts;
use bareboat_rulebook::Activity;

use crate::acts::determine::{self, Determine};
use crate::acts::sign::{amount, in_contracts, reserve_lot, unknown_contract};
use crate::acts::starts;
use crate::acts::supply::in_capacity;
use crate::draft::Draft;
use crate::event::Event;
use crate::rejection::Rejection;
use crate::state::State;

/// Quotes a draft.
#[derive(Clone, Copy, Debug)]
pub struct Quote {
    /// The draft.
    pub contract: ContractId,
    /// The first instant at which the quote holds nothing.
    pub expires_at: Instant,
}

pub(crate) fn run(draft: &mut Draft, context: &Context, act: &Quote) -> Result<(), Rejection> {
    let row = draft.state().contracts.contract(act.contract);
    let row = row.ok_or_else(|| unknown_contract(act.contract))?;
    if row.status != contracts::Status::Draft {
        let refused = contracts::Rejection::WrongStatus {
            contract: act.contract,
            status: row.status.as_str(),
            act: "quoted",
        };
        return Err(refused.into());
    }
    let legal_date = context.recorded_at.date_in(&row.billing_zone);
    starts::settle(draft, context, act.contract)?;
    let judge = Determine {
        contract: act.contract,
        activity: Activity::Quote,
        legal_date,
    };
    determine::require(draft, &judge, None, false)?;
    let command = offer(draft.state(), act)?;
    draft.run(in_capacity, &capacity::Command::MakeQuote(command))?;
    Ok(())
}

/// What the draft's terms come to as a quote.
fn offer(state: &State, act: &Quote) -> Result<capacity::MakeQuote, Rejection> {
    let price = state.contracts.price_per_gpu_hour(act.contract);
    let price = price.ok_or_else(|| unknown_contract(act.contract))?;
    Ok(capacity::MakeQuote {
        contract: act.contract,
        price: price.map_err(|error| amount(&error))?,
        expires_at: act.expires_at,
        holds: asked(state, act.contract)?
            .into_iter()
            .map(Into::into)
            .collect(),
    })
}

/// The reservations that a contract's lots ask for.
fn asked(state: &State, contract: ContractId) -> Result<Vec<capacity::Reserve>, Rejection> {
    let lots = state.contracts.lots_of(contract);
    let asked = lots.iter();
    asked
        .map(|(lot, _)| reserve_lot(state, contract, *lot))
        .collect()
}

/// Reserves all lots of a contract: what its open quote holds, when that is what its terms still
/// come to, else afresh.
pub(crate) fn reserve(
    draft: &mut Draft,
    context: &Context,
    contract: ContractId,
) -> Result<Vec<contracts::SignedReservation>, Rejection> {
    let asked = asked(draft.state(), contract)?;
    let mut commands: Vec<capacity::Command> = Vec::new();
    let open = &draft.state().capacity;
    match open.open_quote(contract, context.recorded_at) {
        Some((quote, row)) => {
            let act = Quote {
                contract,
                expires_at: row.expires_at,
            };
            let now = offer(draft.state(), &act)?;
            if (&now.holds, now.price) == (&row.holds, row.price) {
                commands.push(capacity::TakeQuote { quote }.into());
            } else {
                commands.push(capacity::WithdrawQuote { quote }.into());
                commands.extend(asked.into_iter().map(Into::into));
            }
        }
        None => commands.extend(asked.into_iter().map(Into::into)),
    }
    let mut reservations = Vec::new();
    for command in commands {
        for event in draft.run(in_capacity, &command)? {
            if let Event::Capacity(capacity::Event::Reserved(event)) = event {
                reservations.push(contracts::SignedReservation {
                    lot: event.lot,
                    reservation: event.reservation,
                });
            }
        }
    }
    Ok(reservations)
}

/// Gives a draft up, and its quote with it.
pub(crate) fn withdraw_draft(
    state: &State,
    context: &Context,
    command: &contracts::Command,
    contract: ContractId,
) -> Result<Vec<Event>, Rejection> {
    let mut draft = Draft::new(state, context);
    draft.run(in_contracts, command)?;
    let open = state.capacity.open_quote(contract, context.recorded_at);
    if let Some((quote, _)) = open {
        let withdraw = capacity::WithdrawQuote { quote };
        draft.run(in_capacity, &withdraw.into())?;
    }
    Ok(draft.finish())
}
