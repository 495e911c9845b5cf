//! What is sealed appears nowhere in the clear: not in the journal's files, in no answer, no
//! problem, no audit entry, no metric; except in the answer to an opening, which is on record.

#[path = "../common/mod.rs"]
mod common;
mod documents;

use std::path::Path;

use axum::body::Body;
use common::{Answer, Server, World, request};
use serde_json::{Value, json};

const NAME: &str = "Vellvet Lanturn Shipping";
const ALIAS: &str = "Amberlite Frayt";
const ADDRESS: &str = "77 Quyet Harbour Road";
const IDENTIFIER: &str = "ZX-4471-9930-QL";

/// What is searched for. The list below holds alike names, spelt otherwise.
const NEEDLES: [&str; 7] = [
    "Vellvet",
    "Lanturn",
    "Amberlite",
    "Frayt",
    "Quyet Harbour",
    "4471-9930",
    "Brindlewick",
];

const LIST: &str = r#"{"id":"x-1","schema":"Organization","names":["Velvet Lantern Shipping"],"countries":["SG"]}
{"id":"x-2","schema":"Organization","names":["Somebody Else Entirely"]}
{"id":"x-3","schema":"Organisation of sorts","names":["Unreadable"]}
"#;

/// A server whose answers are all kept, to be searched.
struct Watched {
    server: Server,
    world: World,
    seen: std::cell::RefCell<Vec<(String, Vec<u8>)>>,
}

impl Watched {
    fn start() -> Self {
        Self::over(Server::start())
    }

    fn over(server: Server) -> Self {
        let world = server.world();
        Self {
            server,
            world,
            seen: std::cell::RefCell::default(),
        }
    }

    fn keep(&self, what: &str, answer: Answer) -> Answer {
        let mut bytes = answer.bytes.clone();
        for (name, value) in &answer.headers {
            bytes.extend(
                name.as_str()
                    .bytes()
                    .chain(value.as_bytes().iter().copied()),
            );
        }
        self.seen.borrow_mut().push((what.to_owned(), bytes));
        answer
    }

    fn key(&self, role: &str) -> String {
        self.world.key(role).to_owned()
    }

    fn post(&self, role: &str, path: &str, body: Value) -> Answer {
        let answer = self.server.post(self.world.key(role), path, body);
        self.keep(path, answer)
    }

    fn get(&self, role: &str, path: &str) -> Answer {
        let answer = self.server.get(self.world.key(role), path);
        self.keep(path, answer)
    }

    fn import(&self, path: &str, media_type: &str, text: &str) -> Answer {
        let request = request("POST", self.world.key("compliance"), path)
            .header("content-type", media_type)
            .body(Body::from(text.to_owned()))
            .unwrap();
        let answer = self.server.send(request);
        self.keep(path, answer)
    }

    /// Searches every answer, and every file beside the book.
    fn search(&self) {
        for (what, bytes) in self.seen.borrow().iter() {
            absent(what, bytes);
        }
        self.server.app.engine.snapshot_now().unwrap();
        self.server.app.audit.flush();
        let files = search_files(self.server.folder());
        assert!(files >= 3, "only {files} files were searched");
        // The search would find it: what is in the open is there to be found.
        let book = std::fs::read(self.server.folder().join("book")).unwrap();
        let log = std::fs::read(self.server.folder().join("book-wal")).unwrap_or_default();
        let open = b"Nagisa Compute";
        let mut parts = book.windows(open.len()).chain(log.windows(open.len()));
        assert!(parts.any(|part| part == open));
    }
}

fn absent(what: &str, bytes: &[u8]) {
    for needle in NEEDLES {
        let found = bytes
            .windows(needle.len())
            .any(|part| part.eq_ignore_ascii_case(needle.as_bytes()));
        assert!(!found, "{what} holds {needle:?}");
    }
}

