//! Proofs that a leaf is in a tree, and that one tree begins another (RFC 6962 §2.1.1, §2.1.2;
//! checked as RFC 9162 §2.1.3.2 and §2.1.4.2 say).

use bareboat_base::Digest;

use super::{Frontier, empty_root, node};

/// The root over some leaves.
fn root_of(leaves: &[Digest]) -> Digest {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(*leaf);
    }
    frontier.root()
}

/// The largest power of two below `count` (which is above 1).
fn split(count: usize) -> usize {
    1 << (usize::BITS - 1 - (count - 1).leading_zeros())
}

/// The proof that the leaf at `index` (from 0) is in the tree over `leaves`, from the leaf's
/// side up; `None` when there is no such leaf. Hashes all leaves.
pub fn inclusion(leaves: &[Digest], index: usize) -> Option<Vec<Digest>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut leaves, mut index) = (leaves, index);
    let mut path = Vec::new();
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if index < left.len() {
            path.push(root_of(right));
            leaves = left;
        } else {
            path.push(root_of(left));
            index -= left.len();
            leaves = right;
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows that `leaf` is the one at `index` (from 0) of the `count` leaves under
/// `root`.
pub fn included(leaf: &Digest, index: u64, count: u64, proof: &[Digest], root: &Digest) -> bool {
    if index >= count {
        return false;
    }
    let (mut position, mut last) = (index, count - 1);
    let mut hash = *leaf;
    for other in proof {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            hash = node(other, &hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, other);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The proof that the tree over the first `earlier` leaves begins the tree over all of them;
/// `None` when there are fewer. Hashes all leaves.
pub fn consistency(leaves: &[Digest], earlier: usize) -> Option<Vec<Digest>> {
    if earlier > leaves.len() {
        return None;
    }
    if earlier == 0 || earlier == leaves.len() {
        return Some(Vec::new());
    }
    let (mut leaves, mut earlier) = (leaves, earlier);
    let mut whole = true;
    let mut path = Vec::new();
    while earlier < leaves.len() {
        let (left, right) = leaves.split_at(split(leaves.len()));
        if earlier <= left.len() {
            path.push(root_of(right));
            leaves = left;
        } else {
            path.push(root_of(left));
            earlier -= left.len();
            leaves = right;
            whole = false;
        }
    }
    if !whole {
        path.push(root_of(leaves));
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows that the tree of `earlier` leaves under `earlier_root` begins the tree
/// of `later` leaves under `later_root`.
pub fn consistent(
    earlier: u64,
    earlier_root: &Digest,
    later: u64,
    later_root: &Digest,
    proof: &[Digest],
) -> bool {
    if earlier > later {
        return false;
    }
    if earlier == later {
        return proof.is_empty() && earlier_root == later_root;
    }
    if earlier == 0 {
        return proof.is_empty() && *earlier_root == empty_root();
    }
    let mut rest = proof.iter();
    // A tree of a power of two is itself the first node, and so not in the proof.
    let first = if earlier.is_power_of_two() {
        Some(earlier_root)
    } else {
        rest.next()
    };
    let Some(first) = first else {
        return false;
    };
    let (mut position, mut last) = (earlier - 1, later - 1);
    while position & 1 == 1 {
        position >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for other in rest {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            old = node(other, &old);
            new = node(other, &new);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            new = node(&new, other);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && old == *earlier_root && new == *later_root
}
