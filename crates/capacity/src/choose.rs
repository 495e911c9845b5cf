//! Which named nodes are free throughout a window.

use bareboat_base::{NodeSet, Run, Window};

use crate::State;
use crate::calendar::{Calendar, Pinned};
use crate::place::{nodes_of, single};

/// A bit for each node number of a site.
#[derive(Clone)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    fn new(end: u32) -> Self {
        Self(vec![0; (end as usize).div_ceil(64)])
    }

    /// Sets or clears the bits of a run, as far as there are bits.
    fn fill(&mut self, run: Run, value: bool) {
        let end = (run.end() as usize).min(self.0.len() * 64);
        let mut at = run.first as usize;
        while at < end {
            let upto = end.min((at / 64 + 1) * 64);
            let width = upto - at;
            let ones = if width == 64 {
                u64::MAX
            } else {
                (1 << width) - 1
            };
            let mask = ones << (at % 64);
            if value {
                self.0[at / 64] |= mask;
            } else {
                self.0[at / 64] &= !mask;
            }
            at = upto;
        }
    }

    fn clear(&mut self, nodes: &NodeSet) {
        for run in nodes.runs() {
            self.fill(*run, false);
        }
    }

    fn get(&self, number: u32) -> bool {
        let word = self.0.get(number as usize / 64).copied().unwrap_or(0);
        word >> (number % 64) & 1 == 1
    }

    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The bits of a run of at most 64 numbers, the first of them lowest.
    pub fn word(&self, run: Run) -> u64 {
        let (at, shift) = (run.first as usize / 64, run.first % 64);
        let word = |at: usize| self.0.get(at).copied().unwrap_or(0);
        let high = match shift {
            0 => 0,
            shift => word(at + 1) << (64 - shift),
        };
        let ones = match run.count {
            0..64 => (1 << run.count) - 1,
            _ => u64::MAX,
        };
        (word(at) >> shift | high) & ones
    }

    /// The numbers whose bits are set in a run.
    pub fn numbers(&self, run: Run) -> impl Iterator<Item = u32> + '_ {
        (run.first..run.end()).filter(|number| self.get(*number))
    }
}

/// The named nodes that no pin binds in a window and that are installed by its beginning.
pub(crate) fn free_throughout(state: &State, calendar: &Calendar, window: Window) -> Bits {
    let end = calendar.slots.iter().map(|slot| slot.run.end()).max();
    let mut bits = Bits::new(end.unwrap_or(0));
    for slot in calendar.slots.iter() {
        if slot.from <= window.from() {
            bits.fill(slot.run, true);
        }
    }
    for pin in calendar.pins.iter() {
        if pin.from >= window.to() {
            break;
        }
        if pin.to <= window.from() {
            continue;
        }
        // There are many of these: their node stands in the pin, so that no row is looked up.
        if let Pinned::Stay { node, .. } = pin.what {
            bits.fill(single(node), false);
        } else if let Some(nodes) = nodes_of(state, pin) {
            bits.clear(nodes);
        }
    }
    bits
}

/// The bits without some nodes.
pub(crate) fn without(bits: &Bits, nodes: Option<&NodeSet>) -> Bits {
    let mut bits = bits.clone();
    if let Some(nodes) = nodes {
        bits.clear(nodes);
    }
    bits
}
