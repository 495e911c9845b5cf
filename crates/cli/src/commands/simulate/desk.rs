//! The pool that requests are decided on: the capacity domain's own state, commands and events.

use std::collections::BTreeSet;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context as _, Result};
use bareboat_base::Refusal as _;
use bareboat_base::{
    Context, Instant, NodeCount, NodeSet, PoolId, Position, Recorded, ReservationId, Run, Shape,
    Window,
};
use bareboat_capacity::{
    Allocate, Command, Event, OpenPool, PlacedRun, ReceiveSupply, Rejection, Reserve,
    ScheduleSupply, State, apply, decide,
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Row, refused};

/// Minutes since the pool's beginning as an instant.
fn minute(minutes: i64) -> Result<Instant> {
    Ok(Instant::from_micros(minutes * 60_000_000)?)
}

/// An id made of a small number.
fn numbered(number: u64) -> String {
    format!("00000000-0000-8000-8000-{number:012x}")
}

/// A pool and what is decided on it.
pub(super) struct Desk {
    state: State,
    pool: PoolId,
    leaf: u32,
    commands: u64,
    position: u64,
}

impl Desk {
    /// So many nodes, all of them there from the beginning.
    pub fn new(nodes: u32, leaf: u32, spine: u32) -> Result<Self> {
        if !(1..=1_000_000).contains(&nodes) {
            return Err(refused("--nodes is from 1 to 1000000"));
        }
        if !(1..=65_536).contains(&leaf) || !(1..=65_536).contains(&spine) {
            return Err(refused("--leaf and --spine are from 1 to 65536"));
        }
        let (site, model) = (numbered(1).parse()?, numbered(2).parse()?);
        let mut desk = Self {
            state: State::default(),
            pool: numbered(0).parse()?,
            leaf,
            commands: 0,
            position: 0,
        };
        let open = OpenPool {
            site,
            model,
            gpus_per_node: 8,
            nodes_per_domain: 1,
        };
        let context = desk.next()?;
        desk.run(&context, &open.into())?;
        desk.pool = desk
            .state
            .pool_of(site, model)
            .context("a pool was opened")?;
        let (pool, tranche) = (desk.pool, numbered(3).parse()?);
        let schedule = ScheduleSupply {
            pool,
            tranche,
            nodes: NodeCount(nodes),
            from: minute(0)?,
        };
        let context = desk.next()?;
        desk.run(&context, &schedule.into())?;
        let hall = numbered(4).parse()?;
        let placed = (0..nodes.div_ceil(leaf)).map(|number| PlacedRun {
            nvlink_domain: None,
            hall,
            leaf: number,
            spine_group: number / spine,
            run: Run {
                first: number * leaf + 1,
                count: leaf.min(nodes - number * leaf),
            },
        });
        let receive = ReceiveSupply {
            pool,
            tranche,
            at: minute(0)?,
            nodes: placed.collect(),
        };
        let context = desk.next()?;
        desk.run(&context, &receive.into())?;
        Ok(desk)
    }

