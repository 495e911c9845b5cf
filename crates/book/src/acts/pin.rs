//! Naming the nodes of reservations before they begin, or without handing them over: a
//! determination and an allocation, as for a lot that is handed its nodes at once.

use bareboat_base::{Context, ReservationId};
use bareboat_capacity as capacity;

use crate::acts::allocate;
use crate::acts::supply::in_capacity;
use crate::draft::Draft;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Names the nodes of reservations, of each that can have them; refused when none can.
#[derive(Clone, Debug)]
pub struct Pin {
    /// Which, the most urgent first.
    pub reservations: Vec<ReservationId>,
}

pub(crate) fn run(draft: &mut Draft, context: &Context, act: &Pin) -> Result<(), Rejection> {
    let mut refused = None;
    let mut named = false;
    for reservation in &act.reservations {
        match draft.attempt(|draft| one(draft, context, *reservation)) {
            Ok(()) => named = true,
            Err(rejection) => {
                refused.get_or_insert(rejection);
            }
        }
    }
    match refused {
        Some(rejection) if !named => Err(rejection),
        _ => Ok(()),
    }
}

/// Which of some reservations could be given nodes now, one after the other, and why the others
/// could not. Nothing is kept.
pub fn weigh(
    state: &State,
    context: &Context,
    reservations: &[ReservationId],
) -> Vec<Option<Rejection>> {
    let mut draft = Draft::new(state, context);
    let reservations = reservations.iter();
    reservations
        .map(|id| draft.attempt(|draft| one(draft, context, *id)).err())
        .collect()
}

fn one(draft: &mut Draft, context: &Context, id: ReservationId) -> Result<(), Rejection> {
    let row = draft.state().capacity.reservations.get(&id);
    let row = row.ok_or_else(|| BookRejection::Unknown {
        kind: "reservation",
        id: id.to_string(),
    })?;
    let (lot, begins) = (row.lot, row.window.from());
    let plan = allocate::check(draft.state(), context, lot)?;
    if plan.reservation != id {
        let problem = format!("reservation {id} is not what its lot holds");
        return Err(BookRejection::Inconsistent { problem }.into());
    }
    if plan.awaited.is_some() {
        return Err(allocate::allocated(draft.state(), lot).into());
    }
    let at = begins.max(context.recorded_at);
    let (allocation, _) = allocate::name(draft, lot, &plan, at)?;
    let awaits = capacity::SetHandover {
        allocation,
        at: None,
    };
    draft.run(in_capacity, &capacity::Command::SetHandover(awaits))?;
    Ok(())
}
