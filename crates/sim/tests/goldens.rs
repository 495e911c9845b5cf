//! One stored event of every kind and version, kept for ever: what was once written must always
//! read. `UPDATE_GOLDENS=1` adds kinds that are new; it never changes a line that is there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bareboat_base::event::Outer;
use bareboat_book::{Event, State};
use bareboat_sim::commands;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events-v1.jsonl")
}

fn kept() -> Vec<String> {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The shortest event of each kind, with its version, from a generated book.
fn examples() -> BTreeMap<(&'static str, u32), String> {
    let versions: BTreeMap<&str, u32> = Event::kinds().collect();
    let mut examples: BTreeMap<(&'static str, u32), String> = BTreeMap::new();
    for seed in 0..3 {
        let mut state = State::default();
        let events = commands(seed, 1_000).filter_map(|ask| ask.play(&mut state).ok());
        for event in events.flatten() {
            let key = (event.kind(), versions[event.kind()]);
            let line = String::from_utf8(event.encode()).expect("stored events are text");
            let shortest = examples.entry(key).or_insert_with(|| line.clone());
            if line.len() < shortest.len() {
                *shortest = line;
            }
        }
    }
    examples
}

fn kind_of(line: &str) -> (String, u32) {
    let outer = Outer::read(line.as_bytes()).expect("a kept line is an event");
    (outer.kind.to_owned(), outer.version)
}

fn missing(lines: &[String]) -> Vec<(&'static str, u32)> {
    let there: Vec<(String, u32)> = lines.iter().map(|line| kind_of(line)).collect();
    Event::kinds()
        .filter(|(kind, version)| !there.iter().any(|(k, v)| k == kind && v == version))
        .collect()
}

#[test]
fn every_kept_event_still_reads() {
    let mut lines = kept();
    let new = missing(&lines);
    if !new.is_empty() && std::env::var_os("UPDATE_GOLDENS").is_some() {
        let examples = examples();
        lines.extend(new.iter().map(|key| examples[key].clone()));
        std::fs::write(path(), lines.join("\n") + "\n").expect("the golden file is written");
    }
    let missing = missing(&lines);
    assert!(
        missing.is_empty(),
        "no stored example of {missing:?}; UPDATE_GOLDENS=1 adds one"
    );
    for line in &lines {
        let event = Event::decode(line.as_bytes());
        let event = event.unwrap_or_else(|error| panic!("{error}: {line}"));
        let (kind, version) = kind_of(line);
        assert_eq!(event.kind(), kind);
        // Of the newest version the bytes are the same again; older ones are lifted.
        if Event::kinds().any(|(k, v)| k == kind && v == version) {
            assert_eq!(event.encode(), line.as_bytes());
        }
    }
}
