//! The fold of billing events, and what can be asked of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bareboat_base::money::MoneyError;
use bareboat_base::{
    ContractId, Currency, DateWindow, Handle, InvoiceId, InvoiceLineId, LotId, Money, Table,
    UsageId, Window,
};
use serde::{Deserialize, Serialize};

use crate::model::{
    Basis, DocumentKind, Invoice, InvoiceDraft, InvoiceLine, Line, LineKind, Quantity,
    UsageInterval, sum,
};
use crate::preview::{Before, charges, document, prepayment_credit, text};
use crate::rejection::Rejection;
use crate::terms::{Terms, Used};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Every usage interval and every document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Usage intervals, in order of recording.
    pub usage: Table<UsageId, UsageInterval>,
    /// Documents, in order of issue.
    pub invoices: Table<InvoiceId, Invoice>,
    /// The document that each line is in.
    pub(crate) lines: Table<InvoiceLineId, InvoiceId>,
    /// What was issued under each contract.
    pub(crate) contracts: Table<ContractId, ContractBilling>,
    /// The usage intervals of a lot, by the bins that they touch.
    pub(crate) bins: Table<Bin, Arc<Vec<Handle>>>,
    /// The first and the last bin of each lot and level.
    pub(crate) extents: Table<(LotId, u8), (i32, i32)>,
}

/// A stretch of the calendar in which usage of a lot is looked for. An interval lies in bins at
/// least as wide as itself, so it touches one or two of them, an hour or a year long; a search
/// looks through every level's bins in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Bin {
    pub lot: LotId,
    /// Bins of level n are 8^n days wide; level 3 takes the longest interval there may be.
    pub level: u8,
    /// Days of UTC since 1970, divided by the width.
    pub number: i32,
}

const LEVELS: u8 = 4;

/// The bins of a level that a window touches: the first and the last.
fn touched(level: u8, window: Window) -> (i32, i32) {
    let width = MICROS_PER_DAY << (3 * level);
    let number = |micros: i64| i32::try_from(micros.div_euclid(width)).unwrap_or(i32::MAX);
    // The calendar ends at the year 9999: about three million days.
    (
        number(window.from().micros()),
        number(window.to().micros() - 1),
    )
}

/// The level whose bins are the narrowest that are as wide as a window.
fn level_of(window: Window) -> u8 {
    let length = window.to().micros() - window.from().micros();
    let wide = |level: &u8| length <= MICROS_PER_DAY << (3 * level);
    (0..LEVELS).find(wide).unwrap_or(LEVELS - 1)
}

/// What was issued under one contract.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContractBilling {
    /// Its documents, in order of issue.
    pub documents: Vec<InvoiceId>,
    /// Those that bill a period, with it.
    pub billed: Vec<(DateWindow, InvoiceId)>,
    /// Those whose period saw usage recorded after they were issued.
    pub late: Vec<InvoiceId>,
}

impl State {
    /// The document.
    pub fn invoice(&self, invoice: InvoiceId) -> Option<&Invoice> {
        self.invoices.get(&invoice)
    }

    /// The usage interval.
    pub fn usage_interval(&self, usage: UsageId) -> Option<&UsageInterval> {
        self.usage.get(&usage)
    }

    /// A line, and the document it is in.
    pub fn line(&self, line: InvoiceLineId) -> Option<(InvoiceId, &Invoice, &InvoiceLine)> {
        let id = *self.lines.get(&line)?;
        let invoice = self.invoice(id)?;
        let row = invoice.lines.iter().find(|row| row.id == line)?;
        Some((id, invoice, row))
    }

