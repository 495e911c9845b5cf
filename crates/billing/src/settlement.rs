//! What is due when a contract ends.

use bareboat_base::{ContractId, Date, DateWindow, Money};

use crate::model::{Basis, DocumentKind, InvoiceDraft, Line, LineKind, Quantity};
use crate::preview::text;
use crate::rejection::Rejection;
use crate::state::State;
use crate::terms::Terms;

/// What is due when a contract ends: the last invoice to the day, and what becomes of the
/// prepayment that was not yet credited.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// The invoice from where billing stands to the end, with what late usage or the end itself
    /// changes in earlier ones; `None` when all is billed and nothing changes.
    pub final_invoice: Option<InvoiceDraft>,
    /// The prepayment neither credited so far nor by the final invoice.
    pub unearned: Money,
    /// The credit note that pays it back, when it is paid back and is not zero.
    pub refund: Option<InvoiceDraft>,
    /// What is kept of it instead.
    pub forfeited: Money,
}

impl State {
    /// Settles a contract that ends on `terms.ends_on`. Issue the final invoice first, then the
    /// refund. Days billed past the end are credited. Refused when the contract has no end, or an
    /// earlier period is not billed yet.
    pub fn settlement(
        &self,
        terms: &Terms,
        refund_unearned: bool,
    ) -> Result<Settlement, Rejection> {
        let contract = terms.contract;
        let ends_on = terms.ends_on.ok_or(Rejection::NoEnd { contract })?;
        let from = self.billed_to(terms, ends_on)?;
        let left = match DateWindow::new(from, ends_on) {
            Ok(period) => period,
            // No day is left to bill: only what changes in what was billed.
            Err(_) => DateWindow::new(ends_on, ends_on.plus_days(1)?)?,
        };
        let final_invoice = match self.draft(terms, left, DocumentKind::Final) {
            Ok(draft) => Some(draft),
            Err(Rejection::NothingToBill { .. }) => None,
            Err(other) => return Err(other),
        };
        let prepaid = self.prepaid(contract, terms.currency)?;
        let mut credited = self.credited(contract, terms.currency)?;
        if let Some(draft) = &final_invoice {
            credited = credited.checked_add(draft.prepayment_credit()?)?;
        }
        let unearned = prepaid.checked_sub(credited)?;
        let owed = refund_unearned && !unearned.is_zero();
        Ok(Settlement {
            final_invoice,
            unearned,
            refund: if owed {
                Some(refund(contract, ends_on, prepaid, credited)?)
            } else {
                None
            },
            forfeited: if refund_unearned {
                Money::zero(terms.currency)
            } else {
                unearned
            },
        })
    }

    /// The day up to which the contract is billed without a gap.
    fn billed_to(&self, terms: &Terms, ends_on: Date) -> Result<Date, Rejection> {
        let Some(term) = terms.term() else {
            return Ok(ends_on);
        };
        let mut periods: Vec<DateWindow> = self
            .documents_of(terms.contract)
            .filter(|(_, document)| document.kind.bills_period())
            .map(|(_, document)| document.period)
            .collect();
        periods.sort_unstable();
        let mut billed_to = term.from();
        for period in periods {
            if let Ok(period) = DateWindow::new(billed_to, period.from().min(ends_on)) {
                return Err(Rejection::PeriodMissing { period });
            }
            billed_to = billed_to.max(period.to());
        }
        Ok(billed_to)
    }
}

/// The credit note that pays an unearned prepayment back.
fn refund(
    contract: ContractId,
    ends_on: Date,
    prepaid: Money,
    credited: Money,
) -> Result<InvoiceDraft, Rejection> {
    let amount = prepaid.checked_sub(credited)?.negated();
    let line = Line {
        lot: None,
        kind: LineKind::PrepaymentRefund,
        description: text("unearned prepayment paid back")?,
        quantity: Quantity::default(),
        amount,
        basis: Basis::Unearned { prepaid, credited },
    };
    Ok(InvoiceDraft {
        contract,
        kind: DocumentKind::CreditNote,
        period: DateWindow::new(ends_on, ends_on.plus_days(1)?)?,
        version: 1,
        currency: amount.currency,
        total: amount,
        lines: vec![line],
    })
}
