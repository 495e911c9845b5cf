//! Sealing at the edge: the value goes to the vault, a reference into the command.

use std::fmt::Display;

use bareboat_api::Problem;
use bareboat_base::{Confidential, Digest, PartyId, SealedId, SealedRef, TypedId as _};
use bareboat_book::rejection::BookRejection;
use bareboat_journal::SealedBlob;
use bareboat_journal::{Opened, VaultError};

use crate::{Ask, random, respond};

/// Seals values of one party, and keeps their blobs for the act.
pub(crate) struct Sealer<'a> {
    ask: &'a Ask,
    party: PartyId,
    blobs: Vec<SealedBlob>,
}

impl<'a> Sealer<'a> {
    /// For a party that exists, or that the act makes.
    pub(crate) fn new(ask: &'a Ask, party: PartyId) -> Self {
        Self {
            ask,
            party,
            blobs: Vec::new(),
        }
    }

    /// Seals a value of a field. A dry run makes no key and keeps nothing: its reference leads
    /// nowhere.
    pub(crate) fn seal<T: Display>(
        &mut self,
        field: &str,
        value: &T,
    ) -> Result<Confidential<T>, Problem> {
        let reference = self.seal_bytes(field, value.to_string().as_bytes())?;
        Ok(Confidential::Sealed(reference))
    }

    /// The same, of any bytes.
    pub(crate) fn seal_bytes(&mut self, field: &str, value: &[u8]) -> Result<SealedRef, Problem> {
        let party = self.party;
        if self.ask.dry_run() {
            let id = uuid::Builder::from_random_bytes(random()).into_uuid();
            return Ok(SealedRef {
                id: SealedId::from_uuid(id),
                party,
                commitment: Digest(random()),
            });
        }
        let vault = &self.ask.app().vault;
        let sealed = vault.seal(party, field, value);
        let (reference, blob) = sealed.map_err(|error| vault_failed(&error))?;
        self.blobs.push(blob);
        Ok(reference)
    }

    /// What was sealed.
    pub(crate) fn into_blobs(self) -> Vec<SealedBlob> {
        self.blobs
    }
}

/// A value of the vault, in the clear. Only after its opening is durable, or together with an act
/// that records the opening.
pub(crate) fn open(ask: &crate::App, reference: &SealedRef) -> Result<String, Problem> {
    let value = open_bytes(ask, reference)?;
    String::from_utf8(value.to_vec()).map_err(|_| {
        tracing::error!(sealed = %reference.id, "a sealed value is not UTF-8");
        Problem::edge(
            bareboat_api::code::Edge::Internal,
            "the sealed value is not a text",
        )
    })
}

/// The same, of any bytes; wiped from memory when dropped.
pub(crate) fn open_bytes(
    ask: &crate::App,
    reference: &SealedRef,
) -> Result<impl std::ops::Deref<Target = Vec<u8>> + use<>, Problem> {
    let opened = ask.vault.open(reference);
    match opened.map_err(|error| vault_failed(&error))? {
        Opened::Value(value) => Ok(value),
        Opened::Shredded => Err(shredded(reference)),
    }
}

/// The value's key is destroyed.
pub(crate) fn shredded(reference: &SealedRef) -> Problem {
    let id = reference.id.to_string();
    Problem::refused(&BookRejection::Shredded { id })
}

/// The vault's own refusals name parties and ids, never a value.
pub(crate) fn vault_failed(error: &VaultError) -> Problem {
    match error {
        VaultError::Shredded { .. } => {
            Problem::new(409, error.code(), error.to_string(), error.hint())
        }
        _ => respond::internal(error),
    }
}
