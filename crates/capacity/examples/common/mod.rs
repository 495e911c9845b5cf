//! What the measurements share: ids and days, numbers that are the same everywhere, a pool to
//! decide on, and times.

#![allow(dead_code)] // Each example uses a part of it.

use std::fmt::Display;
use std::hint::black_box;
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{
    CommandId, Context, Instant, NodeCount, PoolId, Position, Recorded, ReservationId, Run, Shape,
    TypedId, Window,
};
use bareboat_capacity::{
    Allocate, Command, Event, OpenPool, PlacedRun, ReceiveSupply, Rejection, Reserve,
    ScheduleSupply, State, apply, decide,
};

pub const DAY: i64 = 86_400_000_000;
pub const YEAR: i64 = 365;
pub const LEAF: u32 = 32;
pub const SPINE: u32 = 16;

pub fn id<I: TypedId>(number: u64) -> I {
    let text = format!("00000000-0000-8000-8000-{number:012x}");
    I::from_uuid(text.parse::<CommandId>().expect("an id").uuid())
}

pub fn day(days: i64) -> Instant {
    Instant::from_micros(days * DAY).expect("a day of the calendar")
}

pub fn days(from: i64, to: i64) -> Window {
    Window::new(day(from), day(to)).expect("a window")
}

/// SplitMix64: the same numbers everywhere.
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1).unsigned_abs()).cast_signed()
    }

    /// The same for counts.
    pub fn count(&mut self, low: u32, high: u32) -> u32 {
        low + (self.next() % u64::from(high - low + 1)) as u32
    }

    /// True so many times of a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.count(0, 99) < percent
    }

    /// From `low` to `high`, each doubling as likely as the next.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> u32 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (low * (high / low).powf(unit)).round() as u32
    }
}

/// A request: days from the beginning.
#[derive(Clone, Copy)]
pub struct Asked {
    pub from: i64,
    pub days: i64,
    pub nodes: u32,
}

/// The stream of a seed: 8 to 512 nodes, 30 to 365 days, within five years.
pub fn stream(seed: u64) -> Vec<Asked> {
    let mut draw = Draw(seed);
    let one = |_| {
        let nodes = draw.log_uniform(8.0, 512.0);
        let days = draw.within(30, 365);
        let from = draw.within(0, 5 * YEAR - days);
        Asked { from, days, nodes }
    };
    (0..1000).map(one).collect()
}

/// Lots of three years over ten, so large that together they fill half of the pool.
pub fn long_lots(draw: &mut Draw, nodes: u32, lots: u32) -> Asked {
    let mean = f64::from(nodes) * 10.0 * 0.45 / (f64::from(lots.max(1)) * 3.0);
    // The mean of log-uniform numbers from m/4 to 3m is about 1.1 m.
    let asked = draw.log_uniform((mean / 4.0).max(1.0), (mean * 2.7).max(2.0));
    Asked {
        from: draw.within(0, 7 * YEAR),
        days: 3 * YEAR,
        nodes: asked.max(1),
    }
}

/// A pool and what is decided on it. Nothing was recorded before day 0.
pub struct Desk {
    pub state: State,
    pub pool: PoolId,
    commands: u64,
    position: u64,
}

impl Desk {
    /// A pool without nodes, of so many to an NVLink domain.
    pub fn empty(nodes_per_domain: u32) -> Self {
        let mut desk = Self {
            state: State::default(),
            pool: id(0),
            commands: 0,
            position: 0,
        };
        desk.must(OpenPool {
            site: id(1),
            model: id(2),
            gpus_per_node: 8,
            nodes_per_domain,
        });
        desk.pool = desk.state.pool_of(id(1), id(2)).expect("a pool");
        desk
    }

