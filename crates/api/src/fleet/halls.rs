//! Which hall a tranche goes to, and halls that are late, on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Tranche;
use crate::{capacity, wire};

/// Says which hall a tranche goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignTranche {
    /// A hall of its site: its code there, its label or id; not known when left out.
    #[serde(default)]
    pub hall: Option<wire::Ref>,
}

/// Moves the dates of all tranches that are still owed to a hall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DelayHall {
    /// Each comes so many days later; either this or `until`.
    #[serde(default)]
    pub days: Option<u32>,
    /// None comes before this date, a civil date of the site.
    #[serde(default)]
    pub until: Option<wire::Date>,
    /// Why.
    pub reason: wire::Text,
}

/// A hall that is late, and what that breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HallDelayed {
    /// The hall.
    pub hall: wire::Id,
    /// Its code.
    pub hall_code: Option<wire::Code>,
    /// The tranches that moved, as they are now.
    pub tranches: Vec<Tranche>,
    /// The reservations of their pools that cannot be kept now. For the first of them, what they
    /// could have instead; `POST /v1/capacity/at-risk` says it for all.
    pub at_risk: Vec<capacity::Rescue>,
}
