//! The binary itself: a book from nothing, over the file and over a server, and the exit codes.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

struct Book {
    folder: tempfile::TempDir,
    key: String,
}

fn bareboat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bareboat"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BAREBOAT_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    (
        status.code().unwrap_or(-1),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

impl Book {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path().join("book");
        let key_file = folder.path().join("admin.key");
        let mut init = bareboat();
        init.args([
            "init",
            "--json",
            "--operator",
            "Nagisa Compute",
            "--code",
            "NAGISA",
        ])
        .arg("--write-key")
        .arg(&key_file)
        .arg(&book);
        let (code, stdout, stderr) = run(&mut init);
        assert_eq!(code, 0, "{stderr}");
        let answer: Value = serde_json::from_str(&stdout).unwrap();
        let key = answer["key"].as_str().unwrap().to_owned();
        assert_eq!(std::fs::read_to_string(&key_file).unwrap().trim(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&key_file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        Self { folder, key }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("book")
    }

    /// Runs a command on the book file with the administrator's key.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run_with(&self.key, arguments)
    }

    fn run_with(&self, key: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = bareboat();
        command
            .args(arguments)
            .arg("--book")
            .arg(self.path())
            .env("BAREBOAT_KEY", key);
        run(&mut command)
    }
}

#[test]
fn a_book_begins_whole_or_not_at_all() {
    let book = Book::new();
    // One act: every event that the book begins with is of one command.
    let (_, events, _) = book.run(&["events", "list", "--json"]);
    let commands: std::collections::BTreeSet<_> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["command_id"].to_string())
        .collect();
    assert_eq!(commands.len(), 1, "{events}");
    // A try that was refused after the file was made does not stand in the way of the next.
    let path = book.folder.path().join("second");
    let init = |more: &[&str]| run(bareboat().arg("init").args(more).arg(&path));
    let (code, _, stderr) = init(&["--expires-at", "2001-01-01T00:00:00Z"]);
    assert_eq!(code, 2, "{stderr}");
    let (code, _, stderr) = init(&[]);
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = init(&[]);
    assert!(code != 0 && stderr.contains("journal.exists"), "{stderr}");
}

#[test]
fn a_book_with_sealed_values_wants_its_keys() {
    let book = Book::new();
    let grant = ["grant", "create", "PR-0001", "--role", "compliance"];
    assert_eq!(book.run(&grant).0, 0);
    let register = [
        "party",
        "register",
        "A Client AG",
        "--sealed",
        "--domicile",
        "CH",
        "--headquarters",
        "CH",
        "--no-parent",
        "statement",
        "--source",
        "statement",
    ];
    let (code, _, stderr) = book.run(&register);
    assert_eq!(code, 0, "{stderr}");
    let (keys, aside) = (
        book.folder.path().join("book.keys"),
        book.folder.path().join("aside"),
    );
    std::fs::rename(&keys, &aside).unwrap();
    for arguments in [
        &["party", "list"][..],
        &["journal", "verify", "--with-keys"],
    ] {
        let (code, _, stderr) = book.run(arguments);
        assert!(
            code != 0 && stderr.contains("journal.key_missing"),
            "{stderr}"
        );
        assert!(stderr.contains("book.keys"), "{stderr}");
        assert!(!keys.exists(), "nothing is made in its place");
    }
    std::fs::rename(&aside, &keys).unwrap();
    assert_eq!(book.run(&["party", "list"]).0, 0);
    assert_eq!(book.run(&["journal", "verify", "--with-keys"]).0, 0);
}

