//! What every request shares.

use std::ops::Deref;
use std::sync::Arc;

use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_base::Clock;
use bareboat_journal::Vault;
use tokio::sync::watch;

use crate::audit::Audit;
use crate::past::Past;
use crate::route::Route;
use crate::{Engine, View, openapi, routes};

/// What a server is made from.
pub struct Parts {
    /// The book.
    pub engine: Engine,
    /// Its sealed values.
    pub vault: Vault,
    /// Tells the present.
    pub clock: Arc<dyn Clock>,
    /// Where requests are recorded.
    pub audit: Audit,
}

/// Everything that requests share; clones are handles.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    /// The book.
    pub engine: Engine,
    /// Its sealed values.
    pub vault: Vault,
    /// Tells the present.
    pub clock: Arc<dyn Clock>,
    /// Where requests are recorded.
    pub audit: Audit,
    /// The route table.
    pub routes: Vec<Arc<Route>>,
    /// What domains keep between requests.
    pub caches: routes::Caches,
    /// The OpenAPI document.
    pub(crate) openapi: Vec<u8>,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) past: Arc<Past>,
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// A server's shared part.
    pub fn new(parts: Parts) -> Self {
        let routes: Vec<_> = routes::all().into_iter().map(Arc::new).collect();
        let openapi = openapi::document(&routes);
        Self(Arc::new(Inner {
            past: Arc::new(Past::new(parts.engine.clone())),
            engine: parts.engine,
            vault: parts.vault,
            clock: parts.clock,
            audit: parts.audit,
            caches: routes::Caches::default(),
            openapi: openapi::to_bytes(&openapi),
            routes,
            stopping: watch::Sender::new(false),
        }))
    }

    /// The axum router over all routes.
    pub fn router(&self) -> axum::Router {
        crate::dispatch::router(self)
    }

    /// Lets streams end; new requests are still answered.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// The present for questions of access: the book's own in a book with a simulated clock.
    pub fn present(&self, view: &View) -> bareboat_base::Instant {
        if view.state.simulated_clock() {
            view.recorded_at
        } else {
            self.clock.now()
        }
    }

    /// A problem of the edge.
    pub(crate) fn no_such_route() -> Problem {
        Problem::edge(Edge::NoSuchRoute, "there is no such route")
    }
}
