//! What is held, stretch by stretch, and when a pool's counts change next.

use std::collections::BTreeMap;

use bareboat_base::{Instant, NodeCount, PoolId, Window};

use crate::decide::nodes;
use crate::{Allocation, AllocationStatus, Reservation, ReservationStatus, State, Step};

/// A stretch of time over which what some reservations hold does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When.
    pub window: Window,
    /// Nodes that their windows hold.
    pub firm: NodeCount,
    /// Nodes that their open options hold.
    pub option: NodeCount,
}

/// What reservations hold together, in order of time; where they hold nothing there is no stretch.
pub fn stretches<'a>(rows: impl IntoIterator<Item = &'a Reservation>) -> Vec<Stretch> {
    let mut changes: BTreeMap<Instant, (i64, i64)> = BTreeMap::new();
    let mut change = |window: Window, firm: i64, option: i64| {
        for (at, sign) in [(window.from(), 1), (window.to(), -1)] {
            let level = changes.entry(at).or_default();
            level.0 += sign * firm;
            level.1 += sign * option;
        }
    };
    for row in rows {
        let count = i64::from(row.nodes.0);
        if let Some(held) = row.held() {
            change(held, count, 0);
        }
        if let (ReservationStatus::Held, Some(option)) = (row.status, row.option) {
            change(option, 0, count);
        }
    }
    changes.retain(|_, change| *change != (0, 0));
    let (mut firm, mut option) = (0, 0);
    let ends: Vec<Instant> = changes.keys().skip(1).copied().collect();
    let stretches = changes.iter().zip(ends).filter_map(|((from, change), to)| {
        firm += change.0;
        option += change.1;
        let window = Window::new(*from, to).ok()?;
        ((firm, option) != (0, 0)).then_some(Stretch {
            window,
            firm: nodes(firm),
            option: nodes(option),
        })
    });
    stretches.collect()
}

impl Stretch {
    /// Of stretches in order: what is held at an instant, when that changes next, and what is held
    /// from then on.
    pub fn now_and_next(
        stretches: &[Self],
        at: Instant,
    ) -> (Option<Self>, Option<(Instant, Option<Self>)>) {
        let now = stretches
            .iter()
            .find(|one| one.window.contains(at))
            .copied();
        let after = match now {
            Some(now) => Some(now.window.to()),
            None => {
                let mut later = stretches.iter().map(|one| one.window.from());
                later.find(|from| *from > at)
            }
        };
        let next = after.map(|at| {
            let mut then = stretches.iter().filter(|one| one.window.contains(at));
            (at, then.next().copied())
        });
        (now, next)
    }
}

impl State {
    /// When the counts of a pool change next after an instant.
    pub fn next_change(&self, pool: PoolId, after: Instant) -> Option<Instant> {
        let calendar = &self.pools.get(&pool)?.calendar;
        let mut changes = calendar.counts.changes_after(after);
        changes.next()
    }
}

impl Step {
    /// Installed, less the spares and what is out of supply.
    pub fn sellable(&self) -> NodeCount {
        let kept = self.spare.0.saturating_add(self.unavailable.0);
        NodeCount(self.installed.0.saturating_sub(kept))
    }
}

impl Allocation {
    /// To when its nodes are its lot's.
    pub fn ends_at(&self) -> Instant {
        match self.status {
            AllocationStatus::Live => self.window.to(),
            AllocationStatus::Released { at } => at.min(self.window.to()),
        }
    }

    /// Whether its nodes are its lot's at an instant.
    pub fn has_at(&self, at: Instant) -> bool {
        self.window.from() <= at && at < self.ends_at()
    }

    /// Whether its nodes are in its client's hands at an instant: its lot's, and handed over.
    pub fn serves_at(&self, at: Instant) -> bool {
        !self.awaited && self.has_at(at)
    }
}
