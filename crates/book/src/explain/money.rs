//! What an invoice line was computed from, and where it went in the ledger.

use bareboat_base::{EntryId, InvoiceId, InvoiceLineId, UsageId, Window};
use bareboat_billing::{Basis, InvoiceLine};
use bareboat_ledger::SourceRef;

use super::{Explainer, Explanation, Subject, label_of};

/// How many usage intervals an explanation of a line lists before it only counts the rest.
const MOST_USAGE: usize = 20;

impl Explainer<'_> {
    pub(super) fn invoice(&self, id: InvoiceId, depth: u32) -> Option<Explanation> {
        let row = self.state.billing.invoice(id)?;
        let label = label_of(&self.state.billing.invoices, id);
        let told = Explanation::new(
            id,
            label,
            format!("{} document for {}", row.kind.as_str(), row.period),
        )
        .fact("total", format!("{:#}", row.total))
        .fact("issued on", row.issued_on)
        .fact("identity", row.identity)
        .recorded(row.recorded);
        let lines = row.lines.iter().map(|line| self.line(line, row.recorded));
        let entries = self.state.ledger.entries_of(SourceRef::Invoice(id));
        Some(
            told.because_all(lines)
                .because_all(
                    entries
                        .iter()
                        .filter_map(|id| self.of(Subject::Entry(*id), 1)),
                )
                .because(self.of(Subject::Contract(row.contract), depth)),
        )
    }

    fn line(&self, line: &InvoiceLine, recorded: bareboat_base::Recorded) -> Explanation {
        let label = self.state.billing.line_label(line.id);
        let row = &line.line;
        let mut told = Explanation::new(line.id, label, row.description.to_string())
            .fact("amount", format!("{:#}", row.amount))
            .fact("hours", row.quantity.hours())
            .fact("GPU-hours", row.quantity.gpu_hours())
            .recorded(recorded);
        for (name, value) in basis(&row.basis) {
            told = told.fact(name, value);
        }
        told
    }

    pub(super) fn invoice_line(&self, id: InvoiceLineId, depth: u32) -> Option<Explanation> {
        let (invoice, document, line) = self.state.billing.line(id)?;
        let mut told = self.line(line, document.recorded);
        let label = label_of(&self.state.billing.invoices, invoice);
        told = told.fact(
            "invoice",
            format!("{label} of {}, {}", document.issued_on, document.period),
        );
        let used = self.usage_behind(line, document);
        if used.len() > MOST_USAGE {
            told = told.fact(
                "usage",
                format!(
                    "{} intervals, of which the first {MOST_USAGE} follow",
                    used.len()
                ),
            );
        }
        let lot = line
            .line
            .lot
            .and_then(|lot| self.of(Subject::Lot(lot), depth));
        let contract = self
            .of(Subject::Contract(document.contract), depth)
            .filter(|_| lot.is_none());
        let entries = self.state.ledger.entries_of(SourceRef::Invoice(invoice));
        Some(
            told.because(lot)
                .because(contract)
                .because_all(
                    used.into_iter()
                        .take(MOST_USAGE)
                        .filter_map(|id| self.usage(id, 0)),
                )
                .because_all(
                    entries
                        .iter()
                        .filter_map(|id| self.of(Subject::Entry(*id), 1)),
                ),
        )
    }

    fn usage_behind(
        &self,
        line: &InvoiceLine,
        document: &bareboat_billing::Invoice,
    ) -> Vec<UsageId> {
        let zone = self
            .state
            .contracts
            .contract(document.contract)
            .map(|row| row.billing_zone.clone());
        let window: Option<Window> = zone.and_then(|zone| document.period.instants_in(&zone).ok());
        match (line.line.lot, window) {
            (Some(lot), Some(window)) => self
                .state
                .billing
                .usage_of(lot, window)
                .into_iter()
                .map(|(id, _)| id)
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn usage(&self, id: UsageId, depth: u32) -> Option<Explanation> {
        let row = self.state.billing.usage_interval(id)?;
        let label = label_of(&self.state.billing.usage, id);
        let told = Explanation::new(
            id,
            label,
            format!("{} nodes, {}", row.nodes.count().0, row.window),
        )
        .fact("state", format!("{:?}", row.state).to_lowercase())
        .fact("source", &row.source)
        .fact("source document", row.source_digest)
        .recorded(row.recorded);
        let allocation = (depth > 0)
            .then(|| self.of(Subject::Allocation(row.allocation), depth))
            .flatten();
        Some(told.because(allocation))
    }

    pub(super) fn entry(&self, id: EntryId, depth: u32) -> Option<Explanation> {
        let ledger = &self.state.ledger;
        let row = ledger.entry(id)?;
        let mut told = Explanation::new(
            id,
            label_of(&ledger.entries, id),
            row.description.to_string(),
        )
        .fact("date", row.date)
        .recorded(row.recorded);
        for posting in &row.postings {
            let name = ledger
                .account(posting.account)
                .map_or_else(String::new, |account| account.name.to_string());
            let side = if posting.amount.minor < 0 {
                "credit"
            } else {
                "debit"
            };
            let amount = if posting.amount.minor < 0 {
                posting.amount.negated()
            } else {
                posting.amount
            };
            told = told.fact(side, format!("{amount:#} {name}"));
        }
        // An invoice explains its entries; an entry explained for itself leads back to it.
        let source = match row.source {
            SourceRef::Contract(id) => Some(Subject::Contract(id)),
            SourceRef::WindDown(id) => Some(Subject::WindDown(id)),
            SourceRef::PurchaseOrder(id) => Some(Subject::PurchaseOrder(id)),
            SourceRef::Reversal(id) => Some(Subject::Entry(id)),
            SourceRef::Invoice(id) => {
                told = told.fact("invoice", label_of(&self.state.billing.invoices, id));
                Some(Subject::Contract(self.state.billing.invoice(id)?.contract))
            }
            SourceRef::Manual => None,
        };
        Some(
            told.because(
                source
                    .filter(|_| depth > 0)
                    .and_then(|subject| self.of(subject, depth)),
            ),
        )
    }
}

/// The numbers a line was computed from, in words.
fn basis(basis: &Basis) -> Vec<(&'static str, String)> {
    match basis {
        Basis::PartOfTotal {
            total,
            from_micros,
            to_micros,
            whole_micros,
        } => vec![
            ("of a total of", format!("{total:#}")),
            ("from", part_of(*from_micros, *whole_micros)),
            ("to", part_of(*to_micros, *whole_micros)),
            ("rounding", "cumulative, half up".to_owned()),
        ],
        Basis::CommittedHours {
            price,
            from_micros,
            to_micros,
        } => vec![
            ("price per GPU-hour", price.to_string()),
            ("committed", hours(to_micros - from_micros)),
        ],
        Basis::Rated {
            price, intervals, ..
        } => vec![
            ("price per GPU-hour", price.to_string()),
            ("usage intervals", intervals.to_string()),
        ],
        Basis::UsedPart {
            committed,
            used_gpu_micros,
            committed_gpu_micros,
            intervals,
        } => vec![
            ("committed", format!("{committed:#}")),
            (
                "used of committed",
                format!("{used_gpu_micros} of {committed_gpu_micros} GPU-µs"),
            ),
            ("usage intervals", intervals.to_string()),
        ],
        Basis::Floor {
            take_or_pay,
            floor,
            charged,
        } => vec![
            ("take or pay", take_or_pay.to_string()),
            ("due at least", format!("{floor:#}")),
            ("charged already", format!("{charged:#}")),
        ],
        Basis::Recomputed {
            charges, charged, ..
        } => vec![
            ("due as it is now known", format!("{charges:#}")),
            ("charged already", format!("{charged:#}")),
        ],
        Basis::ShareOf { .. } | Basis::Unearned { .. } | Basis::CreditDue { .. } => prepaid(basis),
    }
}

/// The numbers that a prepayment, its credit or its refund was computed from.
fn prepaid(basis: &Basis) -> Vec<(&'static str, String)> {
    match basis {
        Basis::ShareOf { committed, share } => vec![
            ("committed", format!("{committed:#}")),
            ("share", share.to_string()),
        ],
        Basis::Unearned { prepaid, credited } => vec![
            ("prepaid", format!("{prepaid:#}")),
            ("credited already", format!("{credited:#}")),
        ],
        Basis::CreditDue {
            prepaid,
            to_micros,
            whole_micros,
            due,
            credited,
            charges,
        } => vec![
            ("prepaid", format!("{prepaid:#}")),
            ("credited up to", part_of(*to_micros, *whole_micros)),
            ("to be credited by then", format!("{due:#}")),
            ("credited already", format!("{credited:#}")),
            ("charged here", format!("{charges:#}")),
            ("rounding", "cumulative, half up".to_owned()),
        ],
        _ => Vec::new(),
    }
}

fn hours(micros: i64) -> String {
    format!("{} h", micros / 3_600_000_000)
}

fn part_of(micros: i64, whole: i64) -> String {
    format!("{} of {}", hours(micros), hours(whole))
}
