//! The tree of hashes over the events: RFC 6962 §2.1 with SHA-256.
//!
//! Leaves are hashed elsewhere ([`crate::leaf`]); here are the nodes above them. A [`Frontier`]
//! is all that appending needs: the roots of the perfect subtrees, at most 64.

mod proof;

pub use proof::{consistency, consistent, included, inclusion};

use bareboat_base::Digest;

/// The root of an empty tree: SHA-256 of nothing.
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// The node above two others: SHA-256(0x01 ‖ left ‖ right).
pub fn node(left: &Digest, right: &Digest) -> Digest {
    Digest::of(&[&[1], &left.0, &right.0])
}

/// The right edge of a tree: the roots of its perfect subtrees from the largest to the smallest,
/// one for each bit set in the count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    count: u64,
    roots: Vec<Digest>,
}

impl Frontier {
    /// A frontier put together from its parts; `None` when they do not fit each other.
    pub fn from_parts(count: u64, roots: Vec<Digest>) -> Option<Self> {
        (roots.len() == count.count_ones() as usize).then_some(Self { count, roots })
    }

    /// How many leaves.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The roots of the perfect subtrees, largest first.
    pub fn roots(&self) -> &[Digest] {
        &self.roots
    }

    /// Adds a leaf on the right.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        let mut rest = self.count;
        while rest & 1 == 1 {
            // One root for each bit set: there is one here.
            if let Some(left) = self.roots.pop() {
                hash = node(&left, &hash);
            }
            rest >>= 1;
        }
        self.roots.push(hash);
        self.count += 1;
    }

    /// The root over all leaves.
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev();
        let Some(smallest) = roots.next() else {
            return empty_root();
        };
        roots.fold(*smallest, |right, left| node(left, &right))
    }
}

#[cfg(test)]
mod tests;
