//! The stream of events: server-sent events that resume from a position.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response};
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_base::Position;
use bareboat_journal::StoredEvent;
use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

use crate::ask::Caller;
use crate::query::{Query, invalid};
use crate::routes::parties::veil::Veil;
use crate::{App, respond, routes};

const CHUNK: usize = 500;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// Streams events from `from` (or after `Last-Event-ID`) on, and on.
pub(crate) async fn events(
    app: App,
    caller: Option<Caller>,
    request: Request<Body>,
) -> Result<Response<Body>, Problem> {
    let Some(caller) = caller else {
        return Err(Problem::edge(Edge::Unauthenticated, "a key is needed"));
    };
    let first = first(&app, request.uri().query(), request.headers())?;
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        let stopping = app.stopping.subscribe();
        let pump = Pump {
            app,
            caller,
            sender,
            stopping,
        };
        // However it ends, the reader sees the end of the stream.
        let _ = pump.run(first).await;
    });
    Ok(Sse::new(ReceiverStream::new(receiver))
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

/// The position that the stream begins at.
fn first(app: &App, query: Option<&str>, headers: &HeaderMap) -> Result<Position, Problem> {
    let query = Query::parse(query, &["from"])?;
    let from = query.parsed::<u64>("from")?;
    let last = match headers.get("last-event-id") {
        None => None,
        Some(value) => {
            let text = value.to_str().unwrap_or("");
            let parsed = text.parse::<u64>().map_err(|_| {
                let detail = "last-event-id: a journal position";
                Problem::edge(Edge::InvalidHeader, detail)
            })?;
            Some(parsed)
        }
    };
    if from == Some(0) {
        return Err(invalid("from", "positions begin at 1"));
    }
    let now = app.engine.view().position;
    Ok(match (last, from) {
        (Some(last), _) => Position(last.saturating_add(1)),
        (None, Some(from)) => Position(from),
        (None, None) => now.next(),
    })
}

/// The stream is over: nobody listens, the server stops, or the key no longer stands.
struct Over;

/// One stream on its way to its reader, who may read slowly or not at all.
struct Pump {
    app: App,
    caller: Caller,
    sender: Sender,
    stopping: watch::Receiver<bool>,
}

impl Pump {
    async fn run(mut self, first: Position) -> Result<(), Over> {
        let mut moved = self.app.engine.watch();
        let mut next = first;
        let last = *moved.borrow_and_update();
        if next.0 > last.0 + 1 {
            // The caller saw more than there is: the book was restored to an earlier state.
            self.gap(json!({ "asked": next.0, "last": last.0 })).await?;
            next = last.next();
        }
        loop {
            let last = *moved.borrow_and_update();
            while next <= last {
                next = self.chunk(next).await?;
            }
            self.check()?;
            tokio::select! {
                changed = moved.changed() => changed.map_err(|_| Over)?,
                _ = self.stopping.changed() => return Err(Over),
                () = tokio::time::sleep(KEEP_ALIVE) => {}
                () = self.sender.closed() => return Err(Over),
            }
        }
    }

    /// Sends what is recorded from a position on, and gives the position after it.
    async fn chunk(&mut self, next: Position) -> Result<Position, Over> {
        self.check()?;
        let events = read(&self.app, next).await.ok_or(Over)?;
        let found = events.first().map(|event| event.position);
        if found != Some(next) {
            let found = found.map(|position| position.0);
            self.gap(json!({ "asked": next.0, "found": found })).await?;
        }
        let end = events.last().map(|event| event.position).ok_or(Over)?;
        for event in events {
            // Each time anew: a slow reader is at one chunk for as long as it likes.
            self.check()?;
            let view = self.app.engine.view();
            let veil = Veil::of_principal(&view.state, self.caller.principal);
            let event = routes::book::event(event, &view.state, veil.as_ref());
            self.send(one(&event)).await?;
        }
        Ok(end.next())
    }

    fn check(&self) -> Result<(), Over> {
        let goes_on = !*self.stopping.borrow() && still_allowed(&self.app, &self.caller);
        goes_on.then_some(()).ok_or(Over)
    }

    async fn gap(&mut self, gap: serde_json::Value) -> Result<(), Over> {
        let gap = Event::default().event("gap").data(gap.to_string());
        self.send(gap).await
    }

    async fn send(&mut self, event: Event) -> Result<(), Over> {
        tokio::select! {
            sent = self.sender.send(Ok(event)) => sent.map_err(|_| Over),
            _ = self.stopping.changed() => Err(Over),
        }
    }
}

async fn read(app: &App, from: Position) -> Option<Vec<StoredEvent>> {
    let app = app.clone();
    let read = tokio::task::spawn_blocking(move || app.engine.events(from, CHUNK));
    match read.await {
        Ok(Ok(events)) => Some(events),
        Ok(Err(error)) => {
            respond::internal(&error);
            None
        }
        Err(error) => {
            respond::internal(&error);
            None
        }
    }
}

fn one(event: &bareboat_api::book::Event) -> Event {
    // Wire types are structs of strings and numbers.
    let data = serde_json::to_string(event).unwrap_or_default();
    let position = event.position.to_string();
    Event::default().id(position).event("event").data(data)
}

/// Whether the key still stands and its principal may still read the journal.
fn still_allowed(app: &App, caller: &Caller) -> bool {
    let view = app.engine.view();
    let access = &view.state.access;
    let now = app.present(&view);
    let key = access.keys.get(&caller.key);
    let stands = key.is_some_and(|key| key.stands(now));
    let permission = bareboat_access::Permission::JournalRead;
    stands && bareboat_access::reach(access, caller.principal, permission).is_book()
}
