//! A sorted list whose copies share what does not change.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const CHUNK: usize = 128;

/// Distinct items in ascending order, in chunks behind shared pointers; the chunks' bounds
/// follow from the history and are not part of the value.
#[derive(Debug)]
pub(crate) struct Sorted<T> {
    chunks: Arc<Vec<Arc<Vec<T>>>>,
}

impl<T> Clone for Sorted<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: Arc::clone(&self.chunks),
        }
    }
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            chunks: Arc::default(),
        }
    }
}

impl<T: Ord + Clone> Sorted<T> {
    /// The chunk that holds the item, or would.
    fn chunk_of(&self, item: &T) -> usize {
        let after = self.chunks.partition_point(|chunk| chunk[0] <= *item);
        after.saturating_sub(1)
    }

    /// Adds an item; one that is there already stays as it is.
    pub fn insert(&mut self, item: T) {
        let index = self.chunk_of(&item);
        let chunks = Arc::make_mut(&mut self.chunks);
        let Some(shared) = chunks.get_mut(index) else {
            chunks.push(Arc::new(vec![item]));
            return;
        };
        let chunk = Arc::make_mut(shared);
        if let Err(at) = chunk.binary_search(&item) {
            chunk.insert(at, item);
        }
        if chunk.len() > CHUNK {
            let upper = chunk.split_off(chunk.len() / 2);
            chunks.insert(index + 1, Arc::new(upper));
        }
    }

    /// Takes an item out; whether it was there.
    pub fn remove(&mut self, item: &T) -> bool {
        let index = self.chunk_of(item);
        let chunks = Arc::make_mut(&mut self.chunks);
        let Some(shared) = chunks.get_mut(index) else {
            return false;
        };
        let Ok(at) = shared.binary_search(item) else {
            return false;
        };
        let chunk = Arc::make_mut(shared);
        chunk.remove(at);
        if chunk.is_empty() {
            chunks.remove(index);
        }
        true
    }

    /// All items, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

impl<T: Ord + Clone> PartialEq for Sorted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Serialize + Ord + Clone> Serialize for Sorted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let len = self.chunks.iter().map(|chunk| chunk.len()).sum();
        let mut seq = serializer.serialize_seq(Some(len))?;
        for item in self.iter() {
            seq.serialize_element(item)?;
        }
        seq.end()
    }
}

impl<'de, T: Deserialize<'de> + Ord + Clone> Deserialize<'de> for Sorted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut items = Vec::<T>::deserialize(deserializer)?;
        items.sort_unstable();
        items.dedup();
        let chunks = items.chunks(CHUNK / 2).map(|part| Arc::new(part.to_vec()));
        Ok(Self {
            chunks: Arc::new(chunks.collect()),
        })
    }
}