    /// A pool of so many nodes, all there from day 0.
    pub fn new(nodes: u32) -> Self {
        let mut desk = Self::empty(1);
        desk.must(ScheduleSupply {
            pool: desk.pool,
            tranche: id(3),
            nodes: NodeCount(nodes),
            from: day(0),
        });
        let placed = (0..nodes.div_ceil(LEAF)).map(|leaf| {
            let first = leaf * LEAF + 1;
            let count = LEAF.min(nodes - leaf * LEAF);
            leaf_run(leaf, leaf / SPINE, Run { first, count })
        });
        desk.must(ReceiveSupply {
            pool: desk.pool,
            tranche: id(3),
            at: day(0),
            nodes: placed.collect(),
        });
        desk
    }

    fn context(&mut self) -> Context {
        self.commands += 1;
        Context {
            command_id: id(self.commands),
            actor: id(5),
            recorded_at: day(0),
            part: 0,
        }
    }

    /// Decides and folds in; a refusal changes nothing.
    pub fn run(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let context = self.context();
        let events = decide(&self.state, &context, command)?;
        for event in &events {
            self.position += 1;
            let recorded = Recorded {
                position: Position(self.position),
                at: context.recorded_at,
                by: context.actor,
            };
            apply(&mut self.state, &recorded, event);
        }
        Ok(events)
    }

    /// Decides, and folds nothing in.
    pub fn decided(&mut self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let context = self.context();
        decide(&self.state, &context, command)
    }

    pub fn must(&mut self, command: impl Into<Command>) {
        let done = self.run(&command.into());
        done.expect("what lays out the pool is accepted");
    }

    pub fn reserve(&self, asked: Asked) -> Reserve {
        self.reserve_shaped(asked, Shape::ANY, 0)
    }

    /// With a shape, and an option of so many days.
    pub fn reserve_shaped(&self, asked: Asked, shape: Shape, option: i64) -> Reserve {
        let end = asked.from + asked.days;
        Reserve {
            lot: id(6),
            contract: id(7),
            pool: self.pool,
            nodes: NodeCount(asked.nodes),
            window: days(asked.from, end),
            shape,
            part: None,
            option: (option > 0).then(|| days(end, end + option)),
        }
    }

    /// Names nodes for a reservation, from its beginning.
    pub fn name(
        &mut self,
        reservation: ReservationId,
        at: Instant,
    ) -> Result<Vec<Event>, Rejection> {
        let allocate = Allocate {
            reservation,
            at,
            exclude: None,
        };
        self.run(&allocate.into())
    }

    /// Reserves, and names nodes as well when it is to be pinned: both or none.
    pub fn sell(&mut self, reserve: Reserve, pinned: bool) -> Result<(), Rejection> {
        let before = pinned.then(|| self.state.clone());
        let events = self.run(&reserve.into())?;
        let (Some(before), Some(Event::Reserved(reserved))) = (before, events.first()) else {
            return Ok(());
        };
        let named = self.name(reserved.reservation, reserve.window.from());
        if named.is_err() {
            self.state = before;
        }
        named.map(|_| ())
    }
}

pub fn leaf_run(leaf: u32, spine_group: u32, run: Run) -> PlacedRun {
    PlacedRun {
        hall: id(4),
        leaf,
        spine_group,
        nvlink_domain: None,
        run,
    }
}

/// Durations of one kind of decision.
#[derive(Default)]
pub struct Taken(pub Vec<Duration>);

impl Taken {
    /// Microseconds that so many of a hundred do not exceed.
    pub fn percentile(&self, share: usize) -> f64 {
        let mut taken = self.0.clone();
        taken.sort_unstable();
        let index = (taken.len() * share / 100).min(taken.len().saturating_sub(1));
        taken.get(index).map_or(0.0, |taken| micros(*taken))
    }
}

impl Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (half, most) = (self.percentile(50), self.percentile(99));
        write!(f, "{half:.1} / {most:.1} ({})", self.0.len())
    }
}

pub fn micros(taken: Duration) -> f64 {
    taken.as_secs_f64() * 1e6
}

pub fn timed<T>(step: impl FnOnce() -> T) -> (Duration, T) {
    let watch = Stopwatch::now();
    let done = black_box(step());
    (watch.elapsed(), done)
}
