//! The bytes of a snapshot: a state at a position, with all that is needed to go on from there.
//!
//! Integers are big endian:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `bareboat-snap-v1`: the format of this frame |
//! | 4 | the state's own format number |
//! | 8 | position |
//! | 8 | recorded instant of that event, microseconds |
//! | 1 + 32 n | how many roots the frontier has, and the roots, largest subtree first |
//! | 8 | length of the state |
//! | … | the state |
//! | 32 | SHA-256 of all before |
//!
//! Snapshots are caches: one that is damaged or of another format is passed over, and the
//! journal replayed instead.

use bareboat_base::{Digest, Instant, Position};
use sha2::{Digest as _, Sha256};

use crate::merkle::Frontier;

const TITLE: &[u8; 16] = b"bareboat-snap-v1";

/// What a snapshot says beside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The state's own format number.
    pub format: u32,
    /// The last event folded in.
    pub position: Position,
    /// When that event was recorded.
    pub recorded_at: Instant,
    /// The tree's right edge there.
    pub frontier: Frontier,
    /// The state's bytes.
    pub state: &'a [u8],
}

/// Why a snapshot is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The frame is of another format.
    #[error("it is of another format")]
    Format,
    /// The checksum or the shape is wrong.
    #[error("it is damaged")]
    Damaged,
}

impl Frame<'_> {
    /// The bytes before the state, and those after it.
    pub fn around(&self) -> (Vec<u8>, [u8; 32]) {
        let roots = self.frontier.roots();
        let mut before = Vec::with_capacity(45 + 32 * roots.len());
        before.extend_from_slice(TITLE);
        before.extend_from_slice(&self.format.to_be_bytes());
        before.extend_from_slice(&self.position.0.to_be_bytes());
        before.extend_from_slice(&self.recorded_at.micros().to_be_bytes());
        // At most 64: one for each bit of the count.
        before.push(roots.len() as u8);
        for root in roots {
            before.extend_from_slice(&root.0);
        }
        before.extend_from_slice(&(self.state.len() as u64).to_be_bytes());
        let mut hasher = Sha256::new();
        hasher.update(&before);
        hasher.update(self.state);
        (before, hasher.finalize().into())
    }
}

impl<'a> Frame<'a> {
    /// Reads the bytes of a snapshot.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Unusable> {
        let (body, sum) = bytes.split_last_chunk::<32>().ok_or(Unusable::Damaged)?;
        if Digest::of(&[body]).0 != *sum {
            return Err(Unusable::Damaged);
        }
        if !body.starts_with(TITLE) {
            return Err(Unusable::Format);
        }
        Self::fields(&body[TITLE.len()..]).ok_or(Unusable::Damaged)
    }

    fn fields(mut rest: &'a [u8]) -> Option<Self> {
        let format = u32::from_be_bytes(take(&mut rest)?);
        let position = u64::from_be_bytes(take(&mut rest)?);
        let micros = i64::from_be_bytes(take(&mut rest)?);
        let [count] = take(&mut rest)?;
        let mut roots = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            roots.push(Digest(take(&mut rest)?));
        }
        let length = u64::from_be_bytes(take(&mut rest)?);
        (length == rest.len() as u64).then_some(())?;
        Some(Self {
            format,
            position: Position(position),
            recorded_at: Instant::from_micros(micros).ok()?,
            frontier: Frontier::from_parts(position, roots)?,
            state: rest,
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

/// Which snapshots to drop, so that the recent past is dense and the distant past sparse: about
/// four for each doubling of the distance. `every` is the usual distance between two.
pub fn superfluous(positions: &[Position], every: u64) -> Vec<Position> {
    let every = every.max(1);
    let Some(newest) = positions.iter().max() else {
        return Vec::new();
    };
    positions
        .iter()
        .copied()
        .filter(|position| {
            let number = position.0 / every;
            let age = newest.0 / every - number;
            let weight = number.trailing_zeros().min(40);
            position != newest && age >= 4 << weight
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_thins_out() {
        let mut kept: Vec<Position> = Vec::new();
        for number in 1..=1000_u64 {
            kept.push(Position(number * 50 + 7));
            for dropped in superfluous(&kept, 50) {
                kept.retain(|position| *position != dropped);
            }
            assert!(kept.len() <= 40, "{}", kept.len());
        }
        let newest: Vec<_> = kept.iter().rev().take(4).map(|p| p.0 / 50).collect();
        assert_eq!(newest, [1000, 999, 998, 997]);
        assert!(kept.iter().any(|p| p.0 / 50 == 512));
        assert!(superfluous(&[], 50).is_empty());
    }

    #[test]
    fn frames_read_back_and_every_flipped_bit_is_noticed() {
        let mut frontier = Frontier::default();
        for n in 0..5_u8 {
            frontier.push(Digest::of(&[&[n]]));
        }
        let frame = Frame {
            format: 3,
            position: Position(5),
            recorded_at: Instant::from_micros(7).unwrap(),
            frontier,
            state: b"state",
        };
        let (before, after) = frame.around();
        let bytes = [&before[..], frame.state, &after].concat();
        assert_eq!(Frame::read(&bytes).unwrap(), frame);
        for index in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[index / 8] ^= 1 << (index % 8);
            assert_eq!(Frame::read(&flipped), Err(Unusable::Damaged));
        }
        assert_eq!(Frame::read(b""), Err(Unusable::Damaged));
    }
}