fn search_files(folder: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += search_files(&path);
        } else {
            absent(&path.display().to_string(), &std::fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

fn sealed_party() -> Value {
    json!({
        "kind": "company", "name": NAME, "aliases": [ALIAS], "domicile": "SG",
        "address": ADDRESS, "identifiers": [{ "scheme": "SG-UEN", "value": IDENTIFIER }],
        "source": "statement of the partner", "sealed": true,
    })
}

fn register(watched: &Watched) -> Value {
    let headers = [("idempotency-key", "register-once")];
    let key = watched.key("compliance");
    let call = || {
        let answer = watched
            .server
            .call("POST", &key, "/v1/parties", &headers, sealed_party());
        watched.keep("register", answer)
    };
    let party = call().ok();
    assert_eq!(call().ok(), party);
    party
}

fn import_list(watched: &Watched) -> Value {
    let body = json!({
        "format": "jsonl", "publisher": "A publisher", "published_on": "2026-01-01",
        "source": "test", "files": [{ "name": "list.jsonl", "text": LIST }],
    });
    watched
        .post("compliance", "/v1/lists/XL/snapshots", body)
        .ok()
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn sealed(field: &Value) -> String {
    field["sealed"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_sealed_is_nowhere_in_the_clear() {
    let watched = Watched::start();
    let imported = import_list(&watched);
    assert_eq!(imported["snapshot"]["entry_count"], 2);
    assert_eq!(imported["malformed_rows"][0]["line"], 3);
    let party = register(&watched);
    let path = format!("/v1/parties/{}", id(&party));
    assert_eq!(
        (&party["sealed"], &party["name"]["value"]),
        (&json!(true), &Value::Null)
    );

    // A screening opens what it needs, on record, and seals what it finds.
    let screened = watched
        .post(
            "compliance",
            "/v1/screenings",
            json!({ "party": id(&party) }),
        )
        .ok();
    assert_eq!(screened["raised"], 1, "{screened}");
    let hit = watched.get("compliance", "/v1/hits?status=open").ok()["items"][0].clone();
    let hit_path = format!("/v1/hits/{}", id(&hit));
    assert_eq!(hit["entry"]["value"], Value::Null);
    let openings = watched.get("auditor", "/v1/sealed/openings").ok();
    let fields: Vec<_> = openings["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].clone())
        .collect();
    assert_eq!(fields, ["name", "alias", "identifier"]);
    assert_eq!(openings["items"][0]["purpose"], "screening");
    // The same again carries the hit: its salted key is the same.
    let again = watched
        .post(
            "compliance",
            "/v1/screenings",
            json!({ "party": id(&party) }),
        )
        .ok();
    assert_eq!(
        (&again["raised"], &again["screenings"][0]["carried"][0]),
        (&json!(0), &hit["id"])
    );

    decide(&watched, &hit_path);
    open(&watched, &party, &hit);
    for role in ["planner", "auditor", "compliance", "admin", "finance"] {
        for path in [
            &path,
            "/v1/parties",
            "/v1/interests",
            "/v1/hits",
            "/v1/screenings",
            "/v1/parties/export.csv",
            "/v1/parties/export.jsonl",
            "/v1/events?limit=1000",
        ] {
            watched.get(role, path);
        }
    }
    watched.get("auditor", "/metrics");
    watched.get("auditor", "/v1/audit?limit=1000");
    watched.search();
    shred(&watched, &party);
    watched.search();
}

fn decide(watched: &Watched, hit: &str) {
    let decision = json!({ "verdict": "true", "grounds": "same register number" });
    let disposed = watched
        .post("compliance", &format!("{hit}/dispose"), decision)
        .ok();
    assert_eq!(disposed["status"], "proposed_true");
    let grounds = json!({ "grounds": "the same" });
    let same = watched.post("compliance", &format!("{hit}/confirm"), grounds.clone());
    assert_eq!(
        (same.status, same.code()),
        (403, "screening.same_person".to_owned())
    );
    let other = watched
        .server
        .holder(&watched.world.operator, "compliance", None, None);
    let confirmed = watched
        .server
        .post(&other.key, &format!("{hit}/confirm"), grounds);
    assert_eq!(watched.keep("confirm", confirmed).ok()["status"], "true");
}

/// Opening reveals, once, to those who may; the value is in that one answer.
fn open(watched: &Watched, party: &Value, hit: &Value) {
    let path = format!("/v1/sealed/{}/open", sealed(&party["name"]));
    let purpose = json!({ "purpose": "to answer the regulator" });
    for role in ["planner", "auditor", "admin", "finance"] {
        assert_eq!(
            watched.post(role, &path, purpose.clone()).status,
            403,
            "{role}"
        );
        let shown = watched.get(role, &format!("/v1/parties/{}", id(party)));
        if shown.status == 200 {
            assert_eq!(shown.json()["name"]["sealed"], Value::Null, "{role}");
        }
    }
    let key = watched.key("compliance");
    let headers = [("idempotency-key", "open-once")];
    let call = || {
        watched
            .server
            .call("POST", &key, &path, &headers, purpose.clone())
    };
    let opened = call().ok();
    assert_eq!(
        (&opened["value"], &opened["opening"]["field"]),
        (&json!(NAME), &json!("name"))
    );
    // A repeat has no opening of its own, so it tells nothing.
    let repeated = watched.keep("repeated opening", call());
    assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
    assert_eq!(repeated.ok()["value"], Value::Null);
    let dry = watched.post(
        "compliance",
        &format!("{path}?dry_run=true"),
        purpose.clone(),
    );
    assert_eq!(dry.ok()["value"], Value::Null);
    let entry = format!("/v1/sealed/{}/open", sealed(&hit["entry"]));
    let entry = watched.server.post(&key, &entry, purpose.clone()).ok();
    assert_eq!(entry["value"], "x-1: Velvet Lantern Shipping");
    let found = watched
        .get("auditor", "/v1/sealed/openings?limit=1000")
        .ok();
    let why = found["items"].as_array().unwrap().iter();
    let why = why.filter(|one| one["purpose"] == "to answer the regulator");
    assert_eq!(why.count(), 2);
    let none = watched.post(
        "compliance",
        "/v1/sealed/00000000-0000-4000-8000-00000000dead/open",
        purpose,
    );
    assert_eq!(
        (none.status, none.code()),
        (404, "api.not_found".to_owned())
    );
}

/// A destroyed key: the value is gone, the book reads the same.
fn shred(watched: &Watched, party: &Value) {
    let path = format!("/v1/parties/{}/shred", id(party));
    let reason = json!({ "reason": "the retention period ended" });
    assert_eq!(watched.post("planner", &path, reason.clone()).status, 403);
    let before = watched.server.position();
    assert_eq!(
        watched
            .post(
                "compliance",
                &format!("{path}?dry_run=true"),
                reason.clone()
            )
            .status,
        200
    );
    let open = format!("/v1/sealed/{}/open", sealed(&party["name"]));
    let purpose = json!({ "purpose": "a last look" });
    let key = watched.key("compliance");
    assert_eq!(
        watched.server.post(&key, &open, purpose.clone()).ok()["value"],
        NAME
    );
    watched.post("compliance", &path, reason.clone()).ok();
    let again = watched.post("compliance", &path, reason);
    assert_eq!(
        (again.status, again.code()),
        (409, "book.already_shredded".to_owned())
    );
    let refused = watched.post("compliance", &open, purpose);
    assert_eq!(
        (refused.status, refused.code()),
        (409, "book.shredded".to_owned())
    );
    let shown = watched
        .get("compliance", &format!("/v1/parties/{}", id(party)))
        .ok();
    assert_eq!(
        (&shown["sealed"], &shown["shredded"]),
        (&json!(true), &json!(true))
    );
    let one = watched.post(
        "compliance",
        "/v1/screenings",
        json!({ "party": id(party) }),
    );
    assert_eq!((one.status, one.code()), (409, "book.shredded".to_owned()));
    let amended = json!({
        "expected_version": 1, "kind": "company", "name": NAME, "source": "again",
    });
    let amended = watched.post(
        "compliance",
        &format!("/v1/parties/{}/amend", id(party)),
        amended,
    );
    assert_eq!(
        (amended.status, amended.code()),
        (409, "journal.shredded".to_owned())
    );
    let past = format!("/v1/parties/{}?as_of={before}", id(party));
    assert_eq!(watched.get("compliance", &past).ok()["shredded"], false);
}

#[test]
fn refusals_do_not_repeat_what_was_to_be_sealed() {
    let watched = Watched::start();
    let long = format!("{NAME} ").repeat(50);
    for body in [
        json!({ "kind": "company", "name": [NAME], "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": { "text": NAME }, "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": "A", "aliases": ALIAS, "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": "A", "address": [ADDRESS], "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": "A", "identifiers": IDENTIFIER, "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": long, "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": format!("{NAME}\u{7}"), "source": "x", "sealed": true }),
        json!({ "kind": "company", "name": "A", "identifiers": [{ "scheme": NAME, "value": "1" }], "source": "x" }),
    ] {
        let refused = watched.post("compliance", "/v1/parties", body);
        assert_eq!(refused.status, 400, "{}", refused.json());
    }
    let csv = format!(
        "kind,name,domicile,source,sealed\ncompany,A,{NAME},x,true\n{NAME},B,SG,x,true\ncompany,{NAME},SG,x,{NAME}\ncompany,{NAME}\n"
    );
    let refused = watched.import("/v1/parties/import", "text/csv", &csv);
    assert_eq!(refused.code(), "api.invalid_row");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    for line in 2..=5 {
        assert!(detail.contains(&format!("line {line}:")), "{detail}");
    }
    let jsonl = format!(
        "{{\"kind\":\"company\",\"name\":[\"{NAME}\"],\"source\":\"x\"}}\n\"{NAME}\"\n{{\"kind\":\"{NAME}\"}}\n{NAME}\n"
    );
    let refused = watched.import("/v1/parties/import", "application/jsonl", &jsonl);
    assert_eq!(refused.code(), "api.invalid_row");
    let header = format!("kind,{NAME},source\ncompany,A,x\n");
    let refused = watched.import("/v1/parties/import", "text/csv", &header);
    assert_eq!(refused.code(), "api.invalid_row");
    let asked = json!({ "name": [NAME] });
    assert_eq!(watched.post("compliance", "/v1/screen", asked).status, 400);
    watched.search();
}

#[test]
fn a_client_and_its_partner_open_their_own_and_no_other() {
    let watched = Watched::start();
    let party = register(&watched);
    let admin = &watched.server.admin;
    let side = &watched.world.sides[0];
    let body = json!({
        "code": "CLIENT", "name": "Client 7", "kind": "tenant",
        "parent": side.partner, "party": party["label"],
    });
    let tenant = watched
        .server
        .post(admin, "/v1/organisations", body)
        .field("id");
    let own = watched
        .server
        .holder(&tenant, "tenant_admin", Some(&tenant), None);
    let user = watched
        .server
        .holder(&tenant, "tenant_user", Some(&tenant), None);
    let partner = &side.partner_key;
    let strangers = [
        &watched.world.sides[1].partner_key,
        &watched.world.sides[1].admin_key,
        &side.admin_key,
    ];
    let path = format!("/v1/parties/{}", id(&party));
    let open = format!("/v1/sealed/{}/open", sealed(&party["name"]));
    let purpose = json!({ "purpose": "our own records" });
    for holder in [&own, partner] {
        let shown = watched.server.get(&holder.key, &path).ok();
        assert_eq!(sealed(&shown["name"]), sealed(&party["name"]));
        let opened = watched.server.post(&holder.key, &open, purpose.clone());
        assert_eq!(opened.ok()["value"], NAME);
    }
    let shown = watched.server.get(&user.key, &path).ok();
    assert_eq!(
        (&shown["name"]["sealed"], &shown["aliases"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(
        watched
            .server
            .post(&user.key, &open, purpose.clone())
            .status,
        403
    );
    for holder in strangers {
        assert_eq!(watched.server.get(&holder.key, &path).status, 404);
        assert_eq!(
            watched
                .server
                .get(&holder.key, &format!("{path}/ownership"))
                .status,
            404
        );
        assert_eq!(
            watched
                .server
                .post(&holder.key, &open, purpose.clone())
                .status,
            404
        );
        let list = watched.server.get(&holder.key, "/v1/parties").ok();
        assert_eq!(list["items"], json!([]));
    }
}

#[test]
fn what_stands_in_the_open_is_not_sealed_afterwards() {
    let watched = Watched::start();
    let body = json!({ "kind": "company", "name": "Open Holdings", "source": "x" });
    let party = watched.post("compliance", "/v1/parties", body).ok();
    let amend = json!({
        "expected_version": 1, "kind": "company", "name": "Open Holdings", "source": "x",
        "sealed": true,
    });
    let path = format!("/v1/parties/{}/amend", id(&party));
    let refused = watched.post("compliance", &path, amend);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "parties.registered_open")
    );
}

#[test]
fn an_interest_that_touches_a_sealed_party_inherits_the_seal() {
    let watched = Watched::start();
    let party = register(&watched);
    let owner = json!({ "kind": "company", "name": "Open Holdings", "domicile": "SG", "source": "x", "no_parent": "statement" });
    let owner = watched.post("planner", "/v1/parties", owner).ok();
    let body = json!({
        "owner": owner["label"], "owned": party["id"], "from": "2024-01-01",
        "voting": { "min": "60", "max": "60" }, "source": "register",
    });
    let interest = watched.post("compliance", "/v1/interests", body).ok();
    let path = format!("/v1/interests/{}", id(&interest));
    let ownership = format!("/v1/parties/{}/ownership?on=2025-01-01", id(&party));
    let owned = format!("/v1/parties/{}/ownership?on=2025-01-01", id(&owner));
    let seen = watched.get("compliance", &ownership).ok();
    assert_eq!(seen["ultimate_parent"]["party"]["id"], owner["id"]);
    assert_eq!(seen["owners"][0]["voting"]["min"], "60");
    assert_eq!(
        watched.get("compliance", &owned).ok()["owned"][0]["party"]["id"],
        party["id"]
    );
    for role in ["planner", "auditor"] {
        assert_eq!(watched.get(role, &path).status, 404, "{role}");
        assert_eq!(
            watched.get(role, "/v1/interests").ok()["items"],
            json!([]),
            "{role}"
        );
        let seen = watched.get(role, &ownership).ok();
        assert_eq!(
            (&seen["owners"], &seen["ultimate_parent"]["status"]),
            (&json!([]), &json!("unknown"))
        );
        assert_eq!(watched.get(role, &owned).ok()["owned"], json!([]), "{role}");
        let text = String::from_utf8(watched.get(role, "/v1/interests/export.csv").bytes).unwrap();
        assert_eq!(text.lines().count(), 1, "{role}: {text}");
    }
    watched.search();
}
