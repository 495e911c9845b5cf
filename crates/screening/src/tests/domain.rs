//! Imports, screenings and the work of officers.

use bareboat_base::event::Outer;
use bareboat_base::{
    CommandId, Confidential, Context, Date, Digest, HitId, Instant, ListSnapshotId, Name, PartyId,
    Position, PrincipalId, Recorded, Refusal as _, SealedId, SealedRef, Text, TypedId, derive_id,
};

use super::code;
use crate::*;

#[derive(Default)]
struct World {
    state: State,
    commands: u64,
    events: Vec<Event>,
}

fn command_id(number: u64) -> CommandId {
    derive_id(
        "01920000-0000-7000-8000-000000000000".parse().unwrap(),
        number,
    )
}

fn officer(number: u64) -> PrincipalId {
    derive_id(command_id(0), number)
}

fn party(number: u64) -> PartyId {
    derive_id(command_id(0), number)
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

impl World {
    fn next<I: TypedId>(&self) -> I {
        derive_id(command_id(self.commands + 1), 0)
    }

    fn run_as(&mut self, actor: PrincipalId, command: Command) -> Result<Event, &'static str> {
        self.commands += 1;
        let micros = 1_790_000_000_000_000 + i64::try_from(self.commands).unwrap();
        let at = Instant::from_micros(micros).unwrap();
        let context = Context {
            command_id: command_id(self.commands),
            actor,
            recorded_at: at,
            part: 0,
        };
        let events = decide(&self.state, &context, &command).map_err(|refused| refused.code())?;
        let recorded = Recorded {
            position: Position(self.commands),
            at,
            by: actor,
        };
        for event in &events {
            apply(&mut self.state, &recorded, event);
        }
        self.events.extend(events.clone());
        Ok(events[0].clone())
    }

    fn run(&mut self, command: Command) -> Result<Event, &'static str> {
        self.run_as(officer(1), command)
    }

    fn import(
        &mut self,
        list: &str,
        day: &str,
        content: &str,
        count: u32,
        change: (u32, u32, u32),
        confirmed: bool,
    ) -> Result<ListSnapshotId, &'static str> {
        let id = self.next();
        let (added, removed, changed) = change;
        self.run(Command::ImportList(ImportList {
            list: code(list),
            publisher: Name::new("BIS").unwrap(),
            published_on: day.parse::<Date>().unwrap(),
            source: text("a test"),
            original: Digest::of(&[content.as_bytes(), b" original"]),
            entries: Digest::of(&[content.as_bytes()]),
            entry_count: count,
            malformed: 0,
            previous: self.state.newest(&code(list)).map(|(id, _)| id),
            change: ListChange {
                added,
                removed,
                changed,
            },
            confirmed,
        }))?;
        Ok(id)
    }

    fn screen(
        &mut self,
        version: u32,
        lists: &[ListSnapshotId],
        hits: Vec<NewHit>,
    ) -> Result<ScreeningRecorded, &'static str> {
        let event = self.run(Command::RecordScreening(RecordScreening {
            party: party(1),
            party_version: version,
            current_party_version: version,
            lists: lists.to_vec(),
            engine_version: code(engine::ENGINE_VERSION),
            query: engine::Query::name("x").digest(&[]),
            hits,
        }))?;
        let Event::ScreeningRecorded(event) = event else {
            panic!("a screening was recorded")
        };
        Ok(event)
    }

    fn dispose(&mut self, who: u64, hit: HitId, verdict: Verdict) -> Result<Event, &'static str> {
        let grounds = text("grounds");
        let command = DisposeHit {
            hit,
            verdict,
            grounds,
        };
        self.run_as(officer(who), Command::DisposeHit(command))
    }

    fn confirm(&mut self, who: u64, hit: HitId) -> Result<Event, &'static str> {
        let grounds = text("grounds");
        self.run_as(
            officer(who),
            Command::ConfirmHit(ConfirmHit { hit, grounds }),
        )
    }
}

