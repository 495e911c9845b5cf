//! Month after month: usage, invoices, lists, re-screenings, maintenance.

use bareboat_base::{
    AllocationId, ContractId, DateWindow, LotId, NodeSet, PartyId, PoolId, Run, Window, Zone,
};
use bareboat_billing::{Command as B, NewInterval, RecordUsage, UsageState};
use bareboat_book::acts::{Act, IssueInvoice};
use bareboat_book::{Command, Rejection};
use bareboat_capacity as capacity;

use super::deals::{Deals, first_day};
use super::{Maker, people};
use crate::commands::{DAY, HOUR, instant};
use crate::words::{code, text, today};

/// What months touch of a deal.
struct Held {
    contract: ContractId,
    lot: LotId,
    client: PartyId,
    pool: PoolId,
    allocation: AllocationId,
    nodes: NodeSet,
    window: Window,
}

pub(super) fn make(maker: &mut Maker<'_>, deals: &Deals) -> Result<(), Rejection> {
    let held: Vec<Held> = deals.iter().filter_map(|deal| held(maker, deal)).collect();
    for month in 0..36 {
        if maker.is_full() {
            break;
        }
        let from = first_day().plus_months(month).expect("a date");
        let to = from.plus_months(1).expect("a date");
        let period = DateWindow::new(from, to).expect("a month");
        let window = period.instants_in(&Zone::utc()).expect("a month");
        maker.now = maker.now.max(window.to().micros() + HOUR);
        people::import(maker, if month % 2 == 0 { "SDN" } else { "EL" })?;
        for held in &held {
            if maker.is_full() {
                break;
            }
            usage(maker, held, window)?;
            let issued_on = today(maker.now());
            maker.act(Command::Act(Act::IssueInvoice(IssueInvoice {
                contract: held.contract,
                period,
                issued_on,
            })))?;
            if maker.rng.chance(200) {
                people::screen(maker, held.client, false)?;
            }
            if maker.rng.chance(50) {
                maintain(maker, held)?;
            }
        }
    }
    Ok(())
}

fn held(maker: &Maker<'_>, (contract, lot): &(ContractId, LotId)) -> Option<Held> {
    let reservation = maker.state.contracts.lot(*lot)?.reservation?;
    let row = maker.state.capacity.reservations.get(&reservation)?;
    let id = row.allocation?;
    let allocation = maker.state.capacity.allocations.get(&id)?;
    Some(Held {
        contract: *contract,
        lot: *lot,
        client: maker.state.contracts.contract(*contract)?.client,
        pool: row.pool,
        allocation: id,
        nodes: (*allocation.nodes).clone(),
        window: allocation.window,
    })
}

/// The month's usage; every fourth time one node was down for a while.
fn usage(maker: &mut Maker<'_>, held: &Held, month: Window) -> Result<(), Rejection> {
    let Some(window) = month.intersection(held.window) else {
        return Ok(());
    };
    let interval = |nodes: &NodeSet, window, state| NewInterval {
        nodes: nodes.clone(),
        window,
        state,
    };
    let mut intervals = Vec::new();
    let middle = instant(window.from().micros() / 2 + window.to().micros() / 2);
    let one = held.nodes.runs().first().map(|run| Run {
        first: run.first,
        count: 1,
    });
    let one = one.and_then(|run| NodeSet::from_runs(held.nodes.site(), vec![run]).ok());
    let rest = NodeSet::from_numbers(held.nodes.site(), held.nodes.numbers().skip(1)).ok();
    match (one, rest) {
        (Some(one), Some(rest)) if maker.rng.chance(250) => {
            let before = Window::new(window.from(), middle).unwrap_or(window);
            let after = Window::new(middle, window.to()).unwrap_or(window);
            intervals.push(interval(&rest, window, UsageState::Available));
            intervals.push(interval(&one, before, UsageState::Available));
            intervals.push(interval(&one, after, UsageState::Down));
        }
        _ => intervals.push(interval(&held.nodes, window, UsageState::Available)),
    }
    let source_digest = maker.rng.digest();
    maker.act(Command::Billing(B::RecordUsage(RecordUsage {
        contract: held.contract,
        lot: held.lot,
        allocation: held.allocation,
        intervals,
        source: text("site agent"),
        source_digest,
    })))?;
    Ok(())
}

/// One node out for a day, some day in the coming month.
fn maintain(maker: &mut Maker<'_>, held: &Held) -> Result<(), Rejection> {
    let Some(run) = held.nodes.runs().first().copied() else {
        return Ok(());
    };
    let first = run.first + maker.rng.below(run.count);
    let one = vec![Run { first, count: 1 }];
    let nodes = NodeSet::from_runs(held.nodes.site(), one).expect("one node");
    let from = maker.now + i64::from(maker.rng.below(25)) * DAY;
    let window = Window::new(instant(from), instant(from + DAY)).expect("a day");
    maker.act(Command::Capacity(capacity::Command::SetUnavailable(
        capacity::SetUnavailable {
            pool: held.pool,
            nodes,
            window,
            why: code("maintenance"),
        },
    )))?;
    Ok(())
}
