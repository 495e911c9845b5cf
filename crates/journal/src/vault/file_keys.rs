//! Keys in a directory: a master key, and one file a party with its data key wrapped by it.
//!
//! | file | content |
//! |---|---|
//! | `master.key` | 64 hexadecimal digits |
//! | `<party>.key` | `bareboat-key-v1\n`, a 24-byte nonce, and the data key encrypted with XChaCha20-Poly1305 under the master key, bound to the party |
//! | `<party>.shredded` | nothing: the party's key was destroyed, and is never made again |
//!
//! The directory is its owner's only (0700, files 0600). Keep it apart from backups of the book:
//! whoever has both can read what was shredded since.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bareboat_base::hash::{hex, unhex};
use bareboat_base::{PartyId, TypedId as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::keys::{DataKey, KeyError, KeyProvider, PartyKey};
use super::random;
use crate::error::StoreError;
use crate::files::{self, Privacy, failed};

const TITLE: &[u8; 16] = b"bareboat-key-v1\n";
const MASTER: &str = "master.key";
const NONCE_BYTES: usize = 24;

/// Keys in a directory.
pub struct FileKeys {
    directory: PathBuf,
    master: DataKey,
    // Making and destroying keys, one at a time.
    changing: Mutex<()>,
}

impl FileKeys {
    /// Opens a directory that holds a master key. Writes nothing.
    pub fn open(directory: &Path) -> Result<Self, KeyError> {
        let master = read_master(directory)?.ok_or_else(|| KeyError::NoMaster {
            directory: directory.to_owned(),
        })?;
        Ok(Self::with(directory, master))
    }

    /// The same; makes the directory, with a new master key, when nothing is there.
    pub fn open_or_new(directory: &Path) -> Result<Self, KeyError> {
        files::owner_directory(directory)?;
        let master = match read_master(directory)? {
            Some(master) => master,
            None => new_master(directory)?,
        };
        Ok(Self::with(directory, master))
    }

    fn with(directory: &Path, master: DataKey) -> Self {
        Self {
            directory: directory.to_owned(),
            master,
            changing: Mutex::new(()),
        }
    }

    fn path(&self, party: PartyId, suffix: &str) -> PathBuf {
        self.directory.join(format!("{party}.{suffix}"))
    }

    fn marked(&self, party: PartyId) -> bool {
        self.path(party, "shredded").exists()
    }

    fn wrap(&self, party: PartyId, key: &DataKey) -> Result<Vec<u8>, KeyError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload {
            msg: key.bytes(),
            aad: &bound(party),
        };
        let wrapped = XChaCha20Poly1305::new(self.master.bytes().into())
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| KeyError::WrongKey { party })?;
        Ok([&TITLE[..], &nonce, &wrapped].concat())
    }

    fn unwrap(&self, party: PartyId, bytes: &[u8]) -> Result<DataKey, KeyError> {
        let parts = bytes
            .strip_prefix(TITLE)
            .and_then(|rest| rest.split_first_chunk::<NONCE_BYTES>());
        let plain = parts.and_then(|(nonce, wrapped)| {
            let payload = Payload {
                msg: wrapped,
                aad: &bound(party),
            };
            XChaCha20Poly1305::new(self.master.bytes().into())
                .decrypt(XNonce::from_slice(nonce), payload)
                .map(Zeroizing::new)
                .ok()
        });
        plain
            .and_then(|plain| <[u8; 32]>::try_from(&plain[..]).ok())
            .map(DataKey::new)
            .ok_or(KeyError::WrongKey { party })
    }

    /// Overwrites and removes a party's key file, if there is one.
    fn erase(&self, party: PartyId) -> Result<(), KeyError> {
        let path = self.path(party, "key");
        let mut file = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("open", &path)(error).into()),
        };
        let length = file.metadata().map_err(failed("read", &path))?.len();
        let noise = vec![0xa5; usize::try_from(length).unwrap_or(0)];
        file.write_all(&noise)
            .and_then(|()| file.sync_all())
            .map_err(failed("overwrite", &path))?;
        drop(file);
        fs::remove_file(&path).map_err(failed("remove", &path))?;
        Ok(files::sync_directory_of(&path)?)
    }
}

impl KeyProvider for FileKeys {
    fn key(&self, party: PartyId) -> Result<PartyKey, KeyError> {
        if self.marked(party) {
            return Ok(PartyKey::Shredded);
        }
        match files::read(&self.path(party, "key"))? {
            Some(bytes) => Ok(PartyKey::Key(self.unwrap(party, &bytes)?)),
            None => Ok(PartyKey::Missing),
        }
    }

    fn key_or_new(&self, party: PartyId) -> Result<PartyKey, KeyError> {
        let _one = self.changing.lock();
        match self.key(party)? {
            PartyKey::Missing => {}
            known => return Ok(known),
        }
        let key = DataKey::new(random()?);
        let wrapped = self.wrap(party, &key)?;
        files::replace(&self.path(party, "key"), &[&wrapped], Privacy::Owner)?;
        Ok(PartyKey::Key(key))
    }

    fn derived(&self, purpose: &str) -> Result<DataKey, KeyError> {
        Ok(self.master.derive(purpose))
    }

    fn destroy(&self, party: PartyId) -> Result<(), KeyError> {
        let _one = self.changing.lock();
        // The mark first: a crash between the two leaves a party that is marked, and whose key
        // is erased when it is destroyed again, as every opening of the book does.
        if !self.marked(party) {
            files::replace(&self.path(party, "shredded"), &[], Privacy::Owner)?;
        }
        self.erase(party)
    }
}

fn bound(party: PartyId) -> Vec<u8> {
    [&b"bareboat-key-v1"[..], party.uuid().as_bytes()].concat()
}

fn names(directory: &Path) -> Result<Vec<String>, StoreError> {
    let entries = fs::read_dir(directory).map_err(failed("read", directory))?;
    entries
        .map(|entry| {
            let entry = entry.map_err(failed("read", directory))?;
            Ok(entry.file_name().to_string_lossy().into_owned())
        })
        .collect()
}

fn read_master(directory: &Path) -> Result<Option<DataKey>, KeyError> {
    let path = directory.join(MASTER);
    let Some(text) = files::read(&path)?.map(Zeroizing::new) else {
        return Ok(None);
    };
    let damaged = || StoreError::Damaged {
        what: format!("the master key {}", path.display()),
    };
    Ok(Some(parse_master(&text).ok_or_else(damaged)?))
}

fn new_master(directory: &Path) -> Result<DataKey, KeyError> {
    if names(directory)?.iter().any(|name| name.ends_with(".key")) {
        return Err(KeyError::NoMaster {
            directory: directory.to_owned(),
        });
    }
    let master = DataKey::new(random()?);
    let text = Zeroizing::new(hex(master.bytes()));
    files::replace(
        &directory.join(MASTER),
        &[text.as_bytes(), b"\n"],
        Privacy::Owner,
    )?;
    // The directory's own name must survive as well.
    files::sync_directory_of(directory)?;
    Ok(master)
}

fn parse_master(text: &[u8]) -> Option<DataKey> {
    let text = std::str::from_utf8(text).ok()?.trim_end();
    let bytes = Zeroizing::new(unhex(text)?);
    <[u8; 32]>::try_from(&bytes[..]).ok().map(DataKey::new)
}