#[test]
fn a_book_from_nothing() {
    let book = Book::new();
    let create = [
        "organisation",
        "create",
        "PA",
        "--name",
        "Harbour",
        "--kind",
        "partner",
        "--json",
    ];
    let (code, stdout, stderr) = book.run(&create);
    assert_eq!(code, 0, "{stderr}");
    let partner: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(partner["label"], "ORG-0002");
    let (_, table, _) = book.run(&["organisation", "list"]);
    assert!(
        table.contains("ORG-0002") && table.contains("Harbour"),
        "{table}"
    );
    let (_, lines, _) = book.run(&["organisation", "list", "--json", "--as-of", "5"]);
    assert_eq!(lines.lines().count(), 1);
    let (_, shown, _) = book.run(&["organisation", "show", "ORG-0002"]);
    assert!(shown.contains("partner"), "{shown}");
    let (_, book_shown, _) = book.run(&["book", "show", "--json"]);
    let shown: Value = serde_json::from_str(&book_shown).unwrap();
    assert_eq!(
        (&shown["position"], &shown["operator"]),
        (&6.into(), &"Nagisa Compute".into())
    );
    let (_, events, _) = book.run(&["events", "list", "--type", "access.organisation"]);
    assert_eq!(events.matches("access.organisation_created").count(), 2);
    let (code, report, _) = book.run(&["journal", "verify", "--with-keys", "--json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        (code, &report["sound"], &report["position"]),
        (0, &true.into(), &6.into())
    );
}

#[test]
fn exit_codes_say_what_went_wrong() {
    let book = Book::new();
    let organisation = |code: &str| {
        [
            "organisation",
            "create",
            code,
            "--name",
            "X",
            "--kind",
            "partner",
        ]
        .map(ToOwned::to_owned)
    };
    let run = |arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        book.run(&arguments)
    };
    let (code, _, stderr) = run(&organisation("NAGISA"));
    assert_eq!(code, 5, "{stderr}");
    assert!(
        stderr.contains("code: access.organisation_code_taken"),
        "{stderr}"
    );
    assert!(stderr.contains("hint: "), "{stderr}");
    assert_eq!(run(&organisation("A B")).0, 2);
    assert_eq!(book.run(&["organisation", "show", "ORG-0099"]).0, 4);
    assert_eq!(book.run(&["organisation", "fly"]).0, 2);
    assert_eq!(book.run_with("bbk_no", &["book", "show"]).0, 6);
    let (code, stdout, stderr) =
        run(&[&organisation("DRY")[..], &["--dry-run".to_owned()]].concat());
    assert_eq!(code, 0);
    assert!(stdout.contains("DRY") && stderr.contains("nothing was written"));
    assert!(!book.run(&["organisation", "list"]).1.contains("DRY"));

    // Owning the file is not enough: a second init, a missing book, a missing server.
    let again = self::run(bareboat().arg("init").arg(book.path()));
    assert_eq!(again.0, 5, "{}", again.2);
    let nowhere = self::run(bareboat().args(["book", "show", "--book", "/nowhere/at/all"]));
    assert_eq!(nowhere.0, 4, "{}", nowhere.2);
    let unreachable =
        self::run(bareboat().args(["book", "show", "--server", "http://127.0.0.1:9"]));
    assert_eq!(unreachable.0, 7, "{}", unreachable.2);
}

#[test]
fn errors_have_pages_and_shells_completions() {
    let (code, page, _) = run(bareboat().args(["errors", "access.last_administrator"]));
    assert_eq!(code, 0);
    assert!(page.starts_with("# access.last_administrator"), "{page}");
    assert_eq!(run(bareboat().args(["errors", "no.such"])).0, 4);
    let (_, all, _) = run(bareboat().arg("errors"));
    for code in bareboat_server::codes() {
        assert!(all.contains(code), "{code} has no page");
    }
    let (_, script, _) = run(bareboat().args(["completions", "bash"]));
    assert!(script.contains("organisation"));
}

struct Serving {
    child: Child,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(book: &Path) -> Serving {
    let mut child = bareboat()
        .args(["serve", "--listen", "127.0.0.1:0"])
        .arg(book)
        .env("BAREBOAT_LOG", "warn")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.unwrap();
        line.strip_prefix("listening on ").map(ToOwned::to_owned)
    });
    // Read on, so that the server never waits for this test to read its log.
    std::thread::spawn(move || lines.for_each(drop));
    Serving {
        child,
        address: address.unwrap(),
    }
}

#[test]
fn the_same_commands_go_to_a_server() {
    let book = Book::new();
    let mut serving = serve(&book.path());
    let with_server = |arguments: &[&str]| {
        let mut command = bareboat();
        command
            .args(arguments)
            .args(["--server", &serving.address])
            .env("BAREBOAT_KEY", &book.key);
        run(&mut command)
    };
    let create = [
        "organisation",
        "create",
        "PA",
        "--name",
        "A",
        "--kind",
        "partner",
    ];
    let keyed = [&create[..], &["--idempotency-key", "one"]].concat();
    let (code, first, stderr) = with_server(&keyed);
    assert_eq!(code, 0, "{stderr}");
    let (_, again, stderr) = with_server(&keyed);
    assert_eq!(first, again);
    assert!(stderr.contains("done before"), "{stderr}");
    assert_eq!(with_server(&create).0, 5);
    // The file is the server's while it runs.
    let (code, _, stderr) = book.run(&["book", "show"]);
    assert_eq!(code, 7, "{stderr}");
    assert!(stderr.contains("journal.locked"), "{stderr}");
    #[cfg(unix)]
    {
        terminate(&serving);
        assert_eq!(serving.child.wait().unwrap().code(), Some(0));
        assert!(book.run(&["organisation", "list"]).1.contains("PA"));
    }
}

