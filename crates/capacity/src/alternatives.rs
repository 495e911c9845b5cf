//! What could be sold instead of what is refused.
//!
//! Every alternative is a reservation that is decided on the same state before it is offered. A
//! search for a start goes from one stretch of the count profile with enough nodes to the next
//! and never from day to day: it decides only where counting says yes, and again within a stretch
//! only where nodes named in advance leave gaps that are too short, [`MOST_TRIES`] times at most.
//! Where that is so a try looks between the places that others have, and places all anew only as
//! long as [`MOST_PLACED`] lasts: with thousands of lots a nearer one may then be missed.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::sync::Arc;

use bareboat_base::{Date, Instant, NodeCount, PoolId, Shape, Window, Zone};

use crate::decide::{NEWEST, admit, admit_between, demand_for};
use crate::place::{Suppose, counting_is_not_enough};
use crate::plan::Plan;
use crate::{Pool, Rejection, Reserve, State};

/// Sets one of a shape's limits.
type SetLimit = fn(&mut Shape, u32);

/// Placements that are tried of one search for a start.
const MOST_TRIES: u32 = 64;

/// Lots that are placed anew in one search, all tries together.
const MOST_PLACED: usize = 800;

/// In what an alternative differs from what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// In nothing: it can be held as soon as another at risk is moved as planned.
    Nothing,
    /// The same without its option.
    WithoutOption,
    /// The same, lying less closely or less far apart.
    LooserShape,
    /// The same from a later start on, the earliest there is; the length stays.
    Later,
    /// Fewer nodes over the same window, the most there are.
    Fewer,
    /// As many GPUs of another pool, rounded up to its nodes; from the earliest start there is.
    OtherPool,
}

/// A reservation that would be held now.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// In what it differs.
    pub change: Change,
    /// The reservation.
    pub reserve: Reserve,
}

/// The zone in which a pool's lots begin and end at midnight; `None` when they may at any instant.
pub type Zones<'a> = &'a dyn Fn(PoolId) -> Option<Zone>;

impl State {
    /// The nearest reservations that would be held in place of one that is refused, in the order
    /// of [`Change`], other pools by their start; none when it is not refused for want of nodes.
    ///
    /// A window from midnight to midnight of its pool's zone keeps its dates in another pool, and
    /// its days when it begins later.
    pub fn alternatives(
        &self,
        reserve: &Reserve,
        now: Instant,
        zones: Zones<'_>,
    ) -> Vec<Alternative> {
        self.alternatives_counted(reserve, now, zones).0
    }

    /// The alternatives, and how many reservations were decided to find them.
    pub(crate) fn alternatives_counted(
        &self,
        reserve: &Reserve,
        now: Instant,
        zones: Zones<'_>,
    ) -> (Vec<Alternative>, u32) {
        let planned = self.planned(reserve, now);
        let search = Search::new(&planned, reserve, now, zones);
        match (search, admit(&planned, now, reserve)) {
            (Some(search), Err(refusal)) => (search.all(&refusal), search.decided.get()),
            _ => (Vec::new(), 1),
        }
    }
}

impl State {
    /// The state, in every pool the plan that a decision over such a reservation needs: whoever
    /// asks several questions of it has that made once, not by each.
    pub fn planned(&self, reserve: &Reserve, now: Instant) -> Cow<'_, Self> {
        let mut planned = Cow::Borrowed(self);
        let now = now.min(reserve.window.from());
        for (_, id, pool) in self.pools.iter() {
            let calendar = &pool.calendar;
            let suppose = Suppose {
                demand: Some(demand_for(reserve, reserve.window, NEWEST)),
                ..Suppose::default()
            };
            if calendar.plan.is_none() && counting_is_not_enough(self, calendar, now, suppose) {
                let plan = Plan::build(self, calendar, Some(now), Suppose::default());
                if let Some(calendar) = planned.to_mut().calendar_mut(*id) {
                    calendar.plan = Some(Arc::new(plan));
                }
            }
        }
        planned
    }
}

