//! Listening, and stopping without dropping what was begun.

use std::future::Future;
use std::net::SocketAddr;

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

/// Serves until `stop` is done; then ends streams, finishes requests, writes what waits, and
/// gives up the book. `ready` is told the address, which matters when port 0 was asked for.
pub async fn serve(
    app: App,
    address: SocketAddr,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
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
    let result = axum::serve(listener, app.router())
        .with_graceful_shutdown(stopped)
        .await;
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
