//! Everything that can be asked of the book.

use bareboat_base::Context;

use crate::acts::{self, Act};
use crate::event::{BookEvent, Created, Event};
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

pub use crate::end_use::UseDeclared as DeclareUse;
pub use crate::genesis::{Begin, Create};
pub use crate::seals::{
    DocumentKept, DocumentSealed, KeyShredded as ShredKey, SealedOpened as OpenSealed,
};

/// A command with the documents that are kept with it: that they are is of the record.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The command.
    pub command: Box<Command>,
    /// Documents in the open.
    pub kept: Vec<DocumentKept>,
    /// Documents under a party's key.
    pub sealed: Vec<DocumentSealed>,
}

/// A request to change the book.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)]
pub enum Command {
    /// Begin the book, with an administrator.
    Begin(Begin),
    /// Begin the book alone.
    Create(Create),
    /// Several commands as one act: all of them, or none.
    All(Vec<Command>),
    /// A command that comes with documents.
    Keeping(Keeping),
    /// An act that spans domains.
    Act(Act),
    /// Record that someone opened a sealed value.
    OpenSealed(OpenSealed),
    /// Record that a party's key is to be destroyed.
    ShredKey(ShredKey),
    /// Record what a contract's GPUs are used for.
    DeclareUse(DeclareUse),
    /// Organisations, projects, principals, keys, grants.
    Access(bareboat_access::Command),
    /// Models, sites, orders, deliveries, nodes. What changes supply reaches the calendar too.
    Fleet(bareboat_fleet::Command),
    /// Spare floors, maintenance.
    Capacity(bareboat_capacity::Command),
    /// Parties and interests.
    Parties(bareboat_parties::Command),
    /// Lists, screenings, dispositions.
    Screening(bareboat_screening::Command),
    /// Rulebooks and authorisations.
    Rulebook(bareboat_rulebook::Command),
    /// Drafts, wind-down plans and approvals.
    Contracts(bareboat_contracts::Command),
    /// Usage.
    Billing(bareboat_billing::Command),
    /// Legal entities, manual entries, reversals.
    Ledger(bareboat_ledger::Command),
}

fn wrap<E, R>(result: Result<Vec<E>, R>) -> Result<Vec<Event>, Rejection>
where
    Event: From<E>,
    Rejection: From<R>,
{
    Ok(result?.into_iter().map(Event::from).collect())
}

/// Decides a command: its events, all of them, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Create(create) => return create_book(state, create),
        Command::Begin(begin) => {
            let mut events = create_book(state, &begin.create)?;
            let bootstrap = bareboat_access::Command::Bootstrap(begin.bootstrap.clone());
            let decided = bareboat_access::decide(&state.access, context, &bootstrap);
            events.extend(wrap(decided)?);
            return Ok(events);
        }
        _ if state.genesis.is_none() => return Err(BookRejection::NotCreated.into()),
        _ => {}
    }
    match command {
        Command::Create(_) | Command::Begin(_) => Err(BookRejection::AlreadyCreated.into()),
        Command::All(commands) => acts::all(state, context, commands),
        Command::Keeping(keeping) => keep(state, context, keeping),
        Command::Act(act) => acts::decide(state, context, act),
        Command::OpenSealed(opening) => {
            if state.seals.is_shredded(&opening.sealed) {
                let id = opening.sealed.id.to_string();
                return Err(BookRejection::Shredded { id }.into());
            }
            Ok(vec![BookEvent::from(opening.clone()).into()])
        }
        Command::ShredKey(shred) => {
            let party = shred.party;
            if state.parties.party(party).is_none() {
                let id = party.to_string();
                return Err(BookRejection::Unknown { kind: "party", id }.into());
            }
            if state.seals.shredded.contains(&party) {
                let party = party.to_string();
                return Err(BookRejection::AlreadyShredded { party }.into());
            }
            Ok(vec![BookEvent::from(shred.clone()).into()])
        }
        Command::DeclareUse(declared) => {
            if state.contracts.contract(declared.contract).is_none() {
                let id = declared.contract.to_string();
                return Err(BookRejection::Unknown {
                    kind: "contract",
                    id,
                }
                .into());
            }
            Ok(vec![BookEvent::from(declared.clone()).into()])
        }
        Command::Access(command) => wrap(bareboat_access::decide(&state.access, context, command)),
        Command::Fleet(command) => acts::supply::decide(state, context, command),
        Command::Capacity(command) => {
            wrap(bareboat_capacity::decide(&state.capacity, context, command))
        }
        Command::Parties(command) => {
            wrap(bareboat_parties::decide(&state.parties, context, command))
        }
        Command::Screening(command) => screening(state, context, command),
        Command::Rulebook(command) => {
            wrap(bareboat_rulebook::decide(&state.rulebook, context, command))
        }
        Command::Contracts(command) => acts::contract::decide(state, context, command),
        Command::Billing(command) => acts::usage::decide(state, context, command),
        Command::Ledger(command) => wrap(bareboat_ledger::decide(&state.ledger, context, command)),
    }
}

fn keep(state: &State, context: &Context, keeping: &Keeping) -> Result<Vec<Event>, Rejection> {
    let mut sealed = keeping.sealed.iter().map(|document| &document.sealed);
    if let Some(shredded) = sealed.find(|sealed| state.seals.is_shredded(sealed)) {
        let id = shredded.id.to_string();
        return Err(BookRejection::Shredded { id }.into());
    }
    let mut events = decide(state, context, &keeping.command)?;
    let kept = keeping.kept.iter().cloned().map(BookEvent::from);
    let sealed = keeping.sealed.iter().cloned().map(BookEvent::from);
    events.extend(kept.chain(sealed).map(Event::from));
    Ok(events)
}

/// A screening is of the party as the book knows it now, whatever the caller believes.
fn screening(
    state: &State,
    context: &Context,
    command: &bareboat_screening::Command,
) -> Result<Vec<Event>, Rejection> {
    use bareboat_screening::Command as Screening;
    let Screening::RecordScreening(record) = command else {
        let decided = bareboat_screening::decide(&state.screening, context, command);
        return wrap(decided);
    };
    let Some(party) = state.parties.party(record.party) else {
        let id = record.party.to_string();
        return Err(BookRejection::Unknown { kind: "party", id }.into());
    };
    let mut record = record.clone();
    record.current_party_version = party.version;
    let command = Screening::RecordScreening(record);
    wrap(bareboat_screening::decide(
        &state.screening,
        context,
        &command,
    ))
}

fn create_book(state: &State, create: &Create) -> Result<Vec<Event>, Rejection> {
    if state.genesis.is_some() {
        return Err(BookRejection::AlreadyCreated.into());
    }
    let tz_version = bareboat_base::time::tz_version().parse().map_err(
        |error: bareboat_base::text::BadText| BookRejection::Inconsistent {
            problem: error.to_string(),
        },
    )?;
    let created = Created {
        operator: create.operator.clone(),
        simulated_clock: create.simulated_clock,
        tz_version,
    };
    Ok(vec![BookEvent::from(created).into()])
}
