//! A state from the store: a start, and the events after it.

use bareboat_base::{Fold, Position};

use super::{View, parts};
use crate::error::{OpenError, StoreError};
use crate::head::Head;
use crate::snapshot::{Frame, Unusable};
use crate::store::{Keeper, Reader};

/// How a book was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The position of the head that was found and held; `None` when there was none.
    pub head: Option<Position>,
    /// The snapshot it was opened from.
    pub snapshot: Option<Position>,
    /// How many events were folded in after it.
    pub replayed: u64,
    /// Snapshots that were passed over, and why.
    pub passed_over: Vec<(Position, Unusable)>,
}

/// Opens the book at its tail, checked against head and snapshots.
pub(super) fn open<M: Fold>(
    reader: &dyn Reader,
    keeper: &dyn Keeper,
) -> Result<(View<M>, Opening), OpenError> {
    let tail = reader.tail()?;
    let head = keeper.head()?;
    if head.is_none() && reader.head_expected()? {
        return Err(OpenError::HeadMissing);
    }
    let snapshots = keeper.snapshots()?;
    let missing = |expected, held_by| OpenError::MissingTail {
        expected,
        found: tail,
        held_by,
    };
    if let Some(head) = head.filter(|head| head.position > tail) {
        return Err(missing(head.position, "the head file"));
    }
    if let Some(last) = snapshots.last().filter(|last| **last > tail) {
        return Err(missing(*last, "a snapshot"));
    }
    // A snapshot past the head could not be compared with it.
    let until = head.map_or(tail, |head| head.position);
    let mut opening = Opening {
        head: head.map(|head| head.position),
        ..Opening::default()
    };
    let start = from_snapshot(keeper, &snapshots, until, &mut opening)?;
    opening.replayed = tail.0 - start.position.0;
    let view = forward(reader, start, tail, head.as_ref())?;
    Ok((view, opening))
}

/// The state of the newest usable snapshot not after `until`; the empty state when there is
/// none.
pub(super) fn from_snapshot<M: Fold>(
    keeper: &dyn Keeper,
    snapshots: &[Position],
    until: Position,
    opening: &mut Opening,
) -> Result<View<M>, StoreError> {
    for position in snapshots.iter().rev().filter(|at| **at <= until) {
        let Some(bytes) = keeper.snapshot(*position)? else {
            continue;
        };
        match read_snapshot(&bytes, *position) {
            Ok(view) => {
                opening.snapshot = Some(*position);
                return Ok(view);
            }
            Err(reason) => {
                tracing::warn!(position = position.0, %reason, "a snapshot was passed over");
                opening.passed_over.push((*position, reason));
            }
        }
    }
    Ok(View::default())
}

/// The view that a snapshot's bytes hold.
pub(crate) fn read_snapshot<M: Fold>(
    bytes: &[u8],
    position: Position,
) -> Result<View<M>, Unusable> {
    let frame = Frame::read(bytes)?;
    if frame.position != position {
        return Err(Unusable::Damaged);
    }
    if frame.format != M::SNAPSHOT_FORMAT {
        return Err(Unusable::Format);
    }
    let state = parts::from_snapshot(frame.state).ok_or(Unusable::Format)?;
    Ok(View {
        state,
        position,
        root: frame.frontier.root(),
        recorded_at: frame.recorded_at,
        frontier: frame.frontier,
    })
}

/// Folds the events after `start` up to `until`; the root is compared where the head lies.
pub(super) fn forward<M: Fold>(
    reader: &dyn Reader,
    start: View<M>,
    until: Position,
    head: Option<&Head>,
) -> Result<View<M>, OpenError> {
    check_head(&start, head)?;
    if start.position >= until {
        return Ok(start);
    }
    let view = parts::fold(reader, start, until, head)?;
    if view.position != until {
        return Err(OpenError::MissingTail {
            expected: until,
            found: view.position,
            held_by: "the store",
        });
    }
    Ok(view)
}

pub(super) fn check_head<M>(view: &View<M>, head: Option<&Head>) -> Result<(), OpenError> {
    match head {
        Some(head) if head.position == view.position && head.root != view.frontier.root() => {
            Err(OpenError::HeadMismatch {
                position: head.position,
            })
        }
        _ => Ok(()),
    }
}
