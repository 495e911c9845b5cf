//! Lots.

use bareboat_base::{AllocationId, Handle, LotId, NodeSet, label};
use bareboat_contracts as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::capacity::Shape;
use crate::fleet::Numbers;
use crate::wire;

/// The nodes of a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotAllocation {
    /// The allocation.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The nodes' numbers at the site.
    pub nodes: Numbers,
    /// From when to when.
    pub window: wire::Window,
}

impl LotAllocation {
    /// From its parts.
    pub fn of(
        handle: Handle,
        id: AllocationId,
        site_code: Option<wire::Code>,
        nodes: &NodeSet,
        window: bareboat_base::Window,
    ) -> Self {
        Self {
            id: id.into(),
            label: label::<AllocationId>(handle.number()),
            site_code,
            nodes: nodes.into(),
            window: window.into(),
        }
    }
}

/// What an exercised extension added to a lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LotExtension {
    /// Its days, in the lot's zone.
    pub window: wire::DateWindow,
    /// The same in UTC.
    pub instants: wire::Window,
    /// Hours its price per GPU-hour is stated on.
    pub stated_hours: u32,
}

/// One line of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lot {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its contract.
    pub contract: wire::Id,
    /// The accelerator model.
    pub model: wire::Id,
    /// The site.
    pub site: wire::Id,
    /// The site's zone, in which its dates are meant.
    pub zone: wire::Zone,
    /// How many GPUs; always whole nodes.
    pub gpus: u32,
    /// How many GPUs a node of the model has.
    pub gpus_per_node: u32,
    /// How many nodes.
    pub nodes: u32,
    /// First day and first day after, in the site's zone.
    pub window: wire::DateWindow,
    /// Hours its price per GPU-hour is stated on.
    pub stated_hours: u32,
    /// How its nodes lie in the fabric.
    pub shape: Shape,
    /// The lot of the first delivery, when it is one of several.
    pub delivery_of: Option<wire::Id>,
    /// The last day on which it may begin, until it is signed or quoted for a day.
    pub latest_start: Option<wire::Date>,
    /// The window in UTC, resolved at signing.
    pub instants: Option<wire::Window>,
    /// The tz database version it was resolved with.
    pub tz_version: Option<wire::Code>,
    /// The capacity held for it.
    pub reservation: Option<wire::Id>,
    /// The nodes it has now.
    pub allocation: Option<LotAllocation>,
    /// What an exercised extension added.
    pub extended_to: Option<LotExtension>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Lot {
    /// From the row.
    pub fn of(
        handle: Handle,
        id: LotId,
        row: &domain::Lot,
        allocation: Option<LotAllocation>,
    ) -> Self {
        Self {
            id: id.into(),
            label: label::<LotId>(handle.number()),
            contract: row.contract.into(),
            model: row.model.into(),
            site: row.site.into(),
            zone: row.zone.clone().into(),
            gpus: row.gpus.0,
            gpus_per_node: row.gpus_per_node,
            nodes: row.nodes.0,
            window: row.window.into(),
            stated_hours: row.stated_hours,
            shape: row.shape.into(),
            delivery_of: row.part.map(|part| part.of.into()),
            latest_start: row.flexible.and_then(|flexible| {
                let days = i32::try_from(flexible.days).ok()?;
                let latest = flexible.earliest.from().plus_days(days).ok()?;
                Some(latest.into())
            }),
            instants: row.instants.map(Into::into),
            tz_version: row.tz_version.clone().map(Into::into),
            reservation: row.reservation.map(Into::into),
            allocation,
            extended_to: row.extended_to.map(|added| LotExtension {
                window: added.window.into(),
                instants: added.instants.into(),
                stated_hours: added.stated_hours,
            }),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for a lot's nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateLot {
    /// When they are handed over.
    pub at: wire::Instant,
}
