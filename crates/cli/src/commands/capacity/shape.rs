//! How nodes lie in the fabric: flags, and words for a table.

use clap::Args;
use serde_json::{Value, json};

/// How the nodes lie in the fabric; all of it holds together.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Shape")]
pub struct Shape {
    /// On at most so many leaves.
    #[arg(long, value_name = "N", conflicts_with = "lot")]
    max_leaves: Option<u32>,
    /// In at most so many NVLink domains.
    #[arg(long, value_name = "N", conflicts_with = "lot")]
    max_nvlink_domains: Option<u32>,
    /// In at most so many spine groups.
    #[arg(long, value_name = "N", conflicts_with = "lot")]
    max_spine_groups: Option<u32>,
    /// Neighbours in the order of the fabric.
    #[arg(long, conflicts_with = "lot")]
    contiguous: bool,
    /// NVLink domains whole, none shared with another lot.
    #[arg(long, conflicts_with = "lot")]
    whole_nvlink_domains: bool,
    /// At most so many nodes in each place of a level: nvlink-domain, leaf, spine-group or hall.
    #[arg(long, value_name = "LEVEL:N", value_parser = spread, conflicts_with = "lot")]
    spread: Option<(String, u32)>,
}

fn spread(text: &str) -> Result<(String, u32), String> {
    let parts = text.split_once(':');
    let read = parts.and_then(|(over, most)| Some((over.to_owned(), most.parse().ok()?)));
    read.ok_or_else(|| "give LEVEL:N, as leaf:4".to_owned())
}

impl Shape {
    /// As the API takes it; nothing when nothing is asked.
    pub fn body(&self) -> Option<Value> {
        let spread = self.spread.as_ref();
        let spread = spread.map(|(over, most)| json!({ "over": over, "most": most }));
        let asked = self.max_leaves.is_some()
            || self.max_nvlink_domains.is_some()
            || self.max_spine_groups.is_some()
            || self.contiguous
            || self.whole_nvlink_domains
            || spread.is_some();
        asked.then(|| {
            json!({
                "max_leaves": self.max_leaves,
                "max_nvlink_domains": self.max_nvlink_domains,
                "max_spine_groups": self.max_spine_groups,
                "contiguous": self.contiguous,
                "whole_nvlink_domains": self.whole_nvlink_domains,
                "spread": spread,
            })
        })
    }
}

/// A shape in a cell of a table; empty when nothing is asked.
pub fn words(shape: &Value) -> String {
    let most = |name: &str, what: &str| {
        let most = shape[name].as_u64()?;
        Some(format!("{what}<={most}"))
    };
    let is = |name: &str, what: &str| (shape[name] == Value::Bool(true)).then(|| what.to_owned());
    let spread = &shape["spread"];
    let over = spread["over"].as_str();
    let apart = over.zip(spread["most"].as_u64());
    let parts = [
        most("max_leaves", "leaves"),
        most("max_nvlink_domains", "nvlink-domains"),
        most("max_spine_groups", "spine-groups"),
        is("contiguous", "contiguous"),
        is("whole_nvlink_domains", "whole-nvlink-domains"),
        apart.map(|(over, most)| format!("per-{over}<={most}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" ")
}
