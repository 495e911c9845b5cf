//! What every request shares.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_base::{Clock, Position};
use bareboat_journal::{AsOf, AsOfError, Vault};
use tokio::sync::watch;

use crate::audit::Audit;
use crate::route::Route;
use crate::{Engine, View, openapi, respond, routes};

/// How many states that a walk of pages began on are kept at hand.
const WALKS: usize = 64;

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
    walks: Mutex<VecDeque<Arc<View>>>,
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
            engine: parts.engine,
            vault: parts.vault,
            clock: parts.clock,
            audit: parts.audit,
            caches: routes::Caches::default(),
            openapi: openapi::to_bytes(&openapi),
            routes,
            stopping: watch::Sender::new(false),
            walks: Mutex::new(VecDeque::new()),
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

    /// Keeps a state at hand for the next pages of a walk.
    pub(crate) fn remember(&self, view: &Arc<View>) {
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        if walks.iter().any(|kept| kept.position == view.position) {
            return;
        }
        if walks.len() == WALKS {
            walks.pop_front();
        }
        walks.push_back(Arc::clone(view));
    }

    /// The state at a position, at hand or replayed. Blocks.
    pub(crate) fn view_at(&self, moment: AsOf) -> Result<Arc<View>, Problem> {
        if let AsOf::Position(position) = moment
            && let Some(view) = self.at_hand(position)
        {
            return Ok(view);
        }
        self.engine.as_of(moment).map_err(|error| match error {
            AsOfError::NotYet { .. } => {
                Problem::new(400, error.code(), error.to_string(), error.hint())
            }
            AsOfError::Open(_) => respond::internal(&error),
        })
    }

    /// The state at a position, when no replay is needed.
    pub(crate) fn at_hand(&self, position: Position) -> Option<Arc<View>> {
        let now = self.engine.view();
        if now.position == position {
            return Some(now);
        }
        let walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        walks
            .iter()
            .find(|view| view.position == position)
            .map(Arc::clone)
    }

    /// A problem of the edge.
    pub(crate) fn no_such_route() -> Problem {
        Problem::edge(Edge::NoSuchRoute, "there is no such route")
    }
}
