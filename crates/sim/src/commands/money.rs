//! Usage, invoices, ledger entries.

use bareboat_base::{ContractId, Date, DateWindow, Money, NodeSet, Run};
use bareboat_billing::{Command as B, NewInterval, RecordUsage, UsageState};
use bareboat_book::acts::{Act as BookAct, IssueInvoice};
use bareboat_book::{Command, State};
use bareboat_capacity::AllocationStatus;
use bareboat_contracts::Status;
use bareboat_ledger::{
    AccountKind, AccountSpec, ClosePeriod, Command as L, NewPosting, PostEntry, Reverse, SourceRef,
};

use super::{Act, Scene, setup, window};
use crate::words::{code, name, plus_days, text};

pub(super) const ACTS: &[(u32, Act)] = &[
    (10, usage),
    (10, invoice),
    (1, setup::entity),
    (3, entry),
    (2, reverse),
    (1, close),
];

fn usage(scene: &mut Scene<'_>) -> Option<Command> {
    let (now, state) = (scene.now(), scene.state);
    let (allocation, row) = scene.find(&state.capacity.allocations, |row| {
        row.status == AllocationStatus::Live && row.window.from() < now
    })?;
    let from = scene.used_to.get(&row.lot).copied();
    let from = from.unwrap_or(row.window.from()).max(row.window.from());
    let to = now.min(row.window.to());
    let whole = window(from, to)?;
    let interval = |nodes: NodeSet, state| NewInterval {
        nodes,
        window: whole,
        state,
    };
    let first = row.nodes.runs().first()?;
    let one = Run {
        first: first.first,
        count: 1,
    };
    let rest = NodeSet::from_numbers(row.nodes.site(), row.nodes.numbers().skip(1));
    let intervals = match rest {
        // One node was down, the others were not.
        Ok(rest) if scene.rng.chance(400) => vec![
            interval(
                NodeSet::from_runs(row.nodes.site(), vec![one]).ok()?,
                UsageState::Down,
            ),
            interval(rest, UsageState::Available),
        ],
        _ => vec![interval((*row.nodes).clone(), UsageState::Available)],
    };
    // Now and then the same again, which is refused.
    if scene.rng.chance(900) {
        scene.used_to.insert(row.lot, to);
    }
    Some(Command::Billing(B::RecordUsage(RecordUsage {
        contract: row.contract,
        lot: row.lot,
        allocation,
        intervals,
        source: text("made-up samples"),
        source_digest: scene.rng.digest(),
    })))
}

/// Up to which day a contract is billed.
pub(super) fn billed_to(state: &State, contract: ContractId) -> Option<Date> {
    let documents = state.billing.documents_of(contract);
    documents
        .filter(|(_, document)| document.kind.bills_period())
        .map(|(_, document)| document.period.to())
        .max()
}

fn invoice(scene: &mut Scene<'_>) -> Option<Command> {
    let (today, state) = (scene.today(), scene.state);
    let (contract, row) = scene.find(&state.contracts.contracts, |row| {
        matches!(row.status, Status::Signed | Status::Extended) && row.term.from() < today
    })?;
    let from = billed_to(state, contract).unwrap_or(row.term.from());
    let month = from.first_of_month().plus_months(1).ok()?;
    let term = state.contracts.full_term(contract)?;
    let to = month.min(term.to()).min(today);
    Some(Command::Act(BookAct::IssueInvoice(IssueInvoice {
        contract,
        period: DateWindow::new(from, to).ok()?,
        issued_on: today,
    })))
}

fn entry(scene: &mut Scene<'_>) -> Option<Command> {
    let (entity, _) = scene.any(&scene.state.ledger.entities)?;
    let usd = "USD".parse().ok()?;
    let amount = i128::from(scene.rng.between(1, 1_000_000));
    let posting = |account: &str, kind, minor| NewPosting {
        account: AccountSpec {
            code: code(account),
            name: name(account),
            kind,
            contract: None,
        },
        amount: Money::new(minor, usd),
    };
    // Now and then a cent too much, which is refused.
    let odd = i128::from(scene.rng.chance(100));
    Some(Command::Ledger(L::PostEntry(PostEntry {
        entity,
        date: scene.today(),
        description: text("power of the month"),
        postings: vec![
            posting("power", AccountKind::Expense, amount + odd),
            posting("cash", AccountKind::Asset, -amount),
        ],
        source: SourceRef::Manual,
    })))
}

fn reverse(scene: &mut Scene<'_>) -> Option<Command> {
    let (entry, _) = scene.find(&scene.state.ledger.entries, |row| {
        row.source == SourceRef::Manual && row.reversed_by.is_none()
    })?;
    Some(Command::Ledger(L::Reverse(Reverse {
        entry,
        date: scene.today(),
        reason: text("posted twice"),
    })))
}

fn close(scene: &mut Scene<'_>) -> Option<Command> {
    let (entity, _) = scene.any(&scene.state.ledger.entities)?;
    Some(Command::Ledger(L::ClosePeriod(ClosePeriod {
        entity,
        through: plus_days(scene.today(), -40),
    })))
}
