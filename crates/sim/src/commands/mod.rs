//! Commands that exercise every domain through `decide`: most are accepted, some refused.
//!
//! Each is made up from the state that those before it led to, so that it means something: a
//! draft names parties that exist, a step is the wind-down's next. At first every kind of act
//! has its turn, several times over; then they come at random by weight.

mod access;
mod deals;
mod money;
mod people;
mod setup;
mod supply;

use std::collections::{BTreeMap, VecDeque};

use bareboat_base::{
    CommandId, Context, Handle, Instant, LotId, PrincipalId, Table, TypedId as _, Window,
};
use bareboat_book::{Command, State};

use crate::ask::Ask;
use crate::rng::Rng;

/// When generated books begin: 2027-01-01T00:00:00Z, in microseconds.
pub(crate) const BEGIN: i64 = 1_798_761_600_000_000;
pub(crate) const HOUR: i64 = 3_600_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// How often every kind of act has its turn before they come at random.
const ROUNDS: usize = 8;

pub(crate) fn instant(micros: i64) -> Instant {
    Instant::from_micros(micros).expect("generated instants are in the calendar")
}

/// What an act is made up from.
pub(crate) struct Scene<'a> {
    pub state: &'a State,
    pub rng: &'a mut Rng,
    /// What the command will be decided under; ids that it mints follow from it.
    pub context: Context,
    /// A number no other command has.
    pub number: u32,
    /// Up to when usage is recorded.
    pub used_to: &'a mut BTreeMap<LotId, Instant>,
}

impl Scene<'_> {
    pub fn now(&self) -> Instant {
        self.context.recorded_at
    }

    pub fn today(&self) -> bareboat_base::Date {
        crate::words::today(self.now())
    }

    /// Some row of a table.
    pub fn any<'t, K, V>(&mut self, table: &'t Table<K, V>) -> Option<(K, &'t V)>
    where
        K: Copy + Eq + std::hash::Hash,
        V: Clone,
    {
        self.find(table, |_| true)
    }

    /// The first row from a random place on that is fit.
    pub fn find<'t, K, V>(
        &mut self,
        table: &'t Table<K, V>,
        fit: impl Fn(&V) -> bool,
    ) -> Option<(K, &'t V)>
    where
        K: Copy + Eq + std::hash::Hash,
        V: Clone,
    {
        let len = u32::try_from(table.len()).unwrap_or(u32::MAX);
        let start = self.rng.below(len);
        (0..len).find_map(|step| {
            let handle = Handle(((u64::from(start) + u64::from(step)) % u64::from(len)) as u32);
            let (key, row) = table.at(handle)?;
            fit(row).then_some((*key, row))
        })
    }
}

/// Makes a command up; `None` when the state holds nothing to do it on.
pub(crate) type Act = fn(&mut Scene<'_>) -> Option<Command>;

/// The stream of commands of a seed: `length` of them, the same for the same seed.
pub struct Commands {
    rng: Rng,
    state: State,
    acts: Vec<(u32, Act)>,
    plan: VecDeque<Act>,
    used_to: BTreeMap<LotId, Instant>,
    now: i64,
    made: u32,
    length: u32,
    refused: u32,
}

/// See [`Commands`].
pub fn commands(seed: u64, length: u32) -> Commands {
    let acts: Vec<(u32, Act)> = [
        access::ACTS,
        supply::ACTS,
        people::ACTS,
        deals::ACTS,
        money::ACTS,
    ]
    .concat();
    let mut plan: VecDeque<Act> = setup::acts();
    for _ in 0..ROUNDS {
        plan.extend(acts.iter().flat_map(|(weight, act)| {
            // What is common comes more than once a round.
            std::iter::repeat_n(*act, 1 + *weight as usize / 4)
        }));
    }
    Commands {
        rng: Rng::new(seed),
        state: State::default(),
        acts,
        plan,
        used_to: BTreeMap::new(),
        now: BEGIN,
        made: 0,
        length,
        refused: 0,
    }
}

impl Commands {
    /// The state that the commands so far led to.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How many of the commands so far were refused.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    fn act(&mut self) -> Option<Act> {
        if let Some(act) = self.plan.pop_front() {
            return Some(act);
        }
        let whole: u32 = self.acts.iter().map(|(weight, _)| weight).sum();
        let mut at = self.rng.below(whole);
        self.acts.iter().find_map(|(weight, act)| {
            let hit = at < *weight;
            at = at.saturating_sub(*weight);
            hit.then_some(*act)
        })
    }

    /// One of the people there are; before there are any, someone.
    fn actor(&mut self) -> PrincipalId {
        let people = &self.state.access.principals;
        let len = u32::try_from(people.len()).unwrap_or(u32::MAX);
        let found = people.at(Handle(self.rng.below(len.min(6))));
        found.map_or_else(
            || PrincipalId::from_uuid(uuid::Uuid::from_u128(1)),
            |(id, _)| *id,
        )
    }
}

impl Iterator for Commands {
    type Item = Ask;

    fn next(&mut self) -> Option<Ask> {
        if self.made >= self.length {
            return None;
        }
        loop {
            let act = self.act()?;
            let ahead = if self.plan.is_empty() { 360 } else { 90 };
            self.now += i64::from(self.rng.between(1, ahead)) * 60_000_000;
            let recorded_at = instant(self.now);
            let command_id: CommandId = self.rng.id(recorded_at);
            let actor = self.actor();
            let mut scene = Scene {
                state: &self.state,
                rng: &mut self.rng,
                context: Context {
                    command_id,
                    actor,
                    recorded_at,
                    part: 0,
                },
                number: self.made,
                used_to: &mut self.used_to,
            };
            let Some(command) = act(&mut scene) else {
                continue;
            };
            let ask = Ask {
                command_id,
                actor,
                recorded_at,
                command,
            };
            self.made += 1;
            if ask.play(&mut self.state).is_err() {
                self.refused += 1;
            }
            return Some(ask);
        }
    }
}

/// The window between two instants; `None` when they are not in order.
pub(crate) fn window(from: Instant, to: Instant) -> Option<Window> {
    Window::new(from, to).ok()
}
