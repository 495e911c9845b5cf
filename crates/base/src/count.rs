//! GPUs and nodes are counted in types of their own. Nodes are sold whole.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! count {
    ($(#[$doc:meta])* $name:ident $unit:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The sum, or `None` past 2^32.
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or `None` below zero.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $unit), self.0)
            }
        }
    };
}

count! {
    /// A number of GPUs.
    GpuCount "GPUs"
}
count! {
    /// A number of nodes.
    NodeCount "nodes"
}

impl GpuCount {
    /// The whole nodes that hold these GPUs, or the two nearest GPU counts that are whole.
    pub fn in_nodes(self, gpus_per_node: u32) -> Result<NodeCount, (GpuCount, GpuCount)> {
        let per_node = gpus_per_node.max(1);
        if self.0.is_multiple_of(per_node) {
            return Ok(NodeCount(self.0 / per_node));
        }
        let below = self.0 / per_node * per_node;
        Err((Self(below), Self(below.saturating_add(per_node))))
    }
}

impl NodeCount {
    /// The GPUs in these nodes, or `None` past 2^32.
    pub fn gpus(self, gpus_per_node: u32) -> Option<GpuCount> {
        self.0.checked_mul(gpus_per_node).map(GpuCount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_whole() {
        assert_eq!(GpuCount(5000).in_nodes(8), Ok(NodeCount(625)));
        assert_eq!(
            GpuCount(5001).in_nodes(8),
            Err((GpuCount(5000), GpuCount(5008)))
        );
    }
}
