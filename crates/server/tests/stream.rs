//! The stream of events over a real connection: it resumes, it reports gaps, and it ends when the
//! server stops.

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use axum::body::Body;
use common::{Server, request};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

const GRACE: Duration = Duration::from_millis(500);

/// The server over TCP on a thread of its own.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    fn start(server: &Server) -> Self {
        let app = server.app.clone();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let local = "127.0.0.1:0".parse().unwrap();
            let ready = move |address| tell.send(address).unwrap();
            let stopped = async { stopped.await.unwrap_or(()) };
            runtime
                .block_on(bareboat_server::serve(app, local, ready, stopped, GRACE))
                .unwrap();
            runtime.shutdown_background();
        });
        Self {
            address: told.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops it, and gives how long that took.
    fn stop(&mut self) -> Duration {
        let asked = Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        self.thread.take().unwrap().join().unwrap();
        asked.elapsed()
    }

    /// The lines of a stream, as they come; they end with the connection. Little is buffered on
    /// this side.
    fn stream(&self, key: &str, path: &str, headers: &str) -> impl Iterator<Item = String> + use<> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let connection = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(65_536).unwrap();
            socket.connect(self.address).await.unwrap()
        });
        let mut connection = connection.into_std().unwrap();
        connection.set_nonblocking(false).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        write!(
            connection,
            "GET {path} HTTP/1.1\r\nhost: local\r\nauthorization: Bearer {key}\r\n{headers}\r\n"
        )
        .unwrap();
        BufReader::new(connection).lines().map_while(Result::ok)
    }
}

fn next(lines: &mut impl Iterator<Item = String>, prefix: &str) -> String {
    let found = lines.find_map(|line| line.strip_prefix(prefix).map(ToOwned::to_owned));
    found.unwrap_or_else(|| panic!("the stream ended before {prefix:?}"))
}

#[test]
fn the_stream_resumes_reports_gaps_and_ends_with_the_server() {
    let server = Server::start();
    let mut running = Running::start(&server);
    let path = "/v1/events/stream?from=1";
    let mut lines = running.stream(&server.admin, path, "");
    assert!(lines.next().unwrap().contains("200 OK"));
    for position in 1..=server.position() {
        assert_eq!(next(&mut lines, "id: "), position.to_string());
    }
    // What is recorded later arrives.
    server.organisation("PA", "partner", None);
    assert_eq!(next(&mut lines, "id: "), server.position().to_string());

    // It goes on after the last one seen.
    let mut resumed = running.stream(&server.admin, "/v1/events/stream", "last-event-id: 3\r\n");
    assert_eq!(next(&mut resumed, "id: "), "4");

    // A caller who saw more than there is is told so.
    let mut ahead = running.stream(&server.admin, "/v1/events/stream", "last-event-id: 900\r\n");
    assert_eq!(next(&mut ahead, "event: "), "gap");
    let last = server.position();
    assert_eq!(
        next(&mut ahead, "data: "),
        format!(r#"{{"asked":901,"last":{last}}}"#)
    );
    server.organisation("PB", "partner", None);
    assert_eq!(next(&mut ahead, "id: "), (last + 1).to_string());

    running.stop();
    assert!(lines.count() < 100, "the stream ends");
    // The book is closed: nothing more is taken.
    let body = serde_json::json!({ "code": "PC", "name": "C", "kind": "partner" });
    assert_eq!(
        server.post(&server.admin, "/v1/organisations", body).status,
        503
    );
}

/// More events than the system buffers for a reader that does not read.
fn many_events(server: &Server) {
    let source = "x".repeat(1_500);
    let rows: String = (0..6_000)
        .map(|n| json!({ "kind": "company", "name": format!("C{n}"), "source": source }))
        .map(|row| format!("{row}\n"))
        .collect();
    let world = server.world();
    let import = request("POST", world.key("compliance"), "/v1/parties/import")
        .header("content-type", "application/jsonl")
        .body(Body::from(rows))
        .unwrap();
    server.send(import).ok();
}

#[test]
fn a_reader_that_does_not_read_holds_nothing_up() {
    let server = Server::start();
    many_events(&server);
    let mut running = Running::start(&server);
    let mut stalled = running.stream(&server.admin, "/v1/events/stream?from=1", "");
    next(&mut stalled, "id: ");
    let took = running.stop();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_revoked_key_does_not_get_the_rest_of_its_backlog() {
    let server = Server::start();
    many_events(&server);
    let mut running = Running::start(&server);
    let operator = server.get(&server.admin, "/v1/organisations").ok();
    let operator = operator["items"][0]["id"].as_str().unwrap();
    let auditor = server.holder(operator, "auditor", None, None);
    let mut lines = running.stream(&auditor.key, "/v1/events/stream?from=1", "");
    next(&mut lines, "id: ");
    let revoke = format!("/v1/keys/{}/revoke", auditor.key_id);
    server.post(&server.admin, &revoke, Value::Null).ok();
    // A chunk of no bytes is the end.
    let lines = lines.take_while(|line| line != "0");
    let read = lines.filter(|line| line.starts_with("id: ")).count() as u64;
    let all = server.position();
    assert!(read < all * 3 / 4, "{read} of {all}");
    running.stop();
}

#[test]
fn an_auditor_is_not_told_who_owns_a_sealed_party() {
    let server = Server::start();
    let world = server.world();
    let compliance = world.key("compliance");
    let register = |name: &str, sealed: bool| {
        let body = json!({ "kind": "company", "name": name, "source": "x", "sealed": sealed });
        server.post(compliance, "/v1/parties", body).field("id")
    };
    let (owner, owned) = (register("Owner", false), register("Owned", true));
    let interest = json!({
        "owner": owner, "owned": owned, "from": "2024-01-01",
        "voting": { "min": "60", "max": "60" }, "source": "register",
    });
    server.post(compliance, "/v1/interests", interest).ok();
    let mut running = Running::start(&server);
    let path = format!("/v1/events/stream?from={}", server.position());
    let auditor = next(
        &mut running.stream(world.key("auditor"), &path, ""),
        "data: ",
    );
    assert!(
        auditor.contains("withheld") && !auditor.contains(&owner),
        "{auditor}"
    );
    let officer = next(&mut running.stream(compliance, &path, ""), "data: ");
    assert!(officer.contains(&owner), "{officer}");
    running.stop();
}
