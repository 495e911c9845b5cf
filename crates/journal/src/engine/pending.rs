//! An answer that is still to come: awaited, or waited for.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::Outcome;
use crate::error::SubmitError;

enum Slot<R: Error> {
    Waiting(Option<Waker>),
    Done(Outcome<R>),
}

struct Cell<R: Error> {
    slot: Mutex<Slot<R>>,
    done: Condvar,
}

impl<R: Error> Cell<R> {
    // What is inside is whole after every step: a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Slot<R>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that is still to come. Await it, or [`Self::wait`] for it; dropping it does not
/// withdraw the command.
pub struct Pending<R: Error> {
    cell: Arc<Cell<R>>,
}

/// The other end: answers once. Dropped unanswered, it says that the engine has stopped.
pub(super) struct Reply<R: Error> {
    cell: Option<Arc<Cell<R>>>,
}

pub(super) fn pair<R: Error>() -> (Pending<R>, Reply<R>) {
    let cell = Arc::new(Cell {
        slot: Mutex::new(Slot::Waiting(None)),
        done: Condvar::new(),
    });
    let reply = Reply {
        cell: Some(Arc::clone(&cell)),
    };
    (Pending { cell }, reply)
}

impl<R: Error> Reply<R> {
    pub(super) fn send(mut self, outcome: Outcome<R>) {
        self.fill(outcome);
    }

    fn fill(&mut self, outcome: Outcome<R>) {
        if let Some(cell) = self.cell.take() {
            let before = std::mem::replace(&mut *cell.lock(), Slot::Done(outcome));
            cell.done.notify_one();
            if let Slot::Waiting(Some(waker)) = before {
                waker.wake();
            }
        }
    }
}

impl<R: Error> Drop for Reply<R> {
    fn drop(&mut self) {
        self.fill(Err(SubmitError::Stopped));
    }
}

impl<R: Error> Pending<R> {
    pub(super) fn ready(outcome: Outcome<R>) -> Self {
        let (pending, reply) = pair();
        reply.send(outcome);
        pending
    }

    /// Blocks the thread until the answer is there.
    pub fn wait(self) -> Outcome<R> {
        let mut slot = self.cell.lock();
        loop {
            match std::mem::replace(&mut *slot, Slot::Waiting(None)) {
                Slot::Done(outcome) => return outcome,
                Slot::Waiting(_) => {
                    slot = self
                        .cell
                        .done
                        .wait(slot)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

impl<R: Error> Future for Pending<R> {
    type Output = Outcome<R>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.cell.lock();
        let waiting = Slot::Waiting(Some(context.waker().clone()));
        match std::mem::replace(&mut *slot, waiting) {
            Slot::Done(outcome) => Poll::Ready(outcome),
            Slot::Waiting(_) => Poll::Pending,
        }
    }
}
