//! What the engine promises, on the SQLite store.

mod machine;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bareboat_base::{Digest, Position};
use bareboat_journal::{
    AsOf, Document, Engine, OpenError, Options, PreconditionFailed, SqliteStore, StoreError,
    SubmitError, Synchronous,
};
use machine::{
    Accounts, Command, TestClock, command_id, keyed, open, open_with, submission, transfer,
};

fn book() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.book");
    (directory, path)
}

#[test]
fn commands_are_recorded_whole_and_read_back() {
    let (_directory, path) = book();
    let engine = open(&path);
    let first = engine.submit(submission(1, transfer(5, 3))).wait().unwrap();
    assert_eq!((first.first, first.last), (Position(1), Position(3)));
    assert_eq!(first.answer, b"1 3");
    let refused = engine.submit(submission(2, transfer(2_000_000, 2))).wait();
    let error = refused.unwrap_err();
    assert_eq!((error.code(), error.hint()), ("test.too_much", "less"));
    let second = engine.submit(submission(3, transfer(7, 2))).wait().unwrap();
    assert_eq!(second.first, Position(4));
    assert!(second.recorded_at > first.recorded_at);

    let view = engine.view();
    assert_eq!(view.state.balances[..3], [-17, 12, 5]);
    let events = engine.events(Position(2), 10).unwrap();
    assert_eq!(events.len(), 4);
    assert!(
        events
            .iter()
            .all(|event| event.leaf == event.computed_leaf())
    );
    assert_eq!(events[0].command_id, command_id(1));
    assert_eq!(*engine.watch().borrow(), Position(5));
    engine.shutdown();
    assert!(matches!(
        engine.submit(submission(4, Command::Nothing)).wait(),
        Err(SubmitError::Stopped)
    ));
    drop(engine);

    let again = open(&path);
    assert_eq!(again.view().state, view.state);
    assert_eq!(again.checkpoint(), view.checkpoint());
    assert_eq!(again.opening().head, Some(Position(5)));
}

#[test]
fn same_key_same_answer_other_request_conflict() {
    let (_directory, path) = book();
    let engine = open(&path);
    let first = engine
        .submit(keyed(1, "k", "a", transfer(5, 2)))
        .wait()
        .unwrap();
    let again = engine
        .submit(keyed(2, "k", "a", transfer(5, 2)))
        .wait()
        .unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(
        (again.answer, again.last),
        (first.answer.clone(), first.last)
    );
    let other = engine.submit(keyed(3, "k", "b", transfer(5, 2))).wait();
    assert_eq!(other.unwrap_err().code(), "journal.idempotency_conflict");
    // Another principal's key is another key.
    let mut theirs = keyed(4, "k", "b", transfer(5, 2));
    theirs.actor = machine::actor(2);
    assert!(!engine.submit(theirs).wait().unwrap().replayed);
    // A rejection is not remembered.
    assert!(
        engine
            .submit(keyed(5, "r", "a", transfer(2_000_000, 2)))
            .wait()
            .is_err()
    );
    assert!(
        !engine
            .submit(keyed(6, "r", "b", transfer(1, 2)))
            .wait()
            .unwrap()
            .replayed
    );
    // Nor is a dry run written, but it answers as the real one would.
    let dry = engine.dry_run(keyed(7, "k", "a", transfer(5, 2))).unwrap();
    assert!(dry.replayed);
    let dry = engine
        .dry_run(keyed(8, "new", "a", transfer(5, 2)))
        .unwrap();
    assert_eq!(dry.first, engine.view().position.next());
    drop(engine);
    let engine = open(&path);
    assert_eq!(engine.view().state.transfers, 3);
    let later = engine
        .submit(keyed(9, "k", "a", transfer(5, 2)))
        .wait()
        .unwrap();
    assert_eq!((later.replayed, later.answer), (true, first.answer));
}

#[test]
fn same_key_twice_in_one_batch() {
    let (_directory, path) = book();
    let engine = open(&path);
    // The first holds the writer until the others wait behind it.
    let (go, held) = std::sync::mpsc::channel::<()>();
    let mut holding = submission(1, Command::Nothing);
    holding.precondition = Some(Box::new(move |_| {
        held.recv().map_err(|_| PreconditionFailed(String::new()))
    }));
    let holding = engine.submit(holding);
    let waiting: Vec<_> = [("k", "a"), ("k", "a"), ("k", "b"), ("l", "b")]
        .iter()
        .enumerate()
        .map(|(n, (key, request))| {
            engine.submit(keyed(n as u128 + 2, key, request, transfer(1, 2)))
        })
        .collect();
    go.send(()).unwrap();
    holding.wait().unwrap();
    let outcomes: Vec<_> = waiting.into_iter().map(|pending| pending.wait()).collect();
    let replayed = |n: usize| outcomes[n].as_ref().map(|accepted| accepted.replayed).ok();
    assert_eq!(
        [0, 1, 2, 3].map(replayed),
        [Some(false), Some(true), None, Some(false)]
    );
    assert!(matches!(outcomes[2], Err(SubmitError::IdempotencyConflict)));
    assert_eq!(engine.view().state.transfers, 2);
    assert!(engine.stats().largest_round >= 4);
}