fn found(snapshot: ListSnapshotId, list: &str, id: &str, said: &str) -> NewHit {
    let entry = Entry::new(code(list), id, EntryKind::Organisation, said);
    NewHit {
        snapshot,
        list: code(list),
        entry: Confidential::Open(text(&entry.to_string())),
        entry_key: entry_key(&entry.list, id, None),
        entry_version: entry_version(&entry, None),
        score_permille: 900,
        reasons: Confidential::Open(text("shared: x")),
    }
}

#[test]
fn imports_are_dated_and_never_lose_entries_silently() {
    let mut world = World::default();
    let first = world
        .import("EL", "2026-01-01", "a", 10, (10, 0, 0), false)
        .unwrap();
    let refused = world.import("EL", "2025-12-31", "b", 10, (0, 0, 1), false);
    assert_eq!(refused, Err("screening.list_older"));
    // Today is 2026-09-21; a year mistyped would keep true publications out until then.
    let refused = world.import("EL", "2062-01-01", "b", 10, (0, 0, 1), false);
    assert_eq!(refused, Err("screening.list_published_ahead"));
    let refused = world.import("EL", "2026-02-01", "b", 9, (0, 0, 1), false);
    assert_eq!(refused, Err("screening.list_counts_disagree"));
    let refused = world.import("EL", "2026-02-01", "b", 0, (0, 10, 0), true);
    assert_eq!(refused, Err("screening.list_empty"));
    // The same entries again are recorded, and change nothing.
    world
        .import("EL", "2026-02-01", "a", 10, (0, 0, 0), false)
        .unwrap();
    assert!(matches!(world.events.last(), Some(Event::ListUnchanged(_))));
    assert_eq!(world.state.newest(&code("EL")).unwrap().0, first);
    // A fifth may go, more must be confirmed.
    let refused = world.import("EL", "2026-02-01", "b", 7, (0, 3, 0), false);
    assert_eq!(refused, Err("screening.list_shrunk"));
    world
        .import("EL", "2026-02-01", "b", 8, (0, 2, 0), false)
        .unwrap();
    let third = world
        .import("EL", "2026-03-01", "c", 5, (0, 3, 0), true)
        .unwrap();
    let list = &world.state.lists[&code("EL")];
    assert_eq!((list.newest, list.snapshots.len()), (third, 3));
}

#[test]
fn changes_are_computed_from_the_newest_snapshot() {
    let mut world = World::default();
    world
        .import("EL", "2026-01-01", "a", 1, (1, 0, 0), false)
        .unwrap();
    let refused = world.run(Command::ImportList(ImportList {
        list: code("EL"),
        publisher: Name::new("BIS").unwrap(),
        published_on: "2026-01-02".parse().unwrap(),
        source: text("a test"),
        original: Digest::of(&[b"b"]),
        entries: Digest::of(&[b"b"]),
        entry_count: 2,
        malformed: 0,
        previous: None,
        change: ListChange {
            added: 1,
            ..ListChange::default()
        },
        confirmed: false,
    }));
    assert_eq!(refused, Err("screening.list_base_stale"));
}