/// When something is held, apart from where it begins.
#[derive(Clone, Copy)]
enum Length {
    /// Days from midnight to midnight.
    Days { days: i32, option: Option<i32> },
    /// Microseconds.
    Micros { micros: i64, option: Option<i64> },
}

/// Where it begins.
#[derive(Clone, Copy)]
enum Begin {
    /// On the dates, or at the instant, asked for.
    AsAsked,
    /// No earlier than an instant.
    From(Instant),
}

struct Search<'a> {
    state: &'a State,
    asked: &'a Reserve,
    now: Instant,
    zones: Zones<'a>,
    pool: &'a Pool,
    /// The first day, when the window goes from midnight to midnight.
    first_day: Option<Date>,
    length: Length,
    /// Reservations decided so far.
    decided: Cell<u32>,
    /// Lots that may still be placed anew.
    effort: Cell<usize>,
}

impl<'a> Search<'a> {
    fn new(state: &'a State, asked: &'a Reserve, now: Instant, zones: Zones<'a>) -> Option<Self> {
        let pool = state.pools.get(&asked.pool)?;
        let zone = zones(asked.pool);
        let days = zone.and_then(|zone| in_days(asked, &zone));
        let micros = |window: Window| window.to().micros() - window.from().micros();
        let (first_day, length) = match days {
            Some((first, days, option)) => (Some(first), Length::Days { days, option }),
            None => {
                let length = Length::Micros {
                    micros: micros(asked.window),
                    option: asked.option.map(micros),
                };
                (None, length)
            }
        };
        Some(Self {
            state,
            asked,
            now,
            zones,
            pool,
            first_day,
            length,
            decided: Cell::new(1),
            effort: Cell::new(MOST_PLACED),
        })
    }

    fn all(&self, refusal: &Rejection) -> Vec<Alternative> {
        let mut found = Vec::new();
        let mut offer = |change, reserve: Option<Reserve>| {
            found.extend(reserve.map(|reserve| Alternative { change, reserve }));
        };
        offer(Change::WithoutOption, self.without_option());
        offer(Change::LooserShape, self.looser_shape(refusal));
        let pool = self.asked.pool;
        offer(
            Change::Later,
            self.earliest(pool, self.pool, self.asked.nodes),
        );
        offer(Change::Fewer, self.fewer(refusal));
        let mut others = self.other_pools();
        others.sort_by_key(|other| other.window.from());
        for other in others {
            offer(Change::OtherPool, Some(other));
        }
        found
    }

    fn held(&self, reserve: Reserve) -> Option<Reserve> {
        self.decide(&reserve).is_ok().then_some(reserve)
    }

    /// Decides as the calendar would, while all that is placed anew for it stays bounded; then a
    /// reservation must fit between the others.
    fn decide(&self, reserve: &Reserve) -> Result<(), Rejection> {
        self.decided.set(self.decided.get() + 1);
        let decided = admit_between(self.state, self.now, reserve);
        let Err(Rejection::Fragmented { .. } | Rejection::TooManyLeaves { .. }) = decided else {
            return decided;
        };
        let pool = self.state.pools.get(&reserve.pool);
        let lots = pool.map_or(0, |pool| {
            1 + pool.calendar.unnamed.iter().count() + pool.calendar.soft.iter().count()
        });
        match self.effort.get().checked_sub(lots) {
            Some(left) => {
                self.effort.set(left);
                admit(self.state, self.now, reserve)
            }
            None => decided,
        }
    }

    fn without_option(&self) -> Option<Reserve> {
        self.asked.option?;
        self.held(Reserve {
            option: None,
            ..*self.asked
        })
    }

