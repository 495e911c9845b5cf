//! Tables whose copies share what does not change.
//!
//! A [`Table`] keeps its rows in the order in which they came, in chunks behind shared pointers,
//! and the chunks in blocks behind shared pointers; a [`Handle`] is a row's number. Cloning a
//! table copies one pointer to its rows and one to its index. A write after that copies one
//! chunk (32 rows), the pointers of one block (128), and the pointers to all blocks (one for 4,096
//! rows): the same work, near enough, at a thousand rows and at a million. So a fork of the whole
//! state costs next to nothing, a what-if costs what it changes, and readers keep what they were
//! given. Rows are never removed: the book forgets nothing, a row ends by its status.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rows in a chunk.
const CHUNK: usize = 32;
/// Chunks in a block.
const BLOCK: usize = 128;

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
type Block<K, V> = Vec<Arc<Chunk<K, V>>>;

/// Rows of `V` under keys `K`, in order of arrival. See the module's words.
#[derive(Debug)]
pub struct Table<K, V> {
    blocks: Arc<Vec<Arc<Block<K, V>>>>,
    index: Index,
    len: u32,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            blocks: Arc::clone(&self.blocks),
            index: self.index.clone(),
            len: self.len,
        }
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            blocks: Arc::new(Vec::new()),
            index: Index::default(),
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
        let handle = self.try_insert(key, value);
        handle.expect("a row is inserted once")
    }

    /// Adds a row, unless its key has one.
    fn try_insert(&mut self, key: K, value: V) -> Option<Handle> {
        let tag = self.index.tag(&key);
        if self.find(tag, &key).is_some() {
            return None;
        }
        let handle = Handle(self.len);
        self.index.insert(tag, handle);
        let blocks = Arc::make_mut(&mut self.blocks);
        if (self.len as usize).is_multiple_of(CHUNK * BLOCK) {
            blocks.push(Arc::new(Vec::new()));
        }
        let block = Arc::make_mut(blocks.last_mut().expect("a block was just pushed"));
        match block.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push((key, value)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push((key, value));
                block.push(Arc::new(chunk));
            }
        }
        self.len += 1;
        Some(handle)
    }

    fn find(&self, tag: u32, key: &K) -> Option<Handle> {
        let is_it = |handle: &Handle| self.at(*handle).is_some_and(|(found, _)| found == key);
        self.index.candidates(tag).find(is_it)
    }

    /// Whether the key has a row.
    pub fn contains(&self, key: &K) -> bool {
        self.handle(key).is_some()
    }

    /// The row's number.
    pub fn handle(&self, key: &K) -> Option<Handle> {
        self.find(self.index.tag(key), key)
    }

    /// The row under a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.at(self.handle(key)?).map(|(_, value)| value)
    }

    /// The row under a key, to change; copies its chunk when a fork shares it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let handle = self.handle(key)?;
        self.at_mut(handle)
    }

    /// The row with a number.
    pub fn at(&self, handle: Handle) -> Option<(&K, &V)> {
        let index = handle.0 as usize;
        let block = self.blocks.get(index / (CHUNK * BLOCK))?;
        let (key, value) = block.get(index / CHUNK % BLOCK)?.get(index % CHUNK)?;
        Some((key, value))
    }

    /// The row with a number, to change.
    pub fn at_mut(&mut self, handle: Handle) -> Option<&mut V> {
        let index = handle.0 as usize;
        if index >= self.len as usize {
            return None;
        }
        let block = Arc::make_mut(&mut self.blocks).get_mut(index / (CHUNK * BLOCK))?;
        let chunk = Arc::make_mut(block).get_mut(index / CHUNK % BLOCK)?;
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
                    if table.try_insert(key, value).is_none() {
                        return Err(serde::de::Error::custom("a key stands twice in a table"));
                    }
                }
                Ok(table)
            }
        }

        deserializer.deserialize_seq(Rows(std::marker::PhantomData))
    }
}

/// Entries of a bucket before its group gets twice as many buckets.
const BUCKET: usize = 32;
/// Groups of a table with more than [`SMALL`] rows.
const GROUPS: usize = 256;
/// Rows up to which there is one group.
const SMALL: usize = 2_048;

/// A tag above, a handle below.
type Bucket = Vec<u64>;

