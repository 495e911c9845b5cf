//! Sealed values: encrypted under their party's key, committed to by the book.
//!
//! A value is encrypted with XChaCha20-Poly1305 under its party's 256-bit data key, together
//! with the 32-byte salt of its commitment; bound to it, as associated data, are its id, its
//! party and its field. So the book can show that a value is the one it committed to, a value
//! cannot be passed off as another, and destroying the party's key shreds all of its values
//! without touching a hashed byte.

mod file_keys;
mod keys;
mod memory_keys;

use std::path::Path;
use std::sync::Arc;

use bareboat_base::{Digest, PartyId, Salt, SealedId, SealedRef, TypedId as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::store::{Reader, SealedBlob};

pub use file_keys::FileKeys;
pub use keys::{DataKey, KeyError, KeyProvider, PartyKey};
pub use memory_keys::MemoryKeys;

const SALT_BYTES: usize = 32;

/// What opening a sealed value gives.
#[derive(Debug)]
pub enum Opened {
    /// The value; wiped from memory when dropped.
    Value(Zeroizing<Vec<u8>>),
    /// Its key was destroyed; nobody can read it again.
    Shredded,
}

/// Why a sealed value could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The keys failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The party's key was destroyed; nothing more can be sealed under it.
    #[error("the key of party {party} was destroyed")]
    Shredded {
        /// Whose.
        party: PartyId,
    },
    /// The encrypted value is not in the store.
    #[error("sealed value {id} is not in the book")]
    Missing {
        /// Which.
        id: SealedId,
    },
    /// The party has values but no key and no mark of its destruction.
    #[error("the key of party {party} is missing")]
    KeyMissing {
        /// Whose.
        party: PartyId,
    },
    /// It does not decrypt, or is not what the book committed to.
    #[error("sealed value {id} is not what the book committed to, or the key is another")]
    Damaged {
        /// Which.
        id: SealedId,
    },
}

impl VaultError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Shredded { .. } => "journal.shredded",
            Self::Missing { .. } => "journal.sealed_missing",
            Self::KeyMissing { .. } => "journal.key_missing",
            Self::Damaged { .. } => "journal.damaged",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Key(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Shredded { .. } => "register the party anew",
            Self::Missing { .. } => "run `bareboat journal verify`, and restore a backup",
            Self::KeyMissing { .. } => "put the keys directory that belongs to this book in place",
            Self::Damaged { .. } => {
                "check that the keys directory is this book's, and run `bareboat journal verify`"
            }
        }
    }
}

/// Seals values, opens them, shreds them.
pub struct Vault {
    keys: Arc<dyn KeyProvider>,
    reader: Arc<dyn Reader>,
}

impl Vault {
    /// A vault over a book's sealed values and the keys to them.
    pub fn new(keys: Arc<dyn KeyProvider>, reader: Arc<dyn Reader>) -> Self {
        Self { keys, reader }
    }

    /// A vault whose keys are files. A book that holds sealed values opens only with the keys to
    /// them: a new master key beside it would seal what its own directory could never open.
    pub fn in_files(directory: &Path, reader: Arc<dyn Reader>) -> Result<Self, VaultError> {
        let keys = match reader.any_sealed_party()? {
            None => FileKeys::open_or_new(directory)?,
            Some(party) => {
                let keys = FileKeys::open(directory)?;
                if let PartyKey::Missing = keys.key(party)? {
                    return Err(KeyError::OtherKeys {
                        directory: directory.to_owned(),
                        party,
                    }
                    .into());
                }
                keys
            }
        };
        Ok(Self::new(Arc::new(keys), reader))
    }

    /// A party's key; a new one only when nothing of the party is sealed yet.
    fn key(&self, party: PartyId) -> Result<PartyKey, VaultError> {
        match self.keys.key(party)? {
            PartyKey::Missing if self.reader.has_sealed(party)? => {
                Err(VaultError::KeyMissing { party })
            }
            PartyKey::Missing => Ok(self.keys.key_or_new(party)?),
            known => Ok(known),
        }
    }

