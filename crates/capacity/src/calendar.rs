//! What a pool keeps: its counts over time, its nodes in the order of the fabric, what pins them.

use std::sync::Arc;

use bareboat_base::{HallId, Handle, Instant, Run, Shape};
use serde::{Deserialize, Serialize};

use crate::OptionMode;
use crate::counts::Counts;
use crate::plan::{Laid, Plan};
use crate::sorted::Sorted;

/// A pool's calendar. Cloning copies pointers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calendar {
    /// Installed, firm, option, softly held and unavailable over time.
    pub counts: Counts,
    /// What the capacity of options may be used for.
    pub options: OptionMode,
    /// Nodes in one NVLink domain.
    pub nodes_per_domain: u32,
    /// The nodes that have names, in the order of the fabric.
    pub slots: Arc<Vec<Slot>>,
    /// Every interval that binds named nodes, by its beginning; never forgotten, so that an
    /// instant in the past can be asked for too.
    pub pins: Sorted<Pin>,
    /// Reservations whose nodes are not named: where the unnamed part begins, and the row.
    pub unnamed: Sorted<(Instant, Handle)>,
    /// How many of them have a shape.
    pub shaped: u32,
    /// Reservations that are deliveries of lots with a shape.
    pub parts: Sorted<Handle>,
    /// Its nodes in the order of the fabric, those to come at its end.
    pub laid: Option<Arc<Laid>>,
    /// Nodes for them for the time being, where counting is not enough and a reservation was
    /// made since something else changed.
    pub plan: Option<Arc<Plan>>,
    /// What quotes hold: where it begins, the quote's row, and which of its holds.
    pub soft: Sorted<(Instant, Handle, u32)>,
    /// Supplies that still owe nodes: from when they count, and the row.
    pub owing: Sorted<(Instant, Handle)>,
}

impl Calendar {
    /// A reservation waits for names from an instant on.
    pub fn wait(&mut self, from: Instant, row: Handle, shape: Shape) {
        self.unnamed.insert((from, row));
        self.shaped += u32::from(!shape.is_any());
    }

    /// It no longer does, if it did.
    pub fn wait_no_longer(&mut self, from: Instant, row: Handle, shape: Shape) {
        if self.unnamed.remove(&(from, row)) {
            self.shaped -= u32::from(!shape.is_any());
        }
    }
}

/// Neighbouring named nodes at one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Slot {
    pub spine_group: u32,
    pub hall: HallId,
    pub leaf: u32,
    pub run: Run,
    pub nvlink_domain: Option<u32>,
    /// From when they count.
    pub from: Instant,
}

/// An interval that binds named nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub from: Instant,
    pub to: Instant,
    pub what: Pinned,
}

/// What binds the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Pinned {
    /// The allocation's row: the nodes that it has had from its beginning.
    Allocation(Handle),
    /// A stay of an allocation's row: a node that it had for a part of its window.
    Stay { row: Handle, stay: u32, node: u32 },
    /// A piece of an unavailability's row.
    Unavailable { row: u32, piece: u32 },
}
