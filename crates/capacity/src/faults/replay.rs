//! Faults one by one, each replaced from the nearest spare.

use super::{Fabric, Nearness, Outage, Places};

/// Where the spares stand at the beginning.
pub type Spread = Vec<u32>;

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happening {
    /// The second.
    pub at: u64,
    /// It fails; else it is repaired, which comes first within a second.
    pub fails: bool,
    /// The node.
    pub node: u32,
}

/// The happenings of outages that do not overlap, in order.
pub fn happenings(outages: &[Outage], horizon: u64) -> Vec<Happening> {
    let of_one = |one: &Outage| {
        let fails = Happening {
            at: one.from,
            fails: true,
            node: one.node,
        };
        let repaired = Happening {
            at: one.to,
            fails: false,
            node: one.node,
        };
        [fails, repaired]
    };
    let all = outages.iter().flat_map(of_one);
    let mut all: Vec<Happening> = all.filter(|one| one.at < horizon).collect();
    all.sort_unstable();
    all
}

/// What a replay came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Nodes that lots have.
    pub sold: u32,
    /// Faults of nodes that lots had.
    pub faults: u64,
    /// Replaced at once from the same leaf.
    pub in_leaf: u64,
    /// Replaced at once from the spine group.
    pub in_spine_group: u64,
    /// Replaced at once from the hall.
    pub in_hall: u64,
    /// Found no spare, and waited for a repair.
    pub none: u64,
    /// Seconds that nodes of lots were missing, added up over nodes.
    pub lost_seconds: u128,
    /// Seconds in which some lot was short.
    pub short_seconds: u64,
    /// The most nodes missing at once.
    pub most_missing: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Serving,
    Spare,
    Down,
}

/// Nodes at work, spares, and places where one is missing.
#[derive(Clone, Debug)]
pub struct Desk {
    fabric: Fabric,
    is: Vec<Is>,
    spares: Places,
    missing: Places,
    at: u64,
    so_far: Replay,
}

impl Desk {
    /// All nodes but the spares are sold; the spares stand as evenly as can be.
    pub fn new(fabric: Fabric, spares: u32) -> Self {
        let mut desk = Self {
            fabric,
            is: vec![Is::Serving; fabric.nodes() as usize],
            spares: Places::default(),
            missing: Places::default(),
            at: 0,
            so_far: Replay::default(),
        };
        for node in Self::spread(&fabric, spares) {
            desk.is[node as usize] = Is::Spare;
            desk.spares.insert(fabric.place(node));
        }
        desk.so_far.sold = fabric.nodes() - desk.spares.len() as u32;
        desk
    }

    /// Where so many spares stand.
    pub fn spread(fabric: &Fabric, spares: u32) -> Spread {
        let (nodes, spares) = (u64::from(fabric.nodes()), u64::from(spares));
        let spares = spares.min(nodes);
        // Of the nodes that a spare stands for, the one in the middle.
        let middle = |k| ((2 * k + 1) * nodes / (2 * spares.max(1))) as u32;
        (0..spares).map(middle).collect()
    }

    /// Time goes on to a second.
    fn come_to(&mut self, at: u64) {
        let passed = at.saturating_sub(self.at);
        let missing = self.missing.len() as u32;
        self.so_far.lost_seconds += u128::from(missing) * u128::from(passed);
        if missing > 0 {
            self.so_far.short_seconds += passed;
        }
        self.at = self.at.max(at);
    }

    /// A node fails: the spare that replaces it and how near that is; `None` where it was at no
    /// work, or no spare is in its hall.
    pub fn fail(&mut self, node: u32, at: u64) -> Option<(u32, Nearness)> {
        self.come_to(at);
        let place = self.fabric.place(node);
        match std::mem::replace(&mut self.is[node as usize], Is::Down) {
            Is::Spare => {
                self.spares.remove(&place);
                return None;
            }
            Is::Down => return None,
            Is::Serving => {}
        }
        self.so_far.faults += 1;
        let Some((spare, near)) = self.spares.take_nearest(&place) else {
            self.so_far.none += 1;
            self.missing.insert(place);
            let missing = self.missing.len() as u32;
            self.so_far.most_missing = self.so_far.most_missing.max(missing);
            return None;
        };
        match near {
            Nearness::Leaf => self.so_far.in_leaf += 1,
            Nearness::SpineGroup => self.so_far.in_spine_group += 1,
            Nearness::Hall => self.so_far.in_hall += 1,
        }
        self.is[spare.node as usize] = Is::Serving;
        Some((spare.node, near))
    }

    /// A node is repaired: it takes the nearest place where one is missing, its own first, or
    /// becomes a spare.
    pub fn repair(&mut self, node: u32, at: u64) {
        self.come_to(at);
        if self.is[node as usize] != Is::Down {
            return;
        }
        let place = self.fabric.place(node);
        let serves = self.missing.remove(&place) || self.missing.take_nearest(&place).is_some();
        self.is[node as usize] = if serves { Is::Serving } else { Is::Spare };
        if !serves {
            self.spares.insert(place);
        }
    }

    /// What it came to, by the horizon.
    pub fn finish(mut self, horizon: u64) -> Replay {
        self.come_to(horizon);
        self.so_far
    }
}

/// Replays happenings with so many spares.
pub fn replay(fabric: &Fabric, happenings: &[Happening], horizon: u64, spares: u32) -> Replay {
    let mut desk = Desk::new(*fabric, spares);
    for happening in happenings {
        if happening.fails {
            desk.fail(happening.node, happening.at);
        } else {
            desk.repair(happening.node, happening.at);
        }
    }
    desk.finish(horizon)
}

/// The fewest spares with which the replay itself is short for no more than the target leaves,
/// found by halving.
pub fn needed(fabric: &Fabric, happenings: &[Happening], horizon: u64, target_ppm: u32) -> u32 {
    let allowed = u128::from(horizon) * u128::from(1_000_000 - target_ppm.min(1_000_000));
    let enough = |spares| {
        let short = replay(fabric, happenings, horizon, spares).short_seconds;
        u128::from(short) * 1_000_000 <= allowed
    };
    let (mut low, mut high) = (0, fabric.nodes());
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
