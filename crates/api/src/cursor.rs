//! Pages and their cursors. A cursor is (book position, sort key), bound to the question it was
//! given for, so that the pages of one walk show one state of the book.

use bareboat_base::{Digest, Position};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows, in the order that the operation states.
    pub items: Vec<T>,
    /// Gives the next page; null on the last one.
    pub next_cursor: Option<String>,
}

const VERSION: u8 = 1;
const BINDING: usize = 8;

/// Where a walk stands. Opaque to callers; carries nothing that they were not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The state of the book that the walk shows.
    pub position: Position,
    /// The sort key of the last row that was shown.
    pub after: Vec<u8>,
}

/// The text is no cursor, or belongs to another question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor was not given for this question")]
pub struct BadCursor;

impl Cursor {
    /// The cursor's text; `question` is whatever must be the same on every page: route, filters
    /// and who asks.
    pub fn encode(&self, question: &[&[u8]]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&binding(question, self));
        bytes.extend_from_slice(&self.position.0.to_be_bytes());
        bytes.extend_from_slice(&self.after);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor's text.
    pub fn decode(text: &str, question: &[&[u8]]) -> Result<Self, BadCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let (version, rest) = bytes.split_first().ok_or(BadCursor)?;
        let (bound, rest) = rest.split_at_checked(BINDING).ok_or(BadCursor)?;
        let (position, after) = rest.split_at_checked(8).ok_or(BadCursor)?;
        let position = <[u8; 8]>::try_from(position).map_err(|_| BadCursor)?;
        let cursor = Self {
            position: Position(u64::from_be_bytes(position)),
            after: after.to_vec(),
        };
        if *version != VERSION || bound != binding(question, &cursor) {
            return Err(BadCursor);
        }
        Ok(cursor)
    }
}

/// Not a signature: a caller who forges a cursor gets only what it may ask for anyway.
fn binding(question: &[&[u8]], cursor: &Cursor) -> [u8; BINDING] {
    let mut parts = Vec::with_capacity(question.len() * 2 + 2);
    let lengths: Vec<[u8; 8]> = question
        .iter()
        .map(|part| (part.len() as u64).to_be_bytes())
        .collect();
    for (length, part) in lengths.iter().zip(question) {
        parts.push(&length[..]);
        parts.push(part);
    }
    let position = cursor.position.0.to_be_bytes();
    parts.push(&position);
    parts.push(&cursor.after);
    let digest = Digest::of(&parts);
    let mut bound = [0; BINDING];
    bound.copy_from_slice(&digest.0[..BINDING]);
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_answers_only_its_own_question() {
        let cursor = Cursor {
            position: Position(7),
            after: b"key".to_vec(),
        };
        let text = cursor.encode(&[b"/v1/x", b"kind=a"]);
        assert_eq!(
            Cursor::decode(&text, &[b"/v1/x", b"kind=a"]),
            Ok(cursor.clone())
        );
        assert_eq!(
            Cursor::decode(&text, &[b"/v1/xk", b"ind=a"]),
            Err(BadCursor)
        );
        assert_eq!(
            Cursor::decode(&text, &[b"/v1/x", b"kind=b"]),
            Err(BadCursor)
        );
        for bad in [
            "",
            "AA",
            "!!!!",
            "AQAAAAAAAAAA",
            &text[1..],
            &format!("{text}AA"),
        ] {
            assert_eq!(
                Cursor::decode(bad, &[b"/v1/x", b"kind=a"]),
                Err(BadCursor),
                "{bad}"
            );
        }
    }
}
