//! Past states, on demand, with the last few kept at hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bareboat_base::{Fold, Position};

use super::replay;
use super::{AsOf, Opening, View};
use crate::error::AsOfError;
use crate::store::{Keeper, Reader};

/// The most recently used past views, newest use first.
pub(super) struct History<M> {
    most: usize,
    views: Mutex<VecDeque<Arc<View<M>>>>,
}

/// The position that a moment means; refused when it lies after what is published.
pub(super) fn position<M>(
    reader: &dyn Reader,
    now: &View<M>,
    moment: AsOf,
) -> Result<Position, AsOfError> {
    match moment {
        AsOf::Position(position) if position <= now.position => Ok(position),
        AsOf::Position(position) => Err(AsOfError::NotYet {
            asked: position.to_string(),
            last: now.position,
        }),
        AsOf::Instant(instant) if instant >= now.recorded_at => Ok(now.position),
        AsOf::Instant(instant) => Ok(reader.position_at(instant)?.min(now.position)),
    }
}

impl<M: Fold> History<M> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            views: Mutex::new(VecDeque::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<View<M>>>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn view(
        &self,
        reader: &dyn Reader,
        keeper: &dyn Keeper,
        position: Position,
    ) -> Result<Arc<View<M>>, AsOfError> {
        let nearest = self.nearest(position);
        if let Some(view) = nearest.as_ref().filter(|view| view.position == position) {
            return Ok(Arc::clone(view));
        }
        let snapshots = keeper.snapshots()?;
        let snapshot = snapshots.iter().rev().find(|at| **at <= position);
        let start = match nearest {
            Some(view) if snapshot.is_none_or(|at| *at <= view.position) => (*view).clone(),
            _ => replay::from_snapshot(keeper, &snapshots, position, &mut Opening::default())?,
        };
        let view = Arc::new(replay::forward(reader, start, position, None)?);
        let mut views = self.lock();
        views.push_front(Arc::clone(&view));
        views.truncate(self.most);
        Ok(view)
    }

    /// The latest view at hand that is not after `position`; using it moves it to the front.
    fn nearest(&self, position: Position) -> Option<Arc<View<M>>> {
        let mut views = self.lock();
        let (index, _) = views
            .iter()
            .enumerate()
            .filter(|(_, view)| view.position <= position)
            .max_by_key(|(_, view)| view.position)?;
        let view = views.remove(index)?;
        views.push_front(Arc::clone(&view));
        Some(view)
    }
}
