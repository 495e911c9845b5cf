//! Deciding what may happen in the ledger.

use std::collections::BTreeMap;

use bareboat_base::{AccountId, Context, Currency, Date, Digest, EntityId, Money};

use crate::command::{ClosePeriod, Command, PostEntry, RegisterEntity, Reverse};
use crate::event::{AccountOpened, EntityRegistered, EntryPosted, Event, PeriodClosed};
use crate::model::{LARGEST_AMOUNT, LegalEntity, MOST_POSTINGS, NewPosting, Posting, SourceRef};
use crate::rejection::Rejection;
use crate::state::{State, account_key};

/// All the events of one command, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::RegisterEntity(command) => register(state, context, command),
        Command::PostEntry(command) => post(state, context, command),
        Command::Reverse(command) => reverse(state, context, command),
        Command::ClosePeriod(command) => close(state, command),
    }
}

fn register(
    state: &State,
    context: &Context,
    command: &RegisterEntity,
) -> Result<Vec<Event>, Rejection> {
    if state.entity_by_code(&command.code).is_some() {
        return Err(Rejection::EntityCodeTaken {
            code: command.code.to_string(),
        });
    }
    let event = EntityRegistered {
        entity: context.mint(0),
        code: command.code.clone(),
        name: command.name.clone(),
        country: command.country,
        functional_currency: command.functional_currency,
        tax_id: command.tax_id.clone(),
    };
    Ok(vec![event.into()])
}

fn entity_of(state: &State, entity: EntityId) -> Result<&LegalEntity, Rejection> {
    state
        .entity(entity)
        .ok_or(Rejection::UnknownEntity { entity })
}

fn open_on(state: &State, entity: EntityId, date: Date) -> Result<(), Rejection> {
    match entity_of(state, entity)?.closed_through {
        Some(closed_through) if date <= closed_through => Err(Rejection::PeriodIsClosed {
            date,
            closed_through,
        }),
        _ => Ok(()),
    }
}

/// Whether the amounts add up to zero in each currency.
fn check_balance(amounts: impl Iterator<Item = Money>) -> Result<(), Rejection> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for amount in amounts {
        // At most a thousand amounts within LARGEST_AMOUNT: far from 128 bits.
        *sums.entry(amount.currency).or_default() += amount.minor;
    }
    match sums.into_iter().find(|(_, sum)| *sum != 0) {
        Some((currency, sum)) => Err(Rejection::Unbalanced {
            currency,
            difference: Money::new(sum, currency),
        }),
        None => Ok(()),
    }
}

fn check_amounts(postings: &[NewPosting]) -> Result<(), Rejection> {
    if postings.len() < 2 || postings.len() > MOST_POSTINGS {
        return Err(Rejection::PostingCount {
            found: postings.len(),
            most: MOST_POSTINGS,
        });
    }
    for posting in postings {
        if posting.amount.is_zero() {
            return Err(Rejection::ZeroPosting {
                account: posting.account.code.to_string(),
            });
        }
        if posting.amount.minor.unsigned_abs() > LARGEST_AMOUNT.unsigned_abs() {
            return Err(Rejection::AmountTooLarge {
                amount: posting.amount,
            });
        }
    }
    check_balance(postings.iter().map(|posting| posting.amount))
}

fn post(state: &State, context: &Context, command: &PostEntry) -> Result<Vec<Event>, Rejection> {
    open_on(state, command.entity, command.date)?;
    if matches!(command.source, SourceRef::Reversal(_)) {
        return Err(Rejection::ReversalAsEntry);
    }
    check_amounts(&command.postings)?;
    let mut accounts = Opening::new(state, context, command.entity);
    let mut postings = Vec::with_capacity(command.postings.len());
    for posting in &command.postings {
        postings.push(Posting {
            account: accounts.find_or_open(posting)?,
            amount: posting.amount,
        });
    }
    let mut events = accounts.events;
    events.push(Event::from(EntryPosted {
        entry: context.mint(0),
        entity: command.entity,
        date: command.date,
        description: command.description.clone(),
        postings,
        source: command.source,
    }));
    Ok(events)
}

/// Finds the accounts of an entry, and opens those that are not there.
struct Opening<'a> {
    state: &'a State,
    context: &'a Context,
    entity: EntityId,
    events: Vec<Event>,
    opened: BTreeMap<Digest, usize>,
}

impl<'a> Opening<'a> {
    fn new(state: &'a State, context: &'a Context, entity: EntityId) -> Self {
        Self {
            state,
            context,
            entity,
            events: Vec::new(),
            opened: BTreeMap::new(),
        }
    }

    fn find_or_open(&mut self, posting: &NewPosting) -> Result<AccountId, Rejection> {
        let spec = &posting.account;
        let currency = posting.amount.currency;
        let key = account_key(self.entity, &spec.code, spec.contract, currency);
        let open = self.state.keys.get(&key).copied();
        let found = match open.and_then(|id| self.state.account(id).map(|row| (id, row.kind))) {
            Some(found) => Some(found),
            None => self.just_opened(key),
        };
        if let Some((id, kind)) = found {
            if kind == spec.kind {
                return Ok(id);
            }
            return Err(Rejection::AccountKindDiffers {
                account: spec.code.to_string(),
            });
        }
        let ordinal = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        let account = self.context.mint(ordinal);
        self.opened.insert(key, self.events.len());
        self.events.push(Event::from(AccountOpened {
            account,
            entity: self.entity,
            code: spec.code.clone(),
            name: spec.name.clone(),
            kind: spec.kind,
            contract: spec.contract,
            currency,
        }));
        Ok(account)
    }

    fn just_opened(&self, key: Digest) -> Option<(AccountId, crate::AccountKind)> {
        match self.events.get(*self.opened.get(&key)?)? {
            Event::AccountOpened(opened) => Some((opened.account, opened.kind)),
            _ => None,
        }
    }
}

fn reverse(state: &State, context: &Context, command: &Reverse) -> Result<Vec<Event>, Rejection> {
    let entry = command.entry;
    let row = state
        .entry(entry)
        .ok_or(Rejection::UnknownEntry { entry })?;
    if let Some(by) = row.reversed_by {
        return Err(Rejection::AlreadyReversed { entry, by });
    }
    if matches!(row.source, SourceRef::Reversal(_)) {
        return Err(Rejection::ReversalOfReversal { entry });
    }
    open_on(state, row.entity, command.date)?;
    let opposite = |posting: &Posting| Posting {
        account: posting.account,
        amount: posting.amount.negated(),
    };
    let event = EntryPosted {
        entry: context.mint(0),
        entity: row.entity,
        date: command.date,
        description: command.reason.clone(),
        postings: row.postings.iter().map(opposite).collect(),
        source: SourceRef::Reversal(entry),
    };
    check_balance(event.postings.iter().map(|posting| posting.amount))?;
    Ok(vec![event.into()])
}

fn close(state: &State, command: &ClosePeriod) -> Result<Vec<Event>, Rejection> {
    let ClosePeriod { entity, through } = *command;
    match entity_of(state, entity)?.closed_through {
        Some(closed_through) if through <= closed_through => Err(Rejection::AlreadyClosed {
            through,
            closed_through,
        }),
        _ => Ok(vec![PeriodClosed { entity, through }.into()]),
    }
}
