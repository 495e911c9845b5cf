//! Legal entities, accounts, entries: for the operator's own people.

use bareboat_access::Permission as P;
use bareboat_api::ledger as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::id::{derive_id, label};
use bareboat_base::{AccountId, ContractId, Date, EntityId, EntryId, Money};
use bareboat_book::{Command, State};
use bareboat_ledger::{self as domain, Command as Ledger};

use super::contracts::named_contract;
use super::fleet::refs;
use crate::{Act, Ask, Route};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = entities();
    all.extend(accounts());
    all
}

fn entities() -> Vec<Route> {
    vec![
        Route::get("/v1/entities", "listEntities", "List legal entities")
            .needs(P::LedgerRead)
            .page(list_entities),
        Route::post(
            "/v1/entities",
            "registerEntity",
            "Register one of the operator's legal entities",
        )
        .needs(P::LedgerPost)
        .create::<wire::RegisterEntity, wire::LegalEntity, _>(register_entity),
        Route::get(
            "/v1/entities/{entity}",
            "getEntity",
            "Read a legal entity, by its id, label or code",
        )
        .needs(P::LedgerRead)
        .item(get_entity),
        Route::post(
            "/v1/entities/{entity}/close",
            "closePeriod",
            "Close an entity's periods up to a day",
        )
        .needs(P::LedgerPost)
        .change::<wire::ClosePeriod, wire::LegalEntity, _>(close_period),
        Route::get(
            "/v1/entities/{entity}/trial-balance",
            "getTrialBalance",
            "Read what every account of an entity comes to",
        )
        .needs(P::LedgerRead)
        .parameter("on", "Only entries dated on or before this day count.")
        .slow()
        .item(trial_balance),
    ]
}

fn accounts() -> Vec<Route> {
    vec![
        Route::get("/v1/accounts", "listAccounts", "List accounts")
            .needs(P::LedgerRead)
            .parameter("entity", "Only this entity's: its id, label or code.")
            .parameter("contract", "Only those kept for this contract.")
            .page(list_accounts),
        Route::get("/v1/accounts/{account}", "getAccount", "Read an account")
            .needs(P::LedgerRead)
            .item(get_account),
        Route::get("/v1/entries", "listEntries", "List entries, oldest first")
            .needs(P::LedgerRead)
            .parameter("entity", "Only this entity's: its id, label or code.")
            .parameter("account", "Only those with a side on this account.")
            .parameter("from", "Only those dated on this day or later.")
            .parameter("to", "Only those dated before this day.")
            .page(list_entries),
        Route::post("/v1/entries", "postEntry", "Post a balanced entry by hand")
            .needs(P::LedgerPost)
            .create::<wire::PostEntry, wire::Entry, _>(post_entry),
        Route::get("/v1/entries/{entry}", "getEntry", "Read an entry")
            .needs(P::LedgerRead)
            .item(get_entry),
        Route::post(
            "/v1/entries/{entry}/reverse",
            "reverseEntry",
            "Post the opposite of an entry",
        )
        .needs(P::LedgerPost)
        .create::<wire::ReverseEntry, wire::Entry, _>(reverse_entry),
    ]
}

fn entity(state: &State, id: EntityId) -> Option<wire::LegalEntity> {
    let table = &state.ledger.entities;
    Some(wire::LegalEntity::of(
        table.handle(&id)?,
        id,
        table.get(&id)?,
    ))
}

fn list_entities(ask: &Ask) -> Result<Page<wire::LegalEntity>, Problem> {
    ask.whole_book()?;
    ask.page(&ask.state().ledger.entities, |handle, id, row| {
        Some(wire::LegalEntity::of(handle, id, row))
    })
}

/// The entity that the path names.
fn named_entity(ask: &Ask) -> Result<EntityId, Problem> {
    let table = &ask.state().ledger.entities;
    let id = refs::path(ask, "entity", table, |row| &row.code)?;
    ask.seen(ask.reach().is_book(), id)?;
    Ok(id)
}

fn get_entity(ask: &Ask) -> Result<wire::LegalEntity, Problem> {
    let id = named_entity(ask)?;
    entity(ask.state(), id).ok_or_else(crate::ask::not_found::<EntityId>)
}

fn register_entity(ask: &Ask, body: wire::RegisterEntity) -> Result<Act, Problem> {
    ask.whole_book()?;
    let command = domain::RegisterEntity {
        code: body.code.0,
        name: body.name.0,
        country: body.country.0,
        functional_currency: body.functional_currency.0,
        tax_id: body.tax_id.map(|code| code.0),
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Ledger(Ledger::RegisterEntity(command)),
        move |state, _| entity(state, id),
    ))
}

fn close_period(ask: &Ask, body: wire::ClosePeriod) -> Result<Act, Problem> {
    let id = named_entity(ask)?;
    let command = domain::ClosePeriod {
        entity: id,
        through: body.through.0,
    };
    let act = Act::new(
        Command::Ledger(Ledger::ClosePeriod(command)),
        move |state, _| entity(state, id),
    );
    Ok(act.guarded(move |state| entity(state, id)))
}