    /// A contract's documents, in order of issue.
    pub fn documents_of(
        &self,
        contract: ContractId,
    ) -> impl Iterator<Item = (InvoiceId, &Invoice)> {
        let ids = self.contracts.get(&contract).map(|row| &row.documents);
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.invoice(*id).map(|invoice| (*id, invoice)))
    }

    /// The usage intervals of a lot that share an instant with a window, in order of recording.
    pub fn usage_of(&self, lot: LotId, window: Window) -> Vec<(UsageId, &UsageInterval)> {
        let mut handles = BTreeSet::new();
        for level in 0..LEVELS {
            let Some((first, last)) = self.extents.get(&(lot, level)) else {
                continue;
            };
            let (from, to) = touched(level, window);
            for number in from.max(*first)..=to.min(*last) {
                let bin = Bin { lot, level, number };
                handles.extend(self.bins.get(&bin).into_iter().flat_map(|bin| bin.iter()));
            }
        }
        handles
            .into_iter()
            .filter_map(|handle| self.usage.at(handle))
            .filter(|(_, interval)| interval.window.overlaps(window))
            .map(|(id, interval)| (*id, interval))
            .collect()
    }

    /// Files an interval of a lot where [`Self::usage_of`] finds it.
    pub(crate) fn file(&mut self, lot: LotId, window: Window, handle: Handle) {
        let level = level_of(window);
        let (first, last) = touched(level, window);
        match self.extents.get_mut(&(lot, level)) {
            Some(extent) => *extent = (extent.0.min(first), extent.1.max(last)),
            None => {
                self.extents.insert((lot, level), (first, last));
            }
        }
        for number in first..=last {
            let bin = Bin { lot, level, number };
            match self.bins.get_mut(&bin) {
                Some(handles) => Arc::make_mut(handles).push(handle),
                None => {
                    self.bins.insert(bin, Arc::new(vec![handle]));
                }
            }
        }
    }

    /// What was used of the lots of some terms in a period, as rating sees it.
    pub fn used_in(&self, terms: &Terms, period: DateWindow) -> Result<Vec<Used>, Rejection> {
        let mut used = Vec::new();
        // The extension of a lot is a segment of its own, next to the lot's first term; a use
        // that touches both is one use.
        let mut seen = BTreeSet::new();
        for segment in &terms.segments {
            let stretch = segment.stretch(period, &terms.billing_zone)?;
            let Some(stretch) = stretch else {
                continue;
            };
            for (id, interval) in self.usage_of(segment.lot, stretch.window) {
                if seen.insert(id) {
                    used.push(Used {
                        lot: segment.lot,
                        nodes: interval.nodes.count().0,
                        window: interval.window,
                        billable: interval.state.is_billable(),
                    });
                }
            }
        }
        Ok(used)
    }

    /// Drafts the invoice of a period from recorded usage, with a correction line for each
    /// earlier document that late usage or the contract's end changes. When the contract runs on
    /// no day of the period, only the corrections. Nothing is kept.
    pub fn preview(&self, terms: &Terms, period: DateWindow) -> Result<InvoiceDraft, Rejection> {
        self.draft(terms, period, DocumentKind::Period)
    }

    pub(crate) fn draft(
        &self,
        terms: &Terms,
        asked: DateWindow,
        kind: DocumentKind,
    ) -> Result<InvoiceDraft, Rejection> {
        let running = terms.running(asked);
        let mut lines = match running {
            Some(period) => charges(terms, period, &self.used_in(terms, period)?)?,
            None => Vec::new(),
        };
        lines.extend(self.corrections(terms)?);
        if lines.is_empty() {
            return Err(Rejection::NothingToBill {
                contract: terms.contract,
                period: asked,
            });
        }
        let (kind, period) = match running {
            Some(period) => (kind, period),
            None => (DocumentKind::Correction, asked),
        };
        let upto = terms
            .ends_on
            .map_or(period.to(), |end| end.min(period.to()));
        let before = Before {
            credited: self.credited(terms.contract, terms.currency)?,
            charged: self.sum_of(terms.contract, terms.currency, LineKind::is_charge)?,
        };
        lines.extend(prepayment_credit(terms, upto, before, &lines)?);
        let mut drafted = document(terms, kind, period, lines)?;
        if kind == DocumentKind::Correction {
            let same = |(_, document): &(InvoiceId, &Invoice)| {
                (document.kind, document.period) == (kind, period)
            };
            let earlier = self.documents_of(terms.contract).filter(same).count();
            drafted.version += u32::try_from(earlier).unwrap_or(u32::MAX - 1);
        }
        Ok(drafted)
    }

    /// What late usage, or an end before the last day billed, changes in the documents already
    /// issued.
    fn corrections(&self, terms: &Terms) -> Result<Vec<Line>, Rejection> {
        let Some(row) = self.contracts.get(&terms.contract) else {
            return Ok(Vec::new());
        };
        let mut lines = Vec::new();
        for (billed, id) in &row.billed {
            let past_end = terms.ends_on.is_some_and(|end| billed.to() > end);
            if !past_end && !row.late.contains(id) {
                continue;
            }
            let Some(invoice) = self.invoice(*id) else {
                continue;
            };
            let charges = match terms.running(*billed) {
                Some(period) => charges(terms, period, &self.used_in(terms, period)?)?,
                None => Vec::new(),
            };
            let charges = sum(terms.currency, &charges, |_| true)?;
            let charged = self.charged_for(*id, invoice)?;
            let amount = charges.checked_sub(charged)?;
            if amount.is_zero() {
                continue;
            }
            let words = format!("correction of {id} for {billed}");
            lines.push(Line {
                lot: None,
                kind: LineKind::Correction,
                description: text(&words)?,
                quantity: Quantity::default(),
                amount,
                basis: Basis::Recomputed {
                    invoice: *id,
                    charges,
                    charged,
                },
            });
        }
        Ok(lines)
    }

    /// What was charged for a document's own period, by it and by later corrections of it.
    fn charged_for(&self, id: InvoiceId, invoice: &Invoice) -> Result<Money, MoneyError> {
        let own = |kind: LineKind| kind.is_charge() && kind != LineKind::Correction;
        let corrects = |line: &&Line| match line.basis {
            Basis::Recomputed { invoice, .. } => invoice == id,
            _ => false,
        };
        let later = self
            .documents_of(invoice.contract)
            .flat_map(|(_, document)| document.lines.iter().map(|line| &line.line));
        let corrected = sum(invoice.currency, later.filter(corrects), |_| true)?;
        invoice.sum(own)?.checked_add(corrected)
    }

    /// What was prepaid under a contract.
    pub fn prepaid(&self, contract: ContractId, currency: Currency) -> Result<Money, MoneyError> {
        self.sum_of(contract, currency, |kind| kind == LineKind::Prepayment)
    }

    /// What of the prepayment was credited on invoices; not negative.
    pub fn credited(&self, contract: ContractId, currency: Currency) -> Result<Money, MoneyError> {
        self.sum_of(contract, currency, |kind| {
            kind == LineKind::PrepaymentCredit
        })
        .map(Money::negated)
    }

    /// What of the prepayment was paid back; not negative.
    pub fn refunded(&self, contract: ContractId, currency: Currency) -> Result<Money, MoneyError> {
        self.sum_of(contract, currency, |kind| {
            kind == LineKind::PrepaymentRefund
        })
        .map(Money::negated)
    }

    fn sum_of(
        &self,
        contract: ContractId,
        currency: Currency,
        counts: impl Fn(LineKind) -> bool,
    ) -> Result<Money, MoneyError> {
        let lines = self
            .documents_of(contract)
            .flat_map(|(_, document)| document.lines.iter().map(|line| &line.line));
        sum(currency, lines, counts)
    }
}

impl State {
    /// The line with an id or a label (`IL-0007`).
    pub fn find_line(&self, text: &str) -> Option<InvoiceLineId> {
        if let Ok(id) = text.parse::<InvoiceLineId>() {
            return self.lines.contains(&id).then_some(id);
        }
        let number = bareboat_base::label_number::<InvoiceLineId>(text)?;
        self.lines
            .at(Handle::from_number(number)?)
            .map(|(id, _)| *id)
    }

    /// What people call a line.
    pub fn line_label(&self, line: InvoiceLineId) -> String {
        match self.lines.handle(&line) {
            Some(handle) => bareboat_base::label::<InvoiceLineId>(handle.number()),
            None => line.to_string(),
        }
    }
}
