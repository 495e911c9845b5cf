//! Folding ledger events in.

use bareboat_base::{Money, Recorded};

use crate::event::{AccountOpened, EntryPosted, Event};
use crate::model::{Account, Entry, LegalEntity, SourceRef};
use crate::state::{State, account_key, code_key};

/// Folds one event in. Never refuses: what it is given was decided.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    match event {
        Event::EntityRegistered(event) => {
            let row = LegalEntity {
                code: event.code.clone(),
                name: event.name.clone(),
                country: event.country,
                functional_currency: event.functional_currency,
                tax_id: event.tax_id.clone(),
                closed_through: None,
                recorded: *recorded,
            };
            state.codes.insert(code_key(&event.code), event.entity);
            state.entities.insert(event.entity, row);
        }
        Event::AccountOpened(event) => opened(state, recorded, event),
        Event::EntryPosted(event) => posted(state, recorded, event),
        Event::PeriodClosed(event) => {
            if let Some(entity) = state.entities.get_mut(&event.entity) {
                entity.closed_through = Some(event.through);
            }
        }
    }
}

fn opened(state: &mut State, recorded: &Recorded, event: &AccountOpened) {
    let key = account_key(event.entity, &event.code, event.contract, event.currency);
    state.keys.insert(key, event.account);
    if let Some(contract) = event.contract {
        match state.of_contracts.get_mut(&contract) {
            Some(accounts) => accounts.push(event.account),
            None => {
                state.of_contracts.insert(contract, vec![event.account]);
            }
        }
    }
    let row = Account {
        entity: event.entity,
        code: event.code.clone(),
        name: event.name.clone(),
        kind: event.kind,
        contract: event.contract,
        balance: Money::zero(event.currency),
        recorded: *recorded,
    };
    state.accounts.insert(event.account, row);
}

fn posted(state: &mut State, recorded: &Recorded, event: &EntryPosted) {
    for posting in &event.postings {
        if let Some(account) = state.accounts.get_mut(&posting.account) {
            account.balance.minor += posting.amount.minor;
        }
    }
    match event.source {
        SourceRef::Manual => {}
        source => match state.sources.get_mut(&source) {
            Some(entries) => entries.push(event.entry),
            None => {
                state.sources.insert(source, vec![event.entry]);
            }
        },
    }
    if let SourceRef::Reversal(original) = event.source
        && let Some(original) = state.entries.get_mut(&original)
    {
        original.reversed_by = Some(event.entry);
    }
    let row = Entry {
        entity: event.entity,
        date: event.date,
        description: event.description.clone(),
        postings: event.postings.clone(),
        source: event.source,
        reversed_by: None,
        recorded: *recorded,
    };
    state.entries.insert(event.entry, row);
}
