//! Where the book is kept: a store of events, the tree of hashes over them, the vault of sealed
//! values, and the engine that decides commands one batch at a time and makes them durable.
//!
//! It is generic over [`bareboat_base::Fold`] and [`bareboat_base::Decide`], and knows no domain.
//! It is not a cache and not a queue: an event is stored once as bytes, hashed as it lies, and
//! never written again.
//!
//! Start at [`engine::Engine`]; what a store must do is in [`store`]; the bytes that are hashed
//! are in [`leaf`]; what is promised of durability, and its window, is in [`head`].

pub mod engine;
pub mod error;
mod files;
pub mod head;
pub mod leaf;
pub mod merkle;
pub mod paths;
pub mod snapshot;
pub mod sqlite;
pub mod store;
pub mod vault;
pub mod verify;

pub use engine::{
    Accepted, AsOf, Engine, Idempotency, Opening, Options, Pending, Precondition,
    PreconditionFailed, Stats, Submission, View,
};
pub use error::{AsOfError, CODES, OpenError, StoreError, SubmitError};
pub use head::Head;
pub use paths::Paths;
pub use sqlite::{SqliteOptions, SqliteStore, Synchronous, backup, restore};
pub use store::{Document, Holder, SealedBlob, Store, StoredEvent};
pub use vault::{FileKeys, KeyProvider, MemoryKeys, Opened, Vault, VaultError};
pub use verify::{Finding, Report, verify, verify_book};
