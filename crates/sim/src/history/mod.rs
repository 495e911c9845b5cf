//! Big books, quickly: every act is made to be accepted, in the order in which a business grows.
//!
//! Fleet first, then parties with their owners, every party screened, contracts drafted, signed
//! and allocated, and then month after month of usage, invoices and re-screenings, until the book
//! has as many events as asked for.

mod deals;
mod fleet;
mod months;
mod people;

use bareboat_base::{CommandId, Instant, PrincipalId, TypedId};
use bareboat_book::command::Create;
use bareboat_book::{Command, Event, Rejection, State};
use bareboat_rulebook::AdoptRulebook;

use crate::ask::Ask;
use crate::commands::{BEGIN, DAY, instant};
use crate::rng::Rng;
use crate::words::{code, name};

/// How big a book is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Nodes of the fleet, eight GPUs each.
    pub nodes: u32,
    /// Parties; about four in five have an owner on record.
    pub parties: u32,
    /// Contracts. Every 160th has a lot of 640 nodes, the others of one to fifteen.
    pub contracts: u32,
    /// Months stop when the book has so many events; whatever comes before them stays.
    pub events: u64,
}

impl Scale {
    /// For tests: a few thousand events.
    pub const SMALL: Self = Self {
        nodes: 1_000,
        parties: 200,
        contracts: 40,
        events: 4_000,
    };
    /// A million GPUs, and a million events.
    pub const BIG: Self = Self {
        nodes: 125_000,
        parties: 100_000,
        contracts: 10_000,
        events: 1_000_000,
    };
}

/// One act of a history: a command's envelope, and the events that it made.
#[derive(Clone, Copy, Debug)]
pub struct Done<'a> {
    /// The command's id.
    pub command_id: CommandId,
    /// Who asked.
    pub actor: PrincipalId,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// What happened.
    pub events: &'a [Event],
}

/// Makes the history of a seed, gives every act to `sink`, and answers the state it leads to. The
/// deals are judged under the rulebooks given.
///
/// # Errors
/// A refusal of the book: the generator and the book disagree, which a test notices.
pub fn history(
    seed: u64,
    scale: &Scale,
    rulebooks: Vec<AdoptRulebook>,
    sink: &mut dyn FnMut(Done<'_>),
) -> Result<State, Rejection> {
    let mut maker = Maker {
        rng: Rng::new(seed),
        state: State::default(),
        now: BEGIN,
        number: 0,
        actor: PrincipalId::from_uuid(uuid::Uuid::from_u128(1)),
        scale: *scale,
        sink,
    };
    maker.begin(rulebooks)?;
    fleet::make(&mut maker)?;
    people::make(&mut maker)?;
    let deals = deals::make(&mut maker)?;
    months::make(&mut maker, &deals)?;
    Ok(maker.state)
}

/// What makes a history.
struct Maker<'s> {
    rng: Rng,
    state: State,
    now: i64,
    number: u32,
    actor: PrincipalId,
    scale: Scale,
    sink: &'s mut dyn FnMut(Done<'_>),
}

impl Maker<'_> {
    fn now(&self) -> Instant {
        instant(self.now)
    }

    fn is_full(&self) -> bool {
        self.state.position.0 >= self.scale.events
    }

    /// The next command's id and instant, 20 ms after the last.
    fn ask(&mut self, command: impl FnOnce(&mut Self, CommandId) -> Command) -> Ask {
        self.now += 20_000;
        self.number += 1;
        let recorded_at = self.now();
        let command_id = self.rng.id(recorded_at);
        let command = command(self, command_id);
        Ask {
            command_id,
            actor: self.actor,
            recorded_at,
            command,
        }
    }

    /// Plays a command and gives it away; answers the id it was given.
    fn act(&mut self, command: Command) -> Result<CommandId, Rejection> {
        self.act_with(|_, _| command)
    }

    fn act_with(
        &mut self,
        command: impl FnOnce(&mut Self, CommandId) -> Command,
    ) -> Result<CommandId, Rejection> {
        let ask = self.ask(command);
        let events = ask.play(&mut self.state)?;
        (self.sink)(Done {
            command_id: ask.command_id,
            actor: ask.actor,
            recorded_at: ask.recorded_at,
            events: &events,
        });
        Ok(ask.command_id)
    }

    /// Plays a command, and answers the first id of a kind that it created.
    fn made<I: TypedId>(&mut self, command: Command) -> Result<I, Rejection> {
        Ok(bareboat_base::id::derive_id(self.act(command)?, 0))
    }

    fn begin(&mut self, rulebooks: Vec<AdoptRulebook>) -> Result<(), Rejection> {
        self.act(Command::Create(Create {
            operator: name("Sim Compute KK"),
            simulated_clock: true,
        }))?;
        let bootstrap = bareboat_access::Bootstrap {
            code: code("operator"),
            name: name("Sim Compute KK"),
            administrator: name("administrator"),
            hash: self.rng.digest(),
            expires_at: instant(self.now + 365 * DAY),
        };
        let command = bareboat_access::Command::Bootstrap(bootstrap);
        self.actor = self.made(Command::Access(command))?;
        for adopt in rulebooks {
            self.act(Command::Rulebook(
                bareboat_rulebook::Command::AdoptRulebook(adopt),
            ))?;
        }
        Ok(())
    }
}
