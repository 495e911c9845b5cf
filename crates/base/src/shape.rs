//! How the nodes of a lot lie in the fabric.

use serde::{Deserialize, Serialize};

/// A kind of place that holds nodes, and fails with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FabricLevel {
    /// GPUs under one NVLink switch system; a node of a model without such systems is its own.
    NvlinkDomain,
    /// A leaf switch.
    Leaf,
    /// A spine group.
    SpineGroup,
    /// A hall.
    Hall,
}

impl FabricLevel {
    /// All of them, the smallest first.
    pub const ALL: [Self; 4] = [Self::NvlinkDomain, Self::Leaf, Self::SpineGroup, Self::Hall];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NvlinkDomain => "nvlink-domain",
            Self::Leaf => "leaf",
            Self::SpineGroup => "spine-group",
            Self::Hall => "hall",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NvlinkDomain => "NVLink domain",
            Self::Leaf => "leaf",
            Self::SpineGroup => "spine group",
            Self::Hall => "hall",
        }
    }
}

/// At most so many nodes in each place of a level, so that its failure takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Spread {
    /// The kind of place.
    pub over: FabricLevel,
    /// How many nodes of the lot one of them may hold; at least 1.
    pub most: u32,
}

/// What a lot asks of how its nodes lie; the default asks nothing. All of it holds together.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(default)]
pub struct Shape {
    /// At most so many leaves.
    pub max_leaves: Option<u32>,
    /// At most so many NVLink domains.
    pub max_nvlink_domains: Option<u32>,
    /// At most so many spine groups.
    pub max_spine_groups: Option<u32>,
    /// Neighbours in the order of the fabric, none of another lot in between.
    pub contiguous: bool,
    /// NVLink domains whole, none shared with another lot.
    pub whole_nvlink_domains: bool,
    /// Apart from each other.
    pub spread: Option<Spread>,
}

impl Shape {
    /// Nothing is asked.
    pub const ANY: Self = Self {
        max_leaves: None,
        max_nvlink_domains: None,
        max_spine_groups: None,
        contiguous: false,
        whole_nvlink_domains: false,
        spread: None,
    };

    /// At most so many leaves, or any number, and nothing else.
    pub fn leaves(max_leaves: Option<u32>) -> Self {
        Self {
            max_leaves,
            ..Self::ANY
        }
    }

    /// Whether nothing is asked.
    pub fn is_any(&self) -> bool {
        *self == Self::ANY
    }

    /// Whether nothing but a number of leaves is asked.
    pub fn is_leaves_alone(&self) -> bool {
        *self == Self::leaves(self.max_leaves)
    }

    /// The limits, each with what it is called; every one is at least 1.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let limits = [
            ("the number of leaves", self.max_leaves),
            ("the number of NVLink domains", self.max_nvlink_domains),
            ("the number of spine groups", self.max_spine_groups),
            (
                "the number of nodes in one place",
                self.spread.map(|spread| spread.most),
            ),
        ];
        limits
            .into_iter()
            .filter_map(|(what, most)| Some((what, most?)))
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let most = |most: Option<u32>, what: &str| {
            most.map(|most| format!("at most {most} {what}{}", if most == 1 { "" } else { "s" }))
        };
        parts.extend(match self.max_leaves {
            Some(1) => Some("at most 1 leaf".to_owned()),
            most => most.map(|most| format!("at most {most} leaves")),
        });
        parts.extend(most(self.max_nvlink_domains, "NVLink domain"));
        parts.extend(most(self.max_spine_groups, "spine group"));
        if self.contiguous {
            parts.push("contiguous".to_owned());
        }
        if self.whole_nvlink_domains {
            parts.push("whole NVLink domains".to_owned());
        }
        parts.extend(self.spread.map(|spread| {
            let nodes = if spread.most == 1 { "node" } else { "nodes" };
            let over = spread.over.words();
            format!("at most {} {nodes} in one {over}", spread.most)
        }));
        if parts.is_empty() {
            parts.push("any shape".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_reads_as_a_planner_says_it() {
        assert_eq!(Shape::ANY.to_string(), "any shape");
        let shape = Shape {
            max_leaves: Some(4),
            max_spine_groups: Some(1),
            whole_nvlink_domains: true,
            spread: Some(Spread {
                over: FabricLevel::Hall,
                most: 18,
            }),
            ..Shape::ANY
        };
        assert_eq!(
            shape.to_string(),
            "at most 4 leaves, at most 1 spine group, whole NVLink domains, \
             at most 18 nodes in one hall"
        );
        let read: Shape = serde_json::from_str(r#"{"max_leaves":4}"#).unwrap();
        assert_eq!(read, Shape::leaves(Some(4)));
    }
}
