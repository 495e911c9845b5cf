//! What must hold of every book, tried on generated ones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use bareboat_base::{Fold as _, Instant, NodeRef, Position, PrincipalId, Recorded};
use bareboat_book::{Event, State};
use bareboat_capacity::AllocationStatus;
use bareboat_sim::{Ask, Rng, Scale, commands, garbage, history};
use proptest::prelude::*;

/// Enough for every kind of act to have its turn several times.
const LENGTH: u32 = 2_000;
const SEEDS: std::ops::Range<u64> = 0..3;

/// A book as it was made: its events with what they were recorded under, and where it led.
struct Life {
    events: Vec<(Recorded, Event)>,
    end: State,
}

impl Life {
    fn new() -> Self {
        Self {
            events: Vec::new(),
            end: State::default(),
        }
    }

    fn push(&mut self, at: Instant, by: PrincipalId, events: &[Event]) {
        for event in events {
            let position = Position(self.events.len() as u64 + 1);
            self.events
                .push((Recorded { position, at, by }, event.clone()));
        }
    }
}

fn played(seed: u64) -> Life {
    let mut life = Life::new();
    let mut state = State::default();
    for ask in commands(seed, LENGTH) {
        if let Ok(events) = ask.play(&mut state) {
            life.push(ask.recorded_at, ask.actor, &events);
        }
    }
    life.end = state;
    life
}

fn grown(seed: u64) -> Life {
    let mut life = Life::new();
    let rules = bareboat_sim::rulebook().expect("the rules read");
    let end = history(seed, &Scale::SMALL, vec![rules], &mut |done| {
        life.push(done.recorded_at, done.actor, done.events);
    });
    life.end = end.expect("the book takes a made history");
    life
}

/// Lives of a few seeds of both makers, made once.
fn lives() -> &'static [Life] {
    static LIVES: OnceLock<Vec<Life>> = OnceLock::new();
    LIVES.get_or_init(|| {
        let mut lives: Vec<Life> = SEEDS.map(played).collect();
        lives.push(grown(1));
        lives
    })
}

