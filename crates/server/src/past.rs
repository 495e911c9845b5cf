//! Past states: those that walks of pages began on, and replays, which are dear and so wait in
//! line.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_base::{Position, PrincipalId};
use bareboat_journal::{AsOf, AsOfError};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{Engine, View, respond};

/// How many states that a walk of pages began on are kept at hand.
const WALKS: usize = 64;

/// How many replays run at a time, whoever asks for them.
const LANES: usize = 2;

/// How many replays one principal may have running and waiting.
const IN_LINE: usize = 8;

/// See the module.
pub(crate) struct Past {
    engine: Engine,
    walks: Mutex<VecDeque<Arc<View>>>,
    line: Line,
}

impl Past {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            walks: Mutex::default(),
            line: Line::new(),
        }
    }

    /// Keeps a state at hand for the next pages of a walk. Only for states that were the newest
    /// when the walk began: they share what did not change since. A replayed one shares nothing.
    pub(crate) fn remember(&self, view: &Arc<View>) {
        let mut walks = lock(&self.walks);
        if walks.iter().any(|kept| kept.position == view.position) {
            return;
        }
        if walks.len() == WALKS {
            walks.pop_front();
        }
        walks.push_back(Arc::clone(view));
    }

    /// The state at a moment, at hand or replayed.
    pub(crate) async fn view(
        self: &Arc<Self>,
        asker: PrincipalId,
        moment: AsOf,
    ) -> Result<Arc<View>, Problem> {
        if let AsOf::Position(position) = moment
            && let Some(view) = self.at_hand(position)
        {
            return Ok(view);
        }
        // Who waited for a position that was just replayed finds it kept by the engine.
        let _turn = self.line.turn(asker, moment).await?;
        let past = Arc::clone(self);
        let replayed = tokio::task::spawn_blocking(move || past.engine.as_of(moment)).await;
        let view = replayed.map_err(|error| respond::internal(&error))?;
        view.map_err(|error| match error {
            AsOfError::NotYet { .. } => not_yet(&error),
            AsOfError::Open(_) => respond::internal(&error),
        })
    }

    fn at_hand(&self, position: Position) -> Option<Arc<View>> {
        let now = self.engine.view();
        if now.position == position {
            return Some(now);
        }
        let walks = lock(&self.walks);
        let mut walks = walks.iter();
        walks.find(|view| view.position == position).cloned()
    }
}

/// A moment that is not recorded yet.
pub(crate) fn not_yet(error: &AsOfError) -> Problem {
    Problem::new(400, error.code(), error.to_string(), error.hint())
}

/// Those who wait for a replay. One position is always waited for in the same lane, so that no
/// two replay it at once.
struct Line {
    lanes: [Semaphore; LANES],
    waiting: Mutex<BTreeMap<PrincipalId, usize>>,
}

impl Line {
    fn new() -> Self {
        Self {
            lanes: std::array::from_fn(|_| Semaphore::new(1)),
            waiting: Mutex::default(),
        }
    }

    /// The caller's turn to replay; refused when it waits for too many already.
    async fn turn(&self, asker: PrincipalId, moment: AsOf) -> Result<Turn<'_>, Problem> {
        let number = match moment {
            AsOf::Position(position) => position.0,
            AsOf::Instant(instant) => instant.micros().unsigned_abs(),
        };
        let lane = usize::try_from(number % LANES as u64).unwrap_or(0);
        let place = Place::take(&self.waiting, asker)?;
        let permit = self.lanes[lane].acquire().await;
        let permit = permit.map_err(|error| respond::internal(&error))?;
        Ok(Turn {
            _permit: permit,
            _place: place,
        })
    }
}

/// One replay, until it is dropped.
struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    _place: Place<'a>,
}

/// A place in the line, until it is dropped.
struct Place<'a> {
    waiting: &'a Mutex<BTreeMap<PrincipalId, usize>>,
    asker: PrincipalId,
}

impl<'a> Place<'a> {
    fn take(
        waiting: &'a Mutex<BTreeMap<PrincipalId, usize>>,
        asker: PrincipalId,
    ) -> Result<Self, Problem> {
        let mut counts = lock(waiting);
        let count = counts.entry(asker).or_default();
        if *count == IN_LINE {
            let detail = format!("you wait for {IN_LINE} past states already");
            return Err(Problem::edge(Edge::Busy, detail));
        }
        *count += 1;
        Ok(Self { waiting, asker })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut counts = lock(self.waiting);
        if let Some(count) = counts.get_mut(&self.asker) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.asker);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bareboat_base::id::derive_id;

    use super::*;
    use crate::{SystemClock, command_id};
    use bareboat_base::Clock as _;

    #[tokio::test]
    async fn replays_wait_in_line_and_nobody_fills_it() {
        let line = Arc::new(Line::new());
        let id = command_id(SystemClock.now());
        let (greedy, other): (PrincipalId, PrincipalId) = (derive_id(id, 0), derive_id(id, 1));
        let at = |position| AsOf::Position(Position(position));
        let running = line.turn(other, at(2)).await.unwrap();
        let waiting: Vec<_> = (0..IN_LINE as u64)
            .map(|n| {
                let line = Arc::clone(&line);
                tokio::spawn(async move { line.turn(greedy, at(2 * n)).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|one| !one.is_finished()));
        // One more is refused; another principal, and the other lane, are not held up.
        let refused = line.turn(greedy, at(3)).await.map(drop).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (503, "api.busy"));
        line.turn(other, at(3)).await.map(drop).unwrap();
        drop(running);
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert!(lock(&line.waiting).is_empty());
        line.turn(greedy, at(2)).await.map(drop).unwrap();
    }
}
