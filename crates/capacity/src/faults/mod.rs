//! How nodes fail, how many spares that needs, and which spare replaces which node.
//!
//! [`Sizing`] says by formula how many spares keep every lot whole for a share of the time;
//! [`Desk`] replays faults one by one and says what that came to. Both take the same [`Rates`], or
//! what a trace shows. Nothing here draws: randomness comes in as an iterator of bits.
//!
//! It is a part of this crate, not one of its own, because the calendar replaces nodes in the same
//! order ([`Nearness`]) and domains do not call each other.
//!
//! Time is in whole seconds from the beginning of what is looked at.

mod generate;
mod replay;
mod sizing;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use generate::{Outage, bits, generate, merged, tiled};
pub use replay::{Desk, Happening, Replay, Spread, happenings, needed, replay};
pub use sizing::{Share, Sizing};

/// Seconds of a year of 365.25 days.
pub const YEAR: u64 = 31_557_600;

/// How near a spare hangs to the node it replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nearness {
    /// At the same leaf.
    Leaf,
    /// At another leaf of the same spine group.
    SpineGroup,
    /// In another spine group of the same hall.
    Hall,
}

impl Nearness {
    /// Its name: `spine-group`.
    pub fn as_str(self) -> &'static str {
        match self {
            Nearness::Leaf => "leaf",
            Nearness::SpineGroup => "spine-group",
            Nearness::Hall => "hall",
        }
    }
}

/// Something about faults that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFaults(pub String);

/// A fabric in which every leaf, spine group, rack and hall is as large as the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fabric {
    nodes: u32,
    leaf: u32,
    group: u32,
    rack: u32,
    hall: u32,
}

impl Fabric {
    /// So many nodes; nodes of a leaf, leaves of a spine group, nodes of a rack, spine groups of a
    /// hall (all of them where `None`).
    pub fn new(
        nodes: u32,
        leaf: u32,
        spine: u32,
        rack: u32,
        hall: Option<u32>,
    ) -> Result<Self, BadFaults> {
        let within = |what: &str, found: u32, most: u32| match found {
            _ if (1..=most).contains(&found) => Ok(()),
            _ => Err(BadFaults(format!(
                "{what} is {found}; it must lie from 1 to {most}"
            ))),
        };
        within("the number of nodes", nodes, 1_000_000)?;
        within("the number of nodes at a leaf", leaf, 65_536)?;
        within("the number of leaves in a spine group", spine, 65_536)?;
        within("the number of nodes in a rack", rack, 65_536)?;
        let group = leaf.saturating_mul(spine);
        let hall = hall.map(|groups| {
            within("the number of spine groups in a hall", groups, 65_536)?;
            Ok(group.saturating_mul(groups))
        });
        let hall = hall.transpose()?.unwrap_or(u32::MAX);
        Ok(Self {
            nodes,
            leaf,
            group,
            rack,
            hall,
        })
    }

    /// How many nodes.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// Where a node stands; the number is below that of nodes.
    pub fn place(&self, node: u32) -> Place {
        Place {
            hall: node / self.hall,
            spine_group: node / self.group,
            leaf: node / self.leaf,
            node,
        }
    }

    /// Nodes of a unit that fails as one.
    fn size(&self, unit: Unit) -> u32 {
        match unit {
            Unit::Node => 1,
            Unit::Rack => self.rack,
            Unit::Leaf => self.leaf,
            Unit::Hall => self.hall,
        }
    }

    /// The nodes of each hall, as ranges of numbers.
    fn halls(&self) -> impl Iterator<Item = std::ops::Range<u32>> + '_ {
        let starts = (0..self.nodes).step_by(self.hall as usize);
        starts.map(|first| first..first.saturating_add(self.hall).min(self.nodes))
    }
}

/// Where a node stands. Places in order of the fabric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The hall.
    pub hall: u32,
    /// The spine group, numbered through all halls.
    pub spine_group: u32,
    /// The leaf, numbered through all groups.
    pub leaf: u32,
    /// The node.
    pub node: u32,
}

impl Place {
    /// How near another place is; `None` in another hall.
    pub fn nearness(&self, other: &Place) -> Option<Nearness> {
        if self.leaf == other.leaf {
            Some(Nearness::Leaf)
        } else if self.spine_group == other.spine_group {
            Some(Nearness::SpineGroup)
        } else if self.hall == other.hall {
            Some(Nearness::Hall)
        } else {
            None
        }
    }
}

/// Places to choose the nearest of, in the order of the fabric.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeSet<Place>);