fn trial_balance(ask: &Ask) -> Result<wire::TrialBalance, Problem> {
    let id = named_entity(ask)?;
    let on: Option<Date> = ask.parsed("on")?;
    let ledger = &ask.state().ledger;
    let lines = match on {
        None => ledger.trial_balance(id),
        Some(on) => ledger.trial_balance_on(id, on),
    };
    let mut totals = std::collections::BTreeMap::new();
    for line in &lines {
        *totals.entry(line.balance.currency).or_insert(0_i128) += line.balance.minor;
    }
    let lines = lines.iter().filter_map(|line| {
        let handle = ledger.accounts.handle(&line.account)?;
        let account = ledger.account(line.account)?;
        Some(wire::TrialLine {
            account: line.account.into(),
            account_label: label::<AccountId>(handle.number()),
            code: account.code.clone().into(),
            name: account.name.clone().into(),
            kind: account.kind.into(),
            contract: account.contract.map(Into::into),
            balance: line.balance.into(),
        })
    });
    let totals = totals
        .iter()
        .map(|(currency, minor)| Money::new(*minor, *currency).into());
    Ok(wire::TrialBalance {
        entity: id.into(),
        on: on.map(Into::into),
        lines: lines.collect(),
        totals: totals.collect(),
    })
}

fn list_accounts(ask: &Ask) -> Result<Page<wire::Account>, Problem> {
    ask.whole_book()?;
    let state = ask.state();
    let of = refs::param(ask, "entity", &state.ledger.entities, |row| &row.code)?;
    let contract: Option<ContractId> = ask.param_ref("contract", &state.contracts.contracts)?;
    ask.page(&state.ledger.accounts, |handle, id, row| {
        let asked = of.is_none_or(|of| of == row.entity)
            && contract.is_none_or(|contract| Some(contract) == row.contract);
        asked.then(|| wire::Account::of(handle, id, row))
    })
}

fn get_account(ask: &Ask) -> Result<wire::Account, Problem> {
    let found = ask.row("account", &ask.state().ledger.accounts)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    Ok(wire::Account::of(found.handle, found.id, found.row))
}

/// An entry as it is shown.
pub(super) fn entry(state: &State, id: EntryId) -> Option<wire::Entry> {
    let table = &state.ledger.entries;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    Some(wire::Entry::of(&state.ledger, handle, id, row))
}

/// The entries that follow from something, as they are shown.
pub(super) fn entries_of(state: &State, source: domain::SourceRef) -> Vec<wire::Entry> {
    let ids = state.ledger.entries_of(source);
    ids.iter().filter_map(|id| entry(state, *id)).collect()
}

fn list_entries(ask: &Ask) -> Result<Page<wire::Entry>, Problem> {
    ask.whole_book()?;
    let ledger = &ask.state().ledger;
    let of = refs::param(ask, "entity", &ledger.entities, |row| &row.code)?;
    let account = ask.param_ref("account", &ledger.accounts)?;
    let (from, to): (Option<Date>, Option<Date>) = (ask.parsed("from")?, ask.parsed("to")?);
    ask.page(&ledger.entries, |handle, id, row| {
        let on = |account| row.postings.iter().any(|side| side.account == account);
        let asked = of.is_none_or(|of| of == row.entity)
            && account.is_none_or(on)
            && from.is_none_or(|from| row.date >= from)
            && to.is_none_or(|to| row.date < to);
        asked.then(|| wire::Entry::of(ledger, handle, id, row))
    })
}

fn get_entry(ask: &Ask) -> Result<wire::Entry, Problem> {
    let ledger = &ask.state().ledger;
    let found = ask.row("entry", &ledger.entries)?;
    ask.seen(ask.reach().is_book(), found.id)?;
    Ok(wire::Entry::of(ledger, found.handle, found.id, found.row))
}

fn post_entry(ask: &Ask, body: wire::PostEntry) -> Result<Act, Problem> {
    ask.whole_book()?;
    let entity = refs::entity(ask, "entity", &body.entity)?;
    let postings = (0..)
        .zip(&body.postings)
        .map(|(index, side)| posting(ask, entity, index, side))
        .collect::<Result<Vec<_>, _>>()?;
    let command = domain::PostEntry {
        entity,
        date: body.date.0,
        description: body.description.0,
        postings,
        source: domain::SourceRef::Manual,
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Ledger(Ledger::PostEntry(command)),
        move |state, _| entry(state, id),
    ))
}

/// A side of an entry; what an open account is need not be said again.
fn posting(
    ask: &Ask,
    entity: EntityId,
    index: usize,
    side: &wire::NewPosting,
) -> Result<domain::NewPosting, Problem> {
    let field = |name: &str| format!("postings[{index}].{name}");
    let contract = match &side.contract {
        None => None,
        Some(contract) => Some(named_contract(ask, &field("contract"), contract)?),
    };
    let ledger = &ask.state().ledger;
    let amount = side.amount.0;
    let open = ledger
        .find_account(entity, &side.code.0, contract, amount.currency)
        .and_then(|id| ledger.account(id));
    let needed = |name| {
        let why = "the account is not open yet: say its name and its kind";
        ask.field(&field(name), why)
    };
    let name = match (&side.name, open) {
        (Some(name), _) => name.0.clone(),
        (None, Some(open)) => open.name.clone(),
        (None, None) => return Err(needed("name")),
    };
    let kind = match (side.kind, open) {
        (Some(kind), _) => kind.into(),
        (None, Some(open)) => open.kind,
        (None, None) => return Err(needed("kind")),
    };
    let code = side.code.0.clone();
    Ok(domain::NewPosting {
        account: domain::AccountSpec {
            code,
            name,
            kind,
            contract,
        },
        amount,
    })
}

fn reverse_entry(ask: &Ask, body: wire::ReverseEntry) -> Result<Act, Problem> {
    ask.whole_book()?;
    let old = ask.row("entry", &ask.state().ledger.entries)?.id;
    let command = domain::Reverse {
        entry: old,
        date: body.date.0,
        reason: body.reason.0,
    };
    let id = derive_id(ask.command_id(), 0);
    let act = Act::new(
        Command::Ledger(Ledger::Reverse(command)),
        move |state, _| entry(state, id),
    );
    Ok(act.guarded(move |state| entry(state, old)))
}
