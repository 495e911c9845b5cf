//! What parties accept and refuse, and how events fold in.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{Context, Date, InterestId, PartyId, Recorded, Share, Table};

use crate::*;

/// The most aliases a party keeps.
pub const MAX_ALIASES: usize = 500;
/// The most identifiers a party keeps.
pub const MAX_IDENTIFIERS: usize = 100;

bareboat_base::rejections! {
    /// Why parties refuse.
    pub enum Rejection in "parties" {
        /// No such party.
        UnknownParty { party: PartyId } => NotFound "party_unknown"
            "there is no party {party}" hint "list parties to see their ids";
        /// No such interest.
        UnknownInterest { interest: InterestId } => NotFound "interest_unknown"
            "there is no interest {interest}" hint "list the party's interests to see their ids";
        /// Someone else amended the party first.
        StaleVersion { party: PartyId, expected: u32, current: u32 } => Conflict "version_stale"
            "party {party} is at version {current}, not {expected}"
            hint "read the party again, and repeat the change on what it now says";
        /// The new facts are the old ones.
        NothingChanged { party: PartyId } => Conflict "nothing_changed"
            "party {party} already says this" hint "nothing needs to be done";
        /// A field is sealed under another party's key.
        SealedForAnother { field: &'static str } => Invalid "sealed_for_another"
            "the {field} is sealed under another party's key"
            hint "seal a party's fields under its own id";
        /// The name is sealed, another field is not.
        PartlySealed { field: &'static str } => Invalid "partly_sealed"
            "the name is sealed, but the {field} is in the open"
            hint "seal every identifying field, or none";
        /// It stands in the open, and would be sealed.
        RegisteredOpen { party: PartyId } => Conflict "registered_open"
            "party {party} is registered in the open: its name stays in the journal and in past states, sealed or not"
            hint "register a new sealed party, and use that from now on";
        /// More than is kept.
        TooMany { field: &'static str, found: usize, most: usize } => Invalid "too_many"
            "{found} {field}; at most {most} are kept" hint "keep those that identify the party";
        /// A party would own itself.
        OwnsItself { party: PartyId } => Invalid "owns_itself"
            "party {party} cannot hold an interest in itself"
            hint "leave out shares a company holds in itself";
        /// A natural person would be owned.
        PersonOwned { party: PartyId } => Invalid "person_owned"
            "party {party} is a person: nobody holds an interest in one"
            hint "check which party is the owner and which is owned";
        /// It would end before it begins.
        EndsBeforeItBegins { from: Date, until: Date } => Invalid "interest_ends_early"
            "the interest begins on {from}: it cannot end on {until}"
            hint "give an end after the beginning";
        /// It has ended already.
        AlreadyEnded { interest: InterestId, on: Date } => Conflict "interest_ended"
            "interest {interest} already ends on {on}" hint "record a new interest if it was taken up again";
        /// The lower bounds of concurrent interests would exceed the whole.
        OverWhole { party: PartyId, measure: &'static str, on: Date, percent: String } => Conflict "over_whole"
            "at least {percent}% of the {measure} of party {party} would be held on {on}"
            hint "end or correct an older interest first, or give the share as a range";
    }
}

/// Decides a command: all its events, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let event = match command {
        Command::RegisterParty(command) => register(context, command)?,
        Command::AmendParty(command) => amend(state, command)?,
        Command::RecordInterest(command) => record(state, context, command)?,
        Command::EndInterest(command) => end(state, command)?,
    };
    Ok(vec![event])
}

fn register(context: &Context, command: &RegisterParty) -> Result<Event, Rejection> {
    let party = context.mint::<PartyId>(0);
    check_facts(party, &command.facts)?;
    Ok(PartyRegistered {
        party,
        facts: command.facts.clone(),
    }
    .into())
}

fn amend(state: &State, command: &AmendParty) -> Result<Event, Rejection> {
    let party = command.party;
    let row = known(state, party)?;
    if row.version != command.expected_version {
        return Err(Rejection::StaleVersion {
            party,
            expected: command.expected_version,
            current: row.version,
        });
    }
    if *row.facts == command.facts {
        return Err(Rejection::NothingChanged { party });
    }
    if command.facts.is_sealed() && !row.is_sealed() {
        return Err(Rejection::RegisteredOpen { party });
    }
    check_facts(party, &command.facts)?;
    let becomes_person = command.facts.kind == PartyKind::Person;
    if becomes_person && !row.owner_interests.is_empty() {
        return Err(Rejection::PersonOwned { party });
    }
    Ok(PartyAmended {
        party,
        party_version: row.version + 1,
        facts: command.facts.clone(),
    }
    .into())
}

fn record(state: &State, context: &Context, command: &RecordInterest) -> Result<Event, Rejection> {
    let facts = &command.facts;
    known(state, facts.owner)?;
    let owned = known(state, facts.owned)?;
    if facts.owner == facts.owned {
        return Err(Rejection::OwnsItself { party: facts.owner });
    }
    if owned.facts.kind == PartyKind::Person {
        return Err(Rejection::PersonOwned { party: facts.owned });
    }
    if let Some(until) = facts.until
        && until <= facts.from
    {
        return Err(Rejection::EndsBeforeItBegins {
            from: facts.from,
            until,
        });
    }
    check_whole(state, owned, facts)?;
    Ok(InterestRecorded {
        interest: context.mint::<InterestId>(0),
        facts: facts.clone(),
    }
    .into())
}

fn end(state: &State, command: &EndInterest) -> Result<Event, Rejection> {
    let interest = command.interest;
    let row = state
        .interest(interest)
        .ok_or(Rejection::UnknownInterest { interest })?;
    if row.ended.is_some() {
        let on = row.facts.until.unwrap_or(command.on);
        return Err(Rejection::AlreadyEnded { interest, on });
    }
    // An end that was foreseen may come early, not late: that would be a new interest.
    if let Some(until) = row.facts.until
        && command.on > until
    {
        return Err(Rejection::AlreadyEnded {
            interest,
            on: until,
        });
    }
    if command.on <= row.facts.from {
        return Err(Rejection::EndsBeforeItBegins {
            from: row.facts.from,
            until: command.on,
        });
    }
    Ok(InterestEnded {
        interest,
        on: command.on,
    }
    .into())
}

fn known(state: &State, party: PartyId) -> Result<&Party, Rejection> {
    state.party(party).ok_or(Rejection::UnknownParty { party })
}

fn check_facts(party: PartyId, facts: &PartyFacts) -> Result<(), Rejection> {
    let few = |field, found, most| match found > most {
        true => Err(Rejection::TooMany { field, found, most }),
        false => Ok(()),
    };
    few("aliases", facts.aliases.len(), MAX_ALIASES)?;
    few("identifiers", facts.identifiers.len(), MAX_IDENTIFIERS)?;
    let names = std::iter::once(("name", facts.name.sealed()))
        .chain(facts.aliases.iter().map(|a| ("aliases", a.sealed())))
        .chain(facts.address.iter().map(|a| ("address", a.sealed())))
        .chain(
            facts
                .identifiers
                .iter()
                .map(|i| ("identifiers", i.value.sealed())),
        );
    for (field, sealed) in names {
        match sealed {
            Some(sealed) if sealed.party != party => {
                return Err(Rejection::SealedForAnother { field });
            }
            None if facts.is_sealed() => return Err(Rejection::PartlySealed { field }),
            _ => {}
        }
    }
    Ok(())
}

/// On no day may the least that recorded interests can be exceed the whole.
fn check_whole(state: &State, owned: &Party, new: &InterestFacts) -> Result<(), Rejection> {
    type Measure = (&'static str, fn(&InterestFacts) -> Share);
    let measures: [Measure; 2] = [
        ("votes", |facts| facts.voting.min()),
        ("capital", |facts| facts.economic.min()),
    ];
    for (measure, least) in measures {
        // The sum only grows on days on which an interest begins.
        let mut steps: BTreeMap<Date, i128> = BTreeMap::new();
        let concurrent = owned.owner_interests.iter();
        let rows = concurrent.filter_map(|id| state.interest(*id).map(|row| &*row.facts));
        for facts in rows.chain([new]) {
            let units = i128::from(least(facts).units());
            let begins = facts.from.max(new.from);
            if facts.until.is_some_and(|until| until <= begins) {
                continue;
            }
            *steps.entry(begins).or_default() += units;
            if let Some(until) = facts.until {
                *steps.entry(until).or_default() -= units;
            }
        }
        let mut sum = 0;
        for (on, step) in steps {
            if new.until.is_some_and(|until| until <= on) {
                break;
            }
            sum += step;
            if sum > i128::from(Share::UNITS) {
                return Err(Rejection::OverWhole {
                    party: new.owned,
                    measure,
                    on,
                    percent: percent(sum),
                });
            }
        }
    }
    Ok(())
}

/// Units of 10⁻¹² as a percentage, rounded up to two decimals; may exceed 100.
fn percent(units: i128) -> String {
    let hundredths = (units + 99_999_999) / 100_000_000;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Folds an event in.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    match event {
        Event::PartyRegistered(event) => {
            state.parties.insert(
                event.party,
                Party {
                    facts: Arc::new(event.facts.clone()),
                    version: 1,
                    recorded: *recorded,
                    amended: *recorded,
                    owner_interests: Arc::default(),
                    owned_interests: Arc::default(),
                },
            );
        }
        Event::PartyAmended(event) => {
            if let Some(row) = state.parties.get_mut(&event.party) {
                row.facts = Arc::new(event.facts.clone());
                row.version = event.party_version;
                row.amended = *recorded;
            }
        }
        Event::InterestRecorded(event) => {
            link(&mut state.parties, event);
            state.interests.insert(
                event.interest,
                Interest {
                    facts: Arc::new(event.facts.clone()),
                    recorded: *recorded,
                    ended: None,
                },
            );
        }
        Event::InterestEnded(event) => {
            if let Some(row) = state.interests.get_mut(&event.interest) {
                Arc::make_mut(&mut row.facts).until = Some(event.on);
                row.ended = Some(*recorded);
            }
        }
    }
}

fn link(parties: &mut Table<PartyId, Party>, event: &InterestRecorded) {
    if let Some(row) = parties.get_mut(&event.facts.owned) {
        Arc::make_mut(&mut row.owner_interests).push(event.interest);
    }
    if let Some(row) = parties.get_mut(&event.facts.owner) {
        Arc::make_mut(&mut row.owned_interests).push(event.interest);
    }
}
