//! What a pool's options may be used for, and what that exposes.

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::capacity as wire;
use bareboat_base::{Date, Instant, PoolId, Window, Zone};
use bareboat_book::{Command, State};
use bareboat_capacity::{self as domain, Command as Capacity};

use super::{instant, pool, sources};
use crate::ask::not_found;
use crate::query::invalid;
use crate::routes::fleet::holdings::moment;
use crate::{Act, Ask, Route};

/// The most months that are told at once.
const MOST_MONTHS: usize = 600;

/// The routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::put(
            "/v1/pools/{pool}/option-mode",
            "setOptionMode",
            "Let a pool's options be sold over (`risk`), or not (`strict`)",
        )
        .needs(P::CapacityPlan)
        .change::<wire::SetOptionMode, wire::Pool, _>(set_option_mode),
        Route::get(
            "/v1/pools/{pool}/exposure",
            "getPoolExposure",
            "Read by month which of a pool's options could not be honoured, were all exercised",
        )
        .needs(P::CalendarRead)
        .parameter(
            "from",
            "The first instant, or a civil date of the site; now when left out.",
        )
        .parameter(
            "to",
            "The instant or date to end before; the end of the last option when left out.",
        )
        .slow()
        .item(get_exposure),
    ]
}

fn set_option_mode(ask: &Ask, body: wire::SetOptionMode) -> Result<Act, Problem> {
    ask.whole_book()?;
    let (pool, _) = pool(ask)?;
    let command = domain::SetOptionMode {
        pool,
        mode: body.mode.into(),
    };
    let shown = move |state: &State| wire::Pool::of(sources(state), pool);
    let command = Command::Capacity(Capacity::SetOptionMode(command));
    Ok(Act::new(command, move |state, _| shown(state)).guarded(shown))
}

fn get_exposure(ask: &Ask) -> Result<wire::Exposure, Problem> {
    let (id, row) = pool(ask)?;
    let capacity = ask.state().capacity.settled(moment(ask));
    let from = instant(ask, "from", row.site)?.unwrap_or_else(|| moment(ask));
    let to = instant(ask, "to", row.site)?;
    let to = to.or_else(|| capacity.options_end(id));
    let zone = ask.state().fleet.sites.get(&row.site).map(|row| &row.zone);
    let months = match (zone, to) {
        (Some(zone), Some(to)) => months(zone, from, to).map_err(|why| invalid("to", why))?,
        _ => Vec::new(),
    };
    let sources = wire::Sources {
        capacity: &capacity,
        ..sources(ask.state())
    };
    wire::Exposure::of(sources, id, months).ok_or_else(not_found::<PoolId>)
}

/// The months of a zone from one instant to another, the first and the last cut to them.
fn months(zone: &Zone, from: Instant, to: Instant) -> Result<Vec<(String, Window)>, String> {
    let mut months = Vec::new();
    let mut at = from;
    while at < to {
        if months.len() == MOST_MONTHS {
            return Err(format!("at most {MOST_MONTHS} months lie between"));
        }
        let month = at.date_in(zone).to_string()[..7].to_owned();
        let first: Date = format!("{month}-01").parse().map_err(text)?;
        let next = first.plus_months(1).map_err(text)?;
        let end = next.start_in(zone).map_err(text)?.min(to);
        let window = Window::new(at, end).map_err(text)?;
        months.push((month, window));
        at = end;
    }
    Ok(months)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
