//! Reads and durable writes over HTTP, measured from outside: keep-alive connections on loopback
//! against a running `bareboat serve`.
//!
//! ```text
//! cargo run --release -p bareboat-cli --example http_load -- ADDRESS KEY PATH [CONNECTIONS] [SECONDS]
//! ```
//! PATH is read with GET; when it is `write`, organisations are created instead. Prints requests
//! a second and the 50th, 99th and greatest latency.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

struct Plan {
    address: String,
    key: String,
    path: String,
    until: Instant,
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let mut next = |what: &str| words.next().with_context(|| format!("give {what}"));
    let (address, key, path) = (next("ADDRESS")?, next("KEY")?, next("PATH")?);
    let connections: usize = words.next().map_or(Ok(32), |text| text.parse())?;
    let seconds: u64 = words.next().map_or(Ok(5), |text| text.parse())?;
    let until = Instant::now() + Duration::from_secs(seconds);
    let plan = Plan {
        address,
        key,
        path,
        until,
    };
    let begun = Instant::now();
    let results: Vec<Result<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| {
                scope.spawn({
                    let plan = &plan;
                    move || load(plan, number)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| bail!("a connection failed"))
            })
            .collect()
    });
    let elapsed = begun.elapsed();
    let mut all = Vec::new();
    for result in results {
        all.extend(result?);
    }
    all.sort_unstable();
    let at = |share: usize| {
        all.get(all.len() * share / 1000)
            .copied()
            .unwrap_or_default()
    };
    let rate = all.len() as u128 * 1000 / elapsed.as_millis().max(1);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} requests on {connections} connections in {elapsed:.1?}: {rate}/s, p50 {:.2?}, p99 {:.2?}, greatest {:.2?}",
        all.len(),
        at(500),
        at(990),
        all.last().copied().unwrap_or_default(),
    )?;
    Ok(())
}

fn load(plan: &Plan, number: usize) -> Result<Vec<Duration>> {
    let stream = TcpStream::connect(&plan.address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let mut took = Vec::new();
    for turn in 0_u64.. {
        let begun = Instant::now();
        if begun >= plan.until {
            break;
        }
        stream.write_all(request(plan, number, turn).as_bytes())?;
        answer(&mut reader)?;
        took.push(begun.elapsed());
    }
    Ok(took)
}

fn request(plan: &Plan, number: usize, turn: u64) -> String {
    let Plan {
        address, key, path, ..
    } = plan;
    let head = format!("host: {address}\r\nauthorization: Bearer {key}\r\n");
    if path != "write" {
        return format!("GET {path} HTTP/1.1\r\n{head}\r\n");
    }
    let code = format!("L{}-{number}-{turn}", std::process::id());
    let body = format!(r#"{{"code":"{code}","name":"Load","kind":"partner"}}"#);
    format!(
        "POST /v1/organisations HTTP/1.1\r\n{head}idempotency-key: {code}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn answer(reader: &mut BufReader<TcpStream>) -> Result<()> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 2") {
        bail!("answered {line:?}");
    }
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(())
}