#[test]
fn a_broken_invariant_ends_its_command_only() {
    let (_directory, path) = book();
    let engine = open(&path);
    let (go, held) = std::sync::mpsc::channel::<()>();
    let mut holding = submission(1, Command::Nothing);
    holding.precondition = Some(Box::new(move |_| {
        held.recv().map_err(|_| PreconditionFailed(String::new()))
    }));
    let holding = engine.submit(holding);
    let mut bad_answer = submission(5, transfer(1, 2));
    bad_answer.answer = Box::new(|_, _| panic!("no answer"));
    let waiting = [
        engine.submit(submission(2, transfer(1, 2))),
        engine.submit(submission(3, Command::PanicInDecide)),
        engine.submit(submission(4, Command::PanicInApply)),
        engine.submit(bad_answer),
        engine.submit(submission(6, transfer(1, 3))),
    ];
    go.send(()).unwrap();
    holding.wait().unwrap();
    let codes: Vec<_> = waiting
        .into_iter()
        .map(|pending| pending.wait().err().map(|error| error.to_string()))
        .collect();
    let broken = |why: &str| Some(format!("deciding the command broke an invariant: {why}"));
    assert_eq!(codes[0], None);
    assert_eq!(codes[1], broken("told to"));
    assert!(codes[2].as_ref().unwrap().contains("a cursed leg"));
    assert_eq!(codes[3], broken("no answer"));
    assert_eq!(codes[4], None);
    let view = engine.view();
    assert_eq!(view.position, Position(5));
    assert_eq!(view.state.balances[..3], [-3, 2, 1]);
    drop(engine);
    assert_eq!(open(&path).view().state, view.state);
}

#[test]
fn preconditions_are_checked_by_the_writer() {
    let (_directory, path) = book();
    let engine = open(&path);
    let one = |number| {
        let mut submission = submission(number, transfer(1, 2));
        submission.precondition = Some(Box::new(|state: &Accounts| {
            if state.transfers == 0 {
                Ok(())
            } else {
                Err(PreconditionFailed("someone was first".to_owned()))
            }
        }));
        submission
    };
    let pending = [engine.submit(one(1)), engine.submit(one(2))];
    let outcomes = pending.map(|pending| pending.wait().map_err(|error| error.code()));
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1], Err("journal.precondition_failed"));
}

#[test]
fn recorded_time_rises_whatever_the_clock_does() {
    let (_directory, path) = book();
    let clock = TestClock::at("2026-03-01T00:00:00Z");
    let store = SqliteStore::create(&path, &machine::sqlite_options(Synchronous::Full)).unwrap();
    let engine: Engine<Accounts> =
        Engine::open(Box::new(store), clock.clone(), Options::default()).unwrap();
    let at = |number| {
        let accepted = engine
            .submit(submission(number, transfer(1, 2)))
            .wait()
            .unwrap();
        accepted.recorded_at.to_string()
    };
    assert_eq!(at(1), "2026-03-01T00:00:00Z");
    assert_eq!(at(2), "2026-03-01T00:00:00.000001Z");
    clock.0.fetch_sub(5_000_000, Ordering::Relaxed);
    assert_eq!(at(3), "2026-03-01T00:00:00.000002Z");
    clock.0.fetch_add(10_000_000, Ordering::Relaxed);
    assert_eq!(at(4), "2026-03-01T00:00:05Z");
    let mut simulated = submission(5, transfer(1, 2));
    simulated.recorded_at = Some("2027-01-01T00:00:00Z".parse().unwrap());
    let refused = engine.submit(simulated).wait().unwrap_err();
    assert_eq!(refused.code(), "journal.simulated_time_not_allowed");
}

#[test]
fn a_simulated_book_takes_later_instants_only() {
    let (_directory, path) = book();
    let options = Options {
        simulated_clock: true,
        ..Options::default()
    };
    let engine = open_with(&path, options).unwrap();
    let at = |number, text: &str| {
        let mut submission = submission(number, transfer(1, 2));
        submission.recorded_at = Some(text.parse().unwrap());
        let outcome = engine.submit(submission).wait();
        outcome
            .map(|accepted| accepted.recorded_at.to_string())
            .map_err(|error| error.code())
    };
    assert_eq!(
        at(1, "2030-01-01T00:00:00Z").as_deref(),
        Ok("2030-01-01T00:00:00Z")
    );
    assert_eq!(
        at(2, "2030-01-01T00:00:00Z"),
        Err("journal.time_not_after_last")
    );
    // Without an instant: the clock, or just after the last.
    let next = engine.submit(submission(3, transfer(1, 2))).wait().unwrap();
    assert_eq!(next.recorded_at.to_string(), "2030-01-01T00:00:00.000001Z");
}

