//! Prometheus metrics of requests and of the engine. No label is per node, tenant or principal.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::App;

/// One recorder for the process, however many servers tests start in it.
fn recorder() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let buckets = [
                0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0,
            ];
            let builder = PrometheusBuilder::new().set_buckets(&buckets).ok()?;
            builder.install_recorder().ok()
        })
        .as_ref()
}

/// Makes the recorder, so that the first requests are counted too.
pub fn install() {
    if recorder().is_none() {
        tracing::warn!("metrics are not recorded: another recorder is installed");
    }
}

/// Counts a request.
pub fn request(operation: &'static str, status: u16, took: Duration) {
    let class = match status {
        0..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    };
    metrics::counter!("bareboat_http_requests_total", "operation" => operation, "status" => class)
        .increment(1);
    metrics::histogram!("bareboat_http_request_seconds", "operation" => operation)
        .record(took.as_secs_f64());
}

/// The exposition text.
pub fn render(app: &App) -> String {
    let Some(handle) = recorder() else {
        return String::new();
    };
    let stats = app.engine.stats();
    let absolute = |name: &'static str, value: u64| metrics::counter!(name).absolute(value);
    absolute("bareboat_commands_accepted_total", stats.accepted);
    absolute("bareboat_commands_replayed_total", stats.replayed);
    absolute("bareboat_commands_rejected_total", stats.rejected);
    absolute("bareboat_commands_failed_total", stats.failed);
    absolute("bareboat_events_total", stats.events);
    absolute("bareboat_event_bytes_total", stats.event_bytes);
    absolute("bareboat_appends_total", stats.appends);
    absolute("bareboat_failed_appends_total", stats.failed_appends);
    absolute("bareboat_append_microseconds_total", stats.append_micros);
    absolute("bareboat_snapshots_total", stats.snapshots);
    absolute("bareboat_audit_entries_total", app.audit.written());
    let view = app.engine.view();
    // A gauge is a double: positions are exact up to 2^53.
    #[allow(clippy::cast_precision_loss)]
    metrics::gauge!("bareboat_book_position").set(view.position.0 as f64);
    handle.render()
}
