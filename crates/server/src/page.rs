//! Pages: rows in a fixed order from one state of the book, with the cursor to go on.

use std::hash::Hash;

use bareboat_api::code::Edge;
use bareboat_api::{Cursor, Page, Problem};
use bareboat_base::{Handle, Table};

use crate::Ask;

impl Ask {
    /// A page of a table's rows in the order they were created; `map` gives `None` for a row
    /// that is not asked for or may not be seen.
    pub fn page<K: Copy + Eq + Hash, V: Clone, T>(
        &self,
        table: &Table<K, V>,
        map: impl Fn(Handle, K, &V) -> Option<T>,
    ) -> Result<Page<T>, Problem> {
        let from = match &self.cursor {
            None => Handle(0),
            Some(cursor) => {
                let after = <[u8; 4]>::try_from(cursor.after.as_slice());
                let after = after.map_err(|_| bad_cursor())?;
                Handle(u32::from_be_bytes(after).saturating_add(1))
            }
        };
        let rows = table.iter_from(from).filter_map(|(handle, key, row)| {
            let item = map(handle, *key, row)?;
            Some((handle.0.to_be_bytes().to_vec(), item))
        });
        Ok(self.cut(rows))
    }

    /// A page of rows that come in the order of their keys, which are distinct. Give only rows
    /// that are asked for and may be seen.
    pub fn page_by_key<T>(
        &self,
        rows: impl IntoIterator<Item = (Vec<u8>, T)>,
    ) -> Result<Page<T>, Problem> {
        let after = self.cursor.as_ref().map(|cursor| cursor.after.clone());
        let rows = rows
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        Ok(self.cut(rows))
    }

    /// The same for handlers that looked through only part of what there is: `unread` is the key
    /// up to which they looked, when more lies behind it.
    pub fn page_by_key_from<T>(
        &self,
        rows: impl IntoIterator<Item = (Vec<u8>, T)>,
        unread: Option<Vec<u8>>,
    ) -> Result<Page<T>, Problem> {
        let mut page = self.page_by_key(rows)?;
        if page.next_cursor.is_none() {
            page.next_cursor = unread.map(|after| self.cursor_after(after));
        }
        Ok(page)
    }

    /// The sort key that the page begins after, for handlers that can skip to it.
    pub fn after(&self) -> Option<&[u8]> {
        self.cursor.as_ref().map(|cursor| cursor.after.as_slice())
    }

    /// How many rows are asked for.
    pub fn limit(&self) -> usize {
        self.limit
    }

    fn cut<T>(&self, mut rows: impl Iterator<Item = (Vec<u8>, T)>) -> Page<T> {
        let (mut items, mut last) = (Vec::new(), Vec::new());
        for (key, item) in rows.by_ref().take(self.limit) {
            items.push(item);
            last = key;
        }
        // Only a row that may be seen makes a next page: an empty last page would tell of others.
        let more = rows.next().is_some();
        let next_cursor = more.then(|| self.cursor_after(last));
        Page { items, next_cursor }
    }

    fn cursor_after(&self, after: Vec<u8>) -> String {
        // A past state that was asked for is the engine's to keep.
        if self.cursor.is_none() && self.query.get("as_of").is_none() {
            self.app.past.remember(&self.view);
        }
        let cursor = Cursor {
            position: self.view.position,
            after,
        };
        let question = self.question();
        let parts: Vec<_> = question.iter().map(Vec::as_slice).collect();
        cursor.encode(&parts)
    }

    /// What must be the same on every page of a walk.
    pub(crate) fn question(&self) -> [Vec<u8>; 3] {
        question(&self.path, &self.query, &self.caller)
    }
}

pub(crate) fn question(
    path: &str,
    query: &crate::query::Query,
    caller: &crate::Caller,
) -> [Vec<u8>; 3] {
    [
        path.as_bytes().to_vec(),
        query.without(&["cursor", "limit"]),
        caller.principal.to_string().into_bytes(),
    ]
}

pub(crate) fn bad_cursor() -> Problem {
    Problem::edge(
        Edge::InvalidCursor,
        "the cursor was not given for this question",
    )
}
