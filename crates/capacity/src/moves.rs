//! Who would be moved aside for a reservation, before it is held.

use bareboat_base::{Instant, NodeCount, QuoteId, ReservationId, Window};

use crate::decide::{NEWEST, admit, demand_for, plan_of};
use crate::place::{Asker, Suppose, counting_is_not_enough, demand_of};
use crate::plan::Plan;
use crate::{OptionMode, Reserve, State};

/// Whose nodes they would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A reservation whose nodes have no names yet.
    Reservation(ReservationId),
    /// An open quote.
    Quote(QuoteId),
}

/// Capacity without names that would lie on other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// Whose it is.
    pub holder: Holder,
    /// When.
    pub window: Window,
    /// How many nodes it has.
    pub nodes: NodeCount,
    /// How many of them would be others.
    pub moved: NodeCount,
    /// On how many leaves it lies.
    pub leaves_before: u32,
    /// On how many it would.
    pub leaves_after: u32,
}

impl State {
    /// What would be moved so that a reservation is held at `now`: nothing when it fits in between
    /// the others, or is refused. It is what holding it does; what has names never moves.
    pub fn moves(&self, reserve: &Reserve, now: Instant) -> Vec<Moved> {
        let Some(pool) = self.pools.get(&reserve.pool) else {
            return Vec::new();
        };
        if admit(self, now, reserve).is_err() {
            return Vec::new();
        }
        let calendar = &pool.calendar;
        let whole = match (pool.option_mode(), reserve.option) {
            (OptionMode::Strict, Some(option)) => {
                Window::new(reserve.window.from(), option.to()).unwrap_or(reserve.window)
            }
            _ => reserve.window,
        };
        let demand = demand_for(reserve, whole, NEWEST);
        let suppose = Suppose {
            demand: Some(demand),
            ..Suppose::default()
        };
        if !counting_is_not_enough(self, calendar, now, suppose) {
            return Vec::new();
        }
        let now = Some(now.min(whole.from()));
        let before = plan_of(self, calendar, now);
        let after = before
            .with(self, calendar, demand)
            .unwrap_or_else(|_| Plan::build(self, calendar, now, suppose));
        let moves = after.moved_since(&before).into_iter();
        let moved = moves.filter_map(|one| {
            let demand = demand_of(self, calendar, one.who)?;
            let holder = match one.who {
                Asker::Reservation(row) => Holder::Reservation(*self.reservations.at(row)?.0),
                Asker::Hold(row, _) => Holder::Quote(*self.quotes.at(row)?.0),
                Asker::Asked => return None,
            };
            Some(Moved {
                holder,
                window: demand.window,
                nodes: NodeCount(demand.nodes),
                moved: NodeCount(one.nodes),
                leaves_before: one.leaves_before,
                leaves_after: one.leaves_after,
            })
        });
        let mut moved: Vec<Moved> = moved.collect();
        moved.sort_unstable();
        moved
    }
}
