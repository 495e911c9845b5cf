//! Drafting documents: pure functions of terms and usage.

use bareboat_base::money::MoneyError;
use bareboat_base::{Date, DateWindow, LotId, Money, Share, Text};

use crate::model::{Basis, DocumentKind, InvoiceDraft, Line, LineKind, Quantity, sum};
use crate::rating::{portion, rate, share_of, true_up};
use crate::rejection::Rejection;
use crate::terms::{Segment, SegmentPrice, Stretch, Terms, Used};

/// Drafts the invoice of a period: what each lot owes for the part of its course that falls into
/// it, less the prepayment credited. Refused when nothing of the contract falls into the period.
///
/// With take-or-pay of 100% a lot owes its committed amount. With less it owes its use, trued up
/// to that share of the committed amount; the use of a fixed total is the part of the period's
/// GPU-hours that was used. Committed amounts, floors and credits are rounded cumulatively: over
/// any division of the term into periods they add up exactly. The prepayment never pays for more
/// than is charged; what was to be credited in earlier periods is taken to be.
pub fn preview(
    terms: &Terms,
    period: DateWindow,
    usage: &[Used],
) -> Result<InvoiceDraft, Rejection> {
    let nothing = Rejection::NothingToBill {
        contract: terms.contract,
        period,
    };
    let Some(period) = terms.running(period) else {
        return Err(nothing);
    };
    let mut lines = charges(terms, period, usage)?;
    if lines.is_empty() {
        return Err(nothing);
    }
    if let Some(prepayment) = &terms.prepayment {
        let before = Before {
            credited: prepayment.due(period.from(), &terms.billing_zone)?.amount,
            charged: Money::zero(terms.currency),
        };
        lines.extend(prepayment_credit(terms, period.to(), before, &lines)?);
    }
    document(terms, DocumentKind::Period, period, lines)
}

pub(crate) fn document(
    terms: &Terms,
    kind: DocumentKind,
    period: DateWindow,
    lines: Vec<Line>,
) -> Result<InvoiceDraft, Rejection> {
    Ok(InvoiceDraft {
        contract: terms.contract,
        kind,
        period,
        version: 1,
        currency: terms.currency,
        total: sum(terms.currency, &lines, |_| true)?,
        lines,
    })
}

/// What each lot owes for the part of its course that falls into a period of the contract.
pub(crate) fn charges(
    terms: &Terms,
    period: DateWindow,
    usage: &[Used],
) -> Result<Vec<Line>, Rejection> {
    let mut lines = Vec::new();
    for segment in &terms.segments {
        if let Some(stretch) = segment.stretch(period, &terms.billing_zone)? {
            charge(terms, segment, stretch, usage, &mut lines)?;
        }
    }
    Ok(lines)
}

/// The prepayment due at signing.
pub fn prepayment_draft(terms: &Terms, signed_on: Date) -> Result<InvoiceDraft, Rejection> {
    let contract = terms.contract;
    let Some(prepayment) = terms.prepayment else {
        return Err(Rejection::NoPrepayment { contract });
    };
    let line = Line {
        lot: None,
        kind: LineKind::Prepayment,
        description: text(&format!(
            "prepayment of {} of the committed amount",
            prepayment.share
        ))?,
        quantity: Quantity::default(),
        amount: prepayment.amount,
        basis: Basis::ShareOf {
            committed: prepayment.committed,
            share: prepayment.share,
        },
    };
    Ok(InvoiceDraft {
        contract,
        kind: DocumentKind::Prepayment,
        period: DateWindow::new(signed_on, signed_on.plus_days(1)?)?,
        version: 1,
        currency: terms.currency,
        total: line.amount,
        lines: vec![line],
    })
}

pub(crate) fn text(words: &str) -> Result<Text, Rejection> {
    Text::new(words).map_err(|error| Rejection::BadDraft {
        reason: error.to_string(),
    })
}

fn charge(
    terms: &Terms,
    segment: &Segment,
    stretch: Stretch,
    usage: &[Used],
    lines: &mut Vec<Line>,
) -> Result<(), Rejection> {
    let committed = between(segment, stretch, Share::WHOLE)?;
    let micros = stretch.to - stretch.from;
    let quantity = Quantity {
        micros,
        gpu_micros: i128::from(segment.gpus.0) * i128::from(micros),
    };
    if terms.take_or_pay == Share::WHOLE {
        lines.push(Line {
            lot: Some(segment.lot),
            kind: LineKind::Commitment,
            description: text(&format!("commitment for {}", segment.gpus))?,
            quantity,
            amount: committed,
            basis: committed_basis(segment, stretch),
        });
        return Ok(());
    }
    let used = used_in(segment, stretch, usage);
    let usage_line = rated(segment, quantity, committed, used)?;
    let charged = usage_line.amount;
    lines.push(usage_line);
    let floor = between(segment, stretch, terms.take_or_pay)?;
    let missing = true_up(floor, charged)?;
    if !missing.is_zero() {
        lines.push(Line {
            lot: Some(segment.lot),
            kind: LineKind::TrueUp,
            description: text(&format!(
                "true-up to {} of the committed amount",
                terms.take_or_pay
            ))?,
            quantity: Quantity::default(),
            amount: missing,
            basis: Basis::Floor {
                take_or_pay: terms.take_or_pay,
                floor,
                charged,
            },
        });
    }
    Ok(())
}

