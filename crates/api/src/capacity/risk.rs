//! What the calendar cannot keep, as it is or as it is supposed, and what could be had instead.

use bareboat_base::PoolId;
use bareboat_capacity as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Alternative, Sources};
use crate::fleet::{Numbers, label_in};
use crate::wire;

/// Nodes that a reservation misses over a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Short {
    /// The first instant.
    pub from: wire::Instant,
    /// The first instant after it.
    pub to: wire::Instant,
    /// How many nodes are missing.
    pub nodes: u32,
    /// As what they are held: `firm` or `option`.
    pub held: String,
}

impl From<domain::Short> for Short {
    fn from(short: domain::Short) -> Self {
        let held = match short.held {
            domain::Held::Firm => "firm",
            domain::Held::Option => "option",
        };
        Self {
            from: short.window.from().into(),
            to: short.window.to().into(),
            nodes: short.nodes.0,
            held: held.to_owned(),
        }
    }
}

/// A reservation that its pool's calendar cannot keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AtRisk {
    /// The reservation.
    pub reservation: wire::Id,
    /// Its label.
    pub label: String,
    /// The contract.
    pub contract: wire::Id,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
    /// How many nodes it holds.
    pub nodes: u32,
    /// When.
    pub window: wire::Window,
    /// The pool.
    pub pool: wire::Id,
    /// The pool's label.
    pub pool_label: String,
    /// The option still open, directly after the window.
    pub option: Option<wire::Window>,
    /// What it misses, by time, beside the promises that are kept: spares serve them too. Empty
    /// when there are enough nodes at every instant, but not the same ones throughout.
    pub short: Vec<Short>,
}

impl AtRisk {
    /// The reservations of a pool that its calendar cannot keep.
    pub fn of_pool(sources: Sources<'_>, pool: PoolId) -> Vec<Self> {
        let found = sources.capacity.risks(pool);
        let shown = found.iter().filter_map(|risk| Self::of(sources, risk));
        shown.collect()
    }

    fn of(sources: Sources<'_>, risk: &domain::Risk) -> Option<Self> {
        let id = risk.reservation;
        let row = sources.capacity.reservations.get(&id)?;
        Some(Self {
            reservation: id.into(),
            label: label_in(&sources.capacity.reservations, id),
            contract: row.contract.into(),
            contract_reference: sources.reference(row.contract),
            lot: row.lot.into(),
            lot_label: sources.lot_label(row.lot),
            nodes: row.nodes.0,
            window: row.window.into(),
            pool: row.pool.into(),
            pool_label: label_in(&sources.capacity.pools, row.pool),
            option: row.option.map(Into::into),
            short: risk.short.iter().map(|short| (*short).into()).collect(),
        })
    }
}

/// Asks what is at risk, with all that is supposed together. Nothing is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessRisk {
    /// Only in this pool: its label, id, or SITE:MODEL. All pools when left out.
    pub pool: Option<wire::Ref>,
    /// Tranches that would come on other dates.
    #[serde(default)]
    pub slips: Vec<SupposeSlip>,
    /// Sites, or halls of them, at which all that is still owed would come later.
    #[serde(default)]
    pub delays: Vec<SupposeDelay>,
    /// Nodes that would be out of supply.
    #[serde(default)]
    pub outages: Vec<SupposeOutage>,
}

/// A tranche on another date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeSlip {
    /// Which: its label or id.
    pub tranche: wire::Ref,
    /// The date, in the site's zone.
    pub due_on: wire::Date,
}

/// All that a site, or a hall of it, is still owed, later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeDelay {
    /// Where: the site's code, label or id.
    pub site: wire::Ref,
    /// Only what goes to this hall of it: its code there, its label or id.
    #[serde(default)]
    pub hall: Option<wire::Ref>,
    /// Only nodes of this model: its code, label or id.
    pub model: Option<wire::Ref>,
    /// By how many days.
    pub days: u32,
}

/// Nodes out of supply: failed, under maintenance, retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeOutage {
    /// Their pool: its label, id, or SITE:MODEL.
    pub pool: wire::Ref,
    /// Their numbers at the site.
    pub nodes: Numbers,
    /// When; a retired node has an end that lies far off.
    pub window: wire::Window,
}

/// A reservation at risk, and what its client could have instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rescue {
    /// What is at risk.
    pub at_risk: AtRisk,
    /// Whether it is at risk without what is supposed, too.
    pub already: bool,
    /// What would be held in its place; for nodes that have names, replacements elsewhere.
    pub alternatives: Vec<Alternative>,
    /// The places in `alternatives`, from 0, of what the plan takes: what keeps all nodes and
    /// begins first. All that is planned, of all reservations, can be held together.
    pub planned: Vec<u32>,
}

impl Rescue {
    /// A rescue, of the state that it was found on.
    pub fn of(sources: Sources<'_>, rescue: &domain::Rescue, already: bool) -> Option<Self> {
        let alternatives = rescue.alternatives.iter();
        let planned = rescue.planned.iter();
        Some(Self {
            at_risk: AtRisk::of(sources, &rescue.risk)?,
            already,
            alternatives: alternatives
                .map(|one| Alternative::of(sources, one))
                .collect(),
            planned: planned.filter_map(|at| u32::try_from(*at).ok()).collect(),
        })
    }
}

/// What is at risk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RiskReport {
    /// The position of the book it was asked of.
    pub position: u64,
    /// The reservations at risk, by pool, then in the order of their making.
    pub at_risk: Vec<Rescue>,
}
