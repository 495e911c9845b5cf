//! Nodes named compactly: by site and number, in runs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SiteId;

/// One node: its site and its number there, from 1 (`N-OSA-000317` is number 317 at OSA).
/// It never changes, through repair and resale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeRef {
    /// The site.
    pub site: SiteId,
    /// The number there, from 1.
    pub number: u32,
}

/// Nodes of one site, as ascending, disjoint, non-touching runs of numbers: 640 nodes in a row
/// are 12 bytes. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawSet")]
pub struct NodeSet {
    site: SiteId,
    runs: Vec<Run>,
}

/// `count` numbers from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Run {
    /// The first number, from 1.
    pub first: u32,
    /// How many, at least 1.
    pub count: u32,
}

impl Run {
    /// The first number after the run.
    pub fn end(self) -> u32 {
        self.first + self.count
    }
}

/// The nodes named are no set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNodeSet {
    /// No node.
    #[error("no node is named")]
    Empty,
    /// A run without nodes, from number 0, or past 2^32.
    #[error("a run of {count} nodes from number {first} is no run")]
    Run {
        /// Its first number.
        first: u32,
        /// Its length.
        count: u32,
    },
}

#[derive(Deserialize)]
struct RawSet {
    site: SiteId,
    runs: Vec<Run>,
}

impl TryFrom<RawSet> for NodeSet {
    type Error = BadNodeSet;
    fn try_from(raw: RawSet) -> Result<Self, BadNodeSet> {
        Self::from_runs(raw.site, raw.runs)
    }
}

impl NodeSet {
    /// The set of the given runs, in any order, overlapping or not.
    pub fn from_runs(site: SiteId, mut runs: Vec<Run>) -> Result<Self, BadNodeSet> {
        for run in &runs {
            if run.first == 0 || run.count == 0 || run.first.checked_add(run.count).is_none() {
                return Err(BadNodeSet::Run {
                    first: run.first,
                    count: run.count,
                });
            }
        }
        runs.sort_unstable();
        let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
        for run in runs {
            match joined.last_mut() {
                Some(last) if run.first <= last.end() => {
                    last.count = last.end().max(run.end()) - last.first;
                }
                _ => joined.push(run),
            }
        }
        if joined.is_empty() {
            Err(BadNodeSet::Empty)
        } else {
            Ok(Self { site, runs: joined })
        }
    }

    /// The set of the given numbers, in any order.
    pub fn from_numbers(
        site: SiteId,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<Self, BadNodeSet> {
        let runs = numbers
            .into_iter()
            .map(|first| Run { first, count: 1 })
            .collect();
        Self::from_runs(site, runs)
    }

    /// Where they are.
    pub fn site(&self) -> SiteId {
        self.site
    }

    /// The runs, ascending.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// How many nodes.
    pub fn count(&self) -> crate::NodeCount {
        crate::NodeCount(self.runs.iter().map(|run| run.count).sum())
    }

    /// The numbers, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs.iter().flat_map(|run| run.first..run.end())
    }

    /// Whether the number is among them.
    pub fn contains(&self, number: u32) -> bool {
        let after = self.runs.partition_point(|run| run.first <= number);
        after > 0 && number < self.runs[after - 1].end()
    }

    /// Whether every node of `other` is among them.
    pub fn contains_all(&self, other: &Self) -> bool {
        let has = |run: &Run| {
            let after = self.runs.partition_point(|own| own.first <= run.first);
            after > 0 && run.end() <= self.runs[after - 1].end()
        };
        // Runs never touch: a run of `other` lies inside one of these, or not inside at all.
        self.site == other.site && other.runs.iter().all(has)
    }
}

/// The label of a node: `N-OSA-000317`.
pub fn node_label(site_code: &str, number: u32) -> String {
    format!("N-{site_code}-{number:06}")
}

/// The site code and number in a node's label.
pub fn parse_node_label(text: &str) -> Option<(&str, u32)> {
    let (site, digits) = text.strip_prefix("N-")?.rsplit_once('-')?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|n| *n > 0 && all_digits)?;
    Some((site, number))
}

impl fmt::Display for NodeSet {
    /// `1-640, 700`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, run) in self.runs.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match run.count {
                1 => write!(f, "{}", run.first)?,
                _ => write!(f, "{}-{}", run.first, run.end() - 1)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TypedId as _;
    use proptest::prelude::*;

    fn site() -> SiteId {
        SiteId::from_uuid(uuid::Uuid::from_u128(1))
    }

    #[test]
    fn sets_are_canonical() {
        let set = NodeSet::from_numbers(site(), [3, 1, 2, 9, 2]).unwrap();
        assert_eq!(set.to_string(), "1-3, 9");
        assert_eq!(NodeSet::from_numbers(site(), []), Err(BadNodeSet::Empty));
        let overflow = vec![Run {
            first: u32::MAX,
            count: 2,
        }];
        assert!(NodeSet::from_runs(site(), overflow).is_err());
        assert_eq!(parse_node_label("N-OSA-1-000317"), Some(("OSA-1", 317)));
        assert_eq!(
            parse_node_label(&node_label("OSA", 317)),
            Some(("OSA", 317))
        );
        assert_eq!(parse_node_label("N-OSA-0"), None);
    }

    proptest! {
        #[test]
        fn like_a_plain_set(numbers in proptest::collection::btree_set(1_u32..200, 1..100), probe in 0_u32..220) {
            let set = NodeSet::from_numbers(site(), numbers.iter().rev().copied()).unwrap();
            prop_assert_eq!(set.numbers().collect::<Vec<_>>(), numbers.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.count().0 as usize, numbers.len());
            prop_assert_eq!(set.contains(probe), numbers.contains(&probe));
            let (first, count) = (probe.max(1), 1 + probe % 5);
            let other = NodeSet::from_runs(site(), vec![Run { first, count }]).unwrap();
            let has_all = other.numbers().all(|number| numbers.contains(&number));
            prop_assert_eq!(set.contains_all(&other), has_all);
            prop_assert!(set.runs().windows(2).all(|pair| pair[0].end() < pair[1].first));
        }
    }
}
