//! Everything the book knows: a fold of all events.

use bareboat_base::event::Outer;
use bareboat_base::machine::{Decide, Fold};
use bareboat_base::{Context, ContractId, Digest, Instant, Position, Recorded, Table};
use serde::{Deserialize, Serialize};

use crate::command::{self, Command};
use crate::end_use::Declaration;
use crate::event::{BookEvent, Event};
use crate::genesis::Created;
use crate::rejection::Rejection;
use crate::seals::{Opening, Seals};

/// The state of the book. Cloning it copies pointers (see [`bareboat_base::table`]), which is
/// what makes a fork for a what-if, and a published state for readers, nearly free.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// How many events are folded in.
    pub position: Position,
    /// When the last of them was recorded.
    pub recorded_at: Option<Instant>,
    /// How the book began; `None` before its first event.
    pub genesis: Option<Created>,
    /// Who may act.
    pub access: bareboat_access::State,
    /// What there is.
    pub fleet: bareboat_fleet::State,
    /// When it is free.
    pub capacity: bareboat_capacity::State,
    /// Who is who, and who owns whom.
    pub parties: bareboat_parties::State,
    /// Which lists, and who is on them.
    pub screening: bareboat_screening::State,
    /// Which rules, and what they said.
    pub rulebook: bareboat_rulebook::State,
    /// What was agreed, and how it ends.
    pub contracts: bareboat_contracts::State,
    /// What was used and invoiced.
    pub billing: bareboat_billing::State,
    /// What it comes to.
    pub ledger: bareboat_ledger::State,
    /// Who opened what.
    pub seals: Seals,
    /// What the GPUs of each contract are used for, as last declared.
    pub uses: Table<ContractId, Declaration>,
}

/// The parts in which many events are folded in: no event touches two, since every event is one
/// domain's. Those with the most work stand alone.
#[derive(Clone, Copy)]
enum Part {
    Rest,
    Parties,
    Screening,
    Rulebook,
    Billing,
    Ledger,
}

impl Part {
    const ALL: usize = 6;
}

impl State {
    /// Whether the book's instants come from outside.
    pub fn simulated_clock(&self) -> bool {
        self.genesis
            .as_ref()
            .is_some_and(|genesis| genesis.simulated_clock)
    }

    fn apply_own(&mut self, recorded: &Recorded, event: &BookEvent) {
        match event {
            BookEvent::Created(created) => self.genesis = Some(created.clone()),
            BookEvent::SealedOpened(opened) => {
                let number = u32::try_from(self.seals.openings.len()).unwrap_or(u32::MAX);
                let opening = Opening {
                    opened: opened.clone(),
                    recorded: *recorded,
                };
                self.seals.openings.insert(number, opening);
            }
            BookEvent::KeyShredded(shredded) => {
                if !self.seals.shredded.contains(&shredded.party) {
                    self.seals.shredded.insert(shredded.party, *recorded);
                }
            }
            BookEvent::DocumentKept(_) => {}
            BookEvent::DocumentSealed(document) => {
                let commitment = document.sealed.commitment;
                self.seals.documents.insert(commitment, document.clone());
            }
            BookEvent::UseDeclared(declared) => {
                let row = Declaration {
                    declared: declared.clone(),
                    recorded: *recorded,
                };
                match self.uses.get_mut(&declared.contract) {
                    Some(newest) => *newest = row,
                    None => {
                        self.uses.insert(declared.contract, row);
                    }
                }
            }
        }
    }
}

impl Fold for State {
    type Event = Event;

    const SNAPSHOT_FORMAT: u32 = 9;

    fn decode(bytes: &[u8]) -> Result<Event, bareboat_base::event::DecodeError> {
        Event::decode(bytes)
    }

    fn encode(event: &Event) -> Vec<u8> {
        event.encode()
    }

    fn documents(event: &Event) -> Vec<Digest> {
        match event {
            Event::Book(BookEvent::DocumentKept(kept)) => vec![kept.digest],
            _ => Vec::new(),
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) {
        self.position = recorded.position;
        self.recorded_at = Some(recorded.at);
        match event {
            Event::Book(event) => self.apply_own(recorded, event),
            Event::Access(event) => bareboat_access::apply(&mut self.access, recorded, event),
            Event::Fleet(event) => bareboat_fleet::apply(&mut self.fleet, recorded, event),
            Event::Capacity(event) => bareboat_capacity::apply(&mut self.capacity, recorded, event),
            Event::Parties(event) => bareboat_parties::apply(&mut self.parties, recorded, event),
            Event::Screening(event) => {
                bareboat_screening::apply(&mut self.screening, recorded, event)
            }
            Event::Rulebook(event) => bareboat_rulebook::apply(&mut self.rulebook, recorded, event),
            Event::Contracts(event) => {
                bareboat_contracts::apply(&mut self.contracts, recorded, event)
            }
            Event::Billing(event) => bareboat_billing::apply(&mut self.billing, recorded, event),
            Event::Ledger(event) => bareboat_ledger::apply(&mut self.ledger, recorded, event),
        }
    }

    fn split(self) -> Vec<Self> {
        let mut parts: [Self; Part::ALL] = Default::default();
        parts[Part::Parties as usize].parties = self.parties;
        parts[Part::Screening as usize].screening = self.screening;
        parts[Part::Rulebook as usize].rulebook = self.rulebook;
        parts[Part::Billing as usize].billing = self.billing;
        parts[Part::Ledger as usize].ledger = self.ledger;
        parts[Part::Rest as usize] = Self {
            parties: Default::default(),
            screening: Default::default(),
            rulebook: Default::default(),
            billing: Default::default(),
            ledger: Default::default(),
            ..self
        };
        parts.into()
    }

    fn part(bytes: &[u8]) -> usize {
        let part = match Outer::domain(bytes) {
            Some("parties") => Part::Parties,
            Some("screening") => Part::Screening,
            Some("rulebook") => Part::Rulebook,
            Some("billing") => Part::Billing,
            Some("ledger") => Part::Ledger,
            _ => Part::Rest,
        };
        part as usize
    }

    fn join(mut parts: Vec<Self>) -> Self {
        let newest = parts.iter().map(|part| (part.position, part.recorded_at));
        let (position, recorded_at) = newest.max().unwrap_or_default();
        let mut take = |part: Part| {
            let part = parts.get_mut(part as usize);
            part.map(std::mem::take).unwrap_or_default()
        };
        Self {
            position,
            recorded_at,
            parties: take(Part::Parties).parties,
            screening: take(Part::Screening).screening,
            rulebook: take(Part::Rulebook).rulebook,
            billing: take(Part::Billing).billing,
            ledger: take(Part::Ledger).ledger,
            ..take(Part::Rest)
        }
    }

    fn to_snapshot(&self) -> Vec<u8> {
        // A state holds nothing that the encoding cannot say.
        postcard::to_stdvec(self).expect("a state is always expressible as postcard")
    }

    fn from_snapshot(bytes: &[u8]) -> Result<Self, String> {
        postcard::from_bytes(bytes).map_err(|error| error.to_string())
    }
}

impl Decide for State {
    type Command = Command;
    type Rejection = Rejection;

    fn decide(&self, context: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        command::decide(self, context, command)
    }
}
