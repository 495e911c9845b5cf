//! What an act put at risk, for its answer.

use std::collections::BTreeSet;

use bareboat_api::capacity as wire;
use bareboat_base::{CommandId, Context, Instant, PoolId, PrincipalId, ReservationId};
use bareboat_book::State;

use super::sources;
use crate::Ask;
use crate::routes::fleet::holdings::moment;

/// The answer is made while other writes wait: what could be had instead is looked for so many
/// times, after what is routine and what is rare; `POST /v1/capacity/at-risk` looks for all of
/// them.
const PLANNED: (usize, usize) = (8, 32);

/// What was at risk in some pools before an act.
pub(crate) struct Before {
    pools: Vec<PoolId>,
    at_risk: BTreeSet<ReservationId>,
    command_id: CommandId,
    actor: PrincipalId,
    at: Instant,
}

impl Before {
    /// As it is when the act is asked for.
    pub(crate) fn of(ask: &Ask, pools: Vec<PoolId>) -> Self {
        let capacity = &ask.state().capacity;
        let at_risk = pools.iter().flat_map(|pool| capacity.at_risk(*pool));
        Self {
            at_risk: at_risk.collect(),
            pools,
            command_id: ask.command_id(),
            actor: ask.caller().principal,
            at: moment(ask),
        }
    }

    /// What the act newly put at risk.
    pub(crate) fn newly(&self, state: &State) -> Vec<wire::Rescue> {
        let newly = |reservation: &_| !self.at_risk.contains(reservation);
        self.now(state, newly, PLANNED.0)
    }

    /// All that is at risk after the act, what was so before it marked.
    pub(crate) fn all(&self, state: &State) -> Vec<wire::Rescue> {
        self.now(state, |_| true, PLANNED.1)
    }

    fn now(
        &self,
        state: &State,
        wanted: impl Fn(&ReservationId) -> bool,
        most: usize,
    ) -> Vec<wire::Rescue> {
        let context = Context {
            command_id: self.command_id,
            actor: self.actor,
            recorded_at: state.recorded_at.unwrap_or(self.at),
            part: u32::MAX,
        };
        let capacity = state.capacity.settled(context.recorded_at);
        let sources = wire::Sources {
            capacity: &capacity,
            ..sources(state)
        };
        let zones = |pool| sources.zone(pool);
        let risks = self.pools.iter().flat_map(|pool| capacity.risks(*pool));
        let risks = risks.filter(|risk| wanted(&risk.reservation));
        let rescues = capacity.rescues_of(&context, &zones, risks.collect(), most);
        let rescues = rescues.iter().filter_map(|rescue| {
            let already = self.at_risk.contains(&rescue.risk.reservation);
            wire::Rescue::of(sources, rescue, already)
        });
        rescues.collect()
    }
}
