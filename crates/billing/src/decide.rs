//! Deciding what may happen in billing.

use bareboat_base::{Context, Money, NodeSet, UsageId};

use crate::command::{Command, IssueInvoice, NewInterval, RecordUsage};
use crate::event::{Event, InvoiceIssued, RecordedInterval, UsageRecorded};
use crate::model::{
    DocumentKind, InvoiceDraft, InvoiceLine, LONGEST_INTERVAL_DAYS, LineKind, MOST_INTERVALS,
    MOST_LINES, sum,
};
use crate::rejection::Rejection;
use crate::state::State;

/// All the events of one command, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let event = match command {
        Command::RecordUsage(command) => record(state, context, command)?.into(),
        Command::IssueInvoice(command) => issue(state, context, command)?.into(),
    };
    Ok(vec![event])
}

fn record(
    state: &State,
    context: &Context,
    command: &RecordUsage,
) -> Result<UsageRecorded, Rejection> {
    if command.intervals.is_empty() || command.intervals.len() > MOST_INTERVALS {
        return Err(Rejection::IntervalCount {
            found: command.intervals.len(),
            most: MOST_INTERVALS,
        });
    }
    let mut intervals = Vec::with_capacity(command.intervals.len());
    for (ordinal, interval) in (0_u32..).zip(&command.intervals) {
        let earlier = &command.intervals[..intervals.len()];
        intervals.push(interval_of(
            state,
            command,
            earlier,
            interval,
            context.mint(ordinal),
        )?);
    }
    Ok(UsageRecorded {
        contract: command.contract,
        lot: command.lot,
        allocation: command.allocation,
        intervals,
        source: command.source.clone(),
        source_digest: command.source_digest,
    })
}

fn interval_of(
    state: &State,
    command: &RecordUsage,
    earlier: &[NewInterval],
    interval: &NewInterval,
    usage: UsageId,
) -> Result<RecordedInterval, Rejection> {
    let window = interval.window;
    if window.hours() >= LONGEST_INTERVAL_DAYS.unsigned_abs() * 24 {
        return Err(Rejection::IntervalTooLong {
            window,
            most_days: LONGEST_INTERVAL_DAYS,
        });
    }
    let same = |other: &&NewInterval| {
        other.window.overlaps(window) && intersects(&other.nodes, &interval.nodes)
    };
    if let Some(other) = earlier.iter().find(same) {
        return Err(Rejection::IntervalsOverlap {
            first: other.window,
            second: window,
        });
    }
    for (usage, row) in state.usage_of(command.lot, window) {
        if intersects(&row.nodes, &interval.nodes) {
            return Err(Rejection::UsageOverlaps { window, usage });
        }
    }
    Ok(RecordedInterval {
        usage,
        nodes: interval.nodes.clone(),
        window,
        state: interval.state,
    })
}

/// Whether two sets share a node.
fn intersects(left: &NodeSet, right: &NodeSet) -> bool {
    if left.site() != right.site() {
        return false;
    }
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (left.runs().get(i), right.runs().get(j)) {
        if a.first < b.end() && b.first < a.end() {
            return true;
        }
        if a.end() <= b.end() {
            i += 1;
        } else {
            j += 1;
        }
    }
    false
}

fn issue(
    state: &State,
    context: &Context,
    command: &IssueInvoice,
) -> Result<InvoiceIssued, Rejection> {
    let draft = &command.draft;
    check_lines(draft)?;
    check_period(state, draft)?;
    check_prepayment(state, draft)?;
    let lines = (0_u32..)
        .zip(&draft.lines)
        .map(|(ordinal, line)| InvoiceLine {
            id: context.mint(ordinal),
            line: line.clone(),
        })
        .collect();
    Ok(InvoiceIssued {
        invoice: context.mint(0),
        contract: draft.contract,
        kind: draft.kind,
        period: draft.period,
        version: draft.version,
        identity: draft.identity(),
        currency: draft.currency,
        lines,
        total: draft.total,
        issued_on: command.issued_on,
    })
}

fn check_lines(draft: &InvoiceDraft) -> Result<(), Rejection> {
    if draft.lines.is_empty() {
        return Err(Rejection::NothingToBill {
            contract: draft.contract,
            period: draft.period,
        });
    }
    let bad = |reason: String| Err(Rejection::BadDraft { reason });
    if draft.lines.len() > MOST_LINES {
        return bad(format!("it has more than {MOST_LINES} lines"));
    }
    let total = sum(draft.currency, &draft.lines, |_| true)?;
    if total != draft.total {
        return bad(format!("its lines add up to {total}, not {}", draft.total));
    }
    Ok(())
}

fn check_period(state: &State, draft: &InvoiceDraft) -> Result<(), Rejection> {
    let identity = draft.identity();
    for (invoice, document) in state.documents_of(draft.contract) {
        if document.identity == identity {
            return Err(Rejection::AlreadyIssued { invoice });
        }
        let both_bill = draft.kind.bills_period() && document.kind.bills_period();
        if both_bill && document.period.intersection(draft.period).is_some() {
            return Err(Rejection::PeriodOverlaps {
                period: draft.period,
                invoice,
                billed: document.period,
            });
        }
        let once = DocumentKind::Prepayment;
        if draft.kind == once && document.kind == once {
            return Err(Rejection::AlreadyIssued { invoice });
        }
    }
    Ok(())
}

/// No more is credited and paid back than was prepaid, and no more taken back than was credited.
fn check_prepayment(state: &State, draft: &InvoiceDraft) -> Result<(), Rejection> {
    let (contract, currency) = (draft.contract, draft.currency);
    let returns = |kind| {
        matches!(
            kind,
            LineKind::PrepaymentCredit | LineKind::PrepaymentRefund
        )
    };
    let asked = sum(currency, &draft.lines, returns)?.negated();
    if asked.is_zero() {
        return Ok(());
    }
    let prepaid = state.prepaid(contract, currency)?;
    let credited = state.credited(contract, currency)?;
    let left = prepaid
        .checked_sub(credited)?
        .checked_sub(state.refunded(contract, currency)?)?;
    if asked.minor < -credited.minor || asked.minor > left.minor {
        return Err(Rejection::OverPrepayment {
            contract,
            prepaid,
            asked: Money::new(asked.minor, currency),
        });
    }
    Ok(())
}
