//! From an HTTP request to a handler and back: who asks, may it, what of the book, and then the
//! answer, its headers, the audit entry, the metrics.

mod read;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::routing::{MethodFilter, MethodRouter, on};
use bareboat_access::Visibility;
use bareboat_api::code::Edge;
use bareboat_api::{KeyText, Problem, header as names, limit};

use crate::ask::{Caller, forbidden};
use crate::audit::Entry;
use crate::route::{Handler, Method, Route};
use crate::{App, View, body, entropy, metrics, respond};

type Arguments = Result<RawPathParams, RawPathParamsRejection>;

pub(crate) fn router(app: &App) -> axum::Router {
    let mut paths: BTreeMap<&'static str, Vec<Arc<Route>>> = BTreeMap::new();
    for route in &app.routes {
        paths.entry(route.path).or_default().push(Arc::clone(route));
    }
    let mut router = axum::Router::new();
    for (path, routes) in paths {
        router = router.route(path, methods(app, routes));
    }
    let other = app.clone();
    router.fallback(move |request: Request<Body>| {
        let app = other.clone();
        refuse(app, request, App::no_such_route(), None)
    })
}

fn methods(app: &App, routes: Vec<Arc<Route>>) -> MethodRouter {
    let mut allowed = Vec::new();
    let mut methods = MethodRouter::new();
    for route in routes {
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
        };
        allowed.push(route.method.as_str());
        if route.method == Method::Get {
            allowed.push("HEAD");
        }
        let app = app.clone();
        let handle = move |arguments: Arguments, request: Request<Body>| {
            handle(app.clone(), Arc::clone(&route), arguments, request)
        };
        methods = methods.merge(on(filter, handle));
    }
    let allowed = allowed.join(", ");
    let app = app.clone();
    methods.fallback(move |request: Request<Body>| {
        let detail = format!("{} is not a method of this path", request.method());
        let problem = Problem::edge(Edge::MethodNotAllowed, detail);
        refuse(app.clone(), request, problem, Some(allowed.clone()))
    })
}

/// What became of a request, before headers and records.
struct Done {
    caller: Option<Caller>,
    result: Result<Response<Body>, Problem>,
}

struct Seen {
    started: Instant,
    request_id: String,
    method: String,
    path: String,
    operation: Option<&'static str>,
}

impl Seen {
    fn of(app: &App, request: &Request<Body>, operation: Option<&'static str>) -> Self {
        Self {
            started: Instant::now(),
            request_id: request_id(app, request.headers()),
            method: request.method().as_str().chars().take(16).collect(),
            path: request.uri().path().chars().take(400).collect(),
            operation,
        }
    }
}

/// The caller's own id for the request when it is fit to be one, else a new one.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let given = headers
        .get(names::REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| (1..=limit::REQUEST_ID).contains(&text.len()))
        .filter(|text| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        });
    given.map_or_else(
        || entropy::uuid_v7(app.clock.now()).simple().to_string(),
        ToOwned::to_owned,
    )
}

async fn refuse(
    app: App,
    request: Request<Body>,
    problem: Problem,
    allow: Option<String>,
) -> Response<Body> {
    let seen = Seen::of(&app, &request, None);
    let view = app.engine.view();
    let caller = authenticate(&app, &view, request.headers()).ok();
    let done = Done {
        caller,
        result: Err(problem),
    };
    let mut response = finish(&app, seen, done).await;
    if let Some(allow) = allow {
        respond::set(&mut response, header::ALLOW.as_str(), &allow);
    }
    response
}

async fn handle(
    app: App,
    route: Arc<Route>,
    arguments: Arguments,
    request: Request<Body>,
) -> Response<Body> {
    let seen = Seen::of(&app, &request, Some(route.operation));
    let id = seen.request_id.clone();
    // Its own task, so that a write is finished and recorded when its caller hangs up, and a
    // panic is an answer.
    let task = {
        let app = app.clone();
        tokio::spawn(async move { run(app, &route, arguments, request, id).await })
    };
    let done = task.await.unwrap_or_else(|error| {
        tracing::error!(%error, operation = seen.operation, "a request panicked");
        Done {
            caller: None,
            result: Err(Problem::edge(
                Edge::Internal,
                "the server failed to do this",
            )),
        }
    });
    finish(&app, seen, done).await
}

