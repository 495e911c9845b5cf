//! Values that only named roles may read. The book holds a reference and a salted commitment;
//! the value lies apart, encrypted under its party's key (see the journal's vault).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::{Digest, unhex};
use crate::{PartyId, SealedId};

/// 32 random bytes that keep a commitment from being guessed; kept with the value, never in the
/// book.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// Stands in the book for a value that is kept apart: which one, whose key it is under, and a
/// commitment to it: SHA-256("bareboat-sealed-v1" ‖ id ‖ salt ‖ value).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SealedRef {
    /// The value's opaque id.
    pub id: SealedId,
    /// The party whose key encrypts it; destroying that key shreds the value.
    pub party: PartyId,
    /// Binds the book to the value without telling it.
    pub commitment: Digest,
}

impl SealedRef {
    /// The commitment to `value` under `salt`.
    pub fn commit(id: SealedId, salt: &Salt, value: &[u8]) -> Digest {
        use crate::TypedId as _;
        Digest::of(&[b"bareboat-sealed-v1", id.uuid().as_bytes(), &salt.0, value])
    }

    /// Whether `value` under `salt` is what the book committed to.
    pub fn opens_to(&self, salt: &Salt, value: &[u8]) -> bool {
        Self::commit(self.id, salt, value) == self.commitment
    }
}

/// A field that is either in the open or sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confidential<T> {
    /// Anyone who may read the row may read it.
    Open(T),
    /// Only the roles that may open it, each opening on record.
    Sealed(SealedRef),
}

impl<T> Confidential<T> {
    /// The value, when it is in the open.
    pub fn open(&self) -> Option<&T> {
        match self {
            Self::Open(value) => Some(value),
            Self::Sealed(_) => None,
        }
    }

    /// The reference, when it is sealed.
    pub fn sealed(&self) -> Option<&SealedRef> {
        match self {
            Self::Open(_) => None,
            Self::Sealed(sealed) => Some(sealed),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Confidential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(value) => value.fmt(f),
            Self::Sealed(_) => f.write_str("sealed"),
        }
    }
}

impl std::str::FromStr for Salt {
    type Err = crate::hash::BadDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        unhex(text)
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| crate::hash::BadDigest("a salt that does not parse".to_owned()))
    }
}
