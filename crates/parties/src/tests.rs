//! Tests of the whole crate.

mod graph;
mod rules;

use bareboat_base::{
    CommandId, Confidential, Context, Date, Instant, InterestId, Name, PartyId, Position,
    PrincipalId, Recorded, Share, ShareRange, Text, TypedId, derive_id,
};

use crate::*;

/// A state that commands are run against, each under its own id.
#[derive(Default)]
struct World {
    state: State,
    commands: u64,
    events: Vec<Event>,
}

fn command_id(number: u64) -> CommandId {
    derive_id::<CommandId>(
        "01920000-0000-7000-8000-000000000000".parse().unwrap(),
        number,
    )
}

fn principal() -> PrincipalId {
    derive_id(command_id(0), 0)
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn today() -> Date {
    date("2026-11-23")
}

fn source() -> Source {
    Source {
        what: Text::new("a test").unwrap(),
        digest: None,
    }
}

fn facts(name: &str) -> PartyFacts {
    PartyFacts {
        kind: PartyKind::Company,
        name: Confidential::Open(Name::new(name).unwrap()),
        aliases: Vec::new(),
        domicile: None,
        headquarters: None,
        address: None,
        identifiers: Vec::new(),
        source: source(),
        top: TopStatus::NotDeclared,
        not_held_by_listed: None,
    }
}

fn share(units: u64) -> Share {
    Share::from_units(units).unwrap()
}

fn exact(percent: &str) -> ShareRange {
    ShareRange::exact(percent.parse().unwrap())
}

fn between(min: &str, max: &str) -> ShareRange {
    ShareRange::new(min.parse().unwrap(), max.parse().unwrap()).unwrap()
}

impl World {
    /// The id the next command mints first.
    fn next<I: TypedId>(&self) -> I {
        derive_id(command_id(self.commands + 1), 0)
    }

    fn run(&mut self, command: Command) -> Result<(), Rejection> {
        self.commands += 1;
        let at = Instant::from_micros(1_790_000_000_000_000).unwrap();
        let context = Context {
            command_id: command_id(self.commands),
            actor: principal(),
            recorded_at: at,
            part: 0,
        };
        for event in decide(&self.state, &context, &command)? {
            let recorded = Recorded {
                position: Position(self.events.len() as u64 + 1),
                at,
                by: principal(),
            };
            apply(&mut self.state, &recorded, &event);
            self.events.push(event);
        }
        Ok(())
    }

    fn party(&mut self, facts: PartyFacts) -> PartyId {
        let id = self.next();
        self.run(Command::RegisterParty(RegisterParty { facts }))
            .unwrap();
        id
    }

    fn company(&mut self, name: &str) -> PartyId {
        self.party(facts(name))
    }

    fn top(&mut self, name: &str) -> PartyId {
        let mut facts = facts(name);
        facts.top = TopStatus::NoParentDeclared { source: source() };
        self.party(facts)
    }

    fn try_own(
        &mut self,
        owner: PartyId,
        owned: PartyId,
        voting: ShareRange,
        economic: ShareRange,
    ) -> Result<InterestId, Rejection> {
        let id = self.next();
        let facts = InterestFacts {
            owner,
            owned,
            voting,
            economic,
            from: date("2020-01-01"),
            until: None,
            source: source(),
        };
        self.run(Command::RecordInterest(RecordInterest { facts }))?;
        Ok(id)
    }

    fn own(&mut self, owner: PartyId, owned: PartyId, percent: &str) -> InterestId {
        let range = exact(percent);
        self.try_own(owner, owned, range, range).unwrap()
    }
}
