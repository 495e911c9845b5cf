//! Tables whose copies share what does not change.
//!
//! A [`Table`] keeps its rows in chunks behind shared pointers, in the order in which they came;
//! a [`Handle`] is a row's number. Cloning a table copies one pointer to its rows and one to its
//! index; the first write after that copies the list of chunks (8 bytes for 64 rows) and the
//! chunk it writes to. So a fork of the whole state costs next to nothing, a what-if costs what
//! it changes, and readers keep what they were given. Rows are never removed: the book forgets
//! nothing, a row ends by its status.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const CHUNK: usize = 64;
const SHARDS: usize = 256;

/// The number of a row in its table, from 0; stable for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(pub u32);

impl Handle {
    /// The number people see: from 1.
    pub fn number(self) -> u32 {
        self.0 + 1
    }

    /// The handle behind a number people see.
    pub fn from_number(number: u32) -> Option<Self> {
        number.checked_sub(1).map(Self)
    }
}

type Chunk<K, V> = Vec<(K, V)>;

/// Rows of `V` under keys `K`, in order of arrival. See the module's words.
#[derive(Debug)]
pub struct Table<K, V> {
    chunks: Arc<Vec<Arc<Chunk<K, V>>>>,
    index: Index<K>,
    len: u32,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            chunks: Arc::clone(&self.chunks),
            index: Index {
                shards: Arc::clone(&self.index.shards),
                hasher: self.index.hasher.clone(),
            },
            len: self.len,
        }
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            chunks: Arc::new(Vec::new()),
            index: Index {
                shards: Arc::new(Vec::new()),
                hasher: RandomState::new(),
            },
            len: 0,
        }
    }
}

impl<K: Copy + Eq + Hash, V: Clone> Table<K, V> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a row. A key that is already there is a broken invariant: `decide` mints new ids.
    pub fn insert(&mut self, key: K, value: V) -> Handle {
        let handle = Handle(self.len);
        assert!(self.index.insert(key, handle), "a row is inserted once");
        let chunks = Arc::make_mut(&mut self.chunks);
        match chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push((key, value)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push((key, value));
                chunks.push(Arc::new(chunk));
            }
        }
        self.len += 1;
        handle
    }

    /// Whether the key has a row.
    pub fn contains(&self, key: &K) -> bool {
        self.index.get(key).is_some()
    }

    /// The row's number.
    pub fn handle(&self, key: &K) -> Option<Handle> {
        self.index.get(key)
    }

    /// The row under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.at(self.index.get(key)?).map(|(_, value)| value)
    }

    /// The row under a key, to change; copies its chunk when a fork shares it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let handle = self.index.get(key)?;
        self.at_mut(handle)
    }

    /// The row with a number.
    pub fn at(&self, handle: Handle) -> Option<(&K, &V)> {
        let index = handle.0 as usize;
        let (key, value) = self.chunks.get(index / CHUNK)?.get(index % CHUNK)?;
        Some((key, value))
    }

    /// The row with a number, to change.
    pub fn at_mut(&mut self, handle: Handle) -> Option<&mut V> {
        let index = handle.0 as usize;
        if index >= self.len as usize {
            return None;
        }
        let chunk = Arc::make_mut(&mut self.chunks).get_mut(index / CHUNK)?;
        Arc::make_mut(chunk)
            .get_mut(index % CHUNK)
            .map(|(_, value)| value)
    }

    /// All rows, in order of arrival.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Handle, &K, &V)> + Clone {
        self.iter_from(Handle(0))
    }

    /// The rows from a number on, in order of arrival.
    pub fn iter_from(
        &self,
        from: Handle,
    ) -> impl DoubleEndedIterator<Item = (Handle, &K, &V)> + Clone {
        (from.0..self.len).filter_map(|number| {
            let handle = Handle(number);
            self.at(handle).map(|(key, value)| (handle, key, value))
        })
    }

    /// All rows' values, in order of arrival.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, _, value)| value)
    }
}

impl<K: Copy + Eq + Hash, V: Clone + PartialEq> PartialEq for Table<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self
                .iter()
                .zip(other.iter())
                .all(|((_, k1, v1), (_, k2, v2))| k1 == k2 && v1 == v2)
    }
}

