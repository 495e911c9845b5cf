//! Keys in memory: for tests, and for books that are not kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bareboat_base::PartyId;

use super::keys::{DataKey, KeyError, KeyProvider, PartyKey};
use super::random;

/// Keys that are gone when it is dropped.
#[derive(Default)]
pub struct MemoryKeys {
    master: OnceLock<DataKey>,
    // `None` marks a key that was destroyed.
    keys: Mutex<BTreeMap<PartyId, Option<DataKey>>>,
}

impl MemoryKeys {
    /// No keys yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PartyId, Option<DataKey>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn known(key: Option<&DataKey>) -> PartyKey {
    key.map_or(PartyKey::Shredded, |key| PartyKey::Key(key.clone()))
}

impl KeyProvider for MemoryKeys {
    fn key(&self, party: PartyId) -> Result<PartyKey, KeyError> {
        let keys = self.lock();
        Ok(keys
            .get(&party)
            .map_or(PartyKey::Missing, |key| known(key.as_ref())))
    }

    fn key_or_new(&self, party: PartyId) -> Result<PartyKey, KeyError> {
        let fresh = DataKey::new(random()?);
        let mut keys = self.lock();
        Ok(known(keys.entry(party).or_insert(Some(fresh)).as_ref()))
    }

    fn derived(&self, purpose: &str) -> Result<DataKey, KeyError> {
        let fresh = DataKey::new(random()?);
        Ok(self.master.get_or_init(|| fresh).derive(purpose))
    }

    fn destroy(&self, party: PartyId) -> Result<(), KeyError> {
        self.lock().insert(party, None);
        Ok(())
    }
}
