//! A pool's counts as step functions of time.

use std::sync::Arc;

use bareboat_base::{Instant, Window};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const CHUNK: usize = 128;

/// Node counts, or changes of them. Signed: a change may be either way, and a slipped delivery
/// may leave fewer than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Level {
    pub installed: i64,
    pub firm: i64,
    pub option: i64,
    pub soft: i64,
    pub unavailable: i64,
}

impl Level {
    /// Nothing but so many nodes installed.
    pub fn installed(nodes: i64) -> Self {
        Self {
            installed: nodes,
            ..Self::default()
        }
    }

    /// Nothing but so many nodes firmly held.
    pub fn firm(nodes: i64) -> Self {
        Self {
            firm: nodes,
            ..Self::default()
        }
    }

    /// Nothing but so many nodes held by options.
    pub fn option(nodes: i64) -> Self {
        Self {
            option: nodes,
            ..Self::default()
        }
    }

    /// Nothing but so many nodes held by quotes.
    pub fn soft(nodes: i64) -> Self {
        Self {
            soft: nodes,
            ..Self::default()
        }
    }

    /// Nothing but so many nodes out of supply.
    pub fn unavailable(nodes: i64) -> Self {
        Self {
            unavailable: nodes,
            ..Self::default()
        }
    }

    /// The same the other way.
    pub fn negated(self) -> Self {
        Self {
            installed: -self.installed,
            firm: -self.firm,
            option: -self.option,
            soft: -self.soft,
            unavailable: -self.unavailable,
        }
    }

    /// What is left where options hold nothing, or do; the spare floor not yet taken off.
    pub fn left_for(self, over_options: bool) -> i64 {
        self.left() + if over_options { self.option } else { 0 }
    }

    /// What is left, the spare floor not yet taken off.
    pub fn left(self) -> i64 {
        self.installed - self.firm - self.option - self.soft - self.unavailable
    }
}

impl std::ops::AddAssign for Level {
    fn add_assign(&mut self, other: Self) {
        self.installed += other.installed;
        self.firm += other.firm;
        self.option += other.option;
        self.soft += other.soft;
        self.unavailable += other.unavailable;
    }
}

/// A chunk of changes with what a scan needs of it.
#[derive(Clone, Debug)]
struct Part {
    /// Never empty; ascending, distinct instants, no change of nothing.
    changes: Arc<Vec<(Instant, Level)>>,
    /// All its changes together.
    sum: Level,
    /// The lowest of what is left after each change, from 0 before the first.
    lowest: i64,
    /// The same where options hold nothing.
    lowest_over_options: i64,
}

impl Part {
    fn new(changes: Vec<(Instant, Level)>) -> Self {
        let mut part = Self {
            changes: Arc::new(changes),
            sum: Level::default(),
            lowest: 0,
            lowest_over_options: 0,
        };
        part.sum_up();
        part
    }

    fn sum_up(&mut self) {
        self.sum = Level::default();
        self.lowest = i64::MAX;
        self.lowest_over_options = i64::MAX;
        for (_, change) in self.changes.iter() {
            self.sum += *change;
            self.lowest = self.lowest.min(self.sum.left());
            self.lowest_over_options = self.lowest_over_options.min(self.sum.left_for(true));
        }
    }

    fn lowest_for(&self, over_options: bool) -> i64 {
        if over_options {
            self.lowest_over_options
        } else {
            self.lowest
        }
    }

    fn first(&self) -> Instant {
        self.changes[0].0
    }

    fn last(&self) -> Instant {
        self.changes[self.changes.len() - 1].0
    }
}

/// Counts over all time: a sorted list of changes in chunks behind shared pointers. A scan of a
/// window takes the sums of whole chunks and looks into those at its ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    parts: Arc<Vec<Part>>,
}

/// What a scan of a window found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The lowest of what is left.
    pub lowest: i64,
    /// The first instant at which less than was asked is left, and what is left then.
    pub first_short: Option<(Instant, i64)>,
}

impl Scan {
    fn see(&mut self, at: Instant, left: i64, asked: i64) {
        self.lowest = self.lowest.min(left);
        if left < asked && self.first_short.is_none() {
            self.first_short = Some((at, left));
        }
    }
}

impl Counts {
    /// Changes the counts from an instant on.
    pub fn change(&mut self, at: Instant, change: Level) {
        if change == Level::default() {
            return;
        }
        let parts = Arc::make_mut(&mut self.parts);
        let index = parts.partition_point(|part| part.first() <= at);
        let index = index.saturating_sub(1);
        let Some(part) = parts.get_mut(index) else {
            parts.push(Part::new(vec![(at, change)]));
            return;
        };
        let changes = Arc::make_mut(&mut part.changes);
        match changes.binary_search_by_key(&at, |(at, _)| *at) {
            Ok(found) => {
                changes[found].1 += change;
                if changes[found].1 == Level::default() {
                    changes.remove(found);
                }
            }
            Err(place) => changes.insert(place, (at, change)),
        }
        if changes.is_empty() {
            parts.remove(index);
        } else if changes.len() > CHUNK {
            let upper = changes.split_off(changes.len() / 2);
            part.sum_up();
            parts.insert(index + 1, Part::new(upper));
        } else {
            part.sum_up();
        }
    }

