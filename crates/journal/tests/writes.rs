//! How much is written for a command: counted by the system, so that a busy machine makes no
//! difference. Alone in its process, since it counts all that the process writes.
#![cfg(target_os = "linux")]

mod machine;

use std::path::Path;

use bareboat_base::Digest;
use bareboat_journal::{Options, Synchronous};
use machine::{keyed, open_level, submission, transfer};

const COMMANDS: u128 = 12_000;
const BATCH: usize = 64;

fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
    line.unwrap().parse().unwrap()
}

/// Bytes written for each of many commands, with a key each or without.
fn bytes_each(path: &Path, with_keys: bool) -> u64 {
    let options = Options {
        max_batch: BATCH,
        snapshot_every: 0,
        ..Options::default()
    };
    let engine = open_level(path, options, Synchronous::Off).unwrap();
    let before = written();
    let mut pending = Vec::new();
    for number in 0..COMMANDS {
        // Keys in no order, as clients draw them.
        let key = Digest::of(&[&number.to_be_bytes()]).to_string();
        pending.push(engine.submit(match with_keys {
            true => keyed(number, &key, "a", transfer(1, 2)),
            false => submission(number, transfer(1, 2)),
        }));
    }
    for pending in pending {
        pending.wait().unwrap();
    }
    engine.shutdown();
    (written() - before) / u64::try_from(COMMANDS).unwrap()
}

#[test]
fn a_key_costs_a_row_and_not_a_page() {
    let directory = tempfile::tempdir().unwrap();
    let without = bytes_each(&directory.path().join("without"), false);
    let with = bytes_each(&directory.path().join("with"), true);
    assert!(
        with < 2 * without + 1_000,
        "{with} bytes a command with keys, {without} without"
    );
}
