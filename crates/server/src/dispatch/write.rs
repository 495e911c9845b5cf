//! Writes: one command, its idempotency key, its preconditions, its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use axum::body::Body;
use axum::http::{Response, header};
use bareboat_access::Visibility;
use bareboat_api::code::Edge;
use bareboat_api::{Problem, header as names, limit};
use bareboat_base::Instant;
use bareboat_book::State;
use bareboat_journal::{
    Accepted, Idempotency, Precondition, PreconditionFailed, Submission, SubmitError,
};
use serde_json::Value;

use super::Asked;
use super::read::apart;
use crate::act::{Answer, Represent};
use crate::ask::forbidden;
use crate::query::{Query, invalid};
use crate::route::{Handler, Payload};
use crate::routes::parties::veil::Veil;
use crate::{Act, Ask, entropy, respond};

/// How often a write is made anew because the caller's grants changed while it waited.
const ATTEMPTS: usize = 3;

/// What a write's headers and query say.
struct Terms {
    idempotency: Option<Idempotency>,
    if_match: Option<String>,
    recorded_at: Option<Instant>,
    dry_run: bool,
}

pub(super) async fn run(
    mut asked: Asked,
    arguments: Vec<(String, String)>,
    query: Query,
    media_type: &'static str,
    bytes: Payload,
) -> Result<Response<Body>, Problem> {
    let terms = terms(&asked, &query, &bytes)?;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let grants_changed = Arc::new(AtomicBool::new(false));
        let ask = ask(&asked, &terms, arguments.clone(), query.clone(), media_type)?;
        let act = make(&asked, ask, bytes.clone()).await?;
        let outcome = submit(&asked, &terms, act, &grants_changed).await;
        match outcome {
            Err(_) if grants_changed.load(Relaxed) && attempts < ATTEMPTS => {
                let view = asked.app.engine.view();
                let caller = super::authenticate(&asked.app, &view, &asked.parts.headers)?;
                let permission = asked.route.permission.ok_or_else(no_permission)?;
                let access = &view.state.access;
                asked.reach = bareboat_access::reach(access, caller.principal, permission);
                if asked.reach.is_nothing() {
                    return Err(forbidden(permission));
                }
            }
            other => return other,
        }
    }
}

fn no_permission() -> Problem {
    Problem::edge(Edge::Internal, "the route has no permission")
}

fn ask(
    asked: &Asked,
    terms: &Terms,
    arguments: Vec<(String, String)>,
    query: Query,
    media_type: &'static str,
) -> Result<Ask, Problem> {
    Ok(Ask {
        app: asked.app.clone(),
        view: asked.app.engine.view(),
        caller: asked.caller.clone(),
        reach: asked.reach.clone(),
        permission: asked.route.permission.ok_or_else(no_permission)?,
        path: asked.parts.uri.path().to_owned(),
        arguments,
        query,
        media_type,
        command_id: entropy::command_id(asked.app.clock.now()),
        request_id: asked.request_id.clone(),
        cursor: None,
        limit: limit::PAGE_DEFAULT,
        dry_run: terms.dry_run,
    })
}

/// The handler's act, with the id of its command.
struct Made {
    act: Act,
    command_id: bareboat_base::CommandId,
}

async fn make(asked: &Asked, ask: Ask, bytes: Payload) -> Result<Made, Problem> {
    let route = Arc::clone(&asked.route);
    let work = move || match &route.handler {
        Handler::Write(write) => Ok(Made {
            act: write(&ask, &bytes)?,
            command_id: ask.command_id,
        }),
        Handler::Read(_) | Handler::Custom(_) => {
            Err(Problem::edge(Edge::Internal, "the route is no write"))
        }
    };
    if asked.route.slow {
        apart(work).await
    } else {
        work()
    }
}

async fn submit(
    asked: &Asked,
    terms: &Terms,
    made: Made,
    grants_changed: &Arc<AtomicBool>,
) -> Result<Response<Body>, Problem> {
    let act = made.act;
    if terms.if_match.is_some() && act.current.is_none() {
        let detail = "this operation does not check If-Match";
        return Err(Problem::edge(Edge::NoPrecondition, detail));
    }
    let current = act.current.clone();
    let precondition = precondition(asked, terms, act.current, Arc::clone(grants_changed));
    let shown = Arc::new(AtomicBool::new(false));
    let command = Act::keeping(act.command, &act.documents, act.sealed_documents);
    let submission = Submission {
        command_id: made.command_id,
        actor: asked.caller.principal,
        idempotency: terms.idempotency.clone(),
        recorded_at: terms.recorded_at,
        command: command.map_err(|error| respond::internal(&error))?,
        documents: act.documents,
        sealed: act.sealed,
        precondition: Some(precondition),
        answer: noting(act.answer, current, Arc::clone(&shown)),
    };
    let outcome = if terms.dry_run {
        let engine = asked.app.engine.clone();
        apart(move || Ok(engine.dry_run(submission))).await?
    } else {
        asked.app.engine.submit(submission).await
    };
    let accepted = outcome.map_err(|error| {
        if let SubmitError::Rejected(_) = &error {
            tracing::info!(code = respond::code(&error), "a command was refused");
        }
        let mut problem = respond::not_recorded(&error);
        // A refusal may say what was found on the way to who owns a party.
        let view = asked.app.engine.view();
        if let Some(veil) = Veil::of_principal(&view.state, asked.caller.principal) {
            problem.detail = veil.words(&view.state, &problem.detail);
        }
        problem
    })?;
    // What a later `If-Match` is compared with: a repeated answer may be out of date, and a dry
    // run's is of a state that never was.
    let newest = shown.load(Relaxed) && !accepted.replayed && !terms.dry_run;
    let (body, tag) = match act.reveal {
        Some(reveal) if !terms.dry_run => {
            let (replayed, answer) = (accepted.replayed, accepted.answer.clone());
            let body = apart(move || merge(&answer, reveal(replayed)?)).await?;
            (body, None)
        }
        _ => {
            let body = accepted.answer.clone();
            let tag = newest.then(|| respond::etag(&body));
            (body, tag)
        }
    };
    Ok(answered(asked, terms, &accepted, body, tag))
}