/// A share of what is committed between two points of a segment's course, rounded cumulatively.
fn between(segment: &Segment, stretch: Stretch, share: Share) -> Result<Money, MoneyError> {
    let upto = |micros: i64| -> Result<Money, MoneyError> {
        let committed = match segment.price {
            SegmentPrice::Total(total) => {
                portion(total, i128::from(micros), i128::from(stretch.whole))?
            }
            SegmentPrice::PerGpuHour(price) => {
                rate(price, i128::from(segment.gpus.0) * i128::from(micros))?
            }
        };
        share_of(committed, share)
    };
    upto(stretch.to)?.checked_sub(upto(stretch.from)?)
}

fn committed_basis(segment: &Segment, stretch: Stretch) -> Basis {
    match segment.price {
        SegmentPrice::Total(total) => Basis::PartOfTotal {
            total,
            from_micros: stretch.from,
            to_micros: stretch.to,
            whole_micros: stretch.whole,
        },
        SegmentPrice::PerGpuHour(price) => Basis::CommittedHours {
            price,
            from_micros: stretch.from,
            to_micros: stretch.to,
        },
    }
}

/// GPU-microseconds used in a stretch, and the intervals they come from.
fn used_in(segment: &Segment, stretch: Stretch, usage: &[Used]) -> (i128, u32) {
    let of_lot = |used: &&Used| used.lot == segment.lot && used.billable;
    let mut total = (0, 0);
    for used in usage.iter().filter(of_lot) {
        if let Some(shared) = used.window.intersection(stretch.window) {
            let gpus = i128::from(used.nodes) * i128::from(segment.gpus_per_node);
            let micros = shared.to().micros() - shared.from().micros();
            total.0 += gpus * i128::from(micros);
            total.1 += 1;
        }
    }
    total
}

fn rated(
    segment: &Segment,
    committed: Quantity,
    committed_amount: Money,
    (used, intervals): (i128, u32),
) -> Result<Line, Rejection> {
    let (amount, basis) = match segment.price {
        SegmentPrice::PerGpuHour(price) => {
            let basis = Basis::Rated {
                price,
                gpu_micros: used,
                intervals,
            };
            (rate(price, used)?, basis)
        }
        SegmentPrice::Total(_) => {
            // Spare nodes may stand in for failed ones; a total is never exceeded for that.
            let counted = used.min(committed.gpu_micros);
            let basis = Basis::UsedPart {
                committed: committed_amount,
                used_gpu_micros: used,
                committed_gpu_micros: committed.gpu_micros,
                intervals,
            };
            (
                portion(committed_amount, counted, committed.gpu_micros)?,
                basis,
            )
        }
    };
    Ok(Line {
        lot: Some(segment.lot),
        kind: LineKind::Usage,
        description: text(&format!("use of {}", segment.gpus))?,
        quantity: Quantity {
            micros: committed.micros,
            gpu_micros: used,
        },
        amount,
        basis,
    })
}

/// What was credited and charged in earlier documents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub credited: Money,
    pub charged: Money,
}

/// What the prepayment pays of some charges, as a negative line: what is to be credited up to
/// `upto` and is not yet, as far as the charges go. The rest stays for later charges. Of charges
/// that are taken back, what it had paid for goes back to it.
pub(crate) fn prepayment_credit(
    terms: &Terms,
    upto: Date,
    before: Before,
    lines: &[Line],
) -> Result<Option<Line>, Rejection> {
    let Some(prepayment) = terms.prepayment else {
        return Ok(None);
    };
    let charges = sum(terms.currency, lines, LineKind::is_charge)?;
    let due = prepayment.due(upto, &terms.billing_zone)?;
    let open = due.amount.checked_sub(before.credited)?.minor;
    let minor = if charges.minor >= 0 {
        open.clamp(0, charges.minor)
    } else {
        let earned = before.charged.checked_add(charges)?;
        let most = earned.checked_sub(before.credited)?.minor;
        open.min(most).clamp(charges.minor, 0)
    };
    if minor == 0 {
        return Ok(None);
    }
    Ok(Some(Line {
        lot: None::<LotId>,
        kind: LineKind::PrepaymentCredit,
        description: text(if minor > 0 {
            "prepayment credited back"
        } else {
            "prepayment credit taken back"
        })?,
        quantity: Quantity::default(),
        amount: Money::new(-minor, terms.currency),
        basis: Basis::CreditDue {
            prepaid: prepayment.amount,
            to_micros: due.to_micros,
            whole_micros: due.whole_micros,
            due: due.amount,
            credited: before.credited,
            charges,
        },
    }))
}
