//! Pools and their calendars, reservations, allocations, and how much there is.

pub mod at_risk;
mod explain;
mod held;
mod pins;
mod shape;
mod upkeep;

pub use held::contract;

use anyhow::Result;
use bareboat_client::Request;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::args::Global;
use crate::commands::chart::Chart;
use crate::commands::quotes::{self, MakeQuote};
use crate::commands::simulate::Simulate;
use crate::commands::spares::Spares;
use crate::session::{Session, body, maybe, text};
use crate::show;

/// Verbs of pools.
#[derive(Debug, Subcommand)]
pub enum Pool {
    /// List pools.
    List {
        /// Only at this site.
        #[arg(long)]
        site: Option<String>,
        /// Only of this model.
        #[arg(long)]
        model: Option<String>,
    },
    /// Show a pool.
    Show {
        /// Its label, id, or SITE:MODEL.
        pool: String,
    },
    /// Show a pool's counts over a window, step by step.
    Calendar {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// The first instant, or a civil date of the site; now when left out.
        #[arg(long, value_name = "MOMENT")]
        from: Option<String>,
        /// The instant or date to end before; 366 days on when left out.
        #[arg(long, value_name = "MOMENT")]
        to: Option<String>,
    },
    /// List the nodes that a pool's reservations without names would get; nothing is kept.
    Names {
        /// Its label, id, or SITE:MODEL.
        pool: String,
    },
    /// List the reservations that a pool's calendar cannot keep.
    AtRisk {
        /// Its label, id, or SITE:MODEL.
        pool: String,
    },
    /// Keep so many nodes of a pool unsold.
    SpareFloor {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// How many.
        #[arg(long)]
        nodes: u32,
    },
    /// Let a pool's options be sold over, or not.
    OptionMode {
        /// Its label, id, or SITE:MODEL.
        pool: String,
        /// strict or risk.
        mode: String,
    },
    /// When reservations get their nodes.
    #[command(flatten)]
    Pins(pins::Pins),
    /// Nodes out of supply.
    #[command(flatten)]
    Upkeep(upkeep::Upkeep),
}

const POOLS: [&str; 6] = [
    "label",
    "site_code",
    "model_code",
    "received",
    "spare_floor",
    "id",
];

const NAMES: [&str; 10] = [
    "reservation_label",
    "contract_reference",
    "lot_label",
    "count",
    "window.from",
    "window.to",
    "placed",
    "nodes",
    "to_come",
    "leaves",
];

const AT_RISK: [&str; 6] = [
    "label",
    "contract_reference",
    "lot_label",
    "nodes",
    "window.from",
    "window.to",
];

/// Runs a verb of pools.
pub fn pool(verb: Pool, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/pools";
    match verb {
        Pool::List { site, model } => {
            let request = Request::get(PATH)
                .with_some("site", site)
                .with_some("model", model);
            session.list(request, &POOLS)
        }
        Pool::Show { pool } => session.item(Request::get(format!("{PATH}/{pool}"))),
        Pool::Calendar { pool, from, to } => {
            let request = Request::get(format!("{PATH}/{pool}/calendar"))
                .with_some("from", from)
                .with_some("to", to);
            calendar(&session.client().get(request)?, session.json())
        }
        Pool::Names { pool } => session.list(Request::get(format!("{PATH}/{pool}/names")), &NAMES),
        Pool::AtRisk { pool } => {
            session.list(Request::get(format!("{PATH}/{pool}/at-risk")), &AT_RISK)?;
            show::note("`bareboat capacity at-risk` says when, by how many, and what instead");
            Ok(())
        }
        Pool::SpareFloor { pool, nodes } => {
            let path = format!("{PATH}/{pool}/spare-floor");
            let request = Request::new(bareboat_client::Method::Put, path);
            session.write(request.json(&json!({ "nodes": nodes }))?)
        }
        Pool::OptionMode { pool, mode } => {
            let path = format!("{PATH}/{pool}/option-mode");
            let request = Request::new(bareboat_client::Method::Put, path);
            session.write(request.json(&json!({ "mode": mode }))?)
        }
        Pool::Pins(verb) => pins::run(verb, session),
        Pool::Upkeep(verb) => upkeep::run(verb, session),
    }
}