    /// Decides and folds in; a refusal changes nothing.
    fn run(&mut self, context: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        let events = decide(&self.state, context, command)?;
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

    /// The context of the next command.
    fn next(&mut self) -> Result<Context> {
        self.commands += 1;
        let id = numbered(self.commands);
        Ok(Context {
            command_id: id.parse()?,
            actor: id.parse()?,
            recorded_at: minute(0)?,
            part: 0,
        })
    }

    /// Decides the requests in order, then names what has no names yet.
    pub fn decide_all(&mut self, rows: &[Row]) -> Result<(Vec<Outcome>, Duration)> {
        let bar = ProgressBar::new(rows.len() as u64).with_style(ProgressStyle::with_template(
            "{msg:10} {wide_bar} {pos}/{len}",
        )?);
        bar.set_message("deciding");
        let mut outcomes = Vec::with_capacity(rows.len());
        let mut waiting: Vec<(ReservationId, usize)> = Vec::new();
        let mut wall = Duration::ZERO;
        for (index, row) in rows.iter().enumerate() {
            let reserve = self.reserve(row)?;
            let contexts = [self.next()?, self.next()?];
            let begun = Stopwatch::now();
            let (outcome, unnamed) = self.decide_one(row, reserve, &contexts);
            let took = begun.elapsed();
            wall += took;
            waiting.extend(unnamed.map(|reservation| (reservation, index)));
            outcomes.push(Outcome {
                id: row.id.clone(),
                least_leaves: row.nodes.div_ceil(self.leaf),
                decide_us: micros(took),
                ..outcome
            });
            if index % 64 == 0 {
                bar.set_position(index as u64);
            }
        }
        bar.set_message("naming");
        let begun = Stopwatch::now();
        let names = self.state.names(self.pool, minute(0)?);
        let took = begun.elapsed();
        wall += took;
        bar.finish_and_clear();
        let each = micros(took) / waiting.len().max(1) as f64;
        waiting.sort_unstable();
        for named in names.named {
            let found = waiting.binary_search_by_key(&named.reservation, |(id, _)| *id);
            if let (Ok(found), Some(nodes)) = (found, &named.nodes) {
                let outcome = &mut outcomes[waiting[found].1];
                self.give(outcome, nodes);
                outcome.place_us = each;
            }
        }
        Ok((outcomes, wall))
    }

    fn reserve(&self, row: &Row) -> Result<Reserve> {
        let id = numbered(9);
        Ok(Reserve {
            lot: id.parse()?,
            contract: id.parse()?,
            pool: self.pool,
            nodes: NodeCount(row.nodes),
            window: Window::new(minute(row.start_minutes)?, minute(row.end_minutes())?)?,
            shape: Shape::leaves(row.max_leaves),
            part: None,
            option: None,
        })
    }

    /// What is needed before a request is acknowledged; the reservation when it waits for names.
    fn decide_one(
        &mut self,
        row: &Row,
        reserve: Reserve,
        [first, second]: &[Context; 2],
    ) -> (Outcome, Option<ReservationId>) {
        let names_now = row.pinned == Some(true) || row.max_leaves.is_some();
        let before = names_now.then(|| self.state.clone());
        let refusal = |rejection: &Rejection| Outcome {
            reason: Some(rejection.code().to_owned()),
            ..Outcome::default()
        };
        let at = reserve.window.from();
        let reservation = match self.run(first, &reserve.into()) {
            Ok(events) => match events.first() {
                Some(Event::Reserved(reserved)) => reserved.reservation,
                _ => return (Outcome::default(), None),
            },
            Err(rejection) => return (refusal(&rejection), None),
        };
        let mut outcome = Outcome {
            accepted: true,
            ..Outcome::default()
        };
        let Some(before) = before else {
            return (outcome, Some(reservation));
        };
        let begun = Stopwatch::now();
        let allocate = Allocate {
            reservation,
            at,
            exclude: None,
        };
        match self.run(second, &allocate.into()) {
            Ok(events) => {
                outcome.place_us = micros(begun.elapsed());
                for event in events {
                    if let Event::Allocated(allocated) = event {
                        self.give(&mut outcome, &allocated.nodes);
                    }
                }
                (outcome, None)
            }
            Err(rejection) => {
                self.state = before;
                (refusal(&rejection), None)
            }
        }
    }

    fn give(&self, outcome: &mut Outcome, nodes: &NodeSet) {
        let runs = nodes.runs().iter();
        let numbers = runs.flat_map(|run| run.first..run.end());
        let nodes: Vec<u32> = numbers.map(|number| number - 1).collect();
        let leaves: BTreeSet<u32> = nodes.iter().map(|node| node / self.leaf).collect();
        outcome.leaves = leaves.len();
        outcome.nodes = Some(nodes);
    }
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
