//! Blocks of delivered nodes that stand together, on the wire.

use bareboat_base::{BlockId, Instant, NodeRef};
use bareboat_capacity::{self as domain, BlockStatus, Within};
use bareboat_fleet::NodeView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Healths, Outages, PlacedNode, Sources};
use crate::fleet::{Numbers, Place, label_in};
use crate::wire;

/// Takes nodes of a live allocation together, all of them or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateBlock {
    /// The allocation: its id or label.
    pub allocation: wire::Ref,
    /// How many nodes.
    pub nodes: u32,
    /// Within what of the fabric they stand together: `leaf`, `nvlink-domain` or `spine-group`.
    pub within: String,
    /// What for: your name of a cluster, a job or a project. People of the operator can read it.
    pub purpose: wire::Name,
}

/// A node of a block whose place a spare took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockReplacement {
    /// The label of the node that left.
    pub node_label: String,
    /// The label of the spare.
    pub spare_label: String,
    /// How near the spare is: `leaf`, `spine-group` or `hall`.
    pub near: String,
    /// Whether the spare stands within the block's part of the fabric.
    pub inside: bool,
    /// From when it serves.
    pub at: wire::Instant,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

/// Nodes of an allocation that stand together, for one purpose. A node is in one live block at
/// most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `BL-0001`.
    pub label: String,
    /// What for.
    pub purpose: wire::Name,
    /// The allocation.
    pub allocation: wire::Id,
    /// The allocation's label.
    pub allocation_label: String,
    /// The contract.
    pub contract: wire::Id,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The account: the client's organisation, or the partner's while the client has none.
    pub organisation: Option<wire::Id>,
    /// The project.
    pub project: Option<wire::Id>,
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// Within what of the fabric it stands: `leaf`, `nvlink-domain` or `spine-group`.
    pub within: String,
    /// Which one: `OSA/H1/leaf-3`, `OSA/nvlink-7`, `OSA/spine-1`.
    pub place: String,
    /// The nodes' numbers at the site: those that it has, or had at its end.
    pub nodes: Numbers,
    /// How many nodes.
    pub count: u32,
    /// How many GPUs those are.
    pub gpus: Option<u32>,
    /// How many of them stand elsewhere: spares that came from farther.
    pub outside: u32,
    /// `live`, `released`, or `ended` with its allocation.
    pub status: String,
    /// From when.
    pub from: wire::Instant,
    /// From when it no longer has its nodes: it was released, or its allocation ends.
    pub ends_at: wire::Instant,
    /// How its nodes stand, while it lives.
    pub health: Option<Healths>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

/// A block with every node of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockDetail {
    /// The block.
    pub block: Block,
    /// Its nodes, by number, while it lives.
    pub nodes: Vec<PlacedNode>,
    /// What was replaced in it, in the order in which it was recorded.
    pub replaced: Vec<BlockReplacement>,
}

/// The part of the fabric that a node stands in.
pub fn part(sources: Sources<'_>, node: &NodeView<'_>, within: Within) -> String {
    let place = Place::of(sources.fleet, node.row);
    let site = crate::fleet::site_code(sources.fleet, node.node.site);
    let site = site.map_or_else(String::new, |code| code.0.to_string());
    match (within, place.nvlink_domain) {
        (Within::Leaf, _) => place.switches.into_iter().next().unwrap_or_default(),
        (Within::SpineGroup, _) => format!("{site}/spine-{}", place.spine_group),
        (Within::NvlinkDomain, Some(domain)) => format!("{site}/nvlink-{domain}"),
        // Its GPUs are under one switch system that ends with it.
        (Within::NvlinkDomain, None) => format!("{site}/node-{}", node.node.number),
    }
}

impl Block {
    /// The block with an id, as it is at an instant.
    pub fn of(
        sources: Sources<'_>,
        outages: &Outages<'_>,
        id: BlockId,
        at: Instant,
    ) -> Option<Self> {
        let row = sources.capacity.blocks.get(&id)?;
        let (site_code, model_code, gpus_per_node) = sources.codes(row.pool);
        let account = sources.account(row.contract);
        let ends_at = sources.capacity.block_ends_at(row);
        let lives = sources.capacity.block_lives(row, at);
        let site = row.nodes.site();
        let first = NodeRef {
            site,
            number: row.first,
        };
        let place = sources.fleet.node(&first);
        let place = place.map_or_else(String::new, |node| part(sources, &node, row.within));
        let (mut health, mut outside) = (Healths::default(), 0);
        for number in row.nodes.numbers() {
            let Some(node) = sources.fleet.node(&NodeRef { site, number }) else {
                continue;
            };
            health.count(&outages.health(&node));
            outside += u32::from(part(sources, &node, row.within) != place);
        }
        Some(Self {
            id: id.into(),
            label: label_in(&sources.capacity.blocks, id),
            purpose: row.purpose.clone().into(),
            allocation: row.allocation.into(),
            allocation_label: label_in(&sources.capacity.allocations, row.allocation),
            contract: row.contract.into(),
            contract_reference: sources.reference(row.contract),
            organisation: account.map(|(organisation, _)| organisation.into()),
            project: account.map(|(_, project)| project.into()),
            lot: row.lot.into(),
            lot_label: sources.lot_label(row.lot),
            site_code,
            model_code,
            within: row.within.as_str().to_owned(),
            place,
            nodes: row.nodes.as_ref().into(),
            count: row.nodes.count().0,
            gpus: row.nodes.count().gpus(gpus_per_node).map(|gpus| gpus.0),
            outside,
            status: status_at(sources.capacity, row, at).to_owned(),
            from: row.from.into(),
            ends_at: ends_at.into(),
            health: lives.then_some(health),
            recorded: row.recorded.into(),
        })
    }
}

/// How a block stands at an instant.
pub fn status_at(capacity: &domain::State, block: &domain::Block, at: Instant) -> &'static str {
    match block.status {
        _ if capacity.block_lives(block, at) => "live",
        BlockStatus::Released { .. } => "released",
        BlockStatus::Live | BlockStatus::Ended { .. } => "ended",
    }
}

impl BlockDetail {
    /// The block with an id, as it is at an instant.
    pub fn of(
        sources: Sources<'_>,
        outages: &Outages<'_>,
        id: BlockId,
        at: Instant,
    ) -> Option<Self> {
        let block = Block::of(sources, outages, id, at)?;
        let row = sources.capacity.blocks.get(&id)?;
        let site = row.nodes.site();
        let node = |number| sources.fleet.node(&NodeRef { site, number });
        let label = |number| {
            let label = sources.fleet.label_of(&NodeRef { site, number });
            label.unwrap_or_default()
        };
        // What became of them after may be another's to know.
        let lives = sources.capacity.block_lives(row, at);
        let views = row.nodes.numbers().filter(|_| lives).filter_map(node);
        let nodes = views.map(|node| PlacedNode {
            id: node.id.into(),
            label: label(node.node.number),
            phase: Some(node.phase.to_string()),
            place: Place::of(sources.fleet, node.row),
        });
        let replaced = row.replaced.iter().map(|replaced| BlockReplacement {
            node_label: label(replaced.node),
            spare_label: label(replaced.spare),
            near: replaced.near.as_str().to_owned(),
            inside: node(replaced.spare)
                .is_some_and(|spare| part(sources, &spare, row.within) == block.place),
            at: replaced.at.into(),
            recorded: replaced.recorded.into(),
        });
        Some(Self {
            nodes: nodes.collect(),
            replaced: replaced.collect(),
            block,
        })
    }
}
