//! When reservations get their nodes, and those that are due them, on the wire.

use bareboat_base::{Refusal, ReservationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Reservation, Sources};
use crate::wire;

/// Says how long before their beginning a pool's reservations get their nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPinAhead {
    /// So many days, at most 3,650; only when asked for, when left out.
    #[serde(default)]
    pub days: Option<u32>,
}

/// Names the nodes of a pool's reservations that are due them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinDue {
    /// Those that begin within so many days; within what the pool says when left out.
    #[serde(default)]
    pub within_days: Option<u32>,
}

/// What was due, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PinnedDue {
    /// Reservations that have their nodes now.
    pub pinned: Vec<Reservation>,
    /// Reservations that could not be given theirs, and why.
    pub refused: Vec<NotPinned>,
    /// How many wait for the next time: at most 64 are given theirs at once, of at most 256 that
    /// are weighed, the first to begin before the others.
    pub left: u32,
}

/// A reservation that could not be given its nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotPinned {
    /// The reservation.
    pub reservation: wire::Id,
    /// Its label.
    pub label: String,
    /// The lot's label.
    pub lot_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The code of the refusal.
    pub code: String,
    /// What is wrong.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
}

impl NotPinned {
    /// Why a reservation got no nodes.
    pub fn of(sources: Sources<'_>, id: ReservationId, why: &dyn Refusal) -> Option<Self> {
        let row = Reservation::of(sources, id)?;
        Some(Self {
            reservation: row.id,
            label: row.label,
            lot_label: row.lot_label,
            contract_reference: row.contract_reference,
            code: why.code().to_owned(),
            detail: why.to_string(),
            hint: why.hint().to_owned(),
        })
    }
}
