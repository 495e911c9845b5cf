//! Whether capacity could be sold, and what could be sold instead.

use bareboat_base::{Instant, PoolId, Refusal as _, Window, Zone};
use bareboat_capacity as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Shape, Sources, Step};
use crate::fleet::label_in;
use crate::wire;

/// Asks whether capacity could be sold. Nothing is held. Either a lot, or a pool with the nodes or
/// GPUs and the days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainCapacity {
    /// A lot of a draft: all that follows is then what it says.
    pub lot: Option<wire::Ref>,
    /// The pool: its label, id, or SITE:MODEL.
    pub pool: Option<wire::Ref>,
    /// How many nodes.
    pub nodes: Option<u32>,
    /// How many GPUs, in place of nodes; rounded up to whole nodes.
    pub gpus: Option<u32>,
    /// The first day and the first day after, in the site's zone.
    pub window: Option<wire::DateWindow>,
    /// With an option from the window's end to before this day.
    pub option_until: Option<wire::Date>,
    /// How the nodes lie in the fabric; any way when left out.
    #[serde(default)]
    pub shape: Shape,
}

/// Capacity over a window, as it would be held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offer {
    /// The pool.
    pub pool: wire::Id,
    /// The pool's label.
    pub pool_label: String,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// How many nodes, throughout.
    pub nodes: u32,
    /// How many GPUs those are.
    pub gpus: Option<u32>,
    /// When.
    pub window: wire::Window,
    /// Its days in the site's zone, when it begins and ends at midnight.
    pub days: Option<wire::DateWindow>,
    /// The option, directly after the window.
    pub option: Option<wire::Window>,
    /// The option's days in the site's zone, when it begins and ends at midnight.
    pub option_days: Option<wire::DateWindow>,
    /// How the nodes lie in the fabric.
    pub shape: Shape,
}

/// Something that would be held now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alternative {
    /// In what it differs: `nothing` (it can be held once others are moved as planned),
    /// `without-option`, `looser-shape`, `later`, `fewer` or `other-pool`.
    pub change: String,
    /// What would be held.
    pub offer: Offer,
}

/// Why capacity cannot be sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bound {
    /// The code that a reservation would be refused with.
    pub code: String,
    /// What is wrong.
    pub detail: String,
    /// What binds: `not-delivered`, `spare-floor`, `option-held`, `quoted`, `out-of-supply`, `firm`,
    /// `pool-size`, `fragmented`, `leaves` or `shape`. By count, each alone, lifted, would leave enough
    /// nodes in the worst step, the easiest to lift first; where none would, all have a part.
    pub constraints: Vec<String>,
    /// By count, the first stretch in which too few nodes are free; otherwise all that is asked.
    pub window: wire::Window,
    /// By count, the step of that stretch with the fewest free nodes.
    pub worst: Option<Step>,
}

/// Capacity without names that would lie on other nodes. What has names never moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// The reservation.
    pub reservation: Option<wire::Id>,
    /// The quote, when a quote holds it.
    pub quote: Option<wire::Id>,
    /// The label of either.
    pub label: String,
    /// When.
    pub window: wire::Window,
    /// How many nodes it has.
    pub nodes: u32,
    /// How many of them would be others.
    pub moved: u32,
    /// On how many leaves it lies.
    pub leaves_before: u32,
    /// On how many it would.
    pub leaves_after: u32,
}

impl Moved {
    /// What would be moved.
    pub fn of(sources: Sources<'_>, moved: &domain::Moved) -> Self {
        let (reservation, quote, label) = match moved.holder {
            domain::Holder::Reservation(id) => (
                Some(id.into()),
                None,
                label_in(&sources.capacity.reservations, id),
            ),
            domain::Holder::Quote(id) => (
                None,
                Some(id.into()),
                label_in(&sources.capacity.quotes, id),
            ),
        };
        Self {
            reservation,
            quote,
            label,
            window: moved.window.into(),
            nodes: moved.nodes.0,
            moved: moved.moved.0,
            leaves_before: moved.leaves_before,
            leaves_after: moved.leaves_after,
        }
    }
}

/// Whether capacity could be sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapacityExplained {
    /// The position of the book it was asked of.
    pub position: u64,
    /// Whether it would be held now.
    pub possible: bool,
    /// What was asked.
    pub asked: Offer,
    /// Whose capacity without names would be moved to other nodes so that it is held; nothing when
    /// it fits in between the others.
    pub moves: Vec<Moved>,
    /// Why not, when it would not.
    pub bound: Option<Bound>,
    /// The nearest that would be held instead, each decided on the same state.
    pub alternatives: Vec<Alternative>,
}

fn constraint(constraint: domain::Constraint) -> &'static str {
    use domain::Constraint as C;
    match constraint {
        C::NotDelivered => "not-delivered",
        C::SpareFloor => "spare-floor",
        C::OptionHeld => "option-held",
        C::Quoted => "quoted",
        C::OutOfSupply => "out-of-supply",
        C::Firm => "firm",
        C::PoolSize => "pool-size",
        C::Fragmented => "fragmented",
        C::Leaves => "leaves",
        C::Shape => "shape",
    }
}

fn change(change: domain::Change) -> &'static str {
    use domain::Change as C;
    match change {
        C::Nothing => "nothing",
        C::WithoutOption => "without-option",
        C::LooserShape => "looser-shape",
        C::Later => "later",
        C::Fewer => "fewer",
        C::OtherPool => "other-pool",
    }
}

impl Bound {
    /// Why a reservation would be refused.
    pub fn of(bound: &domain::Bound) -> Self {
        let constraints = bound.constraints.iter();
        Self {
            code: bound.rejection.code().to_owned(),
            detail: bound.rejection.to_string(),
            constraints: constraints.map(|one| constraint(*one).to_owned()).collect(),
            window: bound.window.into(),
            worst: bound.worst.map(Into::into),
        }
    }
}

impl Offer {
    /// A reservation as an offer.
    pub fn of(sources: Sources<'_>, reserve: &domain::Reserve) -> Self {
        let (site_code, model_code, gpus_per_node) = sources.codes(reserve.pool);
        let zone = sources.zone(reserve.pool);
        let days = |window| days_in(zone.as_ref()?, window);
        Self {
            pool: reserve.pool.into(),
            pool_label: label_in(&sources.capacity.pools, reserve.pool),
            site_code,
            model_code,
            nodes: reserve.nodes.0,
            gpus: reserve.nodes.gpus(gpus_per_node).map(|gpus| gpus.0),
            window: reserve.window.into(),
            days: days(reserve.window),
            option: reserve.option.map(Into::into),
            option_days: reserve.option.and_then(days),
            shape: reserve.shape.into(),
        }
    }
}

/// The days of a window that begins and ends at midnight.
fn days_in(zone: &Zone, window: Window) -> Option<wire::DateWindow> {
    let midnight = |at: Instant| {
        let day = at.date_in(zone);
        (day.start_in(zone).ok()? == at).then_some(day)
    };
    Some(wire::DateWindow {
        from: midnight(window.from())?.into(),
        to: midnight(window.to())?.into(),
    })
}

impl Alternative {
    /// An alternative as an offer.
    pub fn of(sources: Sources<'_>, one: &domain::Alternative) -> Self {
        Self {
            change: change(one.change).to_owned(),
            offer: Offer::of(sources, &one.reserve),
        }
    }
}

impl Sources<'_> {
    /// The zone of a pool's site.
    pub fn zone(&self, pool: PoolId) -> Option<Zone> {
        let row = self.capacity.pools.get(&pool)?;
        let site = self.fleet.sites.get(&row.site)?;
        Some(site.zone.clone())
    }
}
