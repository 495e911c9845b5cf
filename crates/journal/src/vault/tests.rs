use std::path::Path;
use std::sync::Arc;

use bareboat_base::{Digest, Instant, Position, PrincipalId};

use super::*;
use crate::store::{Damage, Document, Remembered, StoredEvent};

/// A book of one sealed value.
struct OneValue(SealedBlob);

impl Reader for OneValue {
    fn tail(&self) -> Result<Position, StoreError> {
        Ok(Position(0))
    }
    fn events(&self, _: Position, _: usize) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(Vec::new())
    }
    fn position_at(&self, _: Instant) -> Result<Position, StoreError> {
        Ok(Position(0))
    }
    fn leaves(&self, _: Position, _: usize) -> Result<Vec<Digest>, StoreError> {
        Ok(Vec::new())
    }
    fn remembered(&self, _: &[(PrincipalId, &str)]) -> Result<Vec<Option<Remembered>>, StoreError> {
        Ok(Vec::new())
    }
    fn document(&self, _: Digest) -> Result<Option<Document>, StoreError> {
        Ok(None)
    }
    fn has_document(&self, _: Digest) -> Result<bool, StoreError> {
        Ok(false)
    }
    fn sealed(&self, id: SealedId) -> Result<Option<SealedBlob>, StoreError> {
        Ok((id == self.0.id).then(|| self.0.clone()))
    }
    fn has_sealed(&self, party: PartyId) -> Result<bool, StoreError> {
        Ok(self.0.party == party)
    }
    fn any_sealed_party(&self) -> Result<Option<PartyId>, StoreError> {
        Ok(Some(self.0.party))
    }
    fn head_expected(&self) -> Result<bool, StoreError> {
        Ok(false)
    }
    fn check(&self, _: &mut dyn FnMut()) -> Result<Vec<Damage>, StoreError> {
        Ok(Vec::new())
    }
}

fn party(number: u128) -> PartyId {
    PartyId::from_uuid(uuid::Uuid::from_u128(number))
}

fn vault(keys: Arc<dyn KeyProvider>, blob: &SealedBlob) -> Vault {
    Vault::new(keys, Arc::new(OneValue(blob.clone())))
}

fn sealed(keys: &Arc<dyn KeyProvider>, value: &[u8]) -> (SealedRef, SealedBlob) {
    let nothing = SealedBlob {
        id: SealedId::from_uuid(uuid::Uuid::nil()),
        party: party(0),
        field: String::new(),
        nonce: [0; 24],
        ciphertext: Vec::new(),
    };
    vault(Arc::clone(keys), &nothing)
        .seal(party(1), "name", value)
        .unwrap()
}

fn both(check: fn(Arc<dyn KeyProvider>)) {
    check(Arc::new(MemoryKeys::new()));
    let directory = tempfile::tempdir().unwrap();
    check(Arc::new(
        FileKeys::open_or_new(&directory.path().join("k")).unwrap(),
    ));
}

#[test]
fn values_open_under_their_own_key_only() {
    both(|keys| {
        let (reference, blob) = sealed(&keys, b"Nagisa");
        let vault = vault(keys, &blob);
        let Opened::Value(value) = vault.open(&reference).unwrap() else {
            panic!("not shredded");
        };
        assert_eq!(&value[..], b"Nagisa");
        assert!(!blob.ciphertext.windows(6).any(|bytes| bytes == b"Nagisa"));
        let none = SealedRef {
            party: party(2),
            ..reference
        };
        assert_eq!(vault.open(&none).unwrap_err().code(), "journal.key_missing");
        vault.seal(party(2), "name", b"x").unwrap();
        assert_eq!(vault.open(&none).unwrap_err().code(), "journal.damaged");
        let absent = SealedRef {
            id: SealedId::from_uuid(uuid::Uuid::nil()),
            ..reference
        };
        assert_eq!(
            vault.open(&absent).unwrap_err().code(),
            "journal.sealed_missing"
        );
        // A commitment to another value.
        let other = SealedRef {
            commitment: Digest([0; 32]),
            ..reference
        };
        assert_eq!(vault.open(&other).unwrap_err().code(), "journal.damaged");
    });
}

#[test]
fn a_changed_blob_does_not_open() {
    both(|keys| {
        let (reference, blob) = sealed(&keys, b"Nagisa");
        let vault = vault(keys, &blob);
        for bit in 0..blob.ciphertext.len() * 8 {
            let mut changed = blob.clone();
            changed.ciphertext[bit / 8] ^= 1 << (bit % 8);
            assert!(vault.open_blob(&reference, &changed).is_err(), "bit {bit}");
        }
        let renamed = SealedBlob {
            field: "address".to_owned(),
            ..blob
        };
        assert!(vault.open_blob(&reference, &renamed).is_err());
    });
}