impl<K: Copy + Eq + Hash + Serialize, V: Clone + Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for (_, key, value) in self.iter() {
            seq.serialize_element(&(key, value))?;
        }
        seq.end()
    }
}

impl<'de, K, V> Deserialize<'de> for Table<K, V>
where
    K: Copy + Eq + Hash + Deserialize<'de>,
    V: Clone + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<K, V>(std::marker::PhantomData<(K, V)>);

        impl<'de, K, V> Visitor<'de> for Rows<K, V>
        where
            K: Copy + Eq + Hash + Deserialize<'de>,
            V: Clone + Deserialize<'de>,
        {
            type Value = Table<K, V>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the rows of a table")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut table = Table::new();
                while let Some((key, value)) = seq.next_element::<(K, V)>()? {
                    if table.contains(&key) {
                        return Err(serde::de::Error::custom("a key stands twice in a table"));
                    }
                    table.insert(key, value);
                }
                Ok(table)
            }
        }

        deserializer.deserialize_seq(Rows(std::marker::PhantomData))
    }
}

/// Key → handle, in shards that a fork shares until it writes to them.
#[derive(Debug)]
struct Index<K> {
    shards: Arc<Vec<Arc<HashMap<K, Handle>>>>,
    hasher: RandomState,
}

impl<K: Copy + Eq + Hash> Index<K> {
    fn shard(&self, key: &K) -> usize {
        // The low bits choose the slot inside a shard, the high bits the shard.
        (self.hasher.hash_one(key) >> 56) as usize % SHARDS
    }

    fn get(&self, key: &K) -> Option<Handle> {
        if self.shards.is_empty() {
            return None;
        }
        self.shards[self.shard(key)].get(key).copied()
    }

    /// Whether the key was new.
    fn insert(&mut self, key: K, handle: Handle) -> bool {
        let shard = self.shard(&key);
        let shards = Arc::make_mut(&mut self.shards);
        if shards.is_empty() {
            shards.resize_with(SHARDS, Arc::default);
        }
        Arc::make_mut(&mut shards[shard])
            .insert(key, handle)
            .is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fork_does_not_see_later_writes() {
        let mut table = Table::new();
        for key in 0_u64..1000 {
            table.insert(key, key * 2);
        }
        let fork = table.clone();
        *table.get_mut(&500).unwrap() = 7;
        table.insert(1000, 0);
        assert_eq!((fork.get(&500), table.get(&500)), (Some(&1000), Some(&7)));
        assert_eq!((fork.len(), table.len()), (1000, 1001));
        assert_eq!(fork.get(&1000), None);
        assert_eq!(table.handle(&999).map(Handle::number), Some(1000));
        assert_eq!(table.at(Handle(1001)), None);
        assert_eq!(table.at_mut(Handle(1001)), None);
    }

    proptest! {
        #[test]
        fn like_a_plain_map(ops in proptest::collection::vec((0_u16..400, any::<u32>()), 0..600)) {
            let mut table: Table<u16, u32> = Table::new();
            let mut plain: Vec<(u16, u32)> = Vec::new();
            let mut forks = Vec::new();
            for (i, (key, value)) in ops.into_iter().enumerate() {
                match plain.iter_mut().find(|(k, _)| *k == key) {
                    Some(row) => { row.1 = value; *table.get_mut(&key).unwrap() = value; }
                    None => { plain.push((key, value)); table.insert(key, value); }
                }
                if i % 50 == 0 { forks.push((table.clone(), plain.clone())); }
            }
            forks.push((table, plain));
            for (table, plain) in forks {
                let rows: Vec<_> = table.iter().map(|(_, k, v)| (*k, *v)).collect();
                prop_assert_eq!(&rows, &plain);
                let bytes = postcard::to_stdvec(&table).unwrap();
                let read: Table<u16, u32> = postcard::from_bytes(&bytes).unwrap();
                prop_assert!(read == table);
                for (key, value) in plain { prop_assert_eq!(read.get(&key), Some(&value)); }
            }
        }
    }
}
