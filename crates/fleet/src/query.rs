//! What can be asked without changing anything.

use bareboat_base::{
    Code, HallId, Instant, ModelId, NodeId, NodeRef, NodeSet, Run, SanitisationId, SiteId, Text,
    node::node_label,
};

use crate::{Hall, Model, Node, Phase, PhaseCounts, Site, State};

/// A node with its phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeView<'a> {
    /// What does not change.
    pub row: &'a Node,
    /// Its phase.
    pub phase: Phase,
    /// Since when, effective time.
    pub phase_since: Instant,
    /// Why it came to it, where a reason was given.
    pub phase_reason: Option<&'a Text>,
    /// The last time it was erased.
    pub last_sanitisation: Option<SanitisationId>,
    /// Whether it was allocated and not erased since.
    pub unerased: bool,
}

impl std::ops::Deref for NodeView<'_> {
    type Target = Node;
    fn deref(&self) -> &Node {
        self.row
    }
}

/// Neighbouring numbers at one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The hall.
    pub hall: HallId,
    /// The leaf, numbered within the hall.
    pub leaf: u32,
    /// The spine group, numbered within the site.
    pub spine_group: u32,
    /// The NVLink domain, numbered within the site.
    pub nvlink_domain: Option<u32>,
    /// The nodes.
    pub run: Run,
}

impl State {
    /// The model with a code. Linear in the number of models, which is small.
    pub fn model_by_code(&self, code: &Code) -> Option<(ModelId, &Model)> {
        let found = self.models.iter().find(|(_, _, row)| row.code == *code);
        found.map(|(_, id, row)| (*id, row))
    }

    /// The site with a code. Linear in the number of sites, which is small.
    pub fn site_by_code(&self, code: &Code) -> Option<(SiteId, &Site)> {
        let found = self.sites.iter().find(|(_, _, row)| row.code == *code);
        found.map(|(_, id, row)| (*id, row))
    }

    /// The hall of a site with a code. Linear in the number of halls.
    pub fn hall_by_code(&self, site: SiteId, code: &Code) -> Option<(HallId, &Hall)> {
        let same = |row: &Hall| row.site == site && row.code == *code;
        let found = self.halls.iter().find(|(_, _, row)| same(row));
        found.map(|(_, id, row)| (*id, row))
    }

