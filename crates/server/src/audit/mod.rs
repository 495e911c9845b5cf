//! The audit store: who asked for what, and what came of it. It lies beside the book, in a file
//! of its own with its own retention, since reads are not facts of the book.
//!
//! Entries are written in batches by a thread of its own, off the path of requests. When the
//! thread cannot keep up, requests wait for it rather than go unrecorded. After a crash the last
//! unwritten batch (at most a second's) may be missing.

mod store;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bareboat_base::{Instant, PrincipalId};
use tokio::sync::mpsc;

pub use store::{AuditError, Filter, Line};

const WAITING: usize = 8_192;

/// Where a book's audit store lies.
pub fn path_of(book: &Path) -> PathBuf {
    let mut name = book.as_os_str().to_owned();
    name.push(".audit");
    name.into()
}

/// What is recorded of one request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it was answered.
    pub at: Instant,
    /// Who asked; none when no key was let in.
    pub principal: Option<PrincipalId>,
    /// The operation; none when there is no such route.
    pub operation: Option<&'static str>,
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The problem's code.
    pub code: Option<String>,
    /// The request's id.
    pub request_id: String,
}

impl Entry {
    /// `allowed`, `denied` or `failed`.
    pub fn outcome(&self) -> &'static str {
        match self.status {
            401 | 403 | 404 => "denied",
            0..=399 => "allowed",
            _ => "failed",
        }
    }
}

enum Message {
    Entry(Box<Entry>),
    Flush(std::sync::mpsc::Sender<()>),
    Stop,
}

struct Inner {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    written: Arc<AtomicU64>,
    path: PathBuf,
}

/// A handle to the audit store; clones share it.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

impl Audit {
    /// Opens or makes the store at a path; entries older than `retention_days` are dropped
    /// (below 30 counts as 30).
    pub fn open(path: &Path, retention_days: u32) -> Result<Self, AuditError> {
        let store = store::Store::open(path)?;
        let (queue, waiting) = mpsc::channel(WAITING);
        let written = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&written);
        let days = retention_days.max(30);
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || work(store, waiting, &counter, days))
            .map_err(AuditError::Thread)?;
        Ok(Self(Arc::new(Inner {
            queue,
            thread: Mutex::new(Some(thread)),
            written,
            path: path.to_owned(),
        })))
    }

    /// Records an entry; waits when the store cannot keep up.
    pub async fn record(&self, entry: Entry) {
        if self
            .0
            .queue
            .send(Message::Entry(Box::new(entry)))
            .await
            .is_err()
        {
            tracing::error!("a request was answered after the audit store was closed");
        }
    }

    /// Entries written since it was opened.
    pub fn written(&self) -> u64 {
        self.0.written.load(Relaxed)
    }

    /// Entries that match, oldest first, after a number. Blocks; sees everything recorded before.
    pub fn list(&self, filter: &Filter, after: u64, limit: usize) -> Result<Vec<Line>, AuditError> {
        self.flush();
        store::Store::open(&self.0.path)?.list(filter, after, limit)
    }

    /// Waits until everything recorded so far is written. Blocks.
    pub fn flush(&self) {
        let (done, wait) = std::sync::mpsc::channel();
        if self.0.queue.blocking_send(Message::Flush(done)).is_ok() {
            // The thread has gone when this fails, and it wrote everything before.
            let _ = wait.recv();
        }
    }

    /// Writes what waits and closes the store. Blocks.
    pub fn close(&self) {
        let mut thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            // It may have gone by itself.
            let _ = self.0.queue.blocking_send(Message::Stop);
            if thread.join().is_err() {
                tracing::error!("the audit store's thread ended by a panic");
            }
        }
    }
}

fn work(
    mut store: store::Store,
    mut waiting: mpsc::Receiver<Message>,
    written: &AtomicU64,
    retention_days: u32,
) {
    let mut since_prune = u64::MAX;
    let mut messages = Vec::new();
    while waiting.blocking_recv_many(&mut messages, 1_024) > 0 {
        let (mut entries, mut flushed, mut stop) = (Vec::new(), Vec::new(), false);
        for message in messages.drain(..) {
            match message {
                Message::Entry(entry) => entries.push(*entry),
                Message::Flush(done) => flushed.push(done),
                Message::Stop => stop = true,
            }
        }
        match store.append(&entries) {
            Ok(()) => {
                written.fetch_add(entries.len() as u64, Relaxed);
            }
            Err(error) => {
                tracing::error!(%error, lost = entries.len(), "audit entries were not written");
            }
        }
        since_prune = since_prune.saturating_add(entries.len() as u64);
        if let (true, Some(last)) = (since_prune > 10_000, entries.last()) {
            since_prune = 0;
            if let Err(error) = store.prune(last.at, retention_days) {
                tracing::warn!(%error, "old audit entries were not dropped");
            }
        }
        for done in flushed {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
        if stop {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(micros: i64, status: u16) -> Entry {
        Entry {
            at: Instant::from_micros(micros).unwrap(),
            principal: Some("00000000-0000-8000-8000-000000000001".parse().unwrap()),
            operation: Some("listThings"),
            method: "GET".to_owned(),
            path: "/v1/things".to_owned(),
            status,
            code: None,
            request_id: "r".to_owned(),
        }
    }

    #[test]
    fn entries_are_kept_filtered_and_dropped_with_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_of(&folder.path().join("book"));
        let day = 86_400_000_000;
        let send = |audit: &Audit, entry| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(audit.record(entry));
        };
        let audit = Audit::open(&path, 30).unwrap();
        send(&audit, entry(0, 200));
        send(&audit, entry(1, 404));
        let all = audit.list(&Filter::default(), 0, 10).unwrap();
        assert_eq!(all.len(), 2);
        let denied = Filter {
            outcome: Some("denied".to_owned()),
            ..Filter::default()
        };
        let found = audit.list(&denied, 0, 10).unwrap();
        assert_eq!((found.len(), found[0].number), (1, 2));
        assert!(audit.list(&denied, 2, 10).unwrap().is_empty());
        audit.close();
        let audit = Audit::open(&path, 1).unwrap();
        send(&audit, entry(31 * day, 200));
        assert_eq!(audit.list(&Filter::default(), 0, 10).unwrap().len(), 1);
        audit.close();
    }
}