async fn run(
    app: App,
    route: &Arc<Route>,
    arguments: Arguments,
    request: Request<Body>,
    request_id: String,
) -> Done {
    if request
        .uri()
        .path_and_query()
        .map_or(0, |all| all.as_str().len())
        > limit::TARGET
    {
        let detail = format!("path and query have more than {} bytes", limit::TARGET);
        return Done {
            caller: None,
            result: Err(Problem::edge(Edge::TargetTooLong, detail)),
        };
    }
    let view = app.engine.view();
    let caller = match route.permission {
        None => None,
        Some(_) => match authenticate(&app, &view, request.headers()) {
            Ok(caller) => Some(caller),
            Err(problem) => {
                return Done {
                    caller: None,
                    result: Err(problem),
                };
            }
        },
    };
    let result = match reach(&view, route, caller.as_ref()) {
        Ok(reach) => {
            let asked = Arrived {
                app,
                route: Arc::clone(route),
                caller: caller.clone(),
                reach,
                arguments,
                request_id,
            };
            asked.handle(request).await
        }
        Err(problem) => Err(problem),
    };
    Done { caller, result }
}

/// Where the caller holds the route's permission; 403 when it holds it nowhere.
fn reach(view: &View, route: &Route, caller: Option<&Caller>) -> Result<Visibility, Problem> {
    let (Some(permission), Some(caller)) = (route.permission, caller) else {
        return Ok(Visibility::nothing());
    };
    let reach = bareboat_access::reach(&view.state.access, caller.principal, permission);
    if reach.is_nothing() {
        return Err(forbidden(permission));
    }
    Ok(reach)
}

/// A request that may be handled.
struct Arrived {
    app: App,
    route: Arc<Route>,
    caller: Option<Caller>,
    reach: Visibility,
    arguments: Arguments,
    request_id: String,
}

impl Arrived {
    async fn handle(self, request: Request<Body>) -> Result<Response<Body>, Problem> {
        if let Handler::Custom(custom) = &self.route.handler {
            custom_query(&self.route, &request)?;
            return custom(self.app, self.caller, request).await;
        }
        let Some(caller) = self.caller else {
            return Err(Problem::edge(Edge::Internal, "the route has no permission"));
        };
        let (parts, content) = request.into_parts();
        let asked = Asked {
            app: self.app,
            route: self.route,
            caller,
            reach: self.reach,
            parts,
            arguments: self.arguments,
            request_id: self.request_id,
        };
        asked.run(content).await
    }
}

fn custom_query(route: &Route, request: &Request<Body>) -> Result<(), Problem> {
    crate::query::Query::parse(request.uri().query(), &route.known()).map(|_| ())
}

/// Who the request's key belongs to. Every failure reads the same.
pub(crate) fn authenticate(app: &App, view: &View, headers: &HeaderMap) -> Result<Caller, Problem> {
    let refused = || {
        Problem::edge(
            Edge::Unauthenticated,
            "no key that stands came with the request",
        )
    };
    let value = headers.get(header::AUTHORIZATION).ok_or_else(refused)?;
    let text = value.to_str().map_err(|_| refused())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let key = KeyText::parse(token.trim()).ok_or_else(refused)?;
    let now = app.present(view);
    match bareboat_access::authenticate(&view.state.access, key.id, &key.digest(), now) {
        Ok(principal) => Ok(Caller {
            principal,
            key: key.id,
        }),
        Err(reason) => {
            tracing::info!(key = %key.id, ?reason, "a key was not let in");
            Err(refused())
        }
    }
}