#[test]
fn a_second_writer_is_refused_and_the_holder_named() {
    let (_directory, path) = book();
    let engine = open(&path);
    let refused = open_with(&path, Options::default())
        .map(|_| ())
        .unwrap_err();
    let text = refused.to_string();
    assert_eq!(refused.code(), "journal.locked");
    assert!(
        text.contains(&format!("process {}", std::process::id())),
        "{text}"
    );
    assert!(text.contains("since 2026-03-01T00:00:00Z"), "{text}");
    engine.shutdown();
    // Shut down, though not dropped.
    open(&path);
}

#[test]
fn what_is_no_book_is_refused() {
    let (directory, path) = book();
    let options = machine::sqlite_options(Synchronous::Full);
    let code = |path: &std::path::Path| {
        SqliteStore::open(path, &options)
            .map(|_| ())
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&path), "journal.no_such_book");
    let text = directory.path().join("text");
    std::fs::write(
        &text,
        "a text, long enough to be looked at as a database".repeat(100),
    )
    .unwrap();
    assert_eq!(code(&text), "journal.not_a_book");
    let other = directory.path().join("other");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE t (x)").unwrap();
    assert_eq!(code(&other), "journal.not_a_book");
    drop(open(&path));
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA user_version = 9").unwrap();
    assert_eq!(code(&path), "journal.newer_schema");
    let again = SqliteStore::create(&path, &options)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(again.code(), "journal.exists");
}