#[test]
fn a_screening_is_of_the_newest_of_both_sides() {
    let mut world = World::default();
    let old = world
        .import("EL", "2026-01-01", "a", 1, (1, 0, 0), false)
        .unwrap();
    let sdn = world
        .import("SDN", "2026-01-01", "s", 1, (1, 0, 0), false)
        .unwrap();
    world.screen(1, &[old, sdn], vec![]).unwrap();
    assert!(is_current(&world.state, party(1), 1));
    assert!(!is_current(&world.state, party(1), 2));
    assert!(!is_current(&world.state, party(2), 1));
    let new = world
        .import("EL", "2026-02-01", "b", 2, (1, 0, 0), false)
        .unwrap();
    assert_eq!(outdated_lists(&world.state, party(1), 1), [code("EL")]);
    assert_eq!(
        world.screen(1, &[old, sdn], vec![]),
        Err("screening.snapshot_stale")
    );
    assert_eq!(
        world.screen(1, &[new, new], vec![]),
        Err("screening.list_twice")
    );
    assert_eq!(world.screen(1, &[], vec![]), Err("screening.no_lists"));
    assert_eq!(
        world.screen(1, &[world.next()], vec![]),
        Err("screening.snapshot_unknown")
    );
    // Only what changed need be compared again.
    world.screen(1, &[new], vec![]).unwrap();
    assert!(is_current(&world.state, party(1), 1));
    assert_eq!(*screened(&world.state, party(1)).unwrap().lists, [new]);
    let stale = world.run(Command::RecordScreening(RecordScreening {
        party: party(1),
        party_version: 1,
        current_party_version: 2,
        lists: vec![new],
        engine_version: code("x"),
        query: Digest::of(&[]),
        hits: vec![],
    }));
    assert_eq!(stale, Err("screening.party_version_stale"));
    let elsewhere = found(sdn, "SDN", "1", "x");
    assert_eq!(
        world.screen(1, &[new], vec![elsewhere]),
        Err("screening.hit_elsewhere")
    );
    let twice = vec![found(new, "EL", "1", "x"); 2];
    assert_eq!(world.screen(1, &[new], twice), Err("screening.hit_twice"));
    let mut over = found(new, "EL", "1", "x");
    over.score_permille = 1001;
    assert_eq!(
        world.screen(1, &[new], vec![over]),
        Err("screening.score_invalid")
    );
}

#[test]
fn a_true_match_takes_two_people_both_ways() {
    let mut world = World::default();
    let el = world
        .import("EL", "2026-01-01", "a", 1, (1, 0, 0), false)
        .unwrap();
    let raised = world
        .screen(1, &[el], vec![found(el, "EL", "1", "x")])
        .unwrap()
        .raised;
    let hit = raised[0].hit;
    assert_eq!(world.confirm(2, hit), Err("screening.nothing_to_confirm"));
    world.dispose(1, hit, Verdict::NeedsInformation).unwrap();
    world.dispose(1, hit, Verdict::True).unwrap();
    assert_eq!(
        world.dispose(2, hit, Verdict::True),
        Err("screening.hit_awaits_confirmation")
    );
    assert_eq!(world.confirm(1, hit), Err("screening.same_person"));
    assert!(listings(&world.state, party(1)).is_empty());
    assert_eq!(open_hits(&world.state, party(1)).len(), 1);
    world.confirm(2, hit).unwrap();
    let listed = listings(&world.state, party(1));
    assert_eq!((listed[0].list.as_str(), listed[0].hit), ("EL", hit));
    assert!(open_hits(&world.state, party(1)).is_empty());
    // It stays listed when a later screening, of a new version even, finds it or does not.
    let again = world
        .screen(2, &[el], vec![found(el, "EL", "1", "y")])
        .unwrap();
    assert_eq!((again.raised.len(), again.carried), (0, vec![hit]));
    let missed = world.screen(3, &[el], vec![]).unwrap();
    assert!(missed.superseded.is_empty());
    assert_eq!(
        world.dispose(2, hit, Verdict::True),
        Err("screening.hit_decided")
    );
    world.dispose(2, hit, Verdict::False).unwrap();
    assert_eq!(listings(&world.state, party(1)).len(), 1);
    assert_eq!(world.confirm(2, hit), Err("screening.same_person"));
    world.dispose(1, hit, Verdict::True).unwrap();
    assert_eq!(world.state.hits.get(&hit).unwrap().status.word(), "true");
    world.dispose(2, hit, Verdict::False).unwrap();
    world.confirm(1, hit).unwrap();
    assert!(listings(&world.state, party(1)).is_empty());
}

