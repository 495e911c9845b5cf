//! Lots that may begin later: each gets the first day on which it can be held.

use std::borrow::Cow;

use bareboat_base::{Context, ContractId, LotId, Position, Recorded};
use bareboat_capacity as capacity;
use bareboat_contracts as contracts;

use crate::acts::sign::{in_contracts, reserve_lot, time};
use crate::draft::Draft;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Gives the lots of a draft that may begin later their days, unless its open quote holds them
/// already; deliveries of one lot move together. Earlier lots of the contract choose first.
pub(crate) fn settle(
    draft: &mut Draft,
    context: &Context,
    contract: ContractId,
) -> Result<(), Rejection> {
    let state = draft.state();
    let lots = state.contracts.lots_of(contract);
    if lots.iter().all(|(_, lot)| lot.flexible.is_none()) || is_held(state, context, contract) {
        return Ok(());
    }
    let of = |row: &(LotId, &contracts::Lot)| row.1.part.map(|part| part.of);
    let same = |a: &(LotId, &contracts::Lot), b: &(LotId, &contracts::Lot)| {
        of(a).is_some() && of(a) == of(b)
    };
    let mut trial = without_quote(state, context, contract).into_owned();
    let mut settled = Vec::new();
    let mut begin = 1;
    let mut tries = MOST_TRIES;
    for deliveries in lots.chunk_by(same) {
        let later = first_day(state, &mut trial, context, (begin, deliveries), &mut tries)?;
        begin += u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
        let flexible = deliveries.iter().filter(|(_, lot)| lot.flexible.is_some());
        settled.extend(flexible.map(|(id, _)| (*id, later)));
    }
    let command = contracts::SettleStarts {
        contract,
        lots: settled,
    };
    draft.run(in_contracts, &contracts::Command::SettleStarts(command))?;
    Ok(())
}

/// Whether an open quote holds just what the lots come to as they stand.
fn is_held(state: &State, context: &Context, contract: ContractId) -> bool {
    let open = state.capacity.open_quote(contract, context.recorded_at);
    open.is_some_and(|(_, quote)| {
        let lots = state.contracts.lots_of(contract);
        let asked = lots
            .iter()
            .map(|(lot, _)| reserve_lot(state, contract, *lot));
        let asked: Result<Vec<capacity::Hold>, _> =
            asked.map(|asked| asked.map(capacity::Hold::from)).collect();
        asked.is_ok_and(|asked| asked == quote.holds)
    })
}

/// The calendar without what the contract's own quote holds.
fn without_quote<'a>(
    state: &'a State,
    context: &Context,
    contract: ContractId,
) -> Cow<'a, capacity::State> {
    let calendar = state.capacity.settled(context.recorded_at);
    let Some((quote, _)) = calendar.open_quote(contract, context.recorded_at) else {
        return calendar;
    };
    let withdraw = capacity::WithdrawQuote { quote };
    let mut calendar = calendar.into_owned();
    if let Ok(events) = capacity::decide(&calendar, context, &withdraw.into()) {
        apply(&mut calendar, context, &events);
    }
    Cow::Owned(calendar)
}

fn apply(calendar: &mut capacity::State, context: &Context, events: &[capacity::Event]) {
    let recorded = Recorded {
        position: Position(u64::MAX),
        at: context.recorded_at,
        by: context.actor,
    };
    for event in events {
        capacity::apply(calendar, &recorded, event);
    }
}

/// Days on which a contract's lots are looked for on nodes, where the count alone allows them: each
/// may take as long as a reservation that is refused as fragmented.
const MOST_TRIES: u32 = 32;

/// By how many days the deliveries of one lot begin later: the fewest with which all of them can
/// be held. What they then hold is folded into the calendar.
fn first_day(
    state: &State,
    calendar: &mut capacity::State,
    context: &Context,
    (begin, deliveries): (u32, &[(LotId, &contracts::Lot)]),
    tries: &mut u32,
) -> Result<u32, Rejection> {
    let most = deliveries.iter().filter_map(|(_, lot)| lot.flexible);
    let most = most.map(|flexible| flexible.days).max().unwrap_or(0);
    let mut first = None;
    let mut tried = 0;
    for later in 0..=most {
        tried = later + 1;
        let mut trial = calendar.clone();
        let mut refused = None;
        for (ordinal, (id, lot)) in (begin..).zip(deliveries) {
            let reserve = later_by(state, *id, lot, later)?;
            let context = context.part(ordinal);
            match capacity::decide(&trial, &context, &reserve.into()) {
                Ok(events) => apply(&mut trial, &context, &events),
                Err(refusal) => {
                    refused = Some(refusal);
                    break;
                }
            }
        }
        match refused {
            None => {
                *calendar = trial;
                return Ok(later);
            }
            Some(refusal) => {
                let by_count = matches!(refusal, capacity::Rejection::ShortOfSupply { .. });
                first = first.or(Some(refusal));
                if !by_count {
                    *tries = tries.saturating_sub(1);
                }
            }
        }
        if *tries == 0 {
            break;
        }
    }
    // A lot that may not begin later is refused in the calendar's own words.
    Err(match (first, most) {
        (Some(refusal), 0) => refusal.into(),
        (Some(refusal), _) => BookRejection::NoStart {
            lot: deliveries[0].0,
            days: tried,
            why: refusal.to_string(),
        }
        .into(),
        (None, _) => BookRejection::Unknown {
            kind: "lot",
            id: deliveries[0].0.to_string(),
        }
        .into(),
    })
}

/// What a lot holds when it begins so many days after its earliest day.
fn later_by(
    state: &State,
    id: LotId,
    lot: &contracts::Lot,
    days: u32,
) -> Result<capacity::Reserve, Rejection> {
    let asked = reserve_lot(state, lot.contract, id)?;
    let Some(flexible) = lot.flexible else {
        return Ok(asked);
    };
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let later = |date: bareboat_base::Date| date.plus_days(days).map_err(|error| time(&error));
    let earliest = flexible.earliest;
    let dates = bareboat_base::DateWindow::new(later(earliest.from())?, later(earliest.to())?);
    let dates = dates.map_err(|error| time(&error))?;
    let moved = contracts::Lot {
        window: dates,
        ..lot.clone()
    };
    let window = dates.instants_in(&lot.zone).map_err(|error| time(&error))?;
    let option = state.contracts.option_of(&moved).transpose();
    Ok(capacity::Reserve {
        window,
        option: option.map_err(|error| time(&error))?,
        ..asked
    })
}
