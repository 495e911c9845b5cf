//! Which hall a tranche goes to, and a hall that is late: all that is still owed to it moves.

use bareboat_base::{Date, HallId, Text, TrancheId};
use serde::{Deserialize, Serialize};

use crate::{Event, Rejection, State, TrancheSlipped, TrancheStatus};

/// Says which hall a tranche goes to, or that it is not known.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignTranche {
    /// The tranche; not one that has arrived.
    pub tranche: TrancheId,
    /// A hall of its site.
    pub hall: Option<HallId>,
}

/// A tranche goes to another hall than was known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TrancheAssigned {
    pub tranche: TrancheId,
    pub hall: Option<HallId>,
}

/// How late a hall is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// All that it is owed comes so many days later.
    Days(u32),
    /// Nothing comes before this date.
    Until(Date),
}

/// Moves the dates of all tranches that are still owed to a hall.
#[derive(Clone, Debug, PartialEq)]
pub struct DelayHall {
    /// The hall.
    pub hall: HallId,
    /// How late it is.
    pub late: Late,
    /// Why.
    pub reason: Text,
}

impl State {
    /// The tranches still owed to a hall that is late, in the order in which they were ordered,
    /// each with its new date; those that keep theirs are left out.
    ///
    /// # Errors
    /// A date beyond the calendar.
    pub fn delayed(&self, hall: HallId, late: Late) -> Result<Vec<(TrancheId, Date)>, Rejection> {
        let owed = self
            .tranches
            .iter()
            .filter(|(_, _, row)| row.hall == Some(hall) && row.status != TrancheStatus::Received);
        let mut moved = Vec::new();
        for (_, id, row) in owed {
            let due_on = match late {
                Late::Days(days) => {
                    let days = i32::try_from(days).unwrap_or(i32::MAX);
                    let date = row.due_on;
                    date.plus_days(days)
                        .map_err(|_| Rejection::DateOutOfRange { date })?
                }
                Late::Until(date) => row.due_on.max(date),
            };
            if due_on != row.due_on {
                moved.push((*id, due_on));
            }
        }
        Ok(moved)
    }
}

pub(crate) fn delay(state: &State, c: &DelayHall) -> Result<Vec<Event>, Rejection> {
    let hall = c.hall;
    if !state.halls.contains(&hall) {
        return Err(Rejection::HallUnknown { hall });
    }
    let moved = state.delayed(hall, c.late)?;
    if moved.is_empty() {
        return Err(Rejection::NothingDelayed { hall });
    }
    let slipped = moved.into_iter().filter_map(|(tranche, new_due_on)| {
        Some(Event::from(TrancheSlipped {
            tranche,
            old_due_on: state.tranches.get(&tranche)?.due_on,
            new_due_on,
            reason: c.reason.clone(),
        }))
    });
    Ok(slipped.collect())
}

pub(crate) fn assign(state: &State, c: &AssignTranche) -> Result<Vec<Event>, Rejection> {
    let tranche = c.tranche;
    let row = state.tranches.get(&tranche);
    let row = row.ok_or(Rejection::TrancheUnknown { tranche })?;
    if row.status == TrancheStatus::Received {
        return Err(Rejection::TrancheComplete { tranche });
    }
    if let Some(hall) = c.hall {
        let site = state.orders.get(&row.order).map(|order| order.site);
        of_site(state, site, hall)?;
    }
    Ok(vec![Event::from(TrancheAssigned {
        tranche,
        hall: c.hall,
    })])
}

/// The hall is one of the site.
pub(crate) fn of_site(
    state: &State,
    site: Option<bareboat_base::SiteId>,
    hall: HallId,
) -> Result<(), Rejection> {
    match state.halls.get(&hall) {
        Some(row) if Some(row.site) == site => Ok(()),
        _ => Err(Rejection::HallUnknown { hall }),
    }
}