fn calendar(calendar: &Value, json: bool) -> Result<()> {
    if json {
        return show::item(calendar, true);
    }
    let none = Vec::new();
    let steps = calendar["steps"].as_array().unwrap_or(&none);
    let columns = [
        "from",
        "to",
        "installed",
        "sellable",
        "firm",
        "option",
        "soft_held",
        "spare",
        "unavailable",
        "free",
        "short",
    ];
    show::rows(steps, &columns, false)?;
    show::note(&format!(
        "throughout, {} nodes are free",
        calendar["most_free"]
    ));
    Ok(())
}

/// Which reservations or allocations.
#[derive(Debug, Args)]
pub struct Filter {
    /// Only this contract's.
    #[arg(long)]
    contract: Option<String>,
    /// Only this lot's.
    #[arg(long)]
    lot: Option<String>,
    /// Only in this pool.
    #[arg(long)]
    pool: Option<String>,
    /// Only this status: held or ended of reservations, live or released of allocations.
    #[arg(long)]
    status: Option<String>,
}

impl Filter {
    fn on(self, request: Request) -> Request {
        request
            .with_some("contract", self.contract)
            .with_some("lot", self.lot)
            .with_some("pool", self.pool)
            .with_some("status", self.status)
    }
}

/// Verbs of reservations.
#[derive(Debug, Subcommand)]
pub enum Reservation {
    /// List reservations.
    List(Filter),
    /// Show a reservation.
    Show {
        /// Its label or id.
        reservation: String,
    },
}

/// Runs a verb of reservations.
pub fn reservation(verb: Reservation, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/reservations";
    match verb {
        Reservation::List(filter) => {
            let columns = [
                "label",
                "contract_reference",
                "lot_label",
                "site_code",
                "model_code",
                "nodes",
                "window.from",
                "window.to",
                "status",
            ];
            session.list(filter.on(Request::get(PATH)), &columns)
        }
        Reservation::Show { reservation } => {
            session.item(Request::get(format!("{PATH}/{reservation}")))
        }
    }
}

/// Verbs of allocations.
#[derive(Debug, Subcommand)]
pub enum Allocation {
    /// List allocations.
    List(Filter),
    /// Show an allocation with its nodes and where they stand.
    Show {
        /// Its label or id.
        allocation: String,
    },
}

/// Runs a verb of allocations.
pub fn allocation(verb: Allocation, session: &Session) -> Result<()> {
    const PATH: &str = "/v1/allocations";
    match verb {
        Allocation::List(filter) => {
            let columns = [
                "label",
                "contract_reference",
                "lot_label",
                "site_code",
                "model_code",
                "nodes",
                "window.from",
                "window.to",
                "status",
            ];
            session.list(filter.on(Request::get(PATH)), &columns)
        }
        Allocation::Show { allocation } => {
            let answer = session.client();
            let answer: Value = answer.get(Request::get(format!("{PATH}/{allocation}")))?;
            if session.json() {
                return show::item(&answer, true);
            }
            show::item(&answer["allocation"], false)?;
            show::item(&answer["spread"], false)?;
            show::line("")?;
            let none = Vec::new();
            let columns = [
                "label",
                "phase",
                "place.hall_code",
                "place.rack",
                "place.leaf",
                "place.spine_group",
                "place.nvlink_domain",
            ];
            show::rows(answer["nodes"].as_array().unwrap_or(&none), &columns, false)
        }
    }
}