#[test]
fn a_false_match_stays_dismissed_until_either_side_changes() {
    let mut world = World::default();
    let el = world
        .import("EL", "2026-01-01", "a", 2, (2, 0, 0), false)
        .unwrap();
    let hits = |said: &str| vec![found(el, "EL", "1", said), found(el, "EL", "2", "other")];
    let first = world.screen(1, &[el], hits("x")).unwrap().raised;
    world.dispose(1, first[0].hit, Verdict::False).unwrap();
    assert_eq!(
        world.dispose(2, first[0].hit, Verdict::False),
        Err("screening.hit_decided")
    );
    // Nothing changed: both stand as they were, and that is recorded.
    let again = world.screen(1, &[el], hits("x")).unwrap();
    assert_eq!(again.carried, [first[0].hit, first[1].hit]);
    assert!(again.raised.is_empty());
    assert_eq!(open_hits(&world.state, party(1)).len(), 1);
    // The entry changed: the first is raised anew, the dismissal stays on record.
    let changed = world.screen(1, &[el], hits("x y")).unwrap();
    assert_eq!(changed.raised[0].earlier, Some(first[0].hit));
    assert_eq!(
        world.state.hits.get(&first[0].hit).unwrap().status.word(),
        "false"
    );
    // The party changed: both are raised anew, undecided ones give way.
    let second = world.screen(2, &[el], hits("x y")).unwrap();
    assert_eq!((second.raised.len(), second.superseded.len()), (2, 2));
    let gone = first[1].hit;
    assert_eq!(
        world.dispose(1, gone, Verdict::True),
        Err("screening.hit_superseded")
    );
    // Not found any more: undecided hits go, and only they.
    let none = world.screen(2, &[el], vec![]).unwrap();
    assert_eq!(none.superseded.len(), 2);
    assert!(open_hits(&world.state, party(1)).is_empty());
}

#[test]
fn hits_on_sealed_parties_are_sealed_whole() {
    let mut world = World::default();
    let el = world
        .import("EL", "2026-01-01", "a", 1, (1, 0, 0), false)
        .unwrap();
    let seal = |party| {
        Confidential::Sealed(SealedRef {
            id: derive_id::<SealedId>(command_id(9), 0),
            party,
            commitment: Digest::of(&[b"x"]),
        })
    };
    let mut hit = found(el, "EL", "1", "x");
    hit.entry = seal(party(1));
    assert_eq!(
        world.screen(1, &[el], vec![hit.clone()]),
        Err("screening.hit_seal_invalid")
    );
    hit.reasons = seal(party(2));
    assert_eq!(
        world.screen(1, &[el], vec![hit.clone()]),
        Err("screening.hit_seal_invalid")
    );
    hit.reasons = seal(party(1));
    world.screen(1, &[el], vec![hit]).unwrap();
}

#[test]
fn events_and_state_read_back() {
    let mut world = World::default();
    let el = world
        .import("EL", "2026-01-01", "a", 2, (2, 0, 0), false)
        .unwrap();
    world
        .import("EL", "2026-01-02", "a", 2, (0, 0, 0), false)
        .unwrap();
    let hits = vec![found(el, "EL", "1", "x"), found(el, "EL", "2", "y")];
    let raised = world.screen(1, &[el], hits).unwrap().raised;
    world.dispose(1, raised[0].hit, Verdict::True).unwrap();
    world.confirm(2, raised[0].hit).unwrap();
    world.dispose(1, raised[0].hit, Verdict::False).unwrap();
    world.screen(2, &[el], vec![]).unwrap();
    for event in &world.events {
        let bytes = event.encode();
        let read = Event::decode(&Outer::read(&bytes).unwrap())
            .unwrap()
            .unwrap();
        assert_eq!((&read, read.encode()), (event, bytes));
    }
    let bytes = postcard::to_stdvec(&world.state).unwrap();
    assert_eq!(postcard::from_bytes::<State>(&bytes).unwrap(), world.state);
    let json = serde_json::to_vec(&world.state).unwrap();
    assert_eq!(serde_json::from_slice::<State>(&json).unwrap(), world.state);
}
