//! `bareboat serve`: a book over HTTP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::args::Global;
use crate::{exit, open, show};

/// Serves a book over HTTP until it is interrupted.
#[derive(Debug, Args)]
pub struct Serve {
    /// The book file; --book names it as well.
    path: Option<PathBuf>,
    /// The address to listen on. Only this machine by default: put a proxy with TLS before it.
    #[arg(long, default_value = "127.0.0.1:7700", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Days that audit entries are kept, at least 30.
    #[arg(long, default_value_t = open::AUDIT_DAYS, value_name = "DAYS")]
    audit_days: u32,
    /// Minutes between the times at which reservations that are due them get their nodes, in pools
    /// that say how long ahead (`bareboat pool pin-ahead`); 0 is never.
    #[arg(long, default_value_t = 15, value_name = "MINUTES")]
    pin_every: u32,
    /// Write the log as JSON.
    #[arg(long)]
    log_json: bool,
}

impl Serve {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        let Some(path) = self.path.as_ref().or(global.book.as_ref()) else {
            return Err(exit::usage("which book?", "name it: bareboat serve BOOK"));
        };
        log(self.log_json);
        let app = open::book(path, self.audit_days)?;
        let view = app.engine.view();
        tracing::info!(book = %path.display(), position = view.position.0, "the book is open");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let ready = |address| show::note(&format!("listening on http://{address}"));
        let (listen, stop) = (self.listen, interrupted());
        if self.pin_every > 0 {
            let every = Duration::from_secs(60 * u64::from(self.pin_every));
            runtime.spawn(bareboat_server::pin_by_itself(app.clone(), every));
        }
        let served = bareboat_server::serve(app, listen, ready, stop, bareboat_server::GRACE);
        let result = runtime.block_on(served);
        // The book is closed: what still runs can only read, and nobody waits for it.
        runtime.shutdown_background();
        Ok(result?)
    }
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_env("BAREBOAT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // It fails when a log is set up already, which is then good enough.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

/// Done when the process is asked to stop. Asked again, it ends at once: whatever was acknowledged
/// is on disk.
async fn interrupted() {
    asked_to_stop().await;
    tokio::spawn(async {
        asked_to_stop().await;
        show::note("asked again: stopping at once");
        std::process::exit(i32::from(exit::OTHER));
    });
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without signals it runs until it is killed; nothing durable is lost by that.
    let _ = tokio::signal::ctrl_c().await;
}