/// Verbs of capacity.
#[derive(Debug, Subcommand)]
pub enum Capacity {
    /// Show how many nodes are delivered, healthy, reserved and in use, by site and model; of the
    /// operator's pools what is installed, sold and free too, and when that changes next.
    Show {
        /// Only at this site.
        #[arg(long)]
        site: Option<String>,
        /// Only of this model.
        #[arg(long)]
        model: Option<String>,
        /// Only what contracts of this project have.
        #[arg(long)]
        project: Option<String>,
        /// Only what this contract has.
        #[arg(long)]
        contract: Option<String>,
    },
    /// List what contracts' lots hold: now, in use, and when that changes next, to how many.
    Groups(held::Groups),
    /// List how many nodes are delivered, healthy, reserved and in use, by account and project.
    Accounts(held::Accounts),
    /// List how nodes stand together, by reservation, block, leaf, nvlink-domain or spine-group.
    Health {
        /// reservation, block, leaf, nvlink-domain or spine-group.
        #[arg(long, default_value = "reservation")]
        by: String,
    },
    /// List what capacity appeared and left since it was last asked, and why; the answer's end
    /// says what to ask after next.
    Changes {
        /// What the last answer gave; the book's beginning when left out.
        #[arg(long, value_name = "NEXT")]
        after: Option<String>,
    },
    /// Offer a draft at its price, and hold its capacity until the offer expires.
    Quote(MakeQuote),
    /// Draw a pool over time, with its lots, as SVG or PNG.
    Chart(Chart),
    /// Replace a failed node of a lot by the nearest spare: in its leaf, its spine group, its hall.
    Replace {
        /// Its label or id.
        node: String,
        /// When it is expected back; out of supply until it is ready again when left out.
        #[arg(long, value_name = "INSTANT")]
        until: Option<String>,
        /// What failed.
        #[arg(long)]
        reason: String,
        /// From when the spare serves; now when left out.
        #[arg(long, value_name = "INSTANT")]
        at: Option<String>,
    },
    /// Say whether capacity could be sold: if not, which constraint binds and when, and the
    /// nearest that could. Nothing is held.
    Explain(explain::Explain),
    /// List what a pool cannot keep, as things stand or with slips, delays and outages supposed,
    /// and what each could have instead. Nothing is written.
    AtRisk(at_risk::AtRisk),
    /// List the reservations that are due their nodes and have none.
    Due(pins::Due),
    /// Show by month which of a pool's options could not be honoured, were all exercised.
    Exposure(Exposure),
    /// Decide a file of requests on an empty pool, and measure it; no book is needed.
    Simulate(Simulate),
    /// Say how many spares keep every lot whole, and replay faults with them; no book is needed.
    Spares(Spares),
}

/// Runs a verb of capacity.
pub fn capacity(verb: Capacity, global: &Global) -> Result<()> {
    let (site, model, project, contract) = match verb {
        Capacity::Simulate(ask) => return ask.run(global),
        Capacity::Exposure(ask) => return exposure(ask, &Session::open(global)?),
        Capacity::Quote(ask) => return quotes::quote(ask, &Session::open(global)?),
        Capacity::Spares(ask) => return ask.run(global),
        Capacity::Health { by } => return held::health(by, &Session::open(global)?),
        Capacity::Changes { after } => return held::changes(after, &Session::open(global)?),
        Capacity::Groups(ask) => return ask.run(&Session::open(global)?),
        Capacity::Accounts(ask) => return ask.run(&Session::open(global)?),
        Capacity::Chart(ask) => return ask.run(global),
        Capacity::Replace {
            node,
            until,
            reason,
            at,
        } => {
            let body = body(&[
                ("until", maybe(&until)),
                ("reason", text(reason)),
                ("at", maybe(&at)),
            ]);
            let path = format!("/v1/nodes/{node}/replace");
            let session = Session::open(global)?;
            return session.write(Request::post(path).json(&body)?);
        }
        Capacity::Explain(ask) => return ask.run(&Session::open(global)?),
        Capacity::Due(ask) => return ask.run(&Session::open(global)?),
        Capacity::AtRisk(ask) => return ask.run(&Session::open(global)?),
        Capacity::Show {
            site,
            model,
            project,
            contract,
        } => (site, model, project, contract),
    };
    let session = Session::open(global)?;
    let request = Request::get("/v1/capacity")
        .with_some("site", site)
        .with_some("model", model)
        .with_some("project", project)
        .with_some("contract", contract);
    held::show(request, &session)
}

/// Flags of `capacity exposure`.
#[derive(Debug, Args)]
pub struct Exposure {
    /// The pool: its label, id, or SITE:MODEL.
    pool: String,
    /// The first instant, or a civil date of the site; now when left out.
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// The instant or date to end before; the end of the last option when left out.
    #[arg(long, value_name = "MOMENT")]
    to: Option<String>,
}

fn exposure(ask: Exposure, session: &Session) -> Result<()> {
    let request = Request::get(format!("/v1/pools/{}/exposure", ask.pool))
        .with_some("from", ask.from)
        .with_some("to", ask.to);
    let mut answer: Value = session.client().get(request)?;
    if session.json() {
        return show::item(&answer, true);
    }
    let none = Vec::new();
    let months = answer["months"].as_array_mut();
    for month in months.into_iter().flatten() {
        let options = month["options"].as_array().unwrap_or(&none).iter();
        let named = options.filter_map(|one| one["contract_reference"].as_str());
        month["contracts"] = json!(named.collect::<Vec<_>>().join(", "));
    }
    let months = answer["months"].as_array().unwrap_or(&none);
    show::rows(months, &["month", "held", "uncovered", "contracts"], false)?;
    let mode = answer["option_mode"].as_str().unwrap_or_default();
    show::note(&format!("options of the pool are held in {mode} mode"));
    Ok(())
}