    /// The shape with one of its demands less, or the one limit as tight as it can be held; else
    /// with none.
    fn looser_shape(&self, refusal: &Rejection) -> Option<Reserve> {
        let asked = self.asked.shape;
        let with = |shape| Reserve {
            shape,
            ..*self.asked
        };
        let not_the_shape = matches!(refusal, Rejection::ShortOfSupply { .. });
        if asked.is_any() || not_the_shape {
            return None;
        }
        let limit = |set: SetLimit, most: Option<u32>| {
            let at_most = |most: u32| {
                let mut shape = asked;
                set(&mut shape, most);
                with(shape)
            };
            let (mut fit, mut too_few) = (self.asked.nodes.0, most?);
            if too_few >= fit {
                return None;
            }
            self.held(at_most(fit))?;
            while too_few + 1 < fit {
                let middle = too_few + (fit - too_few) / 2;
                if self.held(at_most(middle)).is_some() {
                    fit = middle;
                } else {
                    too_few = middle;
                }
            }
            Some(at_most(fit))
        };
        let without = |asked_for: bool, shape: Shape| self.held(with(asked_for.then_some(shape)?));
        let neighbours = Shape {
            contiguous: false,
            ..asked
        };
        let shared = Shape {
            whole_nvlink_domains: false,
            ..asked
        };
        let limits: [(Option<u32>, SetLimit); 4] = [
            (asked.max_leaves, |shape, most| {
                shape.max_leaves = Some(most);
            }),
            (asked.max_nvlink_domains, |shape, most| {
                shape.max_nvlink_domains = Some(most);
            }),
            (asked.max_spine_groups, |shape, most| {
                shape.max_spine_groups = Some(most);
            }),
            (asked.spread.map(|spread| spread.most), |shape, most| {
                if let Some(spread) = &mut shape.spread {
                    spread.most = most;
                }
            }),
        ];
        without(asked.contiguous, neighbours)
            .or_else(|| limits.iter().find_map(|(most, set)| limit(*set, *most)))
            .or_else(|| without(asked.whole_nvlink_domains, shared))
            .or_else(|| self.held(with(Shape::ANY)))
    }

    /// By count the refusal says how many would fit.
    fn fewer(&self, refusal: &Rejection) -> Option<Reserve> {
        let with = |nodes| Reserve {
            nodes,
            ..*self.asked
        };
        let mut refusal = refusal.clone();
        // Each step down is for another reason: count, shape, placement.
        for _ in 0..3 {
            let fits = match refusal {
                Rejection::ShortOfSupply { fits, .. } => fits,
                Rejection::Fragmented { asked, .. }
                | Rejection::TooManyLeaves { asked, .. }
                | Rejection::ShapeUnmet { asked, .. } => {
                    return self.fewer_than(asked);
                }
                _ => return None,
            };
            if fits == NodeCount::ZERO {
                return None;
            }
            match self.decide(&with(fits)) {
                Ok(()) => return Some(with(fits)),
                Err(next) => refusal = next,
            }
        }
        None
    }

    /// The most that a placement or the leaves allow, by halving: a smaller count seldom needs more.
    fn fewer_than(&self, asked: NodeCount) -> Option<Reserve> {
        // Whole domains come in their own size.
        let step = match self.asked.shape.whole_nvlink_domains {
            true => self.pool.calendar.nodes_per_domain.max(1),
            false => 1,
        };
        let with = |steps| Reserve {
            nodes: NodeCount(steps * step),
            ..*self.asked
        };
        let (mut fit, mut too_many) = (0, asked.0.div_ceil(step));
        while fit + 1 < too_many {
            let middle = fit + (too_many - fit) / 2;
            if self.held(with(middle)).is_some() {
                fit = middle;
            } else {
                too_many = middle;
            }
        }
        (fit > 0).then(|| with(fit))
    }

    /// As many GPUs of every other pool, those most like the asked one first.
    fn other_pools(&self) -> Vec<Reserve> {
        let others = self.state.pools.iter();
        let mut others: Vec<_> = others
            .map(|(_, id, pool)| (*id, pool))
            .filter(|(id, _)| *id != self.asked.pool)
            .collect();
        let like = |pool: &Pool| (pool.model == self.pool.model, pool.site == self.pool.site);
        others.sort_by_key(|(_, pool)| Reverse(like(pool)));
        let found = others.into_iter().filter_map(|(id, pool)| {
            let gpus = u64::from(self.asked.nodes.0) * u64::from(self.pool.gpus_per_node);
            let nodes = gpus.div_ceil(u64::from(pool.gpus_per_node).max(1));
            let nodes = NodeCount(u32::try_from(nodes).ok()?);
            let same = self.placed(id, nodes, Begin::AsAsked);
            let same = same.filter(|reserve| reserve.window.from() >= self.now);
            let same = same.and_then(|reserve| self.held(reserve));
            same.or_else(|| self.earliest(id, pool, nodes))
        });
        found.collect()
    }

