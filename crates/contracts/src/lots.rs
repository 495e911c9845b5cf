//! Lots: what makes one, those that come in several deliveries, those that may begin later.

use bareboat_base::{Context, DateWindow, GpuCount, LotId, NodeCount};

use crate::command::{NewLot, SettleStarts};
use crate::decide::{contract_of, needs};
use crate::draft::{check_extension_term, check_prepayment, term_of};
use crate::event::{LotDrafted, SettledLot, StartsSettled};
use crate::model::{Flexible, LONGEST_TERM_DAYS, LotPart, Status, stated_hours};
use crate::rejection::Rejection;
use crate::state::State;

/// The longest that a lot may be put off, in days.
const LONGEST_DELAY_DAYS: i64 = 366;

/// The lots that a draft comes to, each delivery one of them.
pub(crate) fn draft(context: &Context, lots: &[NewLot]) -> Result<Vec<LotDrafted>, Rejection> {
    let mut drafted: Vec<LotDrafted> = Vec::new();
    for lot in lots {
        let deliveries = deliveries(lot)?;
        let mut part = None;
        for (gpus, window) in deliveries {
            let ordinal = u32::try_from(drafted.len()).unwrap_or(u32::MAX);
            let id: LotId = context.mint(ordinal);
            let mut row = draft_one(id, lot, gpus, window)?;
            if !lot.deliveries.is_empty() {
                let to_come = match part {
                    None => nodes(lot, lot.gpus)?,
                    Some(LotPart { to_come, .. }) => to_come,
                };
                let of = part.map_or(id, |part: LotPart| part.of);
                row.part = Some(LotPart { of, to_come });
                let to_come = NodeCount(to_come.0.saturating_sub(row.nodes.0));
                part = Some(LotPart { of, to_come });
            }
            drafted.push(row);
        }
    }
    Ok(drafted)
}

/// The deliveries of a lot, or all of it at once.
fn deliveries(lot: &NewLot) -> Result<Vec<(GpuCount, DateWindow)>, Rejection> {
    if lot.deliveries.is_empty() {
        return Ok(vec![(lot.gpus, lot.window)]);
    }
    let bad = |reason: String| Rejection::BadDeliveries { reason };
    if lot.stated_hours.is_some() {
        return Err(bad(
            "the hours that the price is stated on follow from each delivery's days; leave them out"
                .to_owned(),
        ));
    }
    let first = lot.deliveries[0].from;
    if first != lot.window.from() {
        return Err(bad(format!(
            "the first is on {first}, the lot begins on {}",
            lot.window.from()
        )));
    }
    let mut rows = Vec::with_capacity(lot.deliveries.len());
    for pair in lot.deliveries.windows(2) {
        if pair[1].from <= pair[0].from {
            return Err(bad(format!(
                "{} does not come after {}",
                pair[1].from, pair[0].from
            )));
        }
    }
    for delivery in &lot.deliveries {
        let window = DateWindow::new(delivery.from, lot.window.to()).map_err(|_| {
            bad(format!(
                "{} does not lie before the lot's end, {}",
                delivery.from,
                lot.window.to()
            ))
        })?;
        rows.push((delivery.gpus, window));
    }
    let all: u64 = rows.iter().map(|(gpus, _)| u64::from(gpus.0)).sum();
    if all != u64::from(lot.gpus.0) {
        return Err(bad(format!(
            "they come to {all} GPUs, the lot has {}",
            lot.gpus.0
        )));
    }
    Ok(rows)
}

fn nodes(lot: &NewLot, gpus: GpuCount) -> Result<NodeCount, Rejection> {
    if gpus.0 == 0 {
        return Err(Rejection::NoGpus);
    }
    let nodes = gpus.in_nodes(lot.gpus_per_node);
    nodes.map_err(|(below, above)| Rejection::PartNodes {
        gpus,
        gpus_per_node: lot.gpus_per_node,
        below,
        above,
    })
}

