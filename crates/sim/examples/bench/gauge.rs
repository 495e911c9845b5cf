//! Time, memory, and how figures are printed.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use bareboat_base::{Clock, Instant};

/// A clock that starts on a given instant and runs with the machine's monotonic one.
pub(crate) struct Running {
    from: Instant,
    since: Stopwatch,
}

impl Clock for Running {
    fn now(&self) -> Instant {
        let micros = i64::try_from(self.since.elapsed().as_micros()).unwrap_or(i64::MAX);
        Instant::from_micros(self.from.micros().saturating_add(micros)).unwrap_or(self.from)
    }
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    // 2035-01-01T00:00:00Z: after everything in a generated book.
    let from = Instant::from_micros(2_051_222_400_000_000).expect("a date");
    Arc::new(Running {
        from,
        since: Stopwatch::now(),
    })
}

/// Says what it runs on, and what else runs there.
pub(crate) fn machine() {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find(|line| line.starts_with("model name"));
    let count = cpus
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let model = model
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or("unknown");
    println!(
        "# {count} cores, {model}; load before: {}",
        read("/proc/loadavg").trim()
    );
}

/// A figure of `/proc/self/status`, in MiB.
pub(crate) fn memory_mib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// How long this thread has run on a core: what it takes when nothing else runs.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// How long a core worked on it, waiting for a core not counted, and what came of it. For work
/// of one thread.
pub(crate) fn worked<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let before = on_core();
    let made = work();
    (on_core().saturating_sub(before), made)
}

/// How long it took, and what came of it.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let watch = Stopwatch::now();
    let made = work();
    (watch.elapsed(), made)
}

/// Prints `name: min / median / max unit`.
pub(crate) fn spread(name: &str, unit: &str, values: &[f64]) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let (min, middle, max) = (
        at(0),
        at(sorted.len() / 2),
        at(sorted.len().saturating_sub(1)),
    );
    println!("{name}: min {min:.1}, median {middle:.1}, max {max:.1} {unit}");
}

/// The value below which so many in a thousand lie.
pub(crate) fn permille(sorted: &[Duration], of: usize) -> Duration {
    let index = (sorted.len() * of / 1000).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// Milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
