//! Models, sites, halls, purchase orders, tranches and nodes.

mod halls;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::commands::capacity::at_risk;
use crate::session::{Session, body, body_from, maybe, text};
use crate::{exit, show};

fn number(value: u32) -> Option<Value> {
    Some(Value::from(value))
}

/// Verbs of accelerator models.
#[derive(Debug, Subcommand)]
pub enum Model {
    /// List accelerator models.
    List,
    /// Show an accelerator model.
    Show {
        /// Its code, label or id.
        model: String,
    },
    /// Make an accelerator model known.
    Register(Box<RegisterModel>),
}

/// The figures of a model.
#[derive(Debug, Args)]
pub struct RegisterModel {
    /// Its code, unique in the book, such as B200.
    code: String,
    /// Who makes it.
    #[arg(long)]
    vendor: String,
    /// GPUs in one node.
    #[arg(long)]
    gpus_per_node: u32,
    /// Memory of one GPU, GB.
    #[arg(long)]
    memory_gb: u32,
    /// Thermal design power of one GPU, W.
    #[arg(long)]
    tdp_watts: u32,
    /// Total processing performance (3A090 note 2).
    #[arg(long)]
    tpp: u32,
    /// Performance density in hundredths (3A090 note 2).
    #[arg(long)]
    performance_density_centi: u32,
    /// Memory bandwidth of one GPU, GB/s.
    #[arg(long)]
    dram_gbps: u32,
    /// Export control classification number.
    #[arg(long)]
    eccn: String,
    /// GPUs under one NVLink switch system.
    #[arg(long)]
    nvlink_domain_gpus: u32,
}

