//! Whole books: backup and restore, verification, sealed values, and properties over histories.

mod machine;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bareboat_base::{Digest, PartyId, Position, SealedRef, TypedId as _};
use bareboat_journal::merkle::{consistency, consistent, included, inclusion};
use bareboat_journal::{
    AsOf, Engine, FileKeys, KeyProvider, Opened, Options, Paths, Report, SqliteStore, StoreError,
    Synchronous, Vault, backup, restore, verify_book,
};
use machine::{
    Accounts, Command, actor, keeping, keyed, open, open_level, open_with, submission, transfer,
};
use proptest::prelude::*;
use proptest::sample::Index;
use uuid::Uuid;

fn party(number: u128) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(number))
}

fn verify(path: &Path) -> Report {
    verify_book::<Accounts>(path, None, &mut |_| {}).unwrap()
}

/// A book with something in every table, shut down; and what was sealed in it. Made once, and
/// copied.
fn full_book(directory: &Path) -> (PathBuf, Vec<SealedRef>) {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf, Vec<SealedRef>)> = OnceLock::new();
    let (_, made, sealed) = MADE.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let (path, sealed) = make_full_book(directory.path());
        (directory, path, sealed)
    });
    let path = directory.join("full.book");
    let (from, to) = (Paths::of(made), Paths::of(&path));
    std::fs::copy(from.book, to.book).unwrap();
    std::fs::copy(from.head, to.head).unwrap();
    for (from, to) in [(from.snapshots, to.snapshots), (from.keys, to.keys)] {
        std::fs::create_dir(&to).unwrap();
        for file in all_files(&from) {
            std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
    (path, sealed.clone())
}

fn make_full_book(directory: &Path) -> (PathBuf, Vec<SealedRef>) {
    let path = directory.join("full.book");
    let engine = open(&path);
    let keys: Arc<dyn KeyProvider> =
        Arc::new(FileKeys::open_or_new(&Paths::of(&path).keys).unwrap());
    let vault = Vault::new(keys, engine.reader());
    let mut sealed = Vec::new();
    for number in 0..24_u128 {
        let submission = match number % 6 {
            3 => {
                let value = format!("secret {number}");
                let (reference, blob) = vault
                    .seal(party(number % 2), "name", value.as_bytes())
                    .unwrap();
                sealed.push(reference);
                let command = Command::Note { sealed: reference };
                let mut submission = submission(number, command);
                submission.sealed = vec![blob];
                submission
            }
            5 => keeping(number, &format!("document {number}").repeat(20)),
            _ => keyed(number, &format!("key {number}"), "a", transfer(1, 3)),
        };
        engine.submit(submission).wait().unwrap();
        if number == 15 {
            engine.snapshot_now().unwrap();
        }
    }
    engine.snapshot_now().unwrap();
    engine.shutdown();
    (path, sealed)
}

#[test]
fn a_sound_book_verifies_and_its_seals_open() {
    let directory = tempfile::tempdir().unwrap();
    let (path, sealed) = full_book(directory.path());
    let keys = FileKeys::open(&Paths::of(&path).keys).unwrap();
    let mut reported = 0;
    let report = verify_book::<Accounts>(&path, Some(&keys), &mut |_| reported += 1).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.head, Some(report.checkpoint));
    assert_eq!(report.snapshots.len(), 2);
    assert_eq!((report.sealed_values, report.sealed_opened), (4, 4));
    assert!(reported > 0);
    keys.destroy(party(1)).unwrap();
    let report = verify_book::<Accounts>(&path, Some(&keys), &mut |_| {}).unwrap();
    assert_eq!((report.sealed_opened, report.sealed_shredded), (0, 4));
    assert!(report.sound());
    // The plaintext is nowhere on the disk.
    for file in all_files(directory.path()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            !bytes.windows(7).any(|window| window == b"secret "),
            "{}",
            file.display()
        );
    }
    assert_eq!(sealed.len(), 4);
}

