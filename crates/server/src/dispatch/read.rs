//! Reads: which state, which page, and the entity tag.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, header};
use bareboat_api::code::Edge;
use bareboat_api::{Cursor, Problem, header as names, limit};
use bareboat_base::{Instant, Position};
use bareboat_journal::{AsOf, AsOfError};

use super::{Asked, unchanged};
use crate::page::{bad_cursor, question};
use crate::past::not_yet;
use crate::query::{Query, invalid};
use crate::route::{Answers, Handler, Payload};
use crate::{App, Ask, entropy, respond};

pub(super) async fn run(
    asked: Asked,
    arguments: Vec<(String, String)>,
    query: Query,
    media_type: &'static str,
    bytes: Payload,
) -> Result<Response<Body>, Problem> {
    let path = asked.parts.uri.path().to_owned();
    let limit = page_limit(&query)?;
    let cursor = match query.get("cursor") {
        None => None,
        Some(text) => {
            let question = question(&path, &query, &asked.caller);
            let parts: Vec<_> = question.iter().map(Vec::as_slice).collect();
            Some(Cursor::decode(text, &parts).map_err(|_| bad_cursor())?)
        }
    };
    let moment = as_of(&query)?;
    let view = match &cursor {
        // The cursor's own position: the walk goes on in the state that it began in.
        Some(cursor) => {
            let began = AsOf::Position(cursor.position);
            let view = asked.app.past.view(asked.caller.principal, began).await;
            view.map_err(|problem| match problem.status {
                400 => bad_cursor(),
                _ => problem,
            })?
        }
        None => match moment {
            Some(moment) => {
                not_ahead(&asked.app, moment)?;
                asked.app.past.view(asked.caller.principal, moment).await?
            }
            None => asked.app.engine.view(),
        },
    };
    let position = view.position;
    let Some(permission) = asked.route.permission else {
        return Err(Problem::edge(Edge::Internal, "the route has no permission"));
    };
    let ask = Ask {
        command_id: entropy::command_id(asked.app.clock.now()),
        app: asked.app.clone(),
        view,
        caller: asked.caller.clone(),
        reach: asked.reach.clone(),
        permission,
        path,
        arguments,
        query,
        media_type,
        request_id: asked.request_id.clone(),
        cursor,
        limit,
        dry_run: false,
    };
    let body = if asked.route.slow {
        let route = Arc::clone(&asked.route);
        apart(move || answer(&route.handler, &ask, &bytes)).await?
    } else {
        answer(&asked.route.handler, &ask, &bytes)?
    };
    let tag = respond::etag(&body);
    let mut response = unchanged(&asked.parts.headers, &tag).unwrap_or_else(|| {
        let media_type = match asked.route.answers {
            Answers::Other(media_type) => media_type,
            Answers::Json(_) | Answers::Page(_) => "application/json",
        };
        let mut response = respond::answer(asked.route.status, media_type, body);
        respond::set(&mut response, header::ETAG.as_str(), &tag);
        response
    });
    respond::set(&mut response, names::POSITION, &position.to_string());
    Ok(response)
}

fn answer(handler: &Handler, ask: &Ask, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    match handler {
        Handler::Read(read) => read(ask, bytes),
        Handler::Write(_) | Handler::Custom(_) => {
            Err(Problem::edge(Edge::Internal, "the route is no read"))
        }
    }
}

/// Runs on a thread that may block; a panic is an answer.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(respond::internal(&error)),
    }
}

/// What will have been recorded by an instant to come is not known. A simulated book has no
/// present, only a last instant: whatever lies after it shows the newest state.
fn not_ahead(app: &App, moment: AsOf) -> Result<(), Problem> {
    let view = app.engine.view();
    match moment {
        AsOf::Instant(instant) if !view.state.simulated_clock() && instant > app.clock.now() => {
            let error = AsOfError::NotYet {
                asked: instant.to_string(),
                last: view.position,
            };
            Err(not_yet(&error))
        }
        _ => Ok(()),
    }
}

fn page_limit(query: &Query) -> Result<usize, Problem> {
    let most = limit::PAGE_MOST;
    match query.parsed::<usize>("limit")? {
        None => Ok(limit::PAGE_DEFAULT),
        Some(rows) if (1..=most).contains(&rows) => Ok(rows),
        Some(_) => Err(invalid("limit", format!("from 1 to {most}"))),
    }
}

fn as_of(query: &Query) -> Result<Option<AsOf>, Problem> {
    let Some(text) = query.get("as_of") else {
        return Ok(None);
    };
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let position = text.parse().map_err(|_| invalid("as_of", "too large"))?;
        return Ok(Some(AsOf::Position(Position(position))));
    }
    let instant: Instant = text.parse().map_err(|_| {
        let what = "a journal position, or an instant such as 2026-03-01T00:00:00Z";
        invalid("as_of", what)
    })?;
    Ok(Some(AsOf::Instant(instant)))
}