/// The same answer, and whether it shows just what the write is guarded by.
fn noting(answer: Answer, current: Option<Represent>, shown: Arc<AtomicBool>) -> Answer {
    let Some(current) = current else {
        return answer;
    };
    Box::new(move |state, events| {
        let body = answer(state, events);
        shown.store(current(state).as_ref() == Some(&body), Relaxed);
        body
    })
}

fn merge(answer: &[u8], more: serde_json::Map<String, Value>) -> Result<Vec<u8>, Problem> {
    let mut value: Value =
        serde_json::from_slice(answer).map_err(|error| respond::internal(&error))?;
    if let Value::Object(fields) = &mut value {
        fields.extend(more);
    }
    serde_json::to_vec(&value).map_err(|error| respond::internal(&error))
}

fn answered(
    asked: &Asked,
    terms: &Terms,
    accepted: &Accepted,
    body: Vec<u8>,
    tag: Option<String>,
) -> Response<Body> {
    let mut response = respond::answer(asked.route.status, "application/json", body);
    if let Some(tag) = tag {
        respond::set(&mut response, header::ETAG.as_str(), &tag);
    }
    respond::set(&mut response, names::POSITION, &accepted.last.to_string());
    respond::set(
        &mut response,
        names::RECORDED_AT,
        &accepted.recorded_at.to_string(),
    );
    if accepted.replayed {
        respond::set(&mut response, names::IDEMPOTENCY_REPLAYED, "true");
    }
    if terms.dry_run {
        respond::set(&mut response, names::DRY_RUN, "true");
    }
    response
}

/// Checked by the writer on the state that it decides on: the key stands, the grants are those
/// that the handler went by, and the thing is what the caller saw.
fn precondition(
    asked: &Asked,
    terms: &Terms,
    current: Option<Represent>,
    grants_changed: Arc<AtomicBool>,
) -> Precondition<State> {
    let (caller, reach) = (asked.caller.clone(), asked.reach.clone());
    let (permission, if_match) = (asked.route.permission, terms.if_match.clone());
    let app = asked.app.clone();
    Box::new(move |state| {
        // A key that was rotated away ends at the instant of that record.
        let clock = (!state.simulated_clock()).then(|| app.clock.now());
        let present = state.recorded_at.max(clock);
        let key = state.access.keys.get(&caller.key);
        let now = permission.map_or_else(Visibility::nothing, |permission| {
            bareboat_access::reach(&state.access, caller.principal, permission)
        });
        let stands = key
            .zip(present)
            .is_some_and(|(key, present)| key.stands(present));
        if !stands || now != reach {
            grants_changed.store(true, Relaxed);
            return Err(PreconditionFailed("your grants have changed".to_owned()));
        }
        let (Some(if_match), Some(current)) = (if_match, current) else {
            return Ok(());
        };
        let tag = current(state).map(|body| respond::etag(&body));
        let fits = tag.as_deref().is_some_and(|tag| {
            let mut given = if_match.split(',').map(str::trim);
            given.any(|one| one == tag || one == "*")
        });
        if fits {
            return Ok(());
        }
        Err(PreconditionFailed(
            "it is not what If-Match says any more".to_owned(),
        ))
    })
}

fn terms(asked: &Asked, query: &Query, bytes: &[u8]) -> Result<Terms, Problem> {
    let dry_run = match query.get("dry_run") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("dry_run", "true or false")),
    };
    let recorded_at = match asked.header(names::RECORDED_AT)? {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|error: bareboat_base::time::TimeError| {
                    let detail = format!("{}: {error}", names::RECORDED_AT);
                    Problem::edge(Edge::InvalidHeader, detail)
                })?,
        ),
    };
    let if_match = asked.header(header::IF_MATCH.as_str())?;
    Ok(Terms {
        idempotency: idempotency(asked, query, bytes)?,
        if_match: if_match.map(ToOwned::to_owned),
        recorded_at,
        dry_run,
    })
}

fn idempotency(asked: &Asked, query: &Query, bytes: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = asked.header(names::IDEMPOTENCY_KEY)? else {
        return Ok(None);
    };
    let fits = (1..=limit::IDEMPOTENCY_KEY).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_graphic());
    if !fits {
        let most = limit::IDEMPOTENCY_KEY;
        let detail = format!("idempotency-key: from 1 to {most} visible ASCII characters");
        return Err(Problem::edge(Edge::InvalidHeader, detail));
    }
    let query = query.without(&["dry_run"]);
    let parts: [&[u8]; 4] = [
        asked.route.method.as_str().as_bytes(),
        asked.parts.uri.path().as_bytes(),
        &query,
        bytes,
    ];
    let request = asked.app.vault.request_digest(&parts);
    Ok(Some(Idempotency {
        key: key.to_owned(),
        request: request.map_err(|error| respond::internal(&error))?,
    }))
}