    /// One node.
    pub fn node(&self, node: &NodeRef) -> Option<NodeView<'_>> {
        self.node_at(self.row_of(node)?)
    }

    /// One node, by its id.
    pub fn node_by_id(&self, id: NodeId) -> Option<NodeView<'_>> {
        self.node_at(self.nodes.handle(&id)?.0)
    }

    /// The node behind a label such as `N-OSA-000317`.
    pub fn node_by_label(&self, label: &str) -> Option<NodeView<'_>> {
        let (code, number) = bareboat_base::node::parse_node_label(label)?;
        let (site, _) = self.site_by_code(&Code::new(code).ok()?)?;
        self.node(&NodeRef { site, number })
    }

    /// The node that bears a chassis serial number.
    pub fn node_by_serial(&self, serial: &Code) -> Option<NodeView<'_>> {
        self.node_by_id(*self.serials.get(&crate::apply::serial_key(serial))?)
    }

    /// The label of a node: `N-OSA-000317`; `None` when its site is unknown.
    pub fn label_of(&self, node: &NodeRef) -> Option<String> {
        let site = self.sites.get(&node.site)?;
        Some(node_label(site.code.as_str(), node.number))
    }

    /// All nodes of a site, by number.
    pub fn nodes_of(&self, site: SiteId) -> impl Iterator<Item = NodeView<'_>> {
        let rows = self
            .site_nodes
            .get(&site)
            .map(|nodes| nodes.rows.as_slice());
        rows.unwrap_or_default()
            .iter()
            .flat_map(|rows| rows.row..rows.row + rows.count)
            .filter_map(|row| self.node_at(row))
    }

    /// How many nodes of a site were ever received.
    pub fn received_at(&self, site: SiteId) -> u32 {
        let rows = self
            .site_nodes
            .get(&site)
            .and_then(|nodes| nodes.rows.last());
        rows.map_or(0, |rows| rows.first + rows.count - 1)
    }

    /// How many nodes of a model at a site stand in each phase.
    pub fn counts(&self, site: SiteId, model: ModelId) -> PhaseCounts {
        self.counts.get(&(site, model)).copied().unwrap_or_default()
    }

    /// The counts of every model at every site, in the order in which they came.
    pub fn all_counts(&self) -> impl Iterator<Item = (SiteId, ModelId, PhaseCounts)> + '_ {
        let rows = self.counts.iter();
        rows.map(|(_, (site, model), counts)| (*site, *model, *counts))
    }

    /// The nodes of a model at a site that stand in a phase for which `wanted` holds.
    pub fn nodes_where(
        &self,
        site: SiteId,
        model: ModelId,
        wanted: impl Fn(Phase) -> bool,
    ) -> Option<NodeSet> {
        let kind = self.counts.handle(&(site, model))?;
        let mut runs: Vec<Run> = Vec::new();
        for rows in self.site_nodes.get(&site)?.rows.iter() {
            for offset in 0..rows.count {
                let status = self.statuses.get(rows.row + offset)?;
                if status.kind != kind || !wanted(status.phase) {
                    continue;
                }
                let first = rows.first + offset;
                match runs.last_mut() {
                    Some(last) if last.end() == first => last.count += 1,
                    _ => runs.push(Run { first, count: 1 }),
                }
            }
        }
        NodeSet::from_runs(site, runs).ok()
    }

    /// The nodes of a model at a site that may not be allocated now (all but the ready).
    pub fn not_ready(&self, site: SiteId, model: ModelId) -> Option<NodeSet> {
        self.nodes_where(site, model, |phase| phase != Phase::Ready)
    }

    /// Where nodes stand, as runs of neighbouring numbers at one leaf; unknown nodes are left out.
    pub fn placements(&self, nodes: &NodeSet) -> Vec<Placement> {
        let mut placed: Vec<Placement> = Vec::new();
        for number in nodes.numbers() {
            let site = nodes.site();
            let Some(node) = self.node(&NodeRef { site, number }) else {
                continue;
            };
            let facts = &node.row.facts;
            match placed.last_mut() {
                Some(last)
                    if last.run.end() == number
                        && last.hall == facts.hall
                        && last.leaf == facts.leaf
                        && last.spine_group == facts.spine_group
                        && last.nvlink_domain == facts.nvlink_domain =>
                {
                    last.run.count += 1;
                }
                _ => placed.push(Placement {
                    hall: facts.hall,
                    leaf: facts.leaf,
                    spine_group: facts.spine_group,
                    nvlink_domain: facts.nvlink_domain,
                    run: Run {
                        first: number,
                        count: 1,
                    },
                }),
            }
        }
        placed
    }

    /// The row of a node in `nodes` and `statuses`.
    pub(crate) fn row_of(&self, node: &NodeRef) -> Option<u32> {
        let rows = &self.site_nodes.get(&node.site)?.rows;
        let after = rows.partition_point(|rows| rows.first <= node.number);
        let rows = rows.get(after.checked_sub(1)?)?;
        let offset = node.number - rows.first;
        (offset < rows.count).then_some(rows.row + offset)
    }

    /// Runs of rows for a set of nodes: (first number, first row, count), or the first number
    /// that is no node.
    pub(crate) fn rows_of(&self, nodes: &NodeSet) -> Result<Vec<(u32, u32, u32)>, u32> {
        let mut found = Vec::with_capacity(nodes.runs().len());
        let empty = Vec::new();
        let rows = self.site_nodes.get(&nodes.site());
        let rows = rows.map_or(&empty, |nodes| &nodes.rows);
        for run in nodes.runs() {
            let mut number = run.first;
            let mut index = rows
                .partition_point(|rows| rows.first <= number)
                .saturating_sub(1);
            while number < run.end() {
                let piece = rows.get(index).ok_or(number)?;
                let offset = number.checked_sub(piece.first).ok_or(number)?;
                let left = piece.count.checked_sub(offset).filter(|left| *left > 0);
                let count = left.ok_or(number)?.min(run.end() - number);
                found.push((number, piece.row + offset, count));
                number += count;
                index += 1;
            }
        }
        Ok(found)
    }

    fn node_at(&self, row: u32) -> Option<NodeView<'_>> {
        let (_, node) = self.nodes.at(bareboat_base::Handle(row))?;
        let status = self.statuses.get(row)?;
        Some(NodeView {
            row: node,
            phase: status.phase,
            phase_since: status.since,
            phase_reason: status.reason.as_deref(),
            last_sanitisation: status.last_sanitisation,
            unerased: status.unerased,
        })
    }
}
