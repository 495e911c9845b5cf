//! What if: a fork of the state, hypotheses on it, and every live contract judged before and
//! after. Nothing is written.

use std::collections::BTreeMap;

use bareboat_base::{
    Code, Context, ContractId, Currency, Date, DateWindow, Money, NodeCount, PartyId, PoolId,
    Window,
};
use bareboat_contracts::{Contract, Status};
use bareboat_rulebook::{Activity, Evaluation, Missing, Outcome, Reason};

use crate::acts::determine::judge;
use crate::acts::sign::{amount, time};
use crate::command::{self, Command};
use crate::draft::Draft;
use crate::facts::Listed;
use crate::rejection::Rejection;
use crate::state::State;
use crate::terms::terms_of;

/// Something supposed.
#[derive(Clone, Debug)]
pub enum Hypothesis {
    /// A party is confirmed to be on a list.
    Listed {
        /// Who.
        party: PartyId,
        /// Which list.
        list: Code,
    },
    /// Commands that succeed: a rulebook version adopted, a stake sold, an authorisation revoked.
    Commands(Vec<Command>),
}

/// What changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// The day whose law was asked for.
    pub legal_date: Date,
    /// How many live contracts were judged.
    pub judged: u32,
    /// Those whose outcome changes, the strongest outcome first.
    pub flips: Vec<Flip>,
    /// Revenue of the flipped contracts from their earliest end on, by currency.
    pub revenue_lost: BTreeMap<Currency, Money>,
}

/// One contract whose outcome changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Flip {
    /// The contract.
    pub contract: ContractId,
    /// What the rules say without the hypotheses.
    pub before: Outcome,
    /// What they say with them.
    pub after: Outcome,
    /// Why, with citations.
    pub reasons: Vec<Reason>,
    /// What is not known.
    pub missing: Vec<Missing>,
    /// Whether the contract gives a right to end it for this.
    pub may_terminate: bool,
    /// GPUs of its lots.
    pub gpus: u32,
    /// The first day it would no longer run: the legal date and the notice.
    pub ends_on: Date,
    /// Committed revenue lost from then on, by month (its first day).
    pub revenue_by_month: Vec<(Date, Money)>,
    /// Their sum.
    pub revenue_lost: Money,
    /// Prepayment that would be paid back.
    pub refund: Money,
    /// Capacity that comes free.
    pub capacity_freed: Vec<Freed>,
}

/// Nodes that come free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Where.
    pub pool: PoolId,
    /// How many.
    pub nodes: NodeCount,
    /// When.
    pub window: Window,
}

/// Judges every live contract for going on, with and without the hypotheses.
pub fn impact(
    state: &State,
    context: &Context,
    hypotheses: &[Hypothesis],
    legal_date: Date,
) -> Result<Impact, Rejection> {
    let (fork, supposed) = suppose(state, context, hypotheses)?;
    let before = Listed::of(state);
    let mut flips = Vec::new();
    let mut judged = 0;
    for (_, id, contract) in state.contracts.contracts.iter() {
        if !is_live(contract, legal_date) {
            continue;
        }
        judged += 1;
        let was = strongest(state, &before, *id, legal_date)?;
        let is = strongest(&fork, &supposed, *id, legal_date)?;
        let (Some(was), Some(is)) = (was, is) else {
            continue;
        };
        if was.outcome != is.outcome {
            flips.push(flip(&fork, *id, contract, &was, is, legal_date)?);
        }
    }
    flips.sort_by_key(|flip| (std::cmp::Reverse(flip.after), flip.contract));
    let mut revenue_lost: BTreeMap<Currency, Money> = BTreeMap::new();
    for flip in &flips {
        let lost = flip.revenue_lost;
        let sum = revenue_lost
            .entry(lost.currency)
            .or_insert(Money::zero(lost.currency));
        *sum = sum.checked_add(lost).map_err(|error| amount(&error))?;
    }
    Ok(Impact {
        legal_date,
        judged,
        flips,
        revenue_lost,
    })
}

fn suppose(
    state: &State,
    context: &Context,
    hypotheses: &[Hypothesis],
) -> Result<(State, Listed), Rejection> {
    let mut draft = Draft::new(state, context);
    for hypothesis in hypotheses {
        if let Hypothesis::Commands(commands) = hypothesis {
            for inner in commands {
                draft.run(command::decide, inner)?;
            }
        }
    }
    let fork = draft.state().clone();
    let mut listed = Listed::of(&fork);
    for hypothesis in hypotheses {
        if let Hypothesis::Listed { party, list } = hypothesis {
            listed.suppose(*party, list.clone());
        }
    }
    Ok((fork, listed))
}

