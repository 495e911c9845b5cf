//! Listening, and stopping without dropping what was begun.

use std::future::{Future, IntoFuture as _};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::{App, metrics};

/// Why the server did not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address could not be taken.
    #[error("could not listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// It broke off.
    #[error("the server broke off")]
    Broken(#[source] std::io::Error),
}

/// How long requests that were begun may take once the server stops.
pub const GRACE: Duration = Duration::from_secs(10);

/// Serves until `stop` is done; then ends streams, finishes requests for as long as `grace`,
/// writes what waits, and gives up the book. `ready` is told the address, which matters when
/// port 0 was asked for.
pub async fn serve(
    app: App,
    address: SocketAddr,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> Result<(), ServeError> {
    metrics::install();
    let bind = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    ready(listener.local_addr().map_err(bind)?);
    let stopping = app.clone();
    let stopped = async move {
        stop.await;
        tracing::info!("stopping");
        stopping.stop();
    };
    let mut stopping = app.stopping.subscribe();
    let late = async move {
        // The sender lives in the app, which outlives this.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(grace).await;
    };
    let serving = axum::serve(listener, app.router()).with_graceful_shutdown(stopped);
    let result = tokio::select! {
        result = serving.into_future() => result,
        () = late => {
            // Such as a caller that does not read what it asked for.
            tracing::warn!(?grace, "connections that did not end in time are dropped");
            Ok(())
        }
    };
    close(app).await;
    result.map_err(ServeError::Broken)
}

/// Writes what waits and gives up the book.
async fn close(app: App) {
    let closed = tokio::task::spawn_blocking(move || {
        app.engine.shutdown();
        app.audit.close();
    });
    if closed.await.is_err() {
        tracing::error!("closing the book panicked");
    }
}
