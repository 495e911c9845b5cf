//! Which nodes reservations without names would get.

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::{Page, Problem};

use super::{pool, sources};
use crate::routes::fleet::holdings::moment;
use crate::{Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/pools/{pool}/names",
            "listPoolNames",
            "List the nodes that a pool's reservations without names would get; nothing is kept",
        )
        .needs(P::CalendarRead)
        .slow()
        .page(list_names),
    ]
}

fn list_names(ask: &Ask) -> Result<Page<wire::SupposedNames>, Problem> {
    ask.whole_book()?;
    let (id, _) = pool(ask)?;
    let rows = wire::SupposedNames::of_pool(sources(ask.state()), id, moment(ask));
    ask.page_by_key((0_u32..).map(|n| n.to_be_bytes().to_vec()).zip(rows))
}
