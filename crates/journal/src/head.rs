//! The head: how long the book is and its root, kept apart from it.
//!
//! A flipped bit in a store's write-ahead log can make it drop committed rows and still pass its
//! own integrity check. So the engine writes the head of what it has made durable to a place of
//! its own: at least once a second while the book grows, and when it shuts down. Opening a book
//! that is shorter than its head, or has another root at that position, is refused and says so.
//!
//! The window: what was acknowledged in the last second before a crash is not yet under the
//! head. It is durable all the same (every batch is synced before it is acknowledged); only a
//! *further* fault, damage to the store's log within that second's rows, would go unnoticed.

use bareboat_base::{Digest, Position};

use crate::error::StoreError;

/// How long a book is, and its root there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position of its last event; 0 for an empty book. Also the number of its leaves.
    pub position: Position,
    /// The Merkle root over the events up to there.
    pub root: Digest,
}

const TITLE: &str = "bareboat-head-v1";

impl Head {
    /// The bytes of a head file: a title, the position, the root, and the SHA-256 of these
    /// three lines.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = format!("{TITLE}\nposition {}\nroot {}\n", self.position, self.root);
        let sum = Digest::of(&[body.as_bytes()]);
        format!("{body}sum {sum}\n").into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote; anything else is damage.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        Self::parse(bytes).ok_or_else(|| StoreError::Damaged {
            what: "the head file".to_owned(),
        })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let rest = text.strip_prefix(TITLE)?.strip_prefix("\nposition ")?;
        let (position, rest) = rest.split_once("\nroot ")?;
        let (root, _) = rest.split_once('\n')?;
        let head = Self {
            position: Position(position.parse().ok()?),
            root: root.parse().ok()?,
        };
        // One form only: whatever else parses is not what was written.
        (head.to_bytes() == bytes).then_some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let head = Head {
            position: Position(42),
            root: Digest::of(&[b"x"]),
        };
        let bytes = head.to_bytes();
        assert_eq!(Head::from_bytes(&bytes).unwrap(), head);
        for index in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[index / 8] ^= 1 << (index % 8);
            assert!(Head::from_bytes(&flipped).is_err(), "bit {index}");
        }
        assert!(Head::from_bytes(b"").is_err());
    }
}
