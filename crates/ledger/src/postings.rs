//! What the book's acts mean in debits and credits.
//!
//! Each function gives the sides of one balanced entry, without those that would be zero; an
//! empty answer means there is nothing to post. Amounts are given as what they are (a prepayment
//! of 100 is 100); the functions know the signs.

use bareboat_base::money::MoneyError;
use bareboat_base::{Code, ContractId, Money, Name};

use crate::model::{AccountKind, AccountSpec, NewPosting};

/// The accounts that contracts need, kept for each contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standard {
    /// What the partner owes on invoices.
    Receivable,
    /// Prepayments not yet credited (a contract liability).
    Deferred,
    /// What was earned.
    Revenue,
    /// Prepayments to be paid back.
    Refund,
    /// Prepayments kept when a contract ended without a right to have them back.
    Forfeited,
    /// Money received and paid.
    Cash,
}

impl Standard {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Receivable,
        Self::Deferred,
        Self::Revenue,
        Self::Refund,
        Self::Forfeited,
        Self::Cash,
    ];

    /// Its code, its name, its kind.
    fn facts(self) -> (&'static str, &'static str, AccountKind) {
        match self {
            Self::Receivable => ("receivable", "Accounts receivable", AccountKind::Asset),
            Self::Deferred => ("deferred", "Deferred revenue", AccountKind::Liability),
            Self::Revenue => ("revenue", "Capacity revenue", AccountKind::Income),
            Self::Refund => ("refund", "Refunds payable", AccountKind::Liability),
            Self::Forfeited => ("forfeited", "Forfeited prepayments", AccountKind::Income),
            Self::Cash => ("cash", "Cash at bank", AccountKind::Asset),
        }
    }

    /// Its code in the chart of accounts.
    pub fn code(self) -> Code {
        Code::new(self.facts().0).expect("the standard codes are codes")
    }

    /// The account of this kind for a contract.
    pub fn of(self, contract: ContractId) -> AccountSpec {
        let (_, name, kind) = self.facts();
        AccountSpec {
            code: self.code(),
            name: Name::new(name).expect("the standard names are names"),
            kind,
            contract: Some(contract),
        }
    }
}

fn debit(account: Standard, contract: ContractId, amount: Money) -> Option<NewPosting> {
    (!amount.is_zero()).then(|| NewPosting {
        account: account.of(contract),
        amount,
    })
}

fn credit(account: Standard, contract: ContractId, amount: Money) -> Option<NewPosting> {
    debit(account, contract, amount.negated())
}

fn sides<const N: usize>(postings: [Option<NewPosting>; N]) -> Vec<NewPosting> {
    postings.into_iter().flatten().collect()
}

/// Signing with a prepayment: it is owed to the operator, and owed by it in capacity.
pub fn prepayment_invoiced(contract: ContractId, prepayment: Money) -> Vec<NewPosting> {
    sides([
        debit(Standard::Receivable, contract, prepayment),
        credit(Standard::Deferred, contract, prepayment),
    ])
}

/// An invoice for a period: the charges are earned, paid for in part out of the prepayment
/// (`prepayment_credit`), the rest is owed.
pub fn invoice_issued(
    contract: ContractId,
    charges: Money,
    prepayment_credit: Money,
) -> Result<Vec<NewPosting>, MoneyError> {
    let owed = charges.checked_sub(prepayment_credit)?;
    Ok(sides([
        debit(Standard::Receivable, contract, owed),
        debit(Standard::Deferred, contract, prepayment_credit),
        credit(Standard::Revenue, contract, charges),
    ]))
}

/// The unearned prepayment is to be paid back.
pub fn prepayment_refunded(contract: ContractId, unearned: Money) -> Vec<NewPosting> {
    sides([
        debit(Standard::Deferred, contract, unearned),
        credit(Standard::Refund, contract, unearned),
    ])
}

/// The unearned prepayment is kept, since the contract gives no right to have it back.
pub fn prepayment_forfeited(contract: ContractId, unearned: Money) -> Vec<NewPosting> {
    sides([
        debit(Standard::Deferred, contract, unearned),
        credit(Standard::Forfeited, contract, unearned),
    ])
}

/// Money came in on what is owed.
pub fn payment_received(contract: ContractId, amount: Money) -> Vec<NewPosting> {
    sides([
        debit(Standard::Cash, contract, amount),
        credit(Standard::Receivable, contract, amount),
    ])
}

/// A refund was paid out.
pub fn refund_paid(contract: ContractId, amount: Money) -> Vec<NewPosting> {
    sides([
        debit(Standard::Refund, contract, amount),
        credit(Standard::Cash, contract, amount),
    ])
}