fn is_live(contract: &Contract, on: Date) -> bool {
    let bound = matches!(
        contract.status,
        Status::Signed | Status::Extended | Status::Terminating
    );
    bound && (contract.status == Status::Extended || on < contract.term.to())
}

fn strongest(
    state: &State,
    listed: &Listed,
    contract: ContractId,
    legal_date: Date,
) -> Result<Option<Evaluation>, Rejection> {
    let judged = judge(state, listed, contract, Activity::Rescreen, legal_date)?;
    Ok(judged.into_iter().next().map(|(_, evaluation)| evaluation))
}

fn flip(
    state: &State,
    id: ContractId,
    contract: &Contract,
    was: &Evaluation,
    is: Evaluation,
    legal_date: Date,
) -> Result<Flip, Rejection> {
    let right = contract.regulatory_termination;
    let notice_days = right.map_or(0, |right| {
        i32::try_from(right.notice_days).unwrap_or(i32::MAX)
    });
    let ends_on = legal_date
        .plus_days(notice_days)
        .map_err(|error| time(&error))?;
    let ends_on = ends_on.max(contract.term.from());
    let lots = state.contracts.lots_of(id);
    let revenue_by_month = revenue_from(state, id, ends_on)?;
    let revenue_lost = revenue_by_month
        .iter()
        .try_fold(Money::zero(contract.currency), |sum, (_, month)| {
            sum.checked_add(*month)
        })
        .map_err(|error| amount(&error))?;
    let mut terms = terms_of(state, id)?;
    terms.ends_on = Some(ends_on);
    // Periods not yet billed up to the end make a settlement premature, not the refund unknown.
    let settled = state
        .billing
        .settlement(&terms, right.is_some_and(|right| right.refund_unearned));
    let refund = settled
        .ok()
        .and_then(|settled| settled.refund)
        .map_or(Money::zero(contract.currency), |note| note.total.negated());
    Ok(Flip {
        contract: id,
        before: was.outcome,
        after: is.outcome,
        reasons: is.reasons,
        missing: is.missing,
        may_terminate: right.is_some(),
        gpus: lots
            .iter()
            .map(|(_, lot)| lot.gpus.0)
            .fold(0, u32::saturating_add),
        ends_on,
        revenue_by_month,
        revenue_lost,
        refund,
        capacity_freed: freed(state, id, ends_on),
    })
}

/// The committed amount of a contract from a day on, by calendar month of its billing zone.
fn revenue_from(
    state: &State,
    contract: ContractId,
    from: Date,
) -> Result<Vec<(Date, Money)>, Rejection> {
    let mut terms = terms_of(state, contract)?;
    terms.ends_on = None;
    // What is committed does not hang on use.
    terms.take_or_pay = bareboat_base::Share::WHOLE;
    terms.prepayment = None;
    let Some(end) = terms.term().map(DateWindow::to) else {
        return Ok(Vec::new());
    };
    let mut months = Vec::new();
    let mut start = from;
    while start < end {
        let next = start
            .first_of_month()
            .plus_months(1)
            .map_err(|error| time(&error))?
            .min(end);
        let period = DateWindow::new(start, next).map_err(|error| time(&error))?;
        match bareboat_billing::preview(&terms, period, &[]) {
            Ok(invoice) => {
                let charges = invoice.charges().map_err(|error| amount(&error))?;
                months.push((start.first_of_month(), charges));
            }
            Err(bareboat_billing::Rejection::NothingToBill { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        start = next;
    }
    Ok(months)
}

fn freed(state: &State, contract: ContractId, from: Date) -> Vec<Freed> {
    let lots = state.contracts.lots_of(contract);
    lots.iter()
        .filter_map(|(_, lot)| {
            let row = state.capacity.reservations.get(&lot.reservation?)?;
            let start = from.start_in(&lot.zone).ok()?.max(row.window.from());
            let window = Window::new(start, row.holds_until()).ok()?;
            Some(Freed {
                pool: row.pool,
                nodes: row.nodes,
                window,
            })
        })
        .collect()
}