#[test]
fn a_deposed_writer_writes_nothing() {
    let (_directory, path) = book();
    let engine = open(&path);
    engine.submit(submission(1, transfer(1, 2))).wait().unwrap();
    // As a rival on another machine would, whom the lock does not reach.
    let rival = rusqlite::Connection::open(&path).unwrap();
    rival
        .execute_batch("UPDATE writer SET epoch = epoch + 1")
        .unwrap();
    let fenced = engine
        .submit(submission(2, transfer(1, 2)))
        .wait()
        .unwrap_err();
    assert_eq!(fenced.code(), "journal.fenced");
    assert_eq!(engine.view().position, Position(2));
    let count: i64 = rival
        .query_row("SELECT count(*) FROM event", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 2);
    // It does not go on.
    loop {
        match engine.submit(submission(3, transfer(1, 2))).wait() {
            Err(SubmitError::Stopped) => break,
            Err(SubmitError::Store(error)) => assert_eq!(error.code(), "journal.fenced"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_failed_append_drops_the_fork_and_the_engine_goes_on() {
    let (_directory, path) = book();
    let engine = open(&path);
    engine.submit(submission(1, transfer(1, 2))).wait().unwrap();
    let rival = rusqlite::Connection::open(&path).unwrap();
    rival
        .execute_batch(
            "CREATE TRIGGER no BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'disk is full'); END",
        )
        .unwrap();
    let before = engine.view();
    let failed = engine
        .submit(keyed(2, "k", "a", transfer(1, 2)))
        .wait()
        .unwrap_err();
    assert_eq!(failed.code(), "journal.storage");
    assert!(Arc::ptr_eq(&before, &engine.view()));
    rival.execute_batch("DROP TRIGGER no").unwrap();
    let then = engine
        .submit(keyed(3, "k", "a", transfer(1, 2)))
        .wait()
        .unwrap();
    assert_eq!((then.first, then.replayed), (Position(3), false));
    assert_eq!(engine.stats().failed_appends, 1);
}

#[test]
fn past_states_by_position_and_instant() {
    let (_directory, path) = book();
    let clock = TestClock::at("2026-03-01T00:00:00Z");
    let store = SqliteStore::create(&path, &machine::sqlite_options(Synchronous::Full)).unwrap();
    let engine: Engine<Accounts> =
        Engine::open(Box::new(store), clock.clone(), Options::default()).unwrap();
    let mut views = vec![engine.view()];
    for number in 1..=30 {
        clock.0.fetch_add(1_000_000, Ordering::Relaxed);
        engine
            .submit(submission(number, transfer(1, 2)))
            .wait()
            .unwrap();
        views.push(engine.view());
        if number % 10 == 0 {
            engine.snapshot_now().unwrap();
        }
    }
    for view in views.iter().rev().chain(&views) {
        let by_position = engine.as_of(AsOf::Position(view.position)).unwrap();
        assert_eq!(by_position.state, view.state);
        assert_eq!(by_position.root, view.root);
        let by_instant = engine.as_of(AsOf::Instant(view.recorded_at)).unwrap();
        assert_eq!(by_instant.position, view.position);
        let half = bareboat_base::Instant::from_micros(view.recorded_at.micros() + 500_000);
        let between = engine.as_of(AsOf::Instant(half.unwrap())).unwrap();
        assert_eq!(between.position, view.position);
    }
    let later = engine.as_of(AsOf::Position(Position(61))).unwrap_err();
    assert_eq!(later.code(), "journal.not_yet_recorded");
    // In the middle of a command: half of it, as asked.
    assert!(
        !engine
            .as_of(AsOf::Position(Position(5)))
            .unwrap()
            .state
            .is_whole()
    );
}

#[test]
fn documents_are_kept_once_and_found() {
    let (_directory, path) = book();
    let engine = open(&path);
    let document = Document::new("text/csv", b"a,b\n1,2\n".to_vec());
    for number in 1..=2 {
        let mut submission = submission(number, transfer(1, 2));
        submission.documents = vec![document.clone()];
        engine.submit(submission).wait().unwrap();
    }
    assert_eq!(
        engine.document(document.digest).unwrap(),
        Some(document.clone())
    );
    assert_eq!(engine.document(Digest([0; 32])).unwrap(), None);
    let mut wrong = submission(3, transfer(1, 2));
    wrong.documents = vec![Document {
        digest: Digest([0; 32]),
        ..document
    }];
    assert_eq!(
        engine.submit(wrong).wait().unwrap_err().code(),
        "journal.invariant_broken"
    );
}

#[test]
fn old_answers_are_forgotten_after_their_days() {
    let (_directory, path) = book();
    let options = Options {
        simulated_clock: true,
        remember_days: 1,
        ..Options::default()
    };
    let engine = open_with(&path, options).unwrap();
    let at = |number: u128, key: &str, text: &str| {
        let mut submission = keyed(number, key, "a", transfer(1, 2));
        submission.recorded_at = Some(text.parse().unwrap());
        engine.submit(submission).wait().unwrap().replayed
    };
    assert!(!at(1, "a", "2030-01-01T00:00:00Z"));
    assert!(!at(2, "b", "2030-01-25T00:00:00Z"));
    // Never less than 30 days, whatever the option.
    assert!(at(3, "a", "2030-01-30T00:00:00Z"));
    assert!(!at(4, "c", "2030-02-05T00:00:00Z"));
    // The writer forgets after it has answered: this one comes after that.
    assert!(!at(5, "d", "2030-02-05T00:00:01Z"));
    assert!(!at(6, "a", "2030-02-05T00:00:02Z"));
    assert!(at(7, "b", "2030-02-05T00:00:03Z"));
}

#[test]
fn nothing_is_recorded_after_the_end_of_the_calendar() {
    let (_directory, path) = book();
    let options = Options {
        simulated_clock: true,
        ..Options::default()
    };
    let engine = open_with(&path, options).unwrap();
    let mut last = submission(1, transfer(1, 2));
    last.recorded_at = Some("9999-12-30T22:00:00Z".parse().unwrap());
    let end = engine.submit(last).wait().unwrap().recorded_at;
    assert_eq!(end.next(), None);
    let refused = engine.submit(submission(2, transfer(1, 2))).wait();
    assert_eq!(refused.unwrap_err().code(), "journal.time_not_after_last");
    drop(engine);
    assert_eq!(open_with(&path, options).unwrap().view().recorded_at, end);
}

#[test]
fn a_missing_tail_is_named() {
    let (_directory, path) = book();
    let engine = open(&path);
    for number in 1..=5 {
        engine
            .submit(submission(number, transfer(1, 2)))
            .wait()
            .unwrap();
    }
    engine.shutdown();
    drop(engine);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let cut = |sql: &str| connection.execute_batch(sql).unwrap();
    cut(
        "CREATE TABLE aside AS SELECT * FROM event WHERE position > 7; DELETE FROM event WHERE position > 7",
    );
    let error = open_with(&path, Options::default())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.code(), "journal.missing_tail");
    assert_eq!(
        error.to_string(),
        "the book ends at 7, but the head file says that it reached 10: 3 events are missing"
    );
    // Another tail of the same length.
    cut("UPDATE aside SET leaf = zeroblob(32); INSERT INTO event SELECT * FROM aside");
    let error = open_with(&path, Options::default())
        .map(|_| ())
        .unwrap_err();
    assert!(
        matches!(error, OpenError::Store(StoreError::Damaged { .. })),
        "{error}"
    );
    assert_eq!(error.to_string(), "event 8 is damaged");
}
