//! The server, killed: `bareboat serve` takes orders from several writers at once and is killed
//! at random points. No acknowledged order is lost, none is half applied (an order and its supply
//! in the calendar are one act), the root verifies. Once on the real page cache, and once over a
//! disk that loses whatever was not synced (the journal's `lost_writes.c`).
//!
//! `BAREBOAT_CRASH_KILLS` says how many kills each takes (default 8).
#![cfg(target_os = "linux")]

#[path = "../../journal/tests/power/mod.rs"]
mod power;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use bareboat_base::{Clock as _, PurchaseOrderId};
use bareboat_book::State;
use bareboat_client::{Client, Http, Request};
use bareboat_journal::verify::verify_book;
use bareboat_journal::{Engine, Options, SqliteOptions, SqliteStore};
use bareboat_server::SystemClock;
use power::Disk;
use serde_json::{Value, json};

const BAREBOAT: &str = env!("CARGO_BIN_EXE_bareboat");
const WRITERS: u64 = 4;
/// A fresh book after so many kills, so that each is checked whole in little time.
const KILLS_A_BOOK: u64 = 10;

fn kills() -> u64 {
    let told = std::env::var("BAREBOAT_CRASH_KILLS").ok();
    told.and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// xorshift: the choices need only differ.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn init(book: &Path) -> String {
    let out = Command::new(BAREBOAT)
        .args(["init", "--json"])
        .arg(book)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    told["key"].as_str().unwrap().to_owned()
}

/// Starts the server; the channel tells its address once it listens.
fn serve(book: &Path, disk: Option<&Disk>) -> (Child, mpsc::Receiver<String>) {
    let mut process = Command::new(BAREBOAT);
    process.args(["serve", "--listen", "127.0.0.1:0"]).arg(book);
    process
        .env("BAREBOAT_LOG", "error")
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(disk) = disk {
        disk.put_under(&mut process);
    }
    let mut child = process.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (tell, address) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening on ") {
                let _ = tell.send(address.to_owned());
            }
        }
    });
    (child, address)
}

fn client(address: &str, key: &str) -> Client {
    Client::new(Box::new(Http::new(address)), Some(key.to_owned()))
}

fn post(client: &Client, path: &str, body: &Value) -> Result<Value, String> {
    let request = Request::post(path)
        .json(body)
        .map_err(|error| error.to_string())?;
    client.post(request).map_err(|error| format!("{error:?}"))
}

fn furnish(client: &Client) {
    let grant = json!({ "principal": "PR-0001", "role": "planner" });
    post(client, "/v1/grants", &grant).unwrap();
    let model = json!({
        "code": "B200", "vendor": "NVIDIA", "gpus_per_node": 8, "memory_gb": 192, "tdp_watts": 1000,
        "tpp": 36000, "performance_density_centi": 2200, "dram_gbps": 8000, "eccn": "3A090.a",
        "nvlink_domain_gpus": 8,
    });
    post(client, "/v1/models", &model).unwrap();
    let site = json!({
        "code": "OSA", "name": "Osaka", "country": "JP", "zone": "Asia/Tokyo", "power_kw": 9000,
        "pue_milli": 1250,
    });
    post(client, "/v1/sites", &site).unwrap();
}

fn order(number: u64) -> Value {
    let tranches = 1 + number % 3;
    let part = json!({ "nodes": 4, "due_on": "2026-02-15" });
    let parts: Vec<Value> = (0..tranches).map(|_| part.clone()).collect();
    json!({
        "supplier": "A vendor", "reference": format!("PO-{number}"), "model": "B200", "site": "OSA",
        "nodes": 4 * tranches, "price": "1000.00 USD", "placed_on": "2026-01-05", "tranches": parts,
    })
}

struct Ordeal<'a> {
    dice: Dice,
    book: &'a Path,
    key: String,
    disk: Option<Disk>,
    orders: AtomicU64,
}

