//! Supply changes from the command line: a late hall, a node that fails and is mended, and when
//! reservations get their nodes.

use std::process::{Command, Stdio};

use serde_json::Value;

struct Book {
    folder: tempfile::TempDir,
    key: String,
}

impl Book {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut book = Self {
            folder,
            key: String::new(),
        };
        let path = book.folder.path().join("book");
        let path = path.to_str().unwrap().to_owned();
        let made = book.json(&["init", "--operator", "Nagisa", &path]);
        book.key = made["key"].as_str().unwrap().to_owned();
        for role in ["planner", "site_operator"] {
            book.json(&["grant", "create", "PR-0001", "--role", role]);
        }
        book
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bareboat"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("BAREBOAT_") {
                command.env_remove(name);
            }
        }
        if !self.key.is_empty() {
            command.env("BAREBOAT_BOOK", self.folder.path().join("book"));
            command.env("BAREBOAT_KEY", &self.key);
        }
        let output = command.args(arguments).stdin(Stdio::null()).output();
        let output = output.unwrap();
        (
            output.status.code().unwrap_or(-1),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    #[track_caller]
    fn shown(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {stderr}");
        stdout
    }

    /// The one JSON answer, or the list of lines.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.shown(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|_| {
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            Value::Array(lines.collect())
        })
    }
}

const SET_UP: [&str; 5] = [
    "model register B200 --vendor NVIDIA --gpus-per-node 8 --memory-gb 192 --tdp-watts 1000 \
     --tpp 36000 --performance-density-centi 2200 --dram-gbps 8000 --eccn 3A090.a \
     --nvlink-domain-gpus 8",
    "site register OSA --name Osaka --country JP --zone Asia/Tokyo --power-kw 9000 --pue-milli 1250",
    "hall add H1 --site OSA",
    "hall add H2 --site OSA",
    "order place PO-1 --supplier Vendor --model B200 --site OSA --price 1000000.00~USD \
     --placed-on 2026-01-05 --tranche 2:2026-02-01:H1 --tranche 1:2030-01-01:H2 \
     --tranche 1:2030-02-01",
];

/// Two nodes at Osaka of four ordered; one is to come to a hall of its own.
fn supplied() -> Book {
    let book = Book::new();
    for command in SET_UP {
        let words = command.split_whitespace();
        let words: Vec<String> = words.map(|word| word.replace('~', " ")).collect();
        book.json(&words.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let nodes = book.folder.path().join("nodes.csv");
    let rows = "serial,hall,rack,leaf,spine_group,nvlink_domain,bmc,gpus\n\
        S1,H1,R1,1,1,,10.0.0.1,\nS2,H1,R1,1,1,,10.0.0.2,\n";
    std::fs::write(&nodes, rows).unwrap();
    let nodes = nodes.to_str().unwrap();
    let receive = ["tranche", "receive", "TR-0001", "--from", nodes];
    book.json(&[&receive[..], &["--received-on", "2026-02-01"]].concat());
    book
}

#[test]
fn a_late_hall_moves_all_that_it_is_owed() {
    let book = supplied();
    book.json(&["tranche", "assign", "TR-0003", "--hall", "H2"]);
    let delay = [
        "hall",
        "delay",
        "HALL-0002",
        "--days",
        "30",
        "--reason",
        "no power",
    ];
    let dry = book.json(&[&delay[..], &["--dry-run"]].concat());
    assert_eq!(dry["tranches"][0]["due_on"], "2030-01-31");
    let listed = || {
        let rows = book.json(&["tranche", "list"]);
        let due = rows.as_array().unwrap().iter();
        due.map(|row| row["due_on"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(), ["2026-02-01", "2030-01-01", "2030-02-01"]);
    let shown = book.shown(&delay);
    assert!(
        shown.contains("TR-0003") && shown.contains("2030-03-03"),
        "{shown}"
    );
    assert_eq!(listed(), ["2026-02-01", "2030-01-31", "2030-03-03"]);
    let (code, _, stderr) =
        book.run(&["hall", "delay", "HALL-0001", "--days", "3", "--reason", "x"]);
    assert!(
        code != 0 && stderr.contains("fleet.nothing_delayed"),
        "{stderr}"
    );
    // Supposed, nothing breaks: nothing is sold.
    let asked = ["capacity", "at-risk", "--delay", "OSA/H2=9"];
    assert_eq!(book.json(&asked)["at_risk"], Value::Array(Vec::new()));
}

#[test]
fn a_node_that_cannot_serve_is_out_of_supply_until_it_can() {
    let book = supplied();
    let free = || {
        let calendar = book.json(&["pool", "calendar", "OSA:B200"]);
        calendar["steps"][0]["free"].as_u64().unwrap()
    };
    assert_eq!(free(), 2);
    let advance = |to: &str| {
        let reason = ["--reason", "smoke"];
        let verb = ["node", "advance", "1", "--site", "OSA", "--to", to];
        book.shown(&[&verb[..], &reason].concat())
    };
    advance("quarantined");
    assert_eq!(free(), 1);
    let out = book.json(&["pool", "maintenance", "--pool", "OSA:B200"]);
    assert_eq!(out["why"], "quarantined");
    book.shown(&["pool", "end-maintenance", "OSA:B200", "--nodes", "1"]);
    assert_eq!(free(), 2);
    advance("in-repair");
    advance("validating");
    assert_eq!(free(), 1);
    advance("ready");
    assert_eq!(free(), 2);
}

#[test]
fn a_pool_says_how_long_ahead_nodes_are_named() {
    let book = supplied();
    let set = book.json(&["pool", "pin-ahead", "OSA:B200", "--days", "14"]);
    assert_eq!(set["pin_ahead_days"], 14);
    assert_eq!(book.json(&["capacity", "due"]), Value::Array(Vec::new()));
    let done = book.json(&["pool", "pin-due", "OSA:B200", "--within", "30"]);
    assert_eq!(
        (&done["pinned"], &done["left"]),
        (&Value::Array(Vec::new()), &Value::from(0))
    );
    let set = book.json(&["pool", "pin-ahead", "OSA:B200", "--on-demand"]);
    assert_eq!(set["pin_ahead_days"], Value::Null);
    let (code, ..) = book.run(&["pool", "pin-ahead", "OSA:B200"]);
    assert_eq!(code, 2, "days, or on demand");
}