/// A request that is let in, on its way to a read or a write.
struct Asked {
    app: App,
    route: Arc<Route>,
    caller: Caller,
    reach: Visibility,
    parts: Parts,
    arguments: Arguments,
    request_id: String,
}

impl Asked {
    async fn run(self, content: Body) -> Result<Response<Body>, Problem> {
        let arguments = self.arguments()?;
        let query = crate::query::Query::parse(self.parts.uri.query(), &self.route.known())?;
        let (media_type, bytes) = match &self.route.takes {
            Some(takes) => {
                let media_type = body::media_type(&self.parts.headers, takes.media_types)?;
                let bytes = body::read(content, &self.parts.headers, takes.limit).await?;
                if bytes.is_empty() {
                    return Err(Problem::edge(Edge::BodyExpected, "the body is empty"));
                }
                (media_type, bytes)
            }
            None => {
                let bytes = body::read(content, &self.parts.headers, limit::BODY).await?;
                if !bytes.is_empty() {
                    let detail = "the operation takes no body";
                    return Err(Problem::edge(Edge::BodyExpected, detail));
                }
                ("", bytes)
            }
        };
        if self.route.writes() {
            write::run(self, arguments, query, media_type, bytes).await
        } else {
            read::run(self, arguments, query, media_type, bytes).await
        }
    }

    fn arguments(&self) -> Result<Vec<(String, String)>, Problem> {
        match &self.arguments {
            Ok(arguments) => Ok(arguments
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()),
            Err(error) => Err(Problem::edge(Edge::InvalidPath, error.to_string())),
        }
    }

    /// A header's text, when it is there.
    fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let Some(value) = self.parts.headers.get(name) else {
            return Ok(None);
        };
        let text = value.to_str().map_err(|_| {
            let detail = format!("{name}: only visible ASCII is taken");
            Problem::edge(Edge::InvalidHeader, detail)
        })?;
        Ok(Some(text))
    }
}

async fn finish(app: &App, seen: Seen, done: Done) -> Response<Body> {
    let (mut response, code) = match done.result {
        Ok(response) => (response, None),
        Err(mut problem) => {
            problem.request_id = seen.request_id.as_str().into();
            (respond::problem(&problem), Some(problem.code))
        }
    };
    respond::set(&mut response, names::REQUEST_ID, &seen.request_id);
    respond::set(&mut response, header::CACHE_CONTROL.as_str(), "no-store");
    respond::set(
        &mut response,
        header::X_CONTENT_TYPE_OPTIONS.as_str(),
        "nosniff",
    );
    if app.engine.view().state.simulated_clock() {
        respond::set(&mut response, names::SIMULATED, "true");
    }
    let status = response.status().as_u16();
    let took = seen.started.elapsed();
    metrics::request(seen.operation.unwrap_or("none"), status, took);
    tracing::info!(
        request_id = seen.request_id,
        operation = seen.operation,
        status,
        code = code.as_deref(),
        principal = done
            .caller
            .as_ref()
            .map(|caller| caller.principal.to_string()),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    // Probes of liveness say nothing of the book and come every few seconds.
    if seen.operation != Some("getHealth") {
        let entry = Entry {
            at: app.clock.now(),
            principal: done.caller.map(|caller| caller.principal),
            operation: seen.operation,
            method: seen.method,
            path: seen.path,
            status,
            code,
            request_id: seen.request_id,
        };
        app.audit.record(entry).await;
    }
    response
}

/// 304 when the caller has this representation already.
fn unchanged(headers: &HeaderMap, tag: &str) -> Option<Response<Body>> {
    let given = headers.get(header::IF_NONE_MATCH)?.to_str().ok()?;
    let same = given
        .split(',')
        .map(|one| one.trim().trim_start_matches("W/"))
        .any(|one| one == tag || one == "*");
    same.then(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        respond::set(&mut response, header::ETAG.as_str(), tag);
        response
    })
}
