//! Which constraint a refused reservation met, where and when.

use bareboat_base::{Instant, PoolId, Window};

use crate::decide::admit;
use crate::{Rejection, Reserve, State, Step};

/// What stands in the way of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Constraint {
    /// Nodes that are scheduled, but only later.
    NotDelivered,
    /// Nodes that are never sold.
    SpareFloor,
    /// Nodes that open options hold.
    OptionHeld,
    /// Nodes that open quotes hold.
    Quoted,
    /// Nodes out of supply.
    OutOfSupply,
    /// Nodes that other lots hold.
    Firm,
    /// The pool never has so many, whatever is lifted.
    PoolSize,
    /// Enough are free at every instant, but not the same ones throughout.
    Fragmented,
    /// They hang on more leaves than the lot allows.
    Leaves,
    /// They do not lie in the shape that the lot asks.
    Shape,
}

/// Where and when a reservation does not fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// As the calendar refuses it.
    pub rejection: Rejection,
    /// The pool.
    pub pool: PoolId,
    /// By count: each of these, lifted alone, would leave enough nodes in the worst step, the
    /// easiest to lift first; where none would, all that have a part in it.
    pub constraints: Vec<Constraint>,
    /// By count: the first stretch in which too few nodes are free. Otherwise all that is asked.
    pub window: Window,
    /// By count: the step of that stretch with the fewest free nodes.
    pub worst: Option<Step>,
}

impl State {
    /// Why a reservation would be refused at `now`; `Ok(None)` when it would be held.
    ///
    /// # Errors
    /// When it is not one that could be judged: no such pool, no nodes, an option elsewhere.
    pub fn explain(&self, reserve: &Reserve, now: Instant) -> Result<Option<Bound>, Rejection> {
        let Err(rejection) = admit(self, now, reserve) else {
            return Ok(None);
        };
        let to = reserve.option.unwrap_or(reserve.window).to();
        let whole = Window::new(reserve.window.from(), to).unwrap_or(reserve.window);
        let plain = |constraint, rejection| Bound {
            rejection,
            pool: reserve.pool,
            constraints: vec![constraint],
            window: whole,
            worst: None,
        };
        match rejection {
            Rejection::ShortOfSupply { .. } => Ok(self.short(reserve, whole, rejection)),
            Rejection::Fragmented { .. } => Ok(Some(plain(Constraint::Fragmented, rejection))),
            Rejection::TooManyLeaves { .. } => Ok(Some(plain(Constraint::Leaves, rejection))),
            Rejection::ShapeUnmet { .. } => Ok(Some(plain(Constraint::Shape, rejection))),
            other => Err(other),
        }
    }

    fn short(&self, reserve: &Reserve, whole: Window, rejection: Rejection) -> Option<Bound> {
        let asked = i64::from(reserve.nodes.0);
        let free = |step: &Step| i64::from(step.free.0) - i64::from(step.short.0);
        let steps = self.profile(reserve.pool, whole).into_iter();
        let mut steps = steps.skip_while(|step| free(step) >= asked);
        let mut worst = steps.next()?;
        let (from, mut to) = (worst.window.from(), worst.window.to());
        for step in steps.take_while(|step| free(step) < asked) {
            to = step.window.to();
            if free(&step) < free(&worst) {
                worst = step;
            }
        }
        let pool = self.pools.get(&reserve.pool)?;
        let most = pool.calendar.counts.most_installed(worst.window.from());
        let to_come = most - i64::from(worst.installed.0);
        let missing = asked - free(&worst);
        let parts = [
            (Constraint::NotDelivered, to_come),
            (Constraint::SpareFloor, i64::from(worst.spare.0)),
            (Constraint::OptionHeld, i64::from(worst.option.0)),
            (Constraint::Quoted, i64::from(worst.soft_held.0)),
            (Constraint::OutOfSupply, i64::from(worst.unavailable.0)),
            (Constraint::Firm, i64::from(worst.firm.0)),
        ];
        let at_least = |least: i64| -> Vec<Constraint> {
            let parts = parts.iter().filter(|(_, part)| *part >= least);
            parts.map(|(constraint, _)| *constraint).collect()
        };
        let constraints = if asked > most {
            vec![Constraint::PoolSize]
        } else {
            let alone = at_least(missing);
            if alone.is_empty() { at_least(1) } else { alone }
        };
        Some(Bound {
            rejection,
            pool: reserve.pool,
            constraints,
            window: Window::new(from, to).unwrap_or(whole),
            worst: Some(worst),
        })
    }
}
