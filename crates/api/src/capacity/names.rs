//! Which nodes reservations without names would get, on the wire.

use bareboat_base::{Instant, PoolId, ReservationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Sources;
use crate::fleet::{Numbers, label_in};
use crate::wire;

/// The nodes that a reservation without names would get, were all of its pool named now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SupposedNames {
    /// The reservation.
    pub reservation: wire::Id,
    /// The reservation's label.
    pub reservation_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The lot's label.
    pub lot_label: String,
    /// How many nodes it holds.
    pub count: u32,
    /// When it needs them.
    pub window: Option<wire::Window>,
    /// Whether a place was found.
    pub placed: bool,
    /// The nodes' numbers at the site, of those that were received already.
    pub nodes: Option<Numbers>,
    /// Nodes still to be received.
    pub to_come: u32,
    /// On how many leaves; nodes to come are taken to hang on leaves like the pool's.
    pub leaves: Option<u32>,
}

impl SupposedNames {
    /// What every reservation of a pool without names would get, in order of their start; last
    /// those for which no place was found.
    pub fn of_pool(sources: Sources<'_>, pool: PoolId, now: Instant) -> Vec<Self> {
        let names = sources.capacity.names(pool, now);
        let placed = names.named.into_iter().filter_map(|named| {
            Some(Self {
                window: Some(named.window.into()),
                placed: true,
                nodes: named.nodes.as_ref().map(Into::into),
                to_come: named.to_come.0,
                leaves: Some(named.leaves),
                count: named.to_come.0 + named.nodes.map_or(0, |nodes| nodes.count().0),
                ..Self::none(sources, named.reservation)?
            })
        });
        let left_out = names.left_out.into_iter();
        let left_out = left_out.filter_map(|id| Self::none(sources, id));
        placed.chain(left_out).collect()
    }

    fn none(sources: Sources<'_>, id: ReservationId) -> Option<Self> {
        let row = sources.capacity.reservations.get(&id)?;
        Some(Self {
            reservation: id.into(),
            reservation_label: label_in(&sources.capacity.reservations, id),
            contract_reference: sources.reference(row.contract),
            lot_label: sources.lot_label(row.lot),
            count: row.nodes.0,
            window: None,
            placed: false,
            nodes: None,
            to_come: 0,
            leaves: None,
        })
    }
}