fn draft_one(
    id: LotId,
    lot: &NewLot,
    gpus: GpuCount,
    window: DateWindow,
) -> Result<LotDrafted, Rejection> {
    let nodes = nodes(lot, gpus)?;
    if window.days() > LONGEST_TERM_DAYS {
        return Err(Rejection::TermTooLong {
            window,
            most_days: LONGEST_TERM_DAYS,
        });
    }
    for (what, most) in lot.shape.limits() {
        if most == 0 {
            return Err(Rejection::BadShape { what });
        }
    }
    let stated_hours = lot.stated_hours.unwrap_or(stated_hours(window));
    check_stated_hours(stated_hours, window)?;
    Ok(LotDrafted {
        lot: id,
        model: lot.model,
        site: lot.site,
        zone: lot.zone.clone(),
        gpus,
        gpus_per_node: lot.gpus_per_node.max(1),
        nodes,
        window,
        stated_hours,
        shape: lot.shape,
        part: None,
        flexible: flexible(lot, window)?,
    })
}

/// Hours that the lot does not have would be committed, and prepaid, but never billed.
fn check_stated_hours(found: u32, window: DateWindow) -> Result<(), Rejection> {
    let days = u32::try_from(window.days()).unwrap_or(u32::MAX);
    let most = stated_hours(window).max(days.saturating_mul(24));
    if found == 0 || found > most {
        return Err(Rejection::StatedHours { found, most });
    }
    Ok(())
}

fn flexible(lot: &NewLot, earliest: DateWindow) -> Result<Option<Flexible>, Rejection> {
    let Some(latest) = lot.latest_start else {
        return Ok(None);
    };
    let from = lot.window.from();
    let days = from.days_until(latest);
    if !(1..=LONGEST_DELAY_DAYS).contains(&days) {
        return Err(Rejection::BadLatestStart {
            latest,
            from,
            most_days: LONGEST_DELAY_DAYS,
        });
    }
    let days = u32::try_from(days).unwrap_or(0);
    Ok(Some(Flexible { earliest, days }))
}

/// Gives lots that may begin later their days; the others keep theirs.
pub(crate) fn settle(state: &State, command: &SettleStarts) -> Result<StartsSettled, Rejection> {
    let contract = command.contract;
    let row = contract_of(state, contract)?;
    needs(row, contract, &[Status::Draft], "given its days")?;
    let lots = state.lots_of(contract);
    let mut settled = Vec::with_capacity(command.lots.len());
    for (id, days) in &command.lots {
        let lot = lots.iter().find(|(lot, _)| lot == id);
        let flexible = lot.and_then(|(_, lot)| Some((*lot, lot.flexible?)));
        let found = flexible.filter(|(_, flexible)| *days <= flexible.days);
        let (lot, flexible) = found.ok_or(Rejection::NotFlexible {
            lot: *id,
            days: *days,
        })?;
        let later = |date: bareboat_base::Date| date.plus_days(i32::try_from(*days).unwrap_or(0));
        let earliest = flexible.earliest;
        let window = DateWindow::new(later(earliest.from())?, later(earliest.to())?)?;
        let hours = match lot.stated_hours == stated_hours(lot.window) {
            true => stated_hours(window),
            false => lot.stated_hours,
        };
        check_stated_hours(hours, window)?;
        settled.push(SettledLot {
            lot: *id,
            window,
            stated_hours: hours,
        });
    }
    let windows = lots.iter().map(|(id, lot)| {
        let moved = settled.iter().find(|settled| settled.lot == *id);
        moved.map_or(lot.window, |settled| settled.window)
    });
    let term = term_of(windows)?;
    check_prepayment(row.prepayment, term)?;
    if let Some(extension) = row.extension {
        check_extension_term(extension, term)?;
    }
    Ok(StartsSettled {
        contract,
        lots: settled,
        term,
    })
}