fn all_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all_files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_missing_sealed_value_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (path, sealed) = full_book(directory.path());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let id = sealed[1].id.uuid();
    let deleted = connection.execute("DELETE FROM sealed WHERE id = ?1", [id.as_bytes()]);
    assert_eq!(deleted, Ok(1));
    let report = verify(&path);
    assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
    assert_eq!(report.findings[0].table, "sealed");
    assert!(report.findings[0].what.contains(&sealed[1].id.to_string()));
}

/// What verification finds once a statement was run on the file behind the store's back.
fn after(path: &Path, sql: &str) -> Vec<(&'static str, String)> {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    let findings = verify(path).findings;
    findings.into_iter().map(|f| (f.table, f.what)).collect()
}

#[test]
fn a_missing_document_is_named_with_its_event() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = full_book(directory.path());
    assert_eq!(verify(&path).documents, 4);
    let document = |number: u8| {
        let text = format!("document {number}").repeat(20);
        Digest::of(&[text.as_bytes()])
    };
    let found = after(&path, "DELETE FROM document WHERE rowid = 2");
    let what = format!("document {} of event 28 is missing", document(11));
    assert_eq!(found, [("document", what)]);
    let found = after(&path, "DELETE FROM document");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_missing_answer_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = full_book(directory.path());
    let gone = |first: u8, last: u8| {
        let what = format!("the answers {first} to {last} are missing");
        ("remembered", what)
    };
    let found = after(&path, "DELETE FROM remembered WHERE number IN (3, 4)");
    assert_eq!(found, [gone(3, 4)]);
    let found = after(&path, "DELETE FROM remembered WHERE number >= 15");
    assert_eq!(found, [gone(3, 4), gone(15, 16)]);
    assert_eq!(after(&path, "DELETE FROM remembered"), [gone(1, 16)]);
}

#[test]
fn an_answer_that_is_not_found_by_its_hash_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = full_book(directory.path());
    let swap = "UPDATE remembered_hash SET hash = hash + 1 WHERE number = 2;
        DELETE FROM remembered_hash WHERE number = 5";
    let found = after(&path, swap);
    let named = |key: &str| {
        let principal = actor(1);
        let what = format!("the answer to key {key:?} of {principal} is not found by its hash");
        ("remembered", what)
    };
    assert_eq!(found, [named("key 1"), named("key 6")]);
}

#[test]
fn a_missing_head_is_named_and_a_bare_backup_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = full_book(directory.path());
    let bare = directory.path().join("bare");
    let head = backup(&path, &bare, &mut |_| {}).unwrap();
    assert_eq!(verify(&bare).findings, []);
    drop(open(&bare));
    let paths = [path, bare];
    for path in &paths {
        std::fs::remove_file(Paths::of(path).head).unwrap();
        let _ = std::fs::remove_dir_all(Paths::of(path).snapshots);
        let report = verify(path);
        assert_eq!(report.findings.len(), 1, "{:?}", report.findings);
        assert_eq!(report.findings[0].table, "head");
        let refused = open_with(path, Options::default()).map(|_| ());
        assert_eq!(refused.unwrap_err().code(), "journal.head_missing");
    }
    // The way on, by name: a backup, and a book of it.
    let copy = directory.path().join("copy");
    backup(&paths[0], &copy, &mut |_| {}).unwrap();
    let restored = directory.path().join("restored.book");
    assert_eq!(restore(&copy, &restored, &mut |_| {}).unwrap(), head);
    assert_eq!(open(&restored).checkpoint(), head);
}

#[test]
fn what_is_left_of_an_earlier_book_is_in_the_way() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _) = full_book(directory.path());
    let copy = directory.path().join("copy");
    backup(&path, &copy, &mut |_| {}).unwrap();
    for suffix in [".head", ".snapshots", "-wal", "-shm", "-journal"] {
        let new = directory.path().join("new.book");
        let left = directory.path().join(format!("new.book{suffix}"));
        std::fs::write(&left, b"left").unwrap();
        let named = |error: StoreError| {
            let text = format!("{} is already there", left.display());
            assert_eq!((error.code(), error.to_string()), ("journal.exists", text));
        };
        named(restore(&copy, &new, &mut |_| {}).unwrap_err());
        named(backup(&path, &new, &mut |_| {}).unwrap_err());
        let options = machine::sqlite_options(Synchronous::Full);
        named(SqliteStore::create(&new, &options).map(|_| ()).unwrap_err());
        assert_eq!(std::fs::read(&left).unwrap(), b"left");
        std::fs::remove_file(left).unwrap();
    }
}

