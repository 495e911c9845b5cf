//! When reservations get their nodes: which are due them, and giving them theirs.

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{Context, Instant, PoolId, ReservationId, TypedId as _};
use bareboat_book::acts::{Act as Spanning, Pin, pin};
use bareboat_book::{Command, Rejection, State};
use bareboat_capacity::{self as domain, Command as Capacity, days_after};

use super::{pool, pool_param, sources};
use crate::routes::fleet::holdings::moment;
use crate::{Act, Ask, Route};

/// Reservations that get their nodes in one act: other writes wait for it.
const MOST_AT_ONCE: usize = 64;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::put(
            "/v1/pools/{pool}/pin-ahead",
            "setPinAhead",
            "Say how long before their beginning a pool's reservations get their nodes",
        )
        .needs(P::CapacityAllocate)
        .change::<wire::SetPinAhead, wire::Pool, _>(set_pin_ahead),
        Route::get(
            "/v1/capacity/due",
            "listDue",
            "List the reservations that are due their nodes and have none",
        )
        .needs(P::CalendarRead)
        .parameter("pool", "Only of this pool: its label, id, or SITE:MODEL.")
        .parameter(
            "within",
            "Those that begin within so many days; within what each pool says when left out.",
        )
        .page(list_due),
        Route::post(
            "/v1/pools/{pool}/pin-due",
            "pinDue",
            "Name the nodes of a pool's reservations that are due them; those refused are listed",
        )
        .needs(P::CapacityAllocate)
        .slow()
        .change::<wire::PinDue, wire::PinnedDue, _>(pin_due),
    ]
}

fn set_pin_ahead(ask: &Ask, body: wire::SetPinAhead) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (pool, _) = pool(ask)?;
    let command = domain::SetPinAhead {
        pool,
        days: body.days,
    };
    let shown = move |state: &State| wire::Pool::of(sources(state), pool);
    let command = Command::Capacity(Capacity::SetPinAhead(command));
    Ok(Act::new(command, move |state, _| shown(state)).guarded(shown))
}

/// What a pool's reservations are due by: as asked, else as the pool says.
fn by(row: &domain::Pool, now: Instant, within: Option<u32>) -> Option<Instant> {
    match within {
        Some(days) => Some(days_after(now, days)),
        None => row.pins_by(now),
    }
}

/// No further ahead than a pool may say.
fn check_days(ask: &Ask, field: &str, days: Option<u32>) -> Result<(), Problem> {
    let most = domain::MOST_DAYS;
    match days.filter(|days| *days > most) {
        Some(_) => Err(ask.field(field, format!("at most {most} days ahead"))),
        None => Ok(()),
    }
}

fn list_due(ask: &Ask) -> Result<Page<wire::Reservation>, Problem> {
    ask.whole_book()?;
    let (state, now) = (ask.state(), moment(ask));
    let only = pool_param(ask)?;
    let within: Option<u32> = ask.parsed("within")?;
    check_days(ask, "within", within)?;
    let mut due = Vec::new();
    for (_, id, row) in state.capacity.pools.iter() {
        let by = by(row, now, within).filter(|_| only.is_none_or(|only| only == Some(*id)));
        due.extend(by.map_or_else(Vec::new, |by| state.capacity.due(*id, by, now)));
    }
    let rows = due.into_iter().filter_map(|id| {
        let begins = state.capacity.reservations.get(&id)?.window.from();
        let since = begins.micros().wrapping_sub(i64::MIN).to_be_bytes();
        let key = [&since[..], id.uuid().as_bytes()].concat();
        Some((key, wire::Reservation::of(sources(state), id)?))
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    ask.page_by_key(rows)
}

/// Reservations that are weighed at once: each takes a determination and a search for nodes.
const MOST_WEIGHED: usize = 4 * MOST_AT_ONCE;

/// What is due, which of it is done now, and why the rest is not.
pub(crate) struct Weighed {
    /// Each reservation that is due, and why it cannot have its nodes.
    due: Vec<(ReservationId, Option<Rejection>)>,
    /// Those that are due as well and were not weighed: the next to begin come first.
    more: usize,
}

impl Weighed {
    /// Weighs what is due in a pool, on a state as it is.
    pub(crate) fn of(state: &State, context: &Context, pool: PoolId, within: Option<u32>) -> Self {
        let now = context.recorded_at;
        let row = state.capacity.pools.get(&pool);
        let by = row.and_then(|row| by(row, now, within));
        let mut due = by.map_or_else(Vec::new, |by| state.capacity.due(pool, by, now));
        let more = due.len().saturating_sub(MOST_WEIGHED);
        due.truncate(MOST_WEIGHED);
        let why = pin::weigh(state, context, &due);
        Self {
            due: due.into_iter().zip(why).collect(),
            more,
        }
    }

    fn passing(&self) -> impl Iterator<Item = ReservationId> + '_ {
        let passing = self.due.iter().filter(|(_, why)| why.is_none());
        passing.map(|(id, _)| *id)
    }

    /// The act that gives as many as may be at once their nodes.
    pub(crate) fn act(&self) -> Pin {
        Pin {
            reservations: self.passing().take(MOST_AT_ONCE).collect(),
        }
    }

    /// What became of all that was due, after the act.
    pub(crate) fn told(&self, state: &State) -> wire::PinnedDue {
        let mut told = wire::PinnedDue {
            pinned: Vec::new(),
            refused: Vec::new(),
            left: u32::try_from(self.more).unwrap_or(u32::MAX),
        };
        for (id, why) in &self.due {
            let row = state.capacity.reservations.get(id);
            let named = row.is_some_and(|row| row.allocation.is_some());
            let sources = sources(state);
            match why {
                Some(why) => told.refused.extend(wire::NotPinned::of(sources, *id, why)),
                None if named => told.pinned.extend(wire::Reservation::of(sources, *id)),
                // More than are done at once, or the book changed while this one waited.
                None => told.left += 1,
            }
        }
        told
    }
}

fn pin_due(ask: &Ask, body: wire::PinDue) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (pool, _) = pool(ask)?;
    check_days(ask, "within_days", body.within_days)?;
    let context = Context {
        command_id: ask.command_id(),
        actor: ask.caller().principal,
        recorded_at: moment(ask),
        part: 0,
    };
    let weighed = Weighed::of(ask.state(), &context, pool, body.within_days);
    let command = Command::Act(Spanning::Pin(weighed.act()));
    Ok(Act::new(command, move |state, _| weighed.told(state)))
}
