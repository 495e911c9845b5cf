//! Openings and shreddings of sealed values: both are facts of the book.
//!
//! The values lie in the journal's vault. The book says who opened which, when and why, and which
//! parties' keys are destroyed, so that a restored backup can destroy them again.

use bareboat_base::{Digest, PartyId, Recorded, SealedId, SealedRef, Table, Text};
use serde::{Deserialize, Serialize};

/// Someone opened a sealed value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedOpened {
    /// Which.
    pub sealed: SealedRef,
    /// Which field it is: `name`, `address`, `identifier` …
    pub field: Text,
    /// What for.
    pub purpose: Text,
}

/// The key of a party was destroyed: everything sealed under it can no longer be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyShredded {
    /// Whose.
    pub party: PartyId,
    /// Why: a retention period that ended, a request for erasure.
    pub reason: Text,
}

/// A document was kept with the act: its bytes lie in the store under their digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentKept {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// What kind of bytes: `text/csv`.
    pub media_type: Text,
}

/// A document about a sealed party was kept with the act: its bytes lie in the vault, encrypted
/// under that party's key. Where an event names the document by a digest, it is the salted
/// commitment that stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentSealed {
    /// Its bytes.
    pub sealed: SealedRef,
    /// What kind of bytes: `text/csv`.
    pub media_type: Text,
}

/// One opening, as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What was opened.
    pub opened: SealedOpened,
    /// When and by whom.
    pub recorded: Recorded,
}

/// Openings and shredded keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seals {
    /// Every opening, in order.
    pub openings: Table<u32, Opening>,
    /// Every party whose key was destroyed.
    pub shredded: Table<PartyId, Recorded>,
    /// Every sealed document, by its commitment.
    pub documents: Table<Digest, DocumentSealed>,
}

impl Seals {
    /// Whether a value can no longer be read.
    pub fn is_shredded(&self, sealed: &SealedRef) -> bool {
        self.shredded.contains(&sealed.party)
    }

    /// The openings of one value, in order.
    pub fn openings_of(&self, sealed: SealedId) -> impl Iterator<Item = &Opening> {
        self.openings
            .values()
            .filter(move |opening| opening.opened.sealed.id == sealed)
    }
}