/// Buckets, a power of two of them; the low bits of a tag say which.
#[derive(Clone, Debug, Default)]
struct Group {
    buckets: Vec<Arc<Bucket>>,
    len: usize,
}

/// From a key's hash to the handles that it may be. Shared like the rows, in two levels. The keys
/// themselves are in the rows alone.
#[derive(Clone, Debug, Default)]
struct Index {
    groups: Arc<Vec<Arc<Group>>>,
    hasher: RandomState,
}

impl Group {
    fn bucket(&self, tag: u32) -> usize {
        tag as usize & (self.buckets.len() - 1)
    }

    fn insert(&mut self, tag: u32, entry: u64) {
        if self.len >= BUCKET * self.buckets.len() {
            self.double();
        }
        let bucket = self.bucket(tag);
        Arc::make_mut(&mut self.buckets[bucket]).push(entry);
        self.len += 1;
    }

    fn double(&mut self) {
        let old = std::mem::take(&mut self.buckets);
        let count = (old.len() * 2).max(1);
        let mut buckets: Vec<Bucket> = vec![Vec::new(); count];
        for entry in old.iter().flat_map(|bucket| bucket.iter()) {
            buckets[(entry >> 32) as usize & (count - 1)].push(*entry);
        }
        self.buckets = buckets.into_iter().map(Arc::new).collect();
    }
}

impl Index {
    fn tag(&self, key: &impl Hash) -> u32 {
        // Any 32 bits of the hash: those that agree are told apart by their keys.
        (self.hasher.hash_one(key) >> 32) as u32
    }

    /// The high bits of a tag say which group.
    fn group(&self, tag: u32) -> usize {
        if self.groups.len() == GROUPS {
            (tag >> 24) as usize
        } else {
            0
        }
    }

    fn candidates(&self, tag: u32) -> impl Iterator<Item = Handle> {
        let group = self.groups.get(self.group(tag));
        let bucket = group.map(|group| &group.buckets[group.bucket(tag)]);
        bucket
            .into_iter()
            .flat_map(|bucket| bucket.iter())
            .filter(move |entry| (**entry >> 32) as u32 == tag)
            .map(|entry| Handle(*entry as u32))
    }

    fn insert(&mut self, tag: u32, handle: Handle) {
        if self.groups.is_empty() {
            let mut first = Group::default();
            first.double();
            self.groups = Arc::new(vec![Arc::new(first)]);
        }
        if self.groups.len() == 1 && self.groups[0].len == SMALL {
            self.spread();
        }
        let group = self.group(tag);
        let entry = u64::from(tag) << 32 | u64::from(handle.0);
        Arc::make_mut(&mut Arc::make_mut(&mut self.groups)[group]).insert(tag, entry);
    }

    /// From one group to many.
    fn spread(&mut self) {
        let mut groups: Vec<Group> = vec![Group::default(); GROUPS];
        groups.iter_mut().for_each(Group::double);
        for entry in self.groups[0].buckets.iter().flat_map(|b| b.iter()) {
            let tag = (entry >> 32) as u32;
            groups[(tag >> 24) as usize].insert(tag, *entry);
        }
        self.groups = Arc::new(groups.into_iter().map(Arc::new).collect());
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

    #[test]
    fn large_tables_keep_every_row() {
        let mut table = Table::new();
        let mut forks = Vec::new();
        for key in 0_u32..20_000 {
            assert_eq!(table.insert(key, key ^ 1), Handle(key));
            assert_eq!(table.try_insert(key, 0), None);
            if key % 3_000 == 0 {
                forks.push(table.clone());
            }
        }
        *table.get_mut(&4_096).unwrap() = 9;
        for fork in forks.iter().chain([&table]) {
            let len = u32::try_from(fork.len()).unwrap();
            for key in 0..20_000 {
                assert_eq!(fork.handle(&key), (key < len).then_some(Handle(key)));
            }
        }
        assert!(forks.iter().all(|fork| fork.get(&4_096) != Some(&9)));
        assert_eq!(table.iter().map(|(_, k, _)| *k).sum::<u32>(), 199_990_000);
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
                for key in 0..400 { prop_assert_eq!(table.contains(&key), plain.iter().any(|(k, _)| *k == key)); }
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
