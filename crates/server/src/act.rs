//! What a write's handler gives back: the command, and how it is answered.

use std::sync::Arc;

use bareboat_api::Problem;
use bareboat_base::text::BadText;
use bareboat_book::command::{DocumentKept, DocumentSealed, Keeping};
use bareboat_book::{Command, Event, State};
use bareboat_journal::{Document, SealedBlob};
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) type Answer = Box<dyn FnOnce(&State, &[Event]) -> Vec<u8> + Send>;
pub(crate) type Represent = Arc<dyn Fn(&State) -> Option<Vec<u8>> + Send + Sync>;
type Reveal = Box<dyn FnOnce(bool) -> Result<Map<String, Value>, Problem> + Send>;

/// One write, ready to be submitted.
pub struct Act {
    pub(crate) command: Command,
    pub(crate) documents: Vec<Document>,
    pub(crate) sealed: Vec<SealedBlob>,
    pub(crate) sealed_documents: Vec<DocumentSealed>,
    pub(crate) answer: Answer,
    pub(crate) current: Option<Represent>,
    pub(crate) reveal: Option<Reveal>,
}

impl Act {
    /// A command; `answer` makes the answer from the state after it and the events that it gave.
    /// It runs on the writer's thread: find the rows, map them, nothing else. What it gives is
    /// stored with the idempotency key: nothing secret or sealed may be in it.
    pub fn new<T: Serialize>(
        command: Command,
        answer: impl FnOnce(&State, &[Event]) -> T + Send + 'static,
    ) -> Self {
        Self {
            command,
            documents: Vec::new(),
            sealed: Vec::new(),
            sealed_documents: Vec::new(),
            answer: Box::new(move |state, events| {
                // Wire types are structs of strings and numbers.
                serde_json::to_vec(&answer(state, events)).unwrap_or_default()
            }),
            current: None,
            reveal: None,
        }
    }

    /// Keeps a document with the command.
    #[must_use]
    pub fn with_document(mut self, document: Document) -> Self {
        self.documents.push(document);
        self
    }

    /// Keeps sealed values with the command.
    #[must_use]
    pub fn with_sealed(mut self, sealed: impl IntoIterator<Item = SealedBlob>) -> Self {
        self.sealed.extend(sealed);
        self
    }

    /// Keeps a document about a sealed party with the command; a dry run has no blob of it.
    #[must_use]
    pub fn with_sealed_document(
        mut self,
        document: DocumentSealed,
        blobs: impl IntoIterator<Item = SealedBlob>,
    ) -> Self {
        self.sealed_documents.push(document);
        self.with_sealed(blobs)
    }

    /// The command, which says what documents are kept with it.
    pub(crate) fn keeping(
        command: Command,
        documents: &[Document],
        sealed: Vec<DocumentSealed>,
    ) -> Result<Command, BadText> {
        if documents.is_empty() && sealed.is_empty() {
            return Ok(command);
        }
        let kept = documents.iter().map(|document| {
            Ok(DocumentKept {
                digest: document.digest,
                media_type: document.media_type.parse()?,
            })
        });
        Ok(Command::Keeping(Keeping {
            command: Box::new(command),
            kept: kept.collect::<Result<_, BadText>>()?,
            sealed,
        }))
    }

    /// Lets the caller guard the write by `If-Match`: `current` gives what the matching read
    /// would answer of the thing that is written to, as the same caller sees it.
    #[must_use]
    pub fn guarded<T: Serialize>(
        mut self,
        current: impl Fn(&State) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        self.current = Some(Arc::new(move |state: &State| {
            current(state).and_then(|value| serde_json::to_vec(&value).ok())
        }));
        self
    }

    /// Adds fields to the answer after the command is durable: a new key's secret, an opened
    /// value. They are stored nowhere. `reveal` is told whether the answer is a repeated one.
    #[must_use]
    pub fn revealing(
        mut self,
        reveal: impl FnOnce(bool) -> Result<Map<String, Value>, Problem> + Send + 'static,
    ) -> Self {
        self.reveal = Some(Box::new(reveal));
        self
    }
}
