//! The binary that the tasks drive, and all that they know of its command line. Everything else
//! in xtask calls these; a change of the command line is followed here.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{setup, tools};

/// The reference story, from the repository's root.
pub const STORY: &str = "examples/osaka-sydney";

/// The binary as tests build it: it shares their dependencies, which halves the wait.
pub struct Bareboat {
    path: PathBuf,
}

impl Bareboat {
    /// Builds the binary, or finds it built.
    pub fn build() -> Result<Self> {
        setup::c_compiler()?;
        tools::run(tools::cargo().args([
            "build",
            "--locked",
            "--package",
            "bareboat-cli",
            "--bin",
            "bareboat",
        ]))?;
        Ok(Bareboat {
            path: tools::target()?.join("debug").join("bareboat"),
        })
    }

    /// A command of the binary, run in the repository's root, with nothing of the caller's own
    /// settings.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .current_dir(crate::repo::root())
            .stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BAREBOAT_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// `story run <story> --into <folder>`.
    pub fn run_story(&self, into: &Path) -> Result<()> {
        tools::run(
            self.command()
                .args(["story", "run", STORY, "--into"])
                .arg(into),
        )
    }

    /// `init --book <book> --json`: makes a book and answers its first key, which the command
    /// prints as the field `key` or `secret`.
    pub fn init(&self, book: &Path) -> Result<String> {
        let mut command = self.command();
        command.args(["init", "--json", "--book"]).arg(book);
        println!("$ {}", tools::shown(&command));
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .context("starting bareboat init")?;
        if !output.status.success() {
            bail!("bareboat init failed ({})", output.status);
        }
        let answer: Value = serde_json::from_slice(&output.stdout)
            .context("bareboat init --json did not print JSON")?;
        let key = secret(&answer).context("bareboat init --json printed no key")?;
        Ok(key.to_owned())
    }

    /// `serve --book <book> --listen 127.0.0.1:<port>`, its log in a file; waits until it
    /// answers its OpenAPI document.
    pub fn serve(&self, book: &Path, log: &Path) -> Result<Server> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let file = std::fs::File::create(log)?;
        let mut command = self.command();
        command
            .args(["serve", "--listen", &address, "--book"])
            .arg(book);
        command.stdout(file.try_clone()?).stderr(file);
        println!("$ {} (log: {})", tools::shown(&command), log.display());
        let child = command.spawn().context("starting bareboat serve")?;
        let mut server = Server {
            child,
            address,
            log: log.to_path_buf(),
        };
        server.wait_until_ready(Duration::from_secs(60))?;
        Ok(server)
    }
}

/// Where the server answers its own description.
const OPENAPI: &str = "/openapi.json";

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Server {
    /// Where it answers its OpenAPI document.
    pub fn openapi(&self) -> String {
        format!("http://{}{OPENAPI}", self.address)
    }

    /// Fails when the server is no longer running.
    pub fn check_running(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server has stopped ({status}):\n{}", self.log_tail());
        }
        Ok(())
    }

    fn wait_until_ready(&mut self, limit: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            self.check_running()?;
            if get_status(&self.address, OPENAPI).is_some_and(|status| status == 200) {
                return Ok(());
            }
            if start.elapsed() > limit {
                let url = self.openapi();
                bail!(
                    "{url} did not answer 200 in {limit:?}:\n{}",
                    self.log_tail()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The last lines of the server's log.
    pub fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to be done about a server that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first string field named `key` or `secret`, however deep.
fn secret(answer: &Value) -> Option<&str> {
    match answer {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| matches!(name.as_str(), "key" | "secret"))
            .find_map(|(_, value)| value.as_str())
            .or_else(|| fields.values().find_map(secret)),
        Value::Array(items) => items.iter().find_map(secret),
        _ => None,
    }
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("finding a free port")?;
    Ok(listener.local_addr()?.port())
}

/// The status of a GET, spoken by hand: one request does not earn an HTTP client.
fn get_status(address: &str, path: &str) -> Option<u16> {
    use std::io::{BufRead, BufReader, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use serde_json::json;

    use super::*;

    #[test]
    fn the_key_is_found_wherever_it_lies() {
        assert_eq!(
            secret(&json!({ "principal": { "id": "x", "key": "k" } })),
            Some("k")
        );
        assert_eq!(
            secret(&json!({ "key": { "id": "x", "secret": "s" } })),
            Some("s")
        );
        assert_eq!(secret(&json!({ "id": "x" })), None);
    }

    /// A program that stands in for the binary.
    fn stand_in(name: &str, script: &str) -> (Bareboat, PathBuf) {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("bareboat");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        assert!(
            Command::new("chmod")
                .arg("+x")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        (Bareboat { path }, folder)
    }

    #[test]
    fn a_server_that_stops_is_an_error_with_its_log() {
        let script = "case $1 in init) echo '{\"key\":\"k\"}';; *) echo boom; exit 3;; esac";
        let (bareboat, folder) = stand_in("stops", script);
        assert_eq!(bareboat.init(&folder.join("book")).unwrap(), "k");
        let error = bareboat
            .serve(&folder.join("book"), &folder.join("log"))
            .err()
            .unwrap();
        assert!(error.to_string().contains("boom"), "{error}");
        assert!(bareboat.run_story(&folder).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_status_is_read() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 512]).unwrap();
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        });
        assert_eq!(get_status(&address, "/"), Some(204));
        server.join().unwrap();
        assert_eq!(get_status(&address, "/"), None);
    }
}
