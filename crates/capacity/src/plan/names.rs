//! Names as the witness has them: not the neatest, but none is left out that has its place.

use bareboat_base::{Instant, NodeCount, NodeSet, ReservationId};

use super::Plan;
use super::blocks::Mask;
use crate::names::{Named, Names};
use crate::place::{Demand, Suppose, demands};
use crate::{Pool, State};

impl Plan {
    /// What every reservation without names would get.
    pub fn names(&self, state: &State, pool: &Pool, now: Instant) -> Names {
        let calendar = &pool.calendar;
        let demands = demands(state, calendar, Some(now), Suppose::FIRM);
        let mut plan = Self::without_places(state, calendar, Some(now), &demands);
        let mut given = vec![None; demands.len()];
        for (demand, given) in demands.iter().zip(&mut given) {
            if plan.keep(self, *demand) {
                let place = plan.places.get(&demand.who).and_then(Option::as_ref);
                *given = place.map(|place| place.masks.to_vec());
            }
        }
        for (demand, given) in demands.iter().zip(&mut given) {
            if given.is_none()
                && let Ok(masks) = plan.find(*demand)
            {
                plan.put(*demand, masks.clone());
                *given = Some(masks);
            }
        }
        let mut names = Names::default();
        for (demand, given) in demands.iter().zip(given) {
            let row = demand.who.reservation();
            let Some((&reservation, _)) = row.and_then(|row| state.reservations.at(row)) else {
                continue;
            };
            match given {
                Some(masks) => names
                    .named
                    .push(plan.name_of(demand, reservation, pool, &masks)),
                None => names.left_out.push(reservation),
            }
        }
        names
    }

    fn name_of(
        &self,
        demand: &Demand,
        reservation: ReservationId,
        pool: &Pool,
        masks: &[Mask],
    ) -> Named {
        let mut words = self.fabric.words(masks);
        self.fabric.only_named(&mut words);
        let named = (0..).zip(words).map(|(block, nodes)| Mask { block, nodes });
        let named: Vec<Mask> = named.filter(|mask| mask.nodes != 0).collect();
        let numbers = self.fabric.numbers(&named).unwrap_or_default();
        let to_come = demand.nodes - u32::try_from(numbers.len()).unwrap_or(demand.nodes);
        Named {
            reservation,
            window: demand.window,
            nodes: NodeSet::from_numbers(pool.site, numbers).ok(),
            to_come: NodeCount(to_come),
            leaves: u32::try_from(self.fabric.leaves(masks)).unwrap_or(u32::MAX),
        }
    }
}
