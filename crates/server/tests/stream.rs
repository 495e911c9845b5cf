//! The stream of events over a real connection: it resumes, it reports gaps, and it ends when the
//! server stops.

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use common::Server;
use tokio::sync::oneshot;

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
                .block_on(bareboat_server::serve(app, local, ready, stopped))
                .unwrap();
        });
        Self {
            address: told.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The lines of a stream, as they come; they end with the connection.
    fn stream(&self, key: &str, path: &str, headers: &str) -> impl Iterator<Item = String> + use<> {
        let mut connection = TcpStream::connect(self.address).unwrap();
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

    running.stop.take().unwrap().send(()).unwrap();
    running.thread.take().unwrap().join().unwrap();
    assert!(lines.count() < 100, "the stream ends");
    // The book is closed: nothing more is taken.
    let body = serde_json::json!({ "code": "PC", "name": "C", "kind": "partner" });
    assert_eq!(
        server.post(&server.admin, "/v1/organisations", body).status,
        503
    );
}