#[test]
fn a_backup_of_a_busy_book_restores_and_old_backups_stay_shredded() {
    let directory = tempfile::tempdir().unwrap();
    let (path, sealed) = full_book(directory.path());
    let engine = open(&path);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = {
        let (engine, stop) = (engine.clone(), Arc::clone(&stop));
        std::thread::spawn(move || {
            for number in 1000.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                engine
                    .submit(submission(number, transfer(1, 2)))
                    .wait()
                    .unwrap();
            }
        })
    };
    let copy = directory.path().join("copy");
    let mut last = None;
    let head = backup(&path, &copy, &mut |progress| last = Some(progress)).unwrap();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
    let last = last.unwrap();
    assert!(last.done == last.total && last.total > 0);
    assert_eq!(
        backup(&path, &copy, &mut |_| {}).unwrap_err().code(),
        "journal.exists"
    );
    // Shredded after the backup was taken.
    let keys: Arc<dyn KeyProvider> = Arc::new(FileKeys::open(&Paths::of(&path).keys).unwrap());
    Vault::new(Arc::clone(&keys), engine.reader())
        .shred(party(1))
        .unwrap();
    let then = engine.as_of(AsOf::Position(head.position)).unwrap();
    assert_eq!(then.checkpoint(), head);
    assert_eq!(
        restore(&copy, &path, &mut |_| {}).unwrap_err().code(),
        "journal.exists"
    );
    let restored = directory.path().join("restored.book");
    assert_eq!(restore(&copy, &restored, &mut |_| {}).unwrap(), head);
    let report = verify_book::<Accounts>(&restored, Some(&*keys), &mut |_| {}).unwrap();
    assert_eq!((report.findings, report.checkpoint), (vec![], head));
    let again = open(&restored);
    assert_eq!(again.view().state, then.state);
    let vault = Vault::new(keys, again.reader());
    let opened = vault.open(&sealed[0]).unwrap();
    assert!(matches!(opened, Opened::Shredded));
    assert_eq!(
        restore(
            &directory.path().join("none"),
            &directory.path().join("x"),
            &mut |_| {}
        )
        .unwrap_err()
        .code(),
        "journal.no_such_book"
    );
}

#[test]
fn a_flipped_bit_in_the_log_is_a_missing_tail() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("live.book");
    let engine = open(&path);
    for number in 0..20 {
        engine
            .submit(submission(number, transfer(1, 2)))
            .wait()
            .unwrap();
    }
    engine.snapshot_now().unwrap();
    // The disk as a crash would leave it: the log not yet folded into the file.
    let crashed = directory.path().join("crashed.book");
    for suffix in ["", "-wal", ".head"] {
        let copied = std::process::Command::new("cp")
            .arg(format!("{}{suffix}", path.display()))
            .arg(format!("{}{suffix}", crashed.display()))
            .status();
        assert!(copied.unwrap().success());
    }
    assert_eq!(verify(&crashed).findings, []);
    drop(open(&crashed));
    std::fs::remove_file(&crashed).unwrap();
    for suffix in ["", "-wal"] {
        let copied = std::process::Command::new("cp")
            .arg(format!("{}{suffix}", path.display()))
            .arg(format!("{}{suffix}", crashed.display()))
            .status();
        assert!(copied.unwrap().success());
    }
    let log = directory.path().join("crashed.book-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&log, bytes).unwrap();
    let report = verify(&crashed);
    let named = report
        .findings
        .iter()
        .any(|finding| finding.table == "head" && finding.what.contains("events are missing"));
    assert!(named, "{:?}", report.findings);
    let error = open_with(&crashed, Options::default())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.code(), "journal.missing_tail");
}

