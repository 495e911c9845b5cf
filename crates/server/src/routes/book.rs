//! The book itself, its events, the audit store, and what runs the server.

use bareboat_access::Permission as P;
use bareboat_api::book::{AuditEntry, Book, Event};
use bareboat_api::{Page, Problem};
use bareboat_base::{Instant, Position, PrincipalId, time};
use bareboat_book::State;
use bareboat_journal::StoredEvent;

use super::parties::veil::Veil;
use crate::audit::Filter;
use crate::query::invalid;
use crate::{Ask, Route, metrics, respond, stream};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = records();
    all.extend(running());
    all
}

fn records() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/book",
            "getBook",
            "Read what book this is and where it stands",
        )
        .needs(P::BookRead)
        .item(book),
        Route::get(
            "/v1/events",
            "listEvents",
            "List events of the journal, oldest first",
        )
        .needs(P::JournalRead)
        .parameter("from", "The first position to list.")
        .parameter("type", "Only event types that begin so, such as `fleet.`.")
        .slow()
        .page(events),
        Route::get(
            "/v1/events/stream",
            "streamEvents",
            "Stream events as they are recorded",
        )
        .needs(P::JournalRead)
        .parameter(
            "from",
            "The first position; the next to come when left out.",
        )
        .custom("text/event-stream", |app, caller, request| {
            Box::pin(stream::events(app, caller, request))
        }),
        Route::get(
            "/v1/audit",
            "listAudit",
            "List requests and what came of them, oldest first",
        )
        .needs(P::AuditRead)
        .parameter("principal", "Only this principal's: its id or label.")
        .parameter("operation", "Only this operation.")
        .parameter("outcome", "Only `allowed`, `denied` or `failed`.")
        .parameter("path", "Only paths that begin so.")
        .parameter("from", "From this instant on.")
        .parameter("to", "Before this instant.")
        .slow()
        .page(audit),
    ]
}

fn running() -> Vec<Route> {
    vec![
        Route::get("/metrics", "getMetrics", "Read the server's metrics")
            .needs(P::MetricsRead)
            .custom("text/plain", |app, _, _| {
                Box::pin(async move {
                    let text = metrics::render(&app);
                    Ok(respond::answer(
                        200,
                        "text/plain; version=0.0.4",
                        text.into_bytes(),
                    ))
                })
            }),
        Route::get("/healthz", "getHealth", "Say that the server runs")
            .custom("text/plain", |_, _, _| {
                Box::pin(async { Ok(respond::answer(200, "text/plain", b"ok\n".to_vec())) })
            }),
        Route::get("/openapi.json", "getOpenapi", "Read this document").custom(
            "application/json",
            |app, _, _| {
                Box::pin(async move {
                    Ok(respond::answer(
                        200,
                        "application/json",
                        app.openapi.clone(),
                    ))
                })
            },
        ),
    ]
}

fn book(ask: &Ask) -> Result<Book, Problem> {
    let view = ask.view();
    let Some(genesis) = &view.state.genesis else {
        return Err(Problem::refused(
            &bareboat_book::rejection::BookRejection::NotCreated,
        ));
    };
    Ok(Book {
        operator: genesis.operator.clone().into(),
        position: view.position.0,
        root: view.root.into(),
        recorded_at: view.state.recorded_at.map(Into::into),
        simulated_clock: genesis.simulated_clock,
        tz_version: time::tz_version().to_owned(),
        tz_version_at_creation: genesis.tz_version.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// A stored event on the wire, as the caller may read it.
pub(crate) fn event(stored: StoredEvent, state: &State, veil: Option<&Veil>) -> Event {
    // Bytes that are no JSON would not have opened the book.
    let mut told = serde_json::from_slice(&stored.bytes).unwrap_or_default();
    if let Some(veil) = veil {
        veil.event(state, &mut told);
    }
    Event {
        position: stored.position.0,
        recorded_at: stored.recorded_at.into(),
        actor: stored.actor.into(),
        command_id: stored.command_id.into(),
        leaf: stored.leaf.into(),
        event: told,
    }
}

/// How many events a filtered page looks through at most.
const SCAN: usize = 20_000;

fn events(ask: &Ask) -> Result<Page<Event>, Problem> {
    let from = ask.parsed::<u64>("from")?.unwrap_or(1).max(1);
    let from = match ask.after() {
        Some(after) => number(after)? + 1,
        None => from,
    };
    let prefix = ask.param("type").unwrap_or("");
    let end = ask.view().position.0;
    let veil = Veil::of(ask);
    let (mut rows, mut next, mut scanned) = (Vec::new(), from, 0);
    while rows.len() <= ask.limit() && next <= end && scanned < SCAN {
        let room = usize::try_from(end - next + 1).unwrap_or(usize::MAX);
        let batch = ask.app().engine.events(Position(next), room.min(1_000));
        let batch = batch.map_err(|error| respond::internal(&error))?;
        let Some(last) = batch.last().map(|event| event.position.0) else {
            break;
        };
        scanned += batch.len();
        next = last + 1;
        let told = batch.into_iter();
        let told = told.map(|stored| event(stored, ask.state(), veil.as_ref()));
        let fitting = told.filter(|event| {
            let kind = event.event.get("type").and_then(|kind| kind.as_str());
            kind.is_some_and(|kind| kind.starts_with(prefix))
        });
        rows.extend(fitting.map(|event| (event.position.to_be_bytes().to_vec(), event)));
    }
    let unread = next <= end;
    ask.page_by_key_from(rows, unread.then(|| (next - 1).to_be_bytes().to_vec()))
}

fn number(key: &[u8]) -> Result<u64, Problem> {
    <[u8; 8]>::try_from(key)
        .map(u64::from_be_bytes)
        .map_err(|_| crate::page::bad_cursor())
}

fn audit(ask: &Ask) -> Result<Page<AuditEntry>, Problem> {
    let access = &ask.state().access;
    let principal = ask.param_ref::<PrincipalId, _>("principal", &access.principals)?;
    let outcome = ask.param("outcome").map(ToOwned::to_owned);
    let outcomes = ["allowed", "denied", "failed"];
    if outcome
        .as_deref()
        .is_some_and(|one| !outcomes.contains(&one))
    {
        return Err(invalid("outcome", "one of allowed, denied, failed"));
    }
    let filter = Filter {
        principal: principal.map(|id| id.to_string()),
        operation: ask.param("operation").map(ToOwned::to_owned),
        outcome,
        path: ask.param("path").map(ToOwned::to_owned),
        from: ask.parsed("from")?,
        to: ask.parsed("to")?,
    };
    let after = ask.after().map(number).transpose()?.unwrap_or(0);
    let lines = ask.app().audit.list(&filter, after, ask.limit() + 1);
    let lines = lines.map_err(|error| respond::internal(&error))?;
    ask.page_by_key(lines.into_iter().map(|line| {
        let key = line.number.to_be_bytes().to_vec();
        let entry = AuditEntry {
            number: line.number,
            at: Instant::from_micros(line.at)
                .unwrap_or_else(|_| ask.now())
                .into(),
            principal: line
                .principal
                .and_then(|id| id.parse::<PrincipalId>().ok())
                .map(Into::into),
            operation: line.operation,
            method: line.method,
            path: line.path,
            outcome: line.outcome,
            status: line.status,
            code: line.code,
            request_id: line.request_id,
        };
        (key, entry)
    }))
}
