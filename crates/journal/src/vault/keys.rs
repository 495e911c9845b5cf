//! Who holds the parties' keys.

use bareboat_base::{Digest, PartyId};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::error::StoreError;

/// A party's 256-bit data key; wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

impl DataKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key that follows from this one and a purpose, and gives away nothing of it.
    pub fn derive(&self, purpose: &str) -> Self {
        Self(self.mac(&[b"bareboat-derive-v1", purpose.as_bytes()]).0)
    }

    /// HMAC-SHA-256 over the parts, each after its length: who has not the key can neither make
    /// it nor try a guess against it.
    pub fn mac(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length fits");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Digest(mac.finalize().into_bytes().into())
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// What is known of a party's key.
#[derive(Clone, Debug)]
pub enum PartyKey {
    /// The key.
    Key(DataKey),
    /// It was destroyed.
    Shredded,
    /// There is none, and no mark that there ever was.
    Missing,
}

/// Why keys could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file could not be used, or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key is not the one that wrapped the party's key, or the file is damaged.
    #[error("the key of party {party} does not unwrap under this master key")]
    WrongKey {
        /// Whose.
        party: PartyId,
    },
    /// The master key is needed, and is not there.
    #[error("the keys directory {} holds no master key", .directory.display())]
    NoMaster {
        /// The directory.
        directory: std::path::PathBuf,
    },
    /// The book holds sealed values to which the directory holds no key.
    #[error("the keys directory {} holds no key of party {party}, of whom the book holds sealed values", .directory.display())]
    OtherKeys {
        /// The directory.
        directory: std::path::PathBuf,
        /// One of those parties.
        party: PartyId,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    NoRandomness(String),
}

impl KeyError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::WrongKey { .. } => "journal.wrong_key",
            Self::NoMaster { .. } | Self::OtherKeys { .. } => "journal.key_missing",
            Self::NoRandomness(_) => "journal.storage",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::WrongKey { .. } | Self::NoMaster { .. } | Self::OtherKeys { .. } => {
                "put the keys directory that belongs to this book in place, whole"
            }
            Self::NoRandomness(_) => "check the system's random number generator",
        }
    }
}

/// Holds one data key a party. A destroyed key never comes back: its party stays marked.
pub trait KeyProvider: Send + Sync {
    /// A party's key.
    fn key(&self, party: PartyId) -> Result<PartyKey, KeyError>;

    /// A party's key; a new one, durably kept, when it has none and never had one destroyed.
    fn key_or_new(&self, party: PartyId) -> Result<PartyKey, KeyError>;

    /// A key for another purpose than a party's values, always the same for the same purpose
    /// under the same keys.
    fn derived(&self, purpose: &str) -> Result<DataKey, KeyError>;

    /// Destroys a party's key for good and marks the party, whether it had a key or not.
    fn destroy(&self, party: PartyId) -> Result<(), KeyError>;
}