    /// Seals a value of a party's field (`name`, `address`). Id, salt and nonce are drawn here:
    /// at the edge. The reference goes into the command, the blob into its submission. Makes
    /// the party's key when nothing of it is sealed yet.
    pub fn seal(
        &self,
        party: PartyId,
        field: &str,
        value: &[u8],
    ) -> Result<(SealedRef, SealedBlob), VaultError> {
        let key = match self.key(party)? {
            PartyKey::Key(key) => key,
            PartyKey::Shredded => return Err(VaultError::Shredded { party }),
            PartyKey::Missing => return Err(VaultError::KeyMissing { party }),
        };
        let id = SealedId::from_uuid(uuid::Builder::from_random_bytes(random()?).into_uuid());
        let salt = Salt(random()?);
        let nonce: [u8; 24] = random()?;
        let plain = Zeroizing::new([&salt.0[..], value].concat());
        let sealed = Payload {
            msg: &plain,
            aad: &bound(id, party, field),
        };
        let ciphertext = XChaCha20Poly1305::new(key.bytes().into())
            .encrypt(XNonce::from_slice(&nonce), sealed)
            .map_err(|_| VaultError::Damaged { id })?;
        let reference = SealedRef {
            id,
            party,
            commitment: SealedRef::commit(id, &salt, value),
        };
        let blob = SealedBlob {
            id,
            party,
            field: field.to_owned(),
            nonce,
            ciphertext,
        };
        Ok((reference, blob))
    }

    /// Opens a value that the book holds.
    pub fn open(&self, reference: &SealedRef) -> Result<Opened, VaultError> {
        if let PartyKey::Shredded = self.keys.key(reference.party)? {
            return Ok(Opened::Shredded);
        }
        let id = reference.id;
        let blob = self.reader.sealed(id)?.ok_or(VaultError::Missing { id })?;
        open_with(&*self.keys, reference, &blob)
    }

    /// Opens a value that is at hand: one that is about to be submitted.
    pub fn open_blob(
        &self,
        reference: &SealedRef,
        blob: &SealedBlob,
    ) -> Result<Opened, VaultError> {
        open_with(&*self.keys, reference, blob)
    }

    /// A salt that is always the same for the same party and purpose, and that nobody without
    /// the party's key can compute: for digests that must not be guessed back. It goes with the
    /// key; `None` when that was destroyed.
    pub fn salt(&self, party: PartyId, purpose: &str) -> Result<Option<Salt>, VaultError> {
        match self.key(party)? {
            PartyKey::Key(key) => {
                let parts: [&[u8]; 3] = [b"bareboat-salt-v1", key.bytes(), purpose.as_bytes()];
                Ok(Some(Salt(Digest::of(&parts).0)))
            }
            PartyKey::Shredded => Ok(None),
            PartyKey::Missing => Err(VaultError::KeyMissing { party }),
        }
    }

    /// The digest by which a repeated request is known, over its parts. A request may hold what
    /// is sealed, and its digest lies in the book: so it is keyed, and nobody with the book or a
    /// backup alone can try guesses against it. Under other keys an earlier request no longer
    /// reads as the same: its key is refused, never executed again.
    pub fn request_digest(&self, parts: &[&[u8]]) -> Result<Digest, VaultError> {
        Ok(self.keys.derived("request")?.mac(parts))
    }

    /// Destroys a party's key: all its sealed values read as shredded from now on, in this book
    /// and in every backup of it. Doing it again does nothing.
    pub fn shred(&self, party: PartyId) -> Result<(), VaultError> {
        Ok(self.keys.destroy(party)?)
    }
}

/// Decrypts, and checks the book's commitment.
pub(crate) fn open_with(
    keys: &dyn KeyProvider,
    reference: &SealedRef,
    blob: &SealedBlob,
) -> Result<Opened, VaultError> {
    let (id, party) = (reference.id, reference.party);
    let damaged = || VaultError::Damaged { id };
    let key = match keys.key(party)? {
        PartyKey::Key(key) => key,
        PartyKey::Shredded => return Ok(Opened::Shredded),
        PartyKey::Missing => return Err(VaultError::KeyMissing { party }),
    };
    let sealed = Payload {
        msg: &blob.ciphertext,
        aad: &bound(id, party, &blob.field),
    };
    let plain = XChaCha20Poly1305::new(key.bytes().into())
        .decrypt(XNonce::from_slice(&blob.nonce), sealed)
        .map(Zeroizing::new)
        .map_err(|_| damaged())?;
    let (salt, value) = plain
        .split_first_chunk::<SALT_BYTES>()
        .ok_or_else(damaged)?;
    if reference.opens_to(&Salt(*salt), value) {
        Ok(Opened::Value(Zeroizing::new(value.to_vec())))
    } else {
        Err(damaged())
    }
}

/// What a ciphertext is bound to.
fn bound(id: SealedId, party: PartyId, field: &str) -> Vec<u8> {
    [
        b"bareboat-sealed-v1",
        &id.uuid().as_bytes()[..],
        party.uuid().as_bytes(),
        field.as_bytes(),
    ]
    .concat()
}

/// Bytes from the system's generator.
fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| KeyError::NoRandomness(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
