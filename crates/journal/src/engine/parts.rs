//! Many events folded in on several threads, one for each part of the state.
//!
//! One thread reads pages and gives every part all of them; a part checks, decodes and folds the
//! events that are its own; the caller's thread grows the Merkle frontier.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bareboat_base::{Fold, Position, Recorded};

use super::View;
use super::replay::check_head;
use crate::error::{OpenError, StoreError};
use crate::head::Head;
use crate::store::{Reader, StoredEvent};

/// Events read at a time.
const PAGE: usize = 512;
/// Pages that a part may lag behind the reader: events of a part come in runs.
const LAG: usize = 64;

type Page = Arc<Vec<StoredEvent>>;

/// A state as a snapshot holds it: each part's bytes behind their length.
pub(crate) fn to_snapshot<M: Fold>(state: &M) -> Vec<u8> {
    let parts = side_by_side(state.clone().split(), |part| part.to_snapshot());
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend(part);
    }
    bytes
}

/// The state in a snapshot's bytes; `None` when they do not fit.
pub(crate) fn from_snapshot<M: Fold>(bytes: &[u8]) -> Option<M> {
    let mut rest = bytes;
    let mut parts = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (part, after) = after.split_at_checked(length)?;
        parts.push(part);
        rest = after;
    }
    let whole = rest.is_empty() && parts.len() == M::default().split().len();
    whole.then_some(())?;
    let parts = side_by_side(parts, |part| M::from_snapshot(part).ok());
    Some(M::join(parts.into_iter().collect::<Option<_>>()?))
}

/// The same done with each of some things, each on a thread of its own.
fn side_by_side<T: Send, R: Send>(things: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let work = &work;
        let threads = things
            .into_iter()
            .map(|thing| scope.spawn(move || work(thing)));
        let threads: Vec<_> = threads.collect();
        let done = threads.into_iter().map(thread::ScopedJoinHandle::join);
        done.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Folds the events after `start` up to `until`, or to the store's end.
pub(super) fn fold<M: Fold>(
    reader: &dyn Reader,
    start: View<M>,
    until: Position,
    head: Option<&Head>,
) -> Result<View<M>, OpenError> {
    let from = start.position.next();
    let View {
        state,
        position,
        root,
        recorded_at,
        frontier,
    } = start;
    let mut edge = View {
        state: (),
        position,
        root,
        recorded_at,
        frontier,
    };
    let (grown, folded) = thread::scope(|scope| {
        let (to_edge, pages) = sync_channel(LAG);
        let mut to_parts = Vec::new();
        let mut parts = Vec::new();
        for (number, state) in state.split().into_iter().enumerate() {
            let (to_part, pages) = sync_channel(LAG);
            to_parts.push(to_part);
            parts.push(scope.spawn(move || fold_part::<M>(number, state, &pages)));
        }
        scope.spawn(move || read_pages(reader, from, until, &to_edge, &to_parts));
        let grown = grow(&mut edge, &pages, head);
        // A reader that waits for this thread is let go before the parts are waited for.
        drop(pages);
        let folded: Vec<_> = parts
            .into_iter()
            .map(|part| {
                part.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect();
        (grown, folded)
    });
    let mut parts = Vec::new();
    let mut first: Option<(Position, OpenError)> = None;
    for part in folded {
        match part {
            Ok(state) => parts.push(state),
            Err((at, _)) if first.as_ref().is_some_and(|(known, _)| *known <= at) => {}
            Err(error) => first = Some(error),
        }
    }
    if let Some((_, error)) = first {
        return Err(error);
    }
    grown?;
    Ok(View {
        state: M::join(parts),
        position: edge.position,
        root: edge.frontier.root(),
        recorded_at: edge.recorded_at,
        frontier: edge.frontier,
    })
}

fn read_pages(
    reader: &dyn Reader,
    from: Position,
    until: Position,
    to_edge: &SyncSender<Result<Page, StoreError>>,
    to_parts: &[SyncSender<Page>],
) {
    let mut from = from;
    while from <= until {
        let room = usize::try_from(until.0 - from.0 + 1).unwrap_or(PAGE);
        let page = read_page(reader, from, room.min(PAGE)).map(Arc::new);
        let next = page.as_ref().ok().and_then(|page| page.last());
        let next = next.map(|last| last.position.next());
        if let Ok(page) = &page {
            for to_part in to_parts {
                // A part that found damage reads no more.
                if to_part.send(Arc::clone(page)).is_err() {
                    return;
                }
            }
        }
        match (to_edge.send(page), next) {
            (Ok(()), Some(next)) => from = next,
            _ => return,
        }
    }
}

fn read_page(
    reader: &dyn Reader,
    from: Position,
    limit: usize,
) -> Result<Vec<StoredEvent>, StoreError> {
    let events = reader.events(from, limit)?;
    let mut expected = from;
    for event in &events {
        if event.position != expected {
            return Err(damaged(expected));
        }
        expected = expected.next();
    }
    Ok(events)
}

fn damaged(position: Position) -> StoreError {
    StoreError::Damaged {
        what: format!("event {position}"),
    }
}

fn fold_part<M: Fold>(
    number: usize,
    mut state: M,
    pages: &Receiver<Page>,
) -> Result<M, (Position, OpenError)> {
    for page in pages {
        for stored in page
            .iter()
            .filter(|stored| M::part(&stored.bytes) == number)
        {
            let position = stored.position;
            if stored.computed_leaf() != stored.leaf {
                return Err((position, damaged(position).into()));
            }
            let event = M::decode(&stored.bytes)
                .map_err(|source| (position, OpenError::Unreadable { position, source }))?;
            let recorded = Recorded {
                position,
                at: stored.recorded_at,
                by: stored.actor,
            };
            state.apply(&recorded, &event);
        }
    }
    Ok(state)
}

fn grow(
    edge: &mut View<()>,
    pages: &Receiver<Result<Page, StoreError>>,
    head: Option<&Head>,
) -> Result<(), OpenError> {
    for page in pages {
        for stored in page?.iter() {
            edge.frontier.push(stored.leaf);
            edge.position = stored.position;
            edge.recorded_at = stored.recorded_at;
            check_head(edge, head)?;
        }
    }
    Ok(())
}