#[cfg(unix)]
fn terminate(serving: &Serving) {
    let pid = serving.child.id().to_string();
    let mut kill = Command::new("kill");
    assert!(kill.args(["-TERM", &pid]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_server_that_is_asked_twice_to_stop_does_not_wait() {
    use std::io::Write as _;
    let book = Book::new();
    let mut serving = serve(&book.path());
    let address = serving.address.trim_start_matches("http://");
    // A request that never comes to its end.
    let mut begun = std::net::TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/organisations HTTP/1.1\r\nhost: local\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 10\r\n\r\n",
        book.key
    );
    begun.write_all(head.as_bytes()).unwrap();
    let moment = std::time::Duration::from_millis(500);
    std::thread::sleep(moment);
    terminate(&serving);
    std::thread::sleep(moment);
    assert!(serving.child.try_wait().unwrap().is_none(), "it waits");
    terminate(&serving);
    let asked = std::time::Instant::now();
    assert_eq!(serving.child.wait().unwrap().code(), Some(1));
    assert!(asked.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn what_is_said_goes_before_the_environment() {
    let book = Book::new();
    let key_file = book.folder.path().join("admin.key");
    let show = |change: &dyn Fn(&mut Command)| {
        let mut command = bareboat();
        change(command.args(["book", "show"]));
        run(&mut command)
    };
    let (code, _, stderr) = show(&|command| {
        let command = command.arg("--book").arg(book.path());
        let command = command.arg("--key-file").arg(&key_file);
        command.env("BAREBOAT_KEY", "bbk_no");
    });
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = show(&|command| {
        let command = command.args(["--server", "http://127.0.0.1:9"]);
        command.env("BAREBOAT_BOOK", book.path());
    });
    assert_eq!(code, 7, "{stderr}");
    let (code, _, stderr) = show(&|command| {
        let command = command.arg("--book").arg(book.path());
        let command = command.env("BAREBOAT_SERVER", "http://127.0.0.1:9");
        command.env("BAREBOAT_KEY", &book.key);
    });
    assert_eq!(code, 0, "{stderr}");
    for both in [
        ["--book", "a", "--server", "b"],
        ["--key", "a", "--key-file", "b"],
    ] {
        let (code, _, stderr) = show(&|command| {
            command.args(both);
        });
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("cannot both be given"), "{stderr}");
    }
}

#[test]
fn the_story_is_told_and_its_first_determination_has_a_proof() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/osaka-sydney");
    let mut command = bareboat();
    command.args(["story", "run"]).arg(story);
    let (code, _, stderr) = run(command.arg("--into").arg(&told));
    assert_eq!(code, 0, "{stderr}");
    let mut proof = bareboat();
    proof.arg("--book").arg(told.join("story.book"));
    proof.arg("--key-file").arg(told.join("keys/auditor.key"));
    let (code, stdout, stderr) = run(proof.args(["determination", "proof", "D-0001"]));
    assert_eq!(code, 0, "{stderr}");
    let condition = |line: &str| line.contains(" = ") && line.contains(", asked ");
    assert!(stdout.lines().any(condition), "{stdout}");
    capacity_is_told_as_before(&told);
}

/// What people read of capacity at the story's end: tables, compared with a golden.
fn capacity_is_told_as_before(told: &Path) {
    let commands = [
        "capacity show",
        "capacity accounts",
        "capacity groups",
        "contract capacity C-0001",
        "capacity health",
        "capacity health --by spine-group",
        "capacity changes",
        "pool names OSA:B200",
        "block allocate A-0002 --nodes 2 --within leaf --purpose llm-7 \
         --recorded-at 2026-12-15T00:00:00Z --dry-run",
    ];
    let mut text = String::new();
    for line in commands {
        let mut command = bareboat();
        command.arg("--book").arg(told.join("story.book"));
        command.arg("--key-file").arg(told.join("keys/planner.key"));
        let (code, stdout, stderr) = run(command.args(line.split(' ')));
        text.push_str(&format!("$ bareboat {line}\n{stdout}"));
        if code != 0 {
            text.push_str(&format!("exit {code}: {stderr}"));
        }
        text.push('\n');
    }
    let ids = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
    let lines = text.lines().map(|line| {
        let fields = line
            .split(' ')
            .map(|word| if ids(word) { "(id)" } else { word });
        fields.collect::<Vec<_>>().join(" ") + "\n"
    });
    let text: String = lines.collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/capacity.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some_and(|value| value == "1") {
        std::fs::write(path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == text, "if it is meant, UPDATE_GOLDENS=1: {text}");
}

#[test]
fn a_key_that_cannot_be_written_makes_no_book() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("a.book");
    let taken = folder.path().join("taken.key");
    std::fs::write(&taken, "mine").unwrap();
    for file in [taken.clone(), folder.path().join("no/such.key")] {
        let mut command = bareboat();
        command.arg("init").arg(&book).arg("--write-key").arg(&file);
        let (code, _, stderr) = run(&mut command);
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("nothing was made"), "{stderr}");
        assert!(!book.exists());
    }
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
}