    /// Changes the counts over a window.
    pub fn change_over(&mut self, window: Window, change: Level) {
        self.change(window.from(), change);
        self.change(window.to(), change.negated());
    }

    /// The lowest of what is left in a window, and where it first falls below `asked`; options
    /// hold nothing, or do.
    pub fn scan(&self, window: Window, asked: i64, over_options: bool) -> Scan {
        let (from, to) = (window.from(), window.to());
        let mut scan = Scan {
            lowest: i64::MAX,
            first_short: None,
        };
        let mut left = 0;
        let mut inside = false;
        for part in self.parts.iter() {
            if part.last() <= from {
                left += part.sum.left_for(over_options);
                continue;
            }
            if part.first() >= to {
                break;
            }
            if inside
                && part.last() < to
                && (scan.first_short.is_some() || left + part.lowest_for(over_options) >= asked)
            {
                scan.lowest = scan.lowest.min(left + part.lowest_for(over_options));
                left += part.sum.left_for(over_options);
                continue;
            }
            for (at, change) in part.changes.iter() {
                if *at > from && !inside {
                    scan.see(from, left, asked);
                    inside = true;
                }
                if *at >= to {
                    break;
                }
                left += change.left_for(over_options);
                if inside {
                    scan.see(*at, left, asked);
                }
            }
        }
        if !inside {
            scan.see(from, left, asked);
        }
        scan
    }

    /// The counts step by step over a window: each with the instant from which it holds.
    pub fn steps(&self, window: Window) -> Vec<(Instant, Level)> {
        let mut level = Level::default();
        let mut steps = Vec::new();
        for part in self.parts.iter() {
            if part.last() <= window.from() {
                level += part.sum;
                continue;
            }
            for (at, change) in part.changes.iter() {
                if *at >= window.to() {
                    break;
                }
                if *at > window.from() {
                    if steps.is_empty() {
                        steps.push((window.from(), level));
                    }
                    level += *change;
                    steps.push((*at, level));
                } else {
                    level += *change;
                }
            }
        }
        if steps.is_empty() {
            steps.push((window.from(), level));
        }
        steps
    }

    /// The stretches from `from` on in which at least `least` are left, in order; the last may
    /// have no end.
    pub fn stretches(&self, from: Instant, least: i64) -> Vec<(Instant, Option<Instant>)> {
        let mut found = Vec::new();
        let mut open: Option<Instant> = None;
        let mut left = 0;
        let mut inside = false;
        for part in self.parts.iter() {
            let enough = inside && open.is_some() && left + part.lowest >= least;
            if part.last() <= from || enough {
                left += part.sum.left();
                continue;
            }
            for (at, change) in part.changes.iter() {
                if *at > from && !inside {
                    inside = true;
                    open = (left >= least).then_some(from);
                }
                left += change.left();
                if inside && left >= least {
                    open = open.or(Some(*at));
                } else if let Some(begin) = open.take() {
                    found.push((begin, Some(*at)));
                }
            }
        }
        if !inside {
            open = (left >= least).then_some(from);
        }
        found.extend(open.map(|begin| (begin, None)));
        found
    }

    /// The instants after `from` at which the counts change, in order.
    pub fn changes_after(&self, from: Instant) -> impl Iterator<Item = Instant> + '_ {
        let parts = self
            .parts
            .iter()
            .skip_while(move |part| part.last() <= from);
        let changes = parts.flat_map(|part| part.changes.iter());
        changes.map(|(at, _)| *at).filter(move |at| *at > from)
    }

    /// The most that is ever installed from an instant on.
    pub fn most_installed(&self, from: Instant) -> i64 {
        let (mut installed, mut most) = (0, 0);
        for part in self.parts.iter() {
            if part.last() <= from {
                installed += part.sum.installed;
                most = installed;
                continue;
            }
            for (at, change) in part.changes.iter() {
                installed += change.installed;
                most = if *at <= from {
                    installed
                } else {
                    most.max(installed)
                };
            }
        }
        most
    }

    fn iter(&self) -> impl Iterator<Item = &(Instant, Level)> {
        self.parts.iter().flat_map(|part| part.changes.iter())
    }
}

impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let len = self.parts.iter().map(|part| part.changes.len()).sum();
        let mut seq = serializer.serialize_seq(Some(len))?;
        for change in self.iter() {
            seq.serialize_element(change)?;
        }
        seq.end()
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let changes = Vec::<(Instant, Level)>::deserialize(deserializer)?;
        if !changes.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(serde::de::Error::custom(
                "a pool's changes are out of order",
            ));
        }
        let parts = changes.chunks(CHUNK / 2);
        Ok(Self {
            parts: Arc::new(parts.map(|part| Part::new(part.to_vec())).collect()),
        })
    }
}
