//! How nodes lie in the fabric.

use bareboat_base as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mirror::mirror;

mirror! {
    /// A kind of place that holds nodes, and fails with all of them.
    FabricLevel of domain::FabricLevel {
        /// GPUs under one NVLink switch system; a node of a model without such systems is its own.
        NvlinkDomain "nvlink-domain",
        /// A leaf switch.
        Leaf "leaf",
        /// A spine group.
        SpineGroup "spine-group",
        /// A hall.
        Hall "hall",
    }
}

/// At most so many nodes in each place of a level, so that its failure takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShapeSpread {
    /// The kind of place.
    pub over: FabricLevel,
    /// How many nodes of the lot one of them may hold.
    #[schema(minimum = 1)]
    pub most: u32,
}

/// What a lot asks of how its nodes lie; all of it holds together, and for all deliveries of a lot
/// together. Empty, it asks nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
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
    pub spread: Option<ShapeSpread>,
}

impl From<domain::Shape> for Shape {
    fn from(shape: domain::Shape) -> Self {
        Self {
            max_leaves: shape.max_leaves,
            max_nvlink_domains: shape.max_nvlink_domains,
            max_spine_groups: shape.max_spine_groups,
            contiguous: shape.contiguous,
            whole_nvlink_domains: shape.whole_nvlink_domains,
            spread: shape.spread.map(|spread| ShapeSpread {
                over: spread.over.into(),
                most: spread.most,
            }),
        }
    }
}

impl From<Shape> for domain::Shape {
    fn from(shape: Shape) -> Self {
        Self {
            max_leaves: shape.max_leaves,
            max_nvlink_domains: shape.max_nvlink_domains,
            max_spine_groups: shape.max_spine_groups,
            contiguous: shape.contiguous,
            whole_nvlink_domains: shape.whole_nvlink_domains,
            spread: shape.spread.map(|spread| domain::Spread {
                over: spread.over.into(),
                most: spread.most,
            }),
        }
    }
}