impl Ordeal<'_> {
    /// Orders until the server is killed; answers with what was acknowledged.
    fn run_and_kill(&mut self) -> Vec<String> {
        let (mut child, listening) = serve(self.book, self.disk.as_ref());
        if self.dice.below(8) == 0 && self.orders.load(Ordering::SeqCst) > 0 {
            // While it opens.
            std::thread::sleep(Duration::from_micros(self.dice.below(40_000)));
            child.kill().unwrap();
            child.wait().unwrap();
            return Vec::new();
        }
        let Ok(address) = listening.recv_timeout(Duration::from_secs(60)) else {
            panic!("the server does not open the book: {:?}", child.try_wait());
        };
        if self.orders.load(Ordering::SeqCst) == 0 {
            furnish(&client(&address, &self.key));
            self.orders.store(1, Ordering::SeqCst);
        }
        let pause = Duration::from_micros(5_000 + self.dice.below(150_000));
        let (acks, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| self.place_orders(&address, &stop, &acks));
            }
            std::thread::sleep(pause);
            child.kill().unwrap();
            child.wait().unwrap();
            stop.store(true, Ordering::SeqCst);
        });
        acks.into_inner().unwrap()
    }

    fn place_orders(&self, address: &str, stop: &AtomicBool, acks: &Mutex<Vec<String>>) {
        let client = client(address, &self.key);
        while !stop.load(Ordering::SeqCst) {
            let number = self.orders.fetch_add(1, Ordering::SeqCst);
            match post(&client, "/v1/orders", &order(number)) {
                Ok(placed) => acks
                    .lock()
                    .unwrap()
                    .push(placed["id"].as_str().unwrap().to_owned()),
                Err(_) => break,
            }
        }
    }

    fn lose_power(&mut self) {
        let dice = &mut self.dice;
        let none = dice.below(2) == 0;
        if let Some(disk) = &self.disk {
            disk.lose_power(|records| if none { 0 } else { dice.below(records + 1) });
        }
    }
}

/// Checks the book as it was left.
fn check(book: &Path, acks: &[String]) -> Result<(), String> {
    let shown = |error: &dyn std::fmt::Debug| format!("{error:?}");
    let options = SqliteOptions::new(SystemClock.now());
    let store = SqliteStore::open(book, &options).map_err(|e| shown(&e))?;
    let clock = std::sync::Arc::new(SystemClock);
    let engine: Engine<State> =
        Engine::open(Box::new(store), clock, Options::default()).map_err(|e| shown(&e))?;
    let view = engine.view();
    let state = &view.state;
    for ack in acks {
        let id: PurchaseOrderId = ack.parse().map_err(|e| shown(&e))?;
        if !state.fleet.orders.contains(&id) {
            return Err(format!("order {ack} was acknowledged and is lost"));
        }
    }
    for (_, id, order) in state.fleet.orders.iter() {
        let whole = order.tranches.iter().all(|tranche| {
            state.fleet.tranches.contains(tranche) && state.capacity.supplies.contains(tranche)
        });
        if !whole {
            return Err(format!("order {id} is half applied"));
        }
    }
    let checkpoint = view.checkpoint();
    engine.shutdown();
    drop((view, engine));
    let report = verify_book::<State>(book, None, &mut |_| {}).map_err(|e| shown(&e))?;
    if !report.sound() || report.checkpoint != checkpoint {
        return Err(format!("the book does not verify: {:?}", report.findings));
    }
    Ok(())
}

/// Kills and checks, so many times; how many acknowledgements there were.
fn ordeal(lossy: bool) -> Result<usize, String> {
    let seed = SystemClock.now().micros().unsigned_abs() | 1;
    let (mut total, mut done, all) = (0, 0, kills());
    while done < all {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("book");
        std::fs::create_dir(&folder).unwrap();
        let book = folder.join("crash.book");
        let mut ordeal = Ordeal {
            dice: Dice(seed + done),
            book: &book,
            key: init(&book),
            disk: lossy.then(|| Disk::new(&folder, directory.path())),
            orders: AtomicU64::new(0),
        };
        let mut acks = Vec::new();
        for round in 0..KILLS_A_BOOK.min(all - done) {
            acks.extend(ordeal.run_and_kill());
            ordeal.lose_power();
            let kill = done + round + 1;
            check(&book, &acks).map_err(|error| format!("kill {kill} (seed {seed}): {error}"))?;
        }
        total += acks.len();
        done += KILLS_A_BOOK;
    }
    Ok(total)
}

#[test]
fn a_killed_server_loses_nothing() {
    let acks = ordeal(false).unwrap_or_else(|error| panic!("{error}"));
    assert!(acks > 20, "only {acks} acknowledgements: nothing was tried");
}

#[test]
fn a_server_without_power_loses_nothing_that_was_acknowledged() {
    let acks = ordeal(true).unwrap_or_else(|error| panic!("{error}"));
    assert!(acks > 20, "only {acks} acknowledgements: nothing was tried");
}
