//! What billing is told of a contract, and how its course is measured.

use bareboat_base::{
    ContractId, Currency, Date, DateWindow, GpuCount, Instant, LotId, MicroPrice, Money, Share,
    Window, Zone, time::TimeError,
};

use crate::rating::portion;
use crate::rejection::Rejection;

/// A contract as billing needs it. The book makes it from the contract's segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The contract.
    pub contract: ContractId,
    /// What it is billed in.
    pub currency: Currency,
    /// The zone whose midnights bound billing periods.
    pub billing_zone: Zone,
    /// What each stretch of each lot costs.
    pub segments: Vec<Segment>,
    /// The share of the committed amount due whether used or not.
    pub take_or_pay: Share,
    /// What was paid at signing.
    pub prepayment: Option<PrepaymentTerms>,
    /// The first day it no longer runs, when it ends before its segments do.
    pub ends_on: Option<Date>,
}

/// What one stretch of one lot costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The lot.
    pub lot: LotId,
    /// Its GPUs.
    pub gpus: GpuCount,
    /// The GPUs of a node.
    pub gpus_per_node: u32,
    /// Its civil dates, in the site's zone.
    pub dates: DateWindow,
    /// Its instants.
    pub instants: Window,
    /// What it costs.
    pub price: SegmentPrice,
}

/// What a segment costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentPrice {
    /// So much for all of it.
    Total(Money),
    /// So much for each GPU-hour.
    PerGpuHour(MicroPrice),
}

/// A prepayment and how it is credited back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrepaymentTerms {
    /// The committed amount it is a share of.
    pub committed: Money,
    /// The share.
    pub share: Share,
    /// What is paid.
    pub amount: Money,
    /// The days over which it is credited back, evenly, in the billing zone.
    pub credited: DateWindow,
}

/// Nodes of a lot in use over a window, as rating sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The lot.
    pub lot: LotId,
    /// How many nodes.
    pub nodes: u32,
    /// When.
    pub window: Window,
    /// Whether it counts: down and under maintenance do not.
    pub billable: bool,
}

/// The part of a segment that falls into a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Microseconds from the segment's beginning.
    pub from: i64,
    /// Microseconds from the segment's beginning.
    pub to: i64,
    /// The segment's length in microseconds.
    pub whole: i64,
    /// The same part in UTC.
    pub window: Window,
}

impl Segment {
    /// The instant at which a billing date begins for this segment. Dates are meant in the
    /// billing zone, the segment begins and ends in its site's: the days on which it begins and
    /// ends are stretched to its own instants, so that periods that cover its dates cover it
    /// whole, and none of it is billed twice.
    pub(crate) fn boundary(&self, date: Date, zone: &Zone) -> Result<Instant, TimeError> {
        if date <= self.dates.from() {
            return Ok(self.instants.from());
        }
        if date >= self.dates.to() {
            return Ok(self.instants.to());
        }
        let start = date.start_in(zone)?;
        Ok(start.clamp(self.instants.from(), self.instants.to()))
    }

    /// The part of it that falls into `period`; `None` when there is none.
    pub(crate) fn stretch(
        &self,
        period: DateWindow,
        zone: &Zone,
    ) -> Result<Option<Stretch>, TimeError> {
        let (from, to) = (
            self.boundary(period.from(), zone)?,
            self.boundary(period.to(), zone)?,
        );
        let start = self.instants.from().micros();
        Ok(Window::new(from, to).ok().map(|window| Stretch {
            from: from.micros() - start,
            to: to.micros() - start,
            whole: self.instants.to().micros() - start,
            window,
        }))
    }
}

impl Terms {
    /// From the first segment's first day to the last one's end; `None` without segments.
    pub fn term(&self) -> Option<DateWindow> {
        let from = self
            .segments
            .iter()
            .map(|segment| segment.dates.from())
            .min()?;
        let to = self
            .segments
            .iter()
            .map(|segment| segment.dates.to())
            .max()?;
        DateWindow::new(from, to).ok()
    }

    /// The days of a period on which the contract runs: what a document of the period bills.
    pub(crate) fn running(&self, period: DateWindow) -> Option<DateWindow> {
        let term = self.term()?;
        let to = self.ends_on.map_or(term.to(), |end| end.min(term.to()));
        let runs = DateWindow::new(term.from(), to).ok()?;
        runs.intersection(period)
    }

    /// Whether a period may be billed on a day. What is committed is known beforehand; what is
    /// used, and what is missing to a floor, only when the period is over.
    pub fn check_over(&self, period: DateWindow, today: Date) -> Result<(), Rejection> {
        match self.running(period) {
            Some(period) if self.take_or_pay != Share::WHOLE && period.to() > today => {
                Err(Rejection::PeriodNotOver { period, today })
            }
            _ => Ok(()),
        }
    }
}

impl PrepaymentTerms {
    /// What of it is to be credited back up to a day.
    pub(crate) fn due(&self, upto: Date, zone: &Zone) -> Result<CreditDue, Rejection> {
        let whole = self.credited.instants_in(zone)?;
        let upto = upto.start_in(zone)?.clamp(whole.from(), whole.to());
        let to_micros = upto.micros() - whole.from().micros();
        let whole_micros = whole.to().micros() - whole.from().micros();
        Ok(CreditDue {
            amount: portion(self.amount, i128::from(to_micros), i128::from(whole_micros))?,
            to_micros,
            whole_micros,
        })
    }
}

/// What of a prepayment is to be credited back up to a point of the days it is credited over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CreditDue {
    pub amount: Money,
    pub to_micros: i64,
    pub whole_micros: i64,
}

/// The months of a term, counted from its first day: month `n` begins `n` months after it, on
/// the last day of a month that is too short. The last may be shorter.
pub fn monthly_periods(term: DateWindow) -> Result<Vec<DateWindow>, TimeError> {
    let mut periods = Vec::new();
    let mut from = term.from();
    for month in 1.. {
        let to = term.from().plus_months(month)?.min(term.to());
        periods.push(DateWindow::new(from, to)?);
        if to == term.to() {
            break;
        }
        from = to;
    }
    Ok(periods)
}