fn fold_stored(state: &mut State, events: &[(Recorded, Event)]) {
    for (recorded, event) in events {
        // As a replay does: from stored bytes.
        let read = Event::decode(&event.encode()).expect("its own bytes read");
        state.apply(recorded, &read);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn replay_equals_snapshot_and_tail(which in 0..SEEDS.end as usize + 1, cut in 0.0..=1.0_f64) {
        let life = &lives()[which];
        let cut = (life.events.len() as f64 * cut) as usize;
        let mut state = State::default();
        fold_stored(&mut state, &life.events[..cut]);
        let bytes = state.to_snapshot();
        let mut resumed = State::from_snapshot(&bytes).expect("a snapshot reads");
        prop_assert_eq!(&resumed.to_snapshot(), &bytes);
        fold_stored(&mut resumed, &life.events[cut..]);
        prop_assert!(resumed == life.end, "cut after {} of {}", cut, life.events.len());
        prop_assert_eq!(resumed.to_snapshot(), life.end.to_snapshot());
        let mut parts = State::from_snapshot(&bytes).expect("a snapshot reads").split();
        for (recorded, event) in &life.events[cut..] {
            let part = State::part(&event.encode());
            fold_stored(&mut parts[part], &[(*recorded, event.clone())]);
        }
        prop_assert_eq!(State::join(parts).to_snapshot(), life.end.to_snapshot());
    }
}

#[test]
fn a_fork_keeps_what_it_was() {
    let life = &lives()[0];
    let mut state = State::default();
    let cut = life.events.len() / 2;
    fold_stored(&mut state, &life.events[..cut]);
    let (fork, bytes) = (state.clone(), state.to_snapshot());
    fold_stored(&mut state, &life.events[cut..]);
    assert_eq!(fork.to_snapshot(), bytes);
    assert!(state == life.end && fork != state);
}

#[test]
fn the_same_commands_give_the_same_bytes() {
    let bytes = |life: &Life| -> Vec<Vec<u8>> {
        life.events
            .iter()
            .map(|(_, event)| event.encode())
            .collect()
    };
    let again = played(1);
    assert!(bytes(&again) == bytes(&lives()[1]));
    assert!(again.end.to_snapshot() == lives()[1].end.to_snapshot());
    assert!(bytes(&played(2)) != bytes(&again));
    assert!(bytes(&grown(1)) == bytes(&lives()[3]));
}

#[test]
fn every_kind_of_event_occurs_and_reads_back_byte_for_byte() {
    let mut missing: BTreeSet<&str> = Event::kinds().map(|(kind, _)| kind).collect();
    for life in lives() {
        for (_, event) in &life.events {
            let bytes = event.encode();
            let read = Event::decode(&bytes).expect("its own bytes read");
            assert!(read == *event, "{}", event.kind());
            assert!(read.encode() == bytes, "{}", event.kind());
            missing.remove(event.kind());
        }
    }
    assert!(missing.is_empty(), "never made: {missing:?}");
}

#[test]
fn the_ledger_balances() {
    for life in lives() {
        let ledger = &life.end.ledger;
        assert!(!ledger.entries.is_empty());
        for (_, entity, _) in ledger.entities.iter() {
            for (currency, total) in ledger.trial_totals(*entity) {
                assert_eq!(total, 0, "{currency} of {entity}");
            }
        }
    }
}

#[test]
fn no_node_is_allocated_twice_at_once() {
    for life in lives() {
        let mut busy: BTreeMap<NodeRef, Vec<(Instant, Instant)>> = BTreeMap::new();
        for row in life.end.capacity.allocations.values() {
            let to = match row.status {
                AllocationStatus::Live => row.window.to(),
                AllocationStatus::Released { at } => at.min(row.window.to()),
            };
            let site = row.nodes.site();
            for number in row.nodes.numbers() {
                let windows = busy.entry(NodeRef { site, number }).or_default();
                windows.push((row.window.from(), to));
            }
        }
        assert!(!busy.is_empty());
        for (node, mut windows) in busy {
            windows.retain(|(from, to)| from < to);
            windows.sort_unstable();
            let apart = windows.windows(2).all(|pair| pair[0].1 <= pair[1].0);
            assert!(apart, "{node:?}: {windows:?}");
        }
    }
}

/// One that is expected back on a day that was given with its failure counts from then.
#[test]
fn the_calendar_follows_the_phases_of_nodes() {
    let mut followed = 0;
    for life in &lives()[..SEEDS.end as usize] {
        let mut state = State::default();
        let events = life.events.iter();
        let after = life.events.iter().skip(1).map(Some).chain([None]);
        for ((recorded, event), next) in events.zip(after) {
            state.apply(recorded, event);
            // At the end of an act that moved nodes.
            let ends = next.is_none_or(|(next, _)| next.at != recorded.at);
            if ends && matches!(event.kind(), "fleet.nodes_advanced" | OUT | BACK) {
                followed += agrees(&state, recorded.at);
            }
        }
    }
    assert!(followed > 0);
}

const OUT: &str = "capacity.unavailable_set";
const BACK: &str = "capacity.unavailability_ended";

/// Fails where phases and calendar disagree; how many nodes are out of supply for their phase.
fn agrees(state: &State, now: Instant) -> u32 {
    let (fleet, capacity) = (&state.fleet, &state.capacity);
    let mut followed = 0;
    for (_, pool, row) in capacity.pools.iter() {
        let words = ["quarantined", "in-repair", "retired", "failed"];
        let why = words.map(|word| word.parse().expect("a code"));
        let out = capacity.out_of_supply(*pool, now, &why);
        let failed = capacity.unavailabilities.values();
        let failed = failed.filter(|row| row.why == why[3]);
        let failed: Vec<_> = failed.map(|row| &row.nodes).collect();
        let nodes = fleet.nodes_of(row.site);
        for node in nodes.filter(|node| node.model == row.model) {
            let number = node.node.number;
            let is_out = out.as_ref().is_some_and(|out| out.contains(number));
            let dated = failed.iter().any(|nodes| nodes.contains(number));
            if node.phase.is_out() && !dated {
                assert!(is_out, "{number} is {} and in supply", node.phase);
                followed += 1;
            }
            let ready = node.phase == bareboat_fleet::Phase::Ready;
            assert!(!(ready && is_out), "{number} is ready and out of supply");
        }
    }
    followed
}

#[test]
fn no_node_is_in_two_blocks_at_once() {
    for life in &lives()[..SEEDS.end as usize] {
        let (capacity, now) = (&life.end.capacity, life.end.recorded_at);
        let mut taken = BTreeSet::new();
        let now = now.expect("something was recorded");
        assert!(!capacity.blocks.is_empty());
        for row in capacity.blocks.values() {
            if !capacity.block_lives(row, now) {
                continue;
            }
            let allocation = capacity.allocations.get(&row.allocation);
            assert!(allocation.is_some_and(|has| has.nodes.contains_all(&row.nodes)));
            let site = row.nodes.site();
            for number in row.nodes.numbers() {
                assert!(taken.insert(NodeRef { site, number }), "{number} twice");
            }
        }
    }
}

#[test]
fn most_commands_are_accepted_and_some_refused() {
    let mut made = commands(7, LENGTH);
    let count = made.by_ref().count() as u32;
    let refused = made.refused();
    assert_eq!(count, LENGTH);
    assert!((20..LENGTH / 3).contains(&refused), "{refused} of {count}");
}

#[test]
fn nonsense_never_panics_and_what_is_taken_replays() {
    let life = &lives()[0];
    let mut state = life.end.clone();
    let mut rng = Rng::new(5);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..4_000 {
        let last = state.recorded_at.expect("a life");
        let at = last.next().expect("time goes on");
        let ask = Ask {
            command_id: rng.id(at),
            actor: rng.any_id(),
            recorded_at: at,
            command: garbage(&mut rng, &state),
        };
        match ask.play(&mut state) {
            Ok(events) => {
                taken += 1;
                for event in events {
                    let read = Event::decode(&event.encode()).expect("its own bytes read");
                    assert!(read == event, "{}", event.kind());
                }
            }
            Err(_) => refused += 1,
        }
    }
    assert!(
        taken > 50 && refused > 1_000,
        "{taken} taken, {refused} refused"
    );
    let bytes = state.to_snapshot();
    let read = State::from_snapshot(&bytes).expect("a snapshot reads");
    assert!(read == state && read.to_snapshot() == bytes);
}

/// The shipped rulebooks, of which the benchmarks' books are made.
fn shipped() -> Vec<bareboat_rulebook::AdoptRulebook> {
    let shelf = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks");
    let listed = |folder: std::path::PathBuf| {
        let rows = std::fs::read_dir(folder).expect("the rulebooks are there");
        let mut paths: Vec<_> = rows.map(|row| row.expect("a file").path()).collect();
        paths.sort();
        paths
    };
    let regimes = listed(shelf).into_iter().filter(|path| path.is_dir());
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (
            name.into_owned(),
            std::fs::read_to_string(&path).expect("text"),
        )
    };
    regimes
        .map(|regime| {
            let files: Vec<(String, String)> = listed(regime).into_iter().map(read).collect();
            let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (&**n, &**t)).collect();
            bareboat_rulebook::parse_regime(&files)
                .expect("they read")
                .adopt()
        })
        .collect()
}

#[test]
fn a_history_is_taken_under_the_shipped_rulebooks() {
    let end = history(2, &Scale::SMALL, shipped(), &mut |_| {}).expect("every act is accepted");
    assert_eq!(end.contracts.contracts.len(), 40);
}