/// Runs a verb of models.
pub fn model(verb: Model, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/models";
    match verb {
        Model::List => {
            let columns = ["label", "code", "vendor", "gpus_per_node", "tpp", "eccn"];
            session.list(Request::get(PATH), &columns)
        }
        Model::Show { model } => session.item(Request::get(format!("{PATH}/{model}"))),
        Model::Register(model) => {
            let body = body(&[
                ("code", text(model.code)),
                ("vendor", text(model.vendor)),
                ("gpus_per_node", number(model.gpus_per_node)),
                ("memory_gb", number(model.memory_gb)),
                ("tdp_watts", number(model.tdp_watts)),
                ("tpp", number(model.tpp)),
                (
                    "performance_density_centi",
                    number(model.performance_density_centi),
                ),
                ("dram_gbps", number(model.dram_gbps)),
                ("eccn", text(model.eccn)),
                ("nvlink_domain_gpus", number(model.nvlink_domain_gpus)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of sites.
#[derive(Debug, Subcommand)]
pub enum Site {
    /// List sites.
    List,
    /// Show a site.
    Show {
        /// Its code, label or id.
        site: String,
    },
    /// Make a site known.
    Register {
        /// Its code, unique in the book, such as OSA.
        code: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Where it stands, such as JP.
        #[arg(long)]
        country: String,
        /// The zone of its civil dates, such as Asia/Tokyo.
        #[arg(long)]
        zone: String,
        /// Usable power, kW.
        #[arg(long)]
        power_kw: u32,
        /// Power usage effectiveness in thousandths: 1250 is 1.25.
        #[arg(long)]
        pue_milli: u32,
    },
}

/// Runs a verb of sites.
pub fn site(verb: Site, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/sites";
    match verb {
        Site::List => {
            let columns = ["label", "code", "name", "country", "zone", "power_kw"];
            session.list(Request::get(PATH), &columns)
        }
        Site::Show { site } => session.item(Request::get(format!("{PATH}/{site}"))),
        Site::Register {
            code,
            name,
            country,
            zone,
            power_kw,
            pue_milli,
        } => {
            let body = body(&[
                ("code", text(code)),
                ("name", text(name)),
                ("country", text(country)),
                ("zone", text(zone)),
                ("power_kw", number(power_kw)),
                ("pue_milli", number(pue_milli)),
            ]);
            session.write(Request::post(PATH).json(&body)?)
        }
    }
}

/// Verbs of halls.
#[derive(Debug, Subcommand)]
pub enum Hall {
    /// List halls.
    List {
        /// Only this site's.
        #[arg(long)]
        site: Option<String>,
    },
    /// Show a hall.
    Show {
        /// Its label or id.
        hall: String,
    },
    /// Add a hall to a site.
    Add {
        /// Its code, unique in the site.
        code: String,
        /// The site.
        #[arg(long)]
        site: String,
    },
    /// Move the dates of all tranches still owed to a hall, and see what that puts at risk and
    /// what each lot could have instead.
    Delay(halls::Delay),
}

/// Runs a verb of halls.
pub fn hall(verb: Hall, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/halls";
    match verb {
        Hall::List { site } => {
            let request = Request::get(PATH).with_some("site", site);
            session.list(request, &["label", "site_code", "code", "id"])
        }
        Hall::Show { hall } => session.item(Request::get(format!("{PATH}/{hall}"))),
        Hall::Add { code, site } => {
            let body = body(&[("site", text(site)), ("code", text(code))]);
            session.write(Request::post(PATH).json(&body)?)
        }
        Hall::Delay(delay) => delay.run(session),
    }
}

/// Verbs of purchase orders.
#[derive(Debug, Subcommand)]
pub enum Order {
    /// List purchase orders.
    List {
        /// Only for this site.
        #[arg(long)]
        site: Option<String>,
        /// Only of this model.
        #[arg(long)]
        model: Option<String>,
    },
    /// Show a purchase order with its tranches.
    Show {
        /// Its label or id.
        order: String,
    },
    /// Record a purchase order.
    Place(Box<PlaceOrder>),
}

/// What is ordered.
#[derive(Debug, Args)]
pub struct PlaceOrder {
    /// The supplier's or operator's number for it.
    reference: String,
    /// Who sells.
    #[arg(long)]
    supplier: String,
    /// The operator's entity that buys.
    #[arg(long)]
    entity: Option<String>,
    /// What is bought.
    #[arg(long)]
    model: String,
    /// Where it goes.
    #[arg(long)]
    site: String,
    /// The price of all of it, such as "406000000.00 USD".
    #[arg(long)]
    price: String,
    /// When it was placed, such as 2026-01-15.
    #[arg(long, value_name = "DATE")]
    placed_on: String,
    /// A tranche: its nodes, when they are due and, where it is known, the hall they go to, such
    /// as 313:2026-06-01 or 313:2026-06-01:H1; repeat it for each.
    #[arg(long = "tranche", value_name = "NODES:DATE[:HALL]", required = true)]
    tranches: Vec<String>,
}

impl PlaceOrder {
    fn body(self) -> Result<Value> {
        let mut nodes = 0_u32;
        let mut tranches = Vec::new();
        for tranche in &self.tranches {
            let parts = tranche.split_once(':');
            let parts = parts.and_then(|(count, date)| Some((count.parse::<u32>().ok()?, date)));
            let (count, due_on) = parts.ok_or_else(|| {
                let what = format!("{tranche:?} is no tranche");
                exit::usage(what, "write it as NODES:DATE, such as 313:2026-06-01")
            })?;
            nodes = nodes.saturating_add(count);
            tranches.push(match due_on.split_once(':') {
                Some((due_on, hall)) => {
                    json!({ "nodes": count, "due_on": due_on, "hall": hall })
                }
                None => json!({ "nodes": count, "due_on": due_on }),
            });
        }
        Ok(body(&[
            ("supplier", text(self.supplier)),
            ("reference", text(self.reference)),
            ("entity", maybe(&self.entity)),
            ("model", text(self.model)),
            ("site", text(self.site)),
            ("nodes", number(nodes)),
            ("price", text(self.price)),
            ("placed_on", text(self.placed_on)),
            ("tranches", Some(Value::from(tranches))),
        ]))
    }
}

/// Runs a verb of purchase orders.
pub fn order(verb: Order, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/orders";
    match verb {
        Order::List { site, model } => {
            let request = Request::get(PATH)
                .with_some("site", site)
                .with_some("model", model);
            let columns = [
                "label",
                "supplier",
                "reference",
                "site_code",
                "model_code",
                "nodes",
                "price",
                "placed_on",
            ];
            session.list(request, &columns)
        }
        Order::Show { order } => session.item(Request::get(format!("{PATH}/{order}"))),
        Order::Place(order) => session.write(Request::post(PATH).json(&order.body()?)?),
    }
}

/// Verbs of tranches.
#[derive(Debug, Subcommand)]
pub enum Tranche {
    /// List tranches.
    List {
        /// Only this order's.
        #[arg(long)]
        order: Option<String>,
        /// Only for this site.
        #[arg(long)]
        site: Option<String>,
        /// Only of this model.
        #[arg(long)]
        model: Option<String>,
        /// Only this status: expected, partly-received or received.
        #[arg(long)]
        status: Option<String>,
    },
    /// Show a tranche.
    Show {
        /// Its label or id.
        tranche: String,
    },
    /// Move a tranche's date, and see which reservations that puts at risk.
    Slip {
        /// Its label or id.
        tranche: String,
        /// Its new date.
        #[arg(long, value_name = "DATE")]
        due_on: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Say which hall a tranche goes to.
    Assign {
        /// Its label or id.
        tranche: String,
        /// A hall of its site: its code there, its label or id; not known when left out.
        #[arg(long)]
        hall: Option<String>,
    },
    /// Record the arrival of nodes, from a file of one node a row: .csv or .jsonl, or a .json or
    /// .toml body.
    Receive {
        /// Its label or id.
        tranche: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// When they arrived; a .json or .toml body says it itself.
        #[arg(long, value_name = "DATE")]
        received_on: Option<String>,
    },
    /// List receipts.
    Receipts {
        /// Only this tranche's.
        #[arg(long)]
        tranche: Option<String>,
    },
    /// Show a receipt.
    Receipt {
        /// Its label or id.
        receipt: String,
    },
}

fn end_of(path: &Path) -> Option<&str> {
    path.extension().and_then(|end| end.to_str())
}

fn received(tranche: &str, from: &Path, received_on: Option<String>) -> Result<Request> {
    let media_type = match end_of(from) {
        Some("csv") => "text/csv",
        Some("jsonl" | "ndjson") => "application/jsonl",
        _ => {
            let mut body = body_from(from)?;
            if let (Some(date), Value::Object(fields)) = (received_on, &mut body) {
                fields.insert("received_on".to_owned(), Value::from(date));
            }
            let path = format!("/v1/tranches/{tranche}/receive");
            return Ok(Request::post(path).json(&body)?);
        }
    };
    let date = received_on.ok_or_else(|| {
        let what = "--received-on is missing".to_owned();
        exit::usage(what, "give the date of arrival")
    })?;
    let bytes = std::fs::read(from);
    let bytes = bytes.with_context(|| format!("could not read {}", from.display()))?;
    let request = Request::post(format!("/v1/tranches/{tranche}/import"));
    Ok(request.with("received_on", date).bytes(media_type, bytes))
}

/// Runs a verb of tranches.
pub fn tranche(verb: Tranche, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/tranches";
    match verb {
        Tranche::List {
            order,
            site,
            model,
            status,
        } => {
            let request = Request::get(PATH)
                .with_some("order", order)
                .with_some("site", site)
                .with_some("model", model)
                .with_some("status", status);
            let columns = [
                "label",
                "order_label",
                "site_code",
                "model_code",
                "nodes",
                "received",
                "due_on",
                "hall_code",
                "status",
            ];
            session.list(request, &columns)
        }
        Tranche::Show { tranche } => session.item(Request::get(format!("{PATH}/{tranche}"))),
        Tranche::Slip {
            tranche,
            due_on,
            reason,
        } => {
            let body = body(&[("due_on", text(due_on)), ("reason", text(reason))]);
            session.write(Request::post(format!("{PATH}/{tranche}/slip")).json(&body)?)
        }
        Tranche::Assign { tranche, hall } => halls::assign(session, &tranche, &hall),
        Tranche::Receive {
            tranche,
            from,
            received_on,
        } => session.write(received(&tranche, &from, received_on)?),
        Tranche::Receipts { tranche } => {
            let request = Request::get("/v1/receipts").with_some("tranche", tranche);
            let columns = [
                "label",
                "tranche_label",
                "received_on",
                "site_code",
                "nodes",
            ];
            session.list(request, &columns)
        }
        Tranche::Receipt { receipt } => {
            session.item(Request::get(format!("/v1/receipts/{receipt}")))
        }
    }
}

/// Which nodes.
#[derive(Debug, Args)]
pub struct Filter {
    /// Only at this site.
    #[arg(long)]
    site: Option<String>,
    /// Only of this model.
    #[arg(long)]
    model: Option<String>,
    /// Only in this phase.
    #[arg(long)]
    phase: Option<String>,
}

impl Filter {
    fn on(self, request: Request) -> Request {
        request
            .with_some("site", self.site)
            .with_some("model", self.model)
            .with_some("phase", self.phase)
    }
}

/// Verbs of nodes.
#[derive(Debug, Subcommand)]
pub enum Node {
    /// List nodes.
    List {
        /// Which.
        #[command(flatten)]
        filter: Filter,
        /// Only this allocation's now.
        #[arg(long)]
        allocation: Option<String>,
    },
    /// List the switches from each node to the core, in order, and its NVLink domain.
    Topology {
        /// Only at this site.
        #[arg(long)]
        site: Option<String>,
        /// Only this allocation's.
        #[arg(long)]
        allocation: Option<String>,
    },
    /// Show a node.
    Show {
        /// Its label, such as N-OSA-000317, or id.
        node: String,
    },
    /// Write nodes to stdout, as CSV or, with --jsonl, as JSON Lines.
    Export {
        /// Which.
        #[command(flatten)]
        filter: Filter,
        /// JSON Lines.
        #[arg(long)]
        jsonl: bool,
    },
    /// Move nodes to another phase, all or none, and see what that newly puts at risk.
    Advance {
        /// Their numbers at the site, such as "1-313, 320".
        nodes: String,
        /// The site.
        #[arg(long)]
        site: String,
        /// The phase they come to.
        #[arg(long)]
        to: String,
        /// When; now when left out.
        #[arg(long, value_name = "INSTANT")]
        at: Option<String>,
        /// Why; needed for quarantined, in-repair and retired.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Record that nodes were erased; they move on to validation.
    Sanitise {
        /// Their numbers at the site, such as "1-313, 320".
        nodes: String,
        /// The site.
        #[arg(long)]
        site: String,
        /// clear or purge (NIST SP 800-88 Rev. 1).
        #[arg(long)]
        method: String,
        /// When it was done.
        #[arg(long, value_name = "INSTANT")]
        performed_at: String,
        /// SHA-256 of the evidence document.
        #[arg(long, value_name = "DIGEST")]
        evidence: String,
        /// Who did it.
        #[arg(long)]
        performed_by: String,
    },
    /// List records of erasure.
    Sanitisations {
        /// Only at this site.
        #[arg(long)]
        site: Option<String>,
    },
    /// Show a record of erasure.
    Sanitisation {
        /// Its label or id.
        sanitisation: String,
    },
}

const NODES: [&str; 12] = [
    "label",
    "model_code",
    "phase",
    "phase_since",
    "health.state",
    "holder.instance",
    "holder.block_label",
    "place.hall_code",
    "place.rack",
    "place.leaf",
    "place.spine_group",
    "serial",
];

/// Runs a verb of nodes.
pub fn node(verb: Node, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/nodes";
    match verb {
        Node::List { filter, allocation } => {
            let request = filter.on(Request::get(PATH));
            session.list(request.with_some("allocation", allocation), &NODES)
        }
        Node::Topology { site, allocation } => {
            let request = Request::get(PATH)
                .with_some("site", site)
                .with_some("allocation", allocation);
            let columns = ["label", "place.switches", "place.nvlink_domain"];
            session.list(request, &columns)
        }
        Node::Show { node } => session.item(Request::get(format!("{PATH}/{node}"))),
        Node::Export { filter, jsonl } => {
            let kind = if jsonl { "jsonl" } else { "csv" };
            let request = filter.on(Request::get(format!("{PATH}/export.{kind}")));
            let answer = session.client().read(request)?;
            show::line(String::from_utf8_lossy(&answer.body).trim_end())
        }
        Node::Advance {
            nodes,
            site,
            to,
            at,
            reason,
        } => {
            let body = body(&[
                ("site", text(site)),
                ("nodes", text(nodes)),
                ("to", text(to)),
                ("at", maybe(&at)),
                ("reason", maybe(&reason)),
            ]);
            at_risk::write(
                session,
                Request::post(format!("{PATH}/advance")).json(&body)?,
            )
        }
        Node::Sanitise {
            nodes,
            site,
            method,
            performed_at,
            evidence,
            performed_by,
        } => {
            let body = body(&[
                ("site", text(site)),
                ("nodes", text(nodes)),
                ("method", text(method)),
                ("performed_at", text(performed_at)),
                ("evidence", text(evidence)),
                ("performed_by", text(performed_by)),
            ]);
            session.write(Request::post("/v1/sanitisations").json(&body)?)
        }
        Node::Sanitisations { site } => {
            let request = Request::get("/v1/sanitisations").with_some("site", site);
            let columns = ["label", "site_code", "nodes", "method", "performed_at"];
            session.list(request, &columns)
        }
        Node::Sanitisation { sanitisation } => {
            session.item(Request::get(format!("/v1/sanitisations/{sanitisation}")))
        }
    }
}
