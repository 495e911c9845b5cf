//! Nodes in bulk: CSV and JSONL, in and out. An import is checked whole; every row that does not
//! fit is named by its line, and nothing is written.

use std::collections::BTreeSet;

use bareboat_api::Problem;
use bareboat_api::fleet as wire;
use bareboat_api::wire::{Code, Name, Ref};
use bareboat_base::text::BadText;
use bareboat_base::{SiteId, TrancheId};
use bareboat_fleet::NodeFacts;
use serde::{Deserialize, Serialize};

use super::refs;
use crate::Ask;
use crate::bulk::{Errors, Rows, read};

/// A row of a CSV import: as [`wire::NewNode`], GPU serial numbers separated by spaces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvNode {
    serial: Code,
    hall: Ref,
    rack: Code,
    leaf: u32,
    spine_group: u32,
    #[serde(default)]
    nvlink_domain: Option<u32>,
    bmc: Name,
    #[serde(default)]
    gpus: String,
}

impl CsvNode {
    fn node(self) -> Result<wire::NewNode, String> {
        let gpus = self.gpus.split_whitespace().map(|gpu| {
            let code = gpu.parse().map(Code);
            code.map_err(|error: BadText| format!("gpus: {error}"))
        });
        Ok(wire::NewNode {
            serial: self.serial,
            hall: self.hall,
            rack: self.rack,
            leaf: self.leaf,
            spine_group: self.spine_group,
            nvlink_domain: self.nvlink_domain,
            bmc: self.bmc,
            gpus: gpus.collect::<Result<_, _>>()?,
        })
    }
}

/// A node as the fleet takes it: its hall found; or why not.
pub(super) fn facts(ask: &Ask, site: SiteId, node: wire::NewNode) -> Result<NodeFacts, String> {
    Ok(NodeFacts {
        serial: node.serial.0,
        hall: refs::hall_of(ask, site, &node.hall.0)?,
        rack: node.rack.0,
        leaf: node.leaf,
        spine_group: node.spine_group,
        nvlink_domain: node.nvlink_domain,
        bmc: node.bmc.0,
        gpus: node.gpus.into_iter().map(|gpu| gpu.0).collect(),
    })
}

/// The nodes of an import, all of them fit for a tranche, or every row that is not.
pub(super) fn nodes(
    ask: &Ask,
    tranche: TrancheId,
    site: SiteId,
    bytes: &[u8],
) -> Result<Vec<NodeFacts>, Problem> {
    let rows: Vec<(u64, Result<wire::NewNode, String>)> =
        match read::<CsvNode, wire::NewNode>(ask.media_type(), bytes)? {
            Rows::Csv(rows) => {
                let rows = rows.into_iter();
                rows.map(|(line, row)| (line, row.node())).collect()
            }
            Rows::Jsonl(rows) => {
                let rows = rows.into_iter();
                rows.map(|(line, row)| (line, Ok(row))).collect()
            }
        };
    let (mut check, mut errors) = (Check::of(ask, tranche), Errors::default());
    let mut nodes = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        let row = row.and_then(|node| facts(ask, site, node));
        match row.and_then(|node| check.row(ask, node)) {
            Ok(node) => nodes.push(node),
            Err(why) => errors.note(line, why),
        }
    }
    errors.none()?;
    Ok(nodes)
}

/// What the fleet would refuse in rows, found for each of them.
struct Check {
    gpus_per_node: Option<u32>,
    serials: BTreeSet<bareboat_base::Code>,
    gpus: BTreeSet<bareboat_base::Code>,
}

impl Check {
    fn of(ask: &Ask, tranche: TrancheId) -> Self {
        let fleet = &ask.state().fleet;
        let order = fleet.tranches.get(&tranche);
        let order = order.and_then(|row| fleet.orders.get(&row.order));
        let model = order.and_then(|order| fleet.models.get(&order.model));
        Self {
            gpus_per_node: model.map(|model| model.gpus_per_node),
            serials: BTreeSet::new(),
            gpus: BTreeSet::new(),
        }
    }

    fn row(&mut self, ask: &Ask, node: NodeFacts) -> Result<NodeFacts, String> {
        let serial = &node.serial;
        if ask.state().fleet.node_by_serial(serial).is_some() {
            return Err(format!("serial: {serial} is already in the fleet"));
        }
        if !self.serials.insert(serial.clone()) {
            return Err(format!("serial: {serial} stands twice"));
        }
        let found = u32::try_from(node.gpus.len()).unwrap_or(u32::MAX);
        if let Some(expected) = self.gpus_per_node
            && found != 0
            && found != expected
        {
            return Err(format!("gpus: {found} serial numbers, expected {expected}"));
        }
        for gpu in &node.gpus {
            if !self.gpus.insert(gpu.clone()) {
                return Err(format!("gpus: {gpu} stands twice"));
            }
        }
        Ok(node)
    }
}

/// A row of a CSV export.
#[derive(Serialize)]
pub(super) struct CsvRow {
    label: String,
    site: String,
    number: u32,
    model: String,
    serial: String,
    hall: String,
    rack: String,
    leaf: u32,
    spine_group: u32,
    nvlink_domain: Option<u32>,
    bmc: Option<String>,
    gpus: String,
    phase: String,
    phase_since: String,
    health: String,
    instance: Option<String>,
    block: Option<String>,
}

impl From<wire::Node> for CsvRow {
    fn from(node: wire::Node) -> Self {
        let code = |code: Option<Code>| code.map_or_else(String::new, |code| code.0.to_string());
        let gpus: Vec<_> = node.gpus.iter().map(|gpu| gpu.0.as_str()).collect();
        Self {
            label: node.label,
            site: code(node.site_code),
            number: node.number,
            model: code(node.model_code),
            serial: node.serial.0.to_string(),
            hall: code(node.place.hall_code),
            rack: node.place.rack.0.to_string(),
            leaf: node.place.leaf,
            spine_group: node.place.spine_group,
            nvlink_domain: node.place.nvlink_domain,
            bmc: node.bmc.map(|bmc| bmc.0.to_string()),
            gpus: gpus.join(" "),
            phase: node.phase,
            phase_since: node.phase_since.0.to_string(),
            health: node.health.state,
            instance: node.holder.as_ref().map(|holder| holder.instance.clone()),
            block: node.holder.and_then(|holder| holder.block_label),
        }
    }
}