#[test]
fn shredded_is_for_ever() {
    both(|keys| {
        let (reference, blob) = sealed(&keys, b"Nagisa");
        let vault = vault(keys, &blob);
        vault.shred(party(1)).unwrap();
        vault.shred(party(1)).unwrap();
        // One that never had a key is marked as well: a restored list of shredded keys names it.
        vault.shred(party(7)).unwrap();
        assert!(matches!(vault.open(&reference), Ok(Opened::Shredded)));
        assert!(matches!(
            vault.open_blob(&reference, &blob),
            Ok(Opened::Shredded)
        ));
        let again = vault.seal(party(1), "name", b"Nagisa").unwrap_err();
        assert_eq!(again.code(), "journal.shredded");
        let never = vault.seal(party(7), "name", b"x").unwrap_err();
        assert_eq!(never.code(), "journal.shredded");
    });
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn key_files_survive_reopening_and_are_private() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let open = || -> Arc<dyn KeyProvider> { Arc::new(FileKeys::open_or_new(&path).unwrap()) };
    let (reference, blob) = sealed(&open(), b"Nagisa");
    let opened = vault(open(), &blob).open(&reference).unwrap();
    assert!(matches!(opened, Opened::Value(value) if value[..] == *b"Nagisa"));
    #[cfg(unix)]
    for (name, mode) in [
        ("", 0o700),
        ("master.key", 0o600),
        (&format!("{}.key", party(1)), 0o600),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let found = std::fs::metadata(path.join(name)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, mode, "{name}");
    }
    // A destruction that a crash interrupted after the mark is finished when it is done again.
    std::fs::write(path.join(format!("{}.shredded", party(1))), b"").unwrap();
    let keys = open();
    assert!(matches!(keys.key(party(1)), Ok(PartyKey::Shredded)));
    keys.destroy(party(1)).unwrap();
    assert_eq!(
        files(&path),
        [format!("{}.shredded", party(1)), "master.key".to_owned()]
    );
    assert!(matches!(keys.key(party(1)), Ok(PartyKey::Shredded)));
}

#[test]
fn a_foreign_or_missing_master_key_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    FileKeys::open_or_new(&path)
        .unwrap()
        .key_or_new(party(1))
        .unwrap();
    let master = path.join("master.key");
    let own = std::fs::read(&master).unwrap();
    std::fs::remove_file(&master).unwrap();
    for open in [FileKeys::open, FileKeys::open_or_new] {
        let error = open(&path).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "journal.key_missing");
    }
    std::fs::write(&master, "0".repeat(64)).unwrap();
    let error = FileKeys::open(&path).unwrap().key(party(1)).unwrap_err();
    assert_eq!(error.code(), "journal.wrong_key");
    std::fs::write(&master, "not hexadecimal").unwrap();
    let error = FileKeys::open(&path).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "journal.damaged");
    std::fs::write(&master, own).unwrap();
    let keys = FileKeys::open(&path).unwrap();
    assert!(matches!(keys.key(party(1)), Ok(PartyKey::Key(_))));
    // A flipped bit in a key file.
    let file = path.join(format!("{}.key", party(1)));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[50] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(keys.key(party(1)).unwrap_err().code(), "journal.wrong_key");
}

#[test]
fn no_new_keys_for_a_book_that_holds_sealed_values() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let keys: Arc<dyn KeyProvider> = Arc::new(FileKeys::open_or_new(&path("own")).unwrap());
    let (reference, blob) = sealed(&keys, b"Nagisa");
    let open = |name: &str| Vault::in_files(&path(name), Arc::new(OneValue(blob.clone())));
    let refused = |name: &str| {
        let error = open(name).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "journal.key_missing");
        assert!(
            error
                .to_string()
                .contains(&path(name).display().to_string()),
            "{error}"
        );
    };
    // The keys were left on another machine: nothing is made in their place.
    refused("none");
    assert!(!path("none").exists());
    // Another book's keys.
    FileKeys::open_or_new(&path("other")).unwrap();
    refused("other");
    let own = open("own").unwrap();
    assert!(matches!(own.open(&reference), Ok(Opened::Value(_))));
    // One party's key file is gone: its next value is not sealed under a new key.
    std::fs::remove_file(path("own").join(format!("{}.key", party(1)))).unwrap();
    let error = own.seal(party(1), "address", b"x").unwrap_err();
    assert_eq!(error.code(), "journal.key_missing");
    let error = own.salt(party(1), "screening").unwrap_err();
    assert_eq!(error.code(), "journal.key_missing");
    own.seal(party(2), "name", b"x").unwrap();
}

#[test]
fn a_request_is_known_again_under_the_same_keys_only() {
    // Python's hmac over the length and the part.
    let key = DataKey::new([0x0b; 32]);
    assert_eq!(
        key.mac(&[b"Hi There"]).to_string(),
        "0bc448fbd942bda00fa596aed1a2014da91bb53394aafc0fd1b510d9ce5de26a"
    );
    let directory = tempfile::tempdir().unwrap();
    let digest = |keys: Arc<dyn KeyProvider>, parts: &[&[u8]]| {
        let nothing = SealedBlob {
            id: SealedId::from_uuid(uuid::Uuid::nil()),
            party: party(0),
            field: String::new(),
            nonce: [0; 24],
            ciphertext: Vec::new(),
        };
        vault(keys, &nothing).request_digest(parts).unwrap()
    };
    let files = |name: &str| -> Arc<dyn KeyProvider> {
        Arc::new(FileKeys::open_or_new(&directory.path().join(name)).unwrap())
    };
    let request: &[&[u8]] = &[b"POST", b"/v1/parties", b"{\"name\":\"Nagisa\"}"];
    let once = digest(files("one"), request);
    assert_eq!(digest(files("one"), request), once);
    assert_ne!(digest(files("two"), request), once);
    assert_ne!(once, Digest::of(request));
    assert_ne!(
        digest(files("one"), &[b"POST/v1/parties", request[2]]),
        once
    );
    let memory: Arc<dyn KeyProvider> = Arc::new(MemoryKeys::new());
    assert_eq!(
        digest(Arc::clone(&memory), request),
        digest(memory, request)
    );
}
