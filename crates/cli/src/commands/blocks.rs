//! Blocks: delivered nodes taken together within one part of the fabric.

use anyhow::Result;
use bareboat_client::Request;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::session::Session;
use crate::show;

/// Verbs of blocks.
#[derive(Debug, Subcommand)]
pub enum Block {
    /// List blocks.
    List {
        /// Only this contract's: its id or label.
        #[arg(long)]
        contract: Option<String>,
        /// Only this allocation's: its id or label.
        #[arg(long)]
        allocation: Option<String>,
        /// Only those that stand so: live, released or ended.
        #[arg(long)]
        status: Option<String>,
    },
    /// Show a block with its nodes, where they stand, and what was replaced.
    Show {
        /// Its label or id.
        block: String,
    },
    /// Take delivered nodes together within one part of the fabric, all of them or none.
    Allocate {
        /// The allocation that has the nodes: its label or id.
        allocation: String,
        /// How many.
        #[arg(long)]
        nodes: u32,
        /// leaf, nvlink-domain or spine-group.
        #[arg(long)]
        within: String,
        /// What for: a cluster, a job, a project.
        #[arg(long)]
        purpose: String,
    },
    /// Give a block up; its nodes stay the allocation's.
    Release {
        /// Its label or id.
        block: String,
    },
}

/// Runs a verb of blocks.
pub fn blocks(verb: Block, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/blocks";
    match verb {
        Block::List {
            contract,
            allocation,
            status,
        } => {
            let request = Request::get(PATH)
                .with_some("contract", contract)
                .with_some("allocation", allocation)
                .with_some("status", status);
            let columns = [
                "label",
                "purpose",
                "contract_reference",
                "allocation_label",
                "place",
                "nodes",
                "outside",
                "health.healthy",
                "status",
                "ends_at",
            ];
            session.list(request, &columns)
        }
        Block::Show { block } => {
            let request = Request::get(format!("{PATH}/{block}"));
            let answer: Value = session.client().get(request)?;
            if session.json() {
                return show::item(&answer, true);
            }
            show::item(&answer["block"], false)?;
            let none = Vec::new();
            let nodes = answer["nodes"].as_array().unwrap_or(&none);
            if !nodes.is_empty() {
                show::line("")?;
                let columns = [
                    "label",
                    "phase",
                    "place.hall_code",
                    "place.rack",
                    "place.switches",
                    "place.nvlink_domain",
                ];
                show::rows(nodes, &columns, false)?;
            }
            let replaced = answer["replaced"].as_array().unwrap_or(&none);
            if replaced.is_empty() {
                return Ok(());
            }
            show::line("")?;
            let columns = ["node_label", "spare_label", "near", "inside", "at"];
            show::rows(replaced, &columns, false)
        }
        Block::Allocate {
            allocation,
            nodes,
            within,
            purpose,
        } => {
            let body = json!({
                "allocation": allocation, "nodes": nodes, "within": within, "purpose": purpose,
            });
            session.write(Request::post(PATH).json(&body)?)
        }
        Block::Release { block } => session.write(Request::post(format!("{PATH}/{block}/release"))),
    }
}
