//! A dense list of small rows whose copies share what does not change.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const CHUNK: usize = 64;

/// Rows numbered from 0, in chunks behind shared pointers: cloning copies one pointer, the first
/// write after that copies the list of chunks and the chunk it writes to.
#[derive(Debug)]
pub struct Column<T> {
    chunks: Arc<Vec<Arc<Vec<T>>>>,
    len: u32,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self {
            chunks: Arc::clone(&self.chunks),
            len: self.len,
        }
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self {
            chunks: Arc::default(),
            len: 0,
        }
    }
}

impl<T: Clone> Column<T> {
    /// How many rows.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a row at the end.
    pub fn push(&mut self, row: T) {
        let chunks = Arc::make_mut(&mut self.chunks);
        match chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(row),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(row);
                chunks.push(Arc::new(chunk));
            }
        }
        self.len += 1;
    }

    /// The row with a number.
    pub fn get(&self, index: u32) -> Option<&T> {
        let index = index as usize;
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// Changes the rows `from..from + count`, as far as they are there.
    pub fn change(&mut self, from: u32, count: u32, mut f: impl FnMut(&mut T)) {
        let end = from.saturating_add(count).min(self.len) as usize;
        let mut at = from as usize;
        let chunks = Arc::make_mut(&mut self.chunks);
        while at < end {
            let upto = end.min((at / CHUNK + 1) * CHUNK);
            let chunk = Arc::make_mut(&mut chunks[at / CHUNK]);
            let first = at / CHUNK * CHUNK;
            chunk[at - first..upto - first].iter_mut().for_each(&mut f);
            at = upto;
        }
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

impl<T: PartialEq + Clone> PartialEq for Column<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Serialize + Clone> Serialize for Column<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let mut seq = serializer.serialize_seq(Some(self.len as usize))?;
        for row in self.iter() {
            seq.serialize_element(row)?;
        }
        seq.end()
    }
}

impl<'de, T: Deserialize<'de> + Clone> Deserialize<'de> for Column<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<T>::deserialize(deserializer)?;
        let mut column = Self::default();
        for row in rows {
            column.push(row);
        }
        Ok(column)
    }
}