/// The bytes of a cell that no other has, and where the finding must point.
fn cells(path: &Path) -> Vec<(&'static str, String, Vec<u8>)> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut cells = Vec::new();
    let tables = [
        ("event", "bytes", "'event ' || position"),
        ("event", "leaf", "'event ' || position"),
        ("event", "command_id", "'event ' || position"),
        ("sealed", "ciphertext", "'sealed value '"),
        ("sealed", "checksum", "'sealed value '"),
        ("document", "bytes", "'document '"),
        ("document", "checksum", "'document '"),
        ("remembered", "request", "'the answer to key '"),
        ("remembered", "checksum", "'the answer to key '"),
    ];
    for (table, column, name) in tables {
        let sql = format!("SELECT {name}, {column} FROM {table}");
        let mut statement = connection.prepare(&sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        for row in rows.unwrap() {
            let (name, bytes): (String, Vec<u8>) = row.unwrap();
            cells.push((table, name, bytes));
        }
    }
    cells
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// On the disk itself, under the store.
    #[test]
    fn a_flipped_bit_is_named(cell in any::<Index>(), bit in any::<Index>()) {
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = full_book(directory.path());
        let cells = cells(&path);
        let (table, name, bytes) = cell.get(&cells);
        let mut file = std::fs::read(&path).unwrap();
        let found: Vec<_> = file
            .windows(bytes.len())
            .enumerate()
            .filter(|(_, window)| window == bytes)
            .map(|(offset, _)| offset)
            .collect();
        // A document's digest, a request's digest may lie in an index as well; those that lie
        // once are flipped, the rest by all their copies but the index's.
        prop_assume!(!found.is_empty());
        let bit = bit.index(bytes.len() * 8);
        for offset in &found {
            file[offset + bit / 8] ^= 1 << (bit % 8);
        }
        std::fs::write(&path, file).unwrap();
        let report = verify(&path);
        let named = report
            .findings
            .iter()
            .any(|finding| finding.table == *table && finding.what.starts_with(name.as_str()));
        prop_assert!(named, "{table} {name}: {:?}", report.findings);
    }

    #[test]
    fn a_flipped_bit_in_a_snapshot_is_named(which in any::<Index>(), bit in any::<Index>()) {
        let directory = tempfile::tempdir().unwrap();
        let (path, _) = full_book(directory.path());
        let snapshots = all_files(&Paths::of(&path).snapshots);
        let file = which.get(&snapshots);
        let mut bytes = std::fs::read(file).unwrap();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(file, bytes).unwrap();
        let report = verify(&path);
        prop_assert_eq!(report.findings.len(), 1);
        prop_assert_eq!(report.findings[0].table, "snapshot");
        let position = report.findings[0].position.unwrap();
        let named = file.ends_with(format!("{:020}.snapshot", position.0));
        prop_assert!(named);
        // The book opens all the same: from an older one, or from the beginning.
        let engine = open(&path);
        prop_assert_eq!(engine.checkpoint(), report.checkpoint);
    }
}

/// What a caller may send, in small.
#[derive(Clone, Debug)]
enum Step {
    Transfer(i64, u32),
    Keyed(u8, i64, u32),
    TooMuch,
    Nothing,
    Panic,
    Snapshot,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1..100_i64, 2..6_u32).prop_map(|(amount, legs)| Step::Transfer(amount, legs)),
        4 => (0..6_u8, 1..4_i64, 2..4_u32).prop_map(|(key, amount, legs)| Step::Keyed(key, amount, legs)),
        1 => Just(Step::TooMuch),
        1 => Just(Step::Nothing),
        1 => Just(Step::Panic),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// Without waiting for the disk: these are about bytes.
fn quick(path: &Path) -> Engine<Accounts> {
    open_level(path, Options::default(), Synchronous::Off).unwrap()
}

/// Plays a history; answers with what each step was answered.
fn play(path: &Path, steps: &[Step], together: bool) -> (Engine<Accounts>, Vec<String>) {
    let mut engine = quick(path);
    let mut pending = Vec::new();
    let mut answers = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let id = number as u128;
        let submitted = match step {
            Step::Transfer(amount, legs) => submission(id, transfer(*amount, *legs)),
            Step::Keyed(key, amount, legs) => {
                let request = format!("{amount} {legs}");
                keyed(id, &format!("k{key}"), &request, transfer(*amount, *legs))
            }
            Step::TooMuch => submission(id, transfer(2_000_000, 2)),
            Step::Nothing => submission(id, Command::Nothing),
            Step::Panic => submission(id, Command::PanicInApply),
            Step::Snapshot => {
                if !together {
                    engine.snapshot_now().unwrap();
                }
                continue;
            }
            Step::Reopen => {
                if !together {
                    drop(engine);
                    engine = quick(path);
                }
                continue;
            }
        };
        let answer = engine.submit(submitted);
        if together {
            pending.push(answer);
        } else {
            answers.push(format!("{:?}", answer.wait()));
        }
    }
    answers.extend(
        pending
            .into_iter()
            .map(|pending| format!("{:?}", pending.wait())),
    );
    (engine, answers)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// The same commands give the same bytes, one by one with snapshots and restarts between, or
    /// all at once in batches; and a state from a snapshot and its tail is the state from zero.
    #[test]
    fn histories_replay(steps in steps()) {
        let directory = tempfile::tempdir().unwrap();
        let (one, first) = play(&directory.path().join("one"), &steps, false);
        let (all, second) = play(&directory.path().join("all"), &steps, true);
        prop_assert_eq!(first, second);
        let events = one.events(Position(1), 10_000).unwrap();
        prop_assert_eq!(&events, &all.events(Position(1), 10_000).unwrap());
        prop_assert_eq!(one.checkpoint(), all.checkpoint());
        prop_assert!(one.view().state.is_whole());
        let live = one.view();
        one.shutdown();
        let again = quick(&directory.path().join("one"));
        prop_assert_eq!(&again.view().state, &live.state);
        again.shutdown();
        let _ = std::fs::remove_dir_all(Paths::of(&directory.path().join("one")).snapshots);
        let from_zero = quick(&directory.path().join("one"));
        prop_assert_eq!(from_zero.opening().snapshot, None);
        prop_assert_eq!(&from_zero.view().state, &live.state);
        prop_assert_eq!(from_zero.checkpoint(), live.checkpoint());
        // Each answer that is remembered is given again, word for word.
        for step in &steps {
            let Step::Keyed(key, amount, legs) = step else { continue };
            let again = keyed(1_000_000, &format!("k{key}"), &format!("{amount} {legs}"), transfer(*amount, *legs));
            let outcome = from_zero.submit(again).wait();
            let stored = from_zero.reader().remembered(&[(actor(1), &format!("k{key}"))]).unwrap().remove(0).unwrap();
            if let Ok(accepted) = outcome {
                prop_assert!(accepted.replayed);
                prop_assert_eq!(accepted.answer, stored.answer);
            }
        }
        prop_assert_eq!(from_zero.checkpoint(), live.checkpoint());
    }

    /// Proofs over a book's own leaves hold against its own roots.
    #[test]
    fn proofs_hold(steps in steps(), pick in any::<Index>(), earlier in any::<Index>()) {
        let directory = tempfile::tempdir().unwrap();
        let (engine, _) = play(&directory.path().join("one"), &steps, true);
        let head = engine.checkpoint();
        prop_assume!(head.position.0 > 0);
        let leaves = engine.leaves(Position(1), usize::MAX).unwrap();
        let index = pick.index(leaves.len());
        let proof = inclusion(&leaves, index).unwrap();
        let count = head.position.0;
        prop_assert!(included(&leaves[index], index as u64, count, &proof, &head.root));
        let earlier = earlier.index(leaves.len() + 1);
        let old = engine.as_of(AsOf::Position(Position(earlier as u64))).unwrap();
        let proof = consistency(&leaves, earlier).unwrap();
        prop_assert!(consistent(earlier as u64, &old.root, count, &head.root, &proof));
    }
}