impl Places {
    /// Adds a place.
    pub fn insert(&mut self, place: Place) -> bool {
        self.0.insert(place)
    }

    /// Takes a place away; whether it was there.
    pub fn remove(&mut self, place: &Place) -> bool {
        self.0.remove(place)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the nearest: at the same leaf, then in the spine group, then in the hall; of equals
    /// the first in the fabric. Three look-ups in an ordered set.
    pub fn take_nearest(&mut self, to: &Place) -> Option<(Place, Nearness)> {
        // The first place from here on is of the leaf, group or hall if any place is.
        let leaf = Place { node: 0, ..*to };
        let group = Place { leaf: 0, ..leaf };
        let hall = Place {
            spine_group: 0,
            ..group
        };
        for (from, wanted) in [
            (leaf, Nearness::Leaf),
            (group, Nearness::SpineGroup),
            (hall, Nearness::Hall),
        ] {
            let first = self.0.range(from..).next().copied();
            let near = first.filter(|place| place.nearness(to).is_some_and(|near| near <= wanted));
            if let Some(place) = near {
                self.0.remove(&place);
                return Some((place, wanted));
            }
        }
        None
    }
}

/// What fails as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A node.
    Node,
    /// All nodes of a rack.
    Rack,
    /// All nodes of a leaf.
    Leaf,
    /// All nodes of a hall.
    Hall,
}

/// How long repairs take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair(Times);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Times {
    /// Each as likely as the others, in seconds.
    List(Vec<u64>),
    /// Millionths of the repairs and in how many seconds they are done, from 0 to 1,000,000, a
    /// straight line between.
    Quantiles(Vec<(u32, u64)>),
}

/// The longest repair: ten years.
const LONGEST: u64 = 10 * YEAR;

impl Repair {
    /// Repairs as they were seen, in seconds.
    pub fn list(seconds: Vec<u64>) -> Result<Self, BadFaults> {
        if seconds.is_empty() || seconds.iter().any(|time| *time > LONGEST) {
            let problem = "repairs are a list of at least one, each of at most ten years";
            return Err(BadFaults(problem.to_owned()));
        }
        Ok(Self(Times::List(seconds)))
    }

    /// Quantiles: so many millionths are done in so many seconds. The last is of all of them;
    /// before the first stands nothing in no time.
    pub fn quantiles(mut points: Vec<(u32, u64)>) -> Result<Self, BadFaults> {
        if points.first().is_none_or(|(share, _)| *share > 0) {
            points.insert(0, (0, 0));
        }
        let rises = |pair: &[(u32, u64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        let last = points[points.len() - 1];
        if !points.windows(2).all(rises) || last.0 != 1_000_000 || last.1 > LONGEST {
            let problem = "quantiles of repairs must rise, in share and in time, and end with the \
                           longest repair at share 1, of at most ten years";
            return Err(BadFaults(problem.to_owned()));
        }
        Ok(Self(Times::Quantiles(points)))
    }

    /// The mean in seconds, exactly: so much over so much.
    pub fn mean(&self) -> (u128, u128) {
        match &self.0 {
            Times::List(list) => {
                let sum = list.iter().map(|time| u128::from(*time)).sum();
                (sum, list.len() as u128)
            }
            Times::Quantiles(points) => {
                let areas = points.windows(2).map(|pair| {
                    let width = u128::from(pair[1].0 - pair[0].0);
                    width * (u128::from(pair[0].1) + u128::from(pair[1].1))
                });
                (areas.sum(), 2_000_000)
            }
        }
    }

    /// A repair for 64 drawn bits, of at least a second.
    fn draw(&self, bits: u64) -> u64 {
        let below = |most: u128| (u128::from(bits) * most) >> 64;
        let time = match &self.0 {
            Times::List(list) => list[below(list.len() as u128) as usize],
            Times::Quantiles(points) => {
                let share = below(1_000_000);
                let after = points.partition_point(|(point, _)| u128::from(*point) <= share);
                let (low, high) = (points[after - 1], points[after]);
                let width = u128::from(high.0 - low.0);
                let rise = u128::from(high.1 - low.1) * (share - u128::from(low.0)) / width;
                low.1 + rise as u64
            }
        };
        time.max(1)
    }
}

/// How often a unit fails, and how long its repair takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What fails as one.
    pub unit: Unit,
    /// Faults of one unit in a year, in millionths.
    pub faults_micro_per_year: u64,
    /// Its repair.
    pub repair: Repair,
}

/// How often nodes fail alone, and together: by rack, by leaf, by hall.
pub type Rates = Vec<Rate>;