    /// From the earliest start on, no sooner than asked and no sooner than now.
    fn earliest(&self, id: PoolId, pool: &Pool, nodes: NodeCount) -> Option<Reserve> {
        let counts = &pool.calendar.counts;
        let floor = i64::from(pool.spare_floor.0);
        let soonest = match self.placed(id, nodes, Begin::AsAsked) {
            Some(same) => same.window.from().max(self.now),
            None => self.asked.window.from().max(self.now),
        };
        let last = counts.changes_after(soonest).last();
        let mut tries = 0;
        for (begin, end) in counts.stretches(soonest, i64::from(nodes.0) + floor) {
            let starts = counts.changes_after(begin);
            let starts = starts.take_while(|at| end.is_none_or(|end| *at < end));
            for start in std::iter::once(begin).chain(starts) {
                let reserve = self.placed(id, nodes, Begin::From(start))?;
                if end.is_some_and(|end| until(&reserve) > end) {
                    break;
                }
                if let Some(reserve) = self.held(reserve) {
                    return Some(reserve);
                }
                tries += 1;
                if tries >= MOST_TRIES {
                    // When nothing is held any more.
                    let reserve = self.placed(id, nodes, Begin::From(last?))?;
                    return self.held(reserve);
                }
            }
        }
        None
    }

    /// What is asked, of so many nodes of a pool, from another beginning.
    fn placed(&self, pool: PoolId, nodes: NodeCount, begin: Begin) -> Option<Reserve> {
        let (window, option) = match (self.length, self.first_day) {
            (Length::Days { days, option }, Some(first_day)) => {
                let zone = (self.zones)(pool)?;
                let first = match begin {
                    Begin::AsAsked => first_day,
                    Begin::From(at) => {
                        let day = at.date_in(&zone);
                        let begins = day.start_in(&zone).ok()? >= at;
                        day.plus_days(i32::from(!begins)).ok()?
                    }
                };
                let to = first.plus_days(days).ok()?;
                let window = between(first, to, &zone)?;
                let option = match option {
                    Some(days) => Some(between(to, to.plus_days(days).ok()?, &zone)?),
                    None => None,
                };
                (window, option)
            }
            (Length::Micros { micros, option }, _) => {
                let from = match begin {
                    Begin::AsAsked => self.asked.window.from(),
                    Begin::From(at) => at,
                };
                let window = after(from, micros)?;
                let option = match option {
                    Some(micros) => Some(after(window.to(), micros)?),
                    None => None,
                };
                (window, option)
            }
            (Length::Days { .. }, None) => return None,
        };
        Some(Reserve {
            pool,
            nodes,
            window,
            option,
            ..*self.asked
        })
    }
}

/// The first day, the days of the window and those of the option, when all begin at midnight.
fn in_days(asked: &Reserve, zone: &Zone) -> Option<(Date, i32, Option<i32>)> {
    let midnight = |at: Instant| {
        let day = at.date_in(zone);
        (day.start_in(zone).ok()? == at).then_some(day)
    };
    let days = |window: Window| {
        let days = midnight(window.from())?.days_until(midnight(window.to())?);
        i32::try_from(days).ok()
    };
    let option = match asked.option {
        Some(option) => Some(days(option)?),
        None => None,
    };
    Some((midnight(asked.window.from())?, days(asked.window)?, option))
}

fn between(from: Date, to: Date, zone: &Zone) -> Option<Window> {
    Window::new(from.start_in(zone).ok()?, to.start_in(zone).ok()?).ok()
}

fn after(from: Instant, micros: i64) -> Option<Window> {
    let to = Instant::from_micros(from.micros().checked_add(micros)?).ok()?;
    Window::new(from, to).ok()
}

/// The end of what a reservation holds, option included.
fn until(reserve: &Reserve) -> Instant {
    reserve.option.unwrap_or(reserve.window).to()
}
