//! Access end to end, and with it what every route shares: pages, repeats, preconditions, dry
//! runs, past states, streams, the audit store.

mod common;

use bareboat_base::{Clock as _, Instant};
use bareboat_server::SystemClock;
use common::Server;
use serde_json::{Value, json};

#[test]
fn the_book_says_where_it_stands() {
    let server = Server::start();
    let book = server.get(&server.admin, "/v1/book");
    assert_eq!(book.header("bareboat-position"), Some("5"));
    let book = book.ok();
    assert_eq!(
        (&book["operator"], &book["position"]),
        (&json!("Nagisa Compute"), &json!(5))
    );
    assert_eq!(server.get("", "/healthz").status, 200);
    assert_eq!(server.get("", "/openapi.json").ok()["openapi"], "3.1.0");
}

#[test]
fn a_write_repeated_answers_the_same() {
    let server = Server::start();
    let body = json!({ "code": "PA", "name": "A", "kind": "partner" });
    let headers = [("idempotency-key", "once")];
    let call = |body| server.call("POST", &server.admin, "/v1/organisations", &headers, body);
    let first = call(body.clone());
    assert_eq!(first.status, 201);
    let position = server.position();
    let again = call(body);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.status, &again.bytes), (201, &first.bytes));
    let other = call(json!({ "code": "PB", "name": "B", "kind": "partner" }));
    assert_eq!(
        (other.status, other.code()),
        (409, "journal.idempotency_conflict".to_owned())
    );
    assert_eq!(server.position(), position);
}

#[test]
fn a_key_is_shown_once_and_never_again() {
    let server = Server::start();
    let operator = server.get(&server.admin, "/v1/organisations").ok()["items"][0]["id"].clone();
    let body = json!({ "name": "robot", "kind": "machine", "organisation": operator });
    let principal = server
        .post(&server.admin, "/v1/principals", body)
        .field("id");
    let expires = "2030-01-01T00:00:00Z";
    let body = json!({ "principal": principal, "expires_at": expires });
    let headers = [("idempotency-key", "k")];
    let issue = || server.call("POST", &server.admin, "/v1/keys", &headers, body.clone());
    let first = issue().ok();
    let secret = first["secret"].as_str().unwrap().to_owned();
    assert!(issue().ok()["secret"].is_null());
    let path = format!("/v1/keys/{}", first["id"].as_str().unwrap());
    assert!(server.get(&server.admin, &path).ok()["secret"].is_null());
    // It works as soon as it has a role, and not after it is revoked.
    assert_eq!(server.get(&secret, "/v1/book").status, 403);
    let body = json!({ "principal": principal, "role": "auditor" });
    server.post(&server.admin, "/v1/grants", body).ok();
    assert_eq!(server.get(&secret, "/v1/book").status, 200);
    server
        .post(&server.admin, &format!("{path}/revoke"), json!(null))
        .ok();
    let refused = server.get(&secret, "/v1/book");
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    // The secret lies nowhere on disk.
    let part = secret.rsplit('_').next().unwrap().as_bytes().to_vec();
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(part.len()).any(|w| w == part),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn pages_show_one_state_and_leak_no_count() {
    let server = Server::start();
    for number in 0..5 {
        server.organisation(&format!("P{number}"), "partner", None);
    }
    let first = server
        .get(&server.admin, "/v1/organisations?kind=partner&limit=2")
        .ok();
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let mut cursor = first["next_cursor"].as_str().unwrap().to_owned();
    // What comes later is not in the walk.
    server.organisation("LATE", "partner", None);
    let mut codes = vec![
        first["items"][0]["code"].clone(),
        first["items"][1]["code"].clone(),
    ];
    loop {
        let path = format!("/v1/organisations?kind=partner&limit=2&cursor={cursor}");
        let page = server.get(&server.admin, &path).ok();
        codes.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["code"].clone()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(codes, ["P0", "P1", "P2", "P3", "P4"]);
    for path in [
        format!("/v1/organisations?kind=tenant&cursor={cursor}"),
        format!("/v1/projects?cursor={cursor}"),
        "/v1/organisations?cursor=abc".to_owned(),
    ] {
        assert_eq!(
            server.get(&server.admin, &path).code(),
            "api.invalid_cursor",
            "{path}"
        );
    }
}

#[test]
fn a_past_state_can_be_read_and_a_future_one_cannot() {
    let server = Server::start();
    let before = server.position();
    server.organisation("PA", "partner", None);
    let count = |path: &str| {
        let page = server.get(&server.admin, path).ok();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count(&format!("/v1/organisations?as_of={before}")), 1);
    assert_eq!(count("/v1/organisations"), 2);
    let ahead = server.get(&server.admin, "/v1/organisations?as_of=999");
    assert_eq!(
        (ahead.status, ahead.code()),
        (400, "journal.not_yet_recorded".to_owned())
    );
}

#[test]
fn a_write_is_guarded_by_what_was_read() {
    let server = Server::start();
    let world = server.world();
    let path = format!("/v1/grants/{}", world.staff[1].1.grant);
    let tag = server
        .get(&server.admin, &path)
        .header("etag")
        .unwrap()
        .to_owned();
    let same = server.call(
        "GET",
        &server.admin,
        &path,
        &[("if-none-match", &tag)],
        json!(null),
    );
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    let revoke = |tag: &str| {
        let headers = [("if-match", tag)];
        server.call(
            "POST",
            &server.admin,
            &format!("{path}/revoke"),
            &headers,
            json!(null),
        )
    };
    let stale = revoke("\"00000000000000000000000000000000\"");
    assert_eq!(
        (stale.status, stale.code()),
        (412, "api.precondition_failed".to_owned())
    );
    let done = revoke(&tag);
    assert_eq!(done.status, 200);
    assert_eq!(
        done.header("etag"),
        server.get(&server.admin, &path).header("etag")
    );
    let headers = [("if-match", "*")];
    let body = json!({ "code": "X", "name": "X", "kind": "partner" });
    let none = server.call("POST", &server.admin, "/v1/organisations", &headers, body);
    assert_eq!(none.code(), "api.no_precondition");
}

#[test]
fn a_dry_run_answers_and_writes_nothing() {
    let server = Server::start();
    let position = server.position();
    let path = "/v1/organisations?dry_run=true";
    let body = json!({ "code": "PA", "name": "A", "kind": "partner" });
    let answer = server.post(&server.admin, path, body);
    assert_eq!(answer.header("bareboat-dry-run"), Some("true"));
    assert_eq!(answer.ok()["code"], "PA");
    let body = json!({ "code": "NAGISA", "name": "A", "kind": "partner" });
    let refused = server.post(&server.admin, path, body);
    assert_eq!(refused.code(), "access.organisation_code_taken");
    assert_eq!(server.position(), position);
}

#[test]
fn a_simulated_book_takes_instants_and_says_so() {
    let server = Server::simulated("2026-03-01T00:00:00Z");
    let body = json!({ "code": "PA", "name": "A", "kind": "partner" });
    let at = |instant: &str, body| {
        let headers = [("bareboat-recorded-at", instant)];
        server.call("POST", &server.admin, "/v1/organisations", &headers, body)
    };
    let made = at("2026-03-02T00:00:00Z", body.clone());
    assert_eq!(made.header("bareboat-simulated-clock"), Some("true"));
    assert_eq!(made.ok()["recorded"]["at"], "2026-03-02T00:00:00Z");
    let earlier = at(
        "2026-03-01T12:00:00Z",
        json!({ "code": "PB", "name": "B", "kind": "partner" }),
    );
    assert_eq!(
        (earlier.status, earlier.code()),
        (409, "journal.time_not_after_last".to_owned())
    );
    // Keys expire by the book's own time.
    at(
        "2028-01-01T00:00:00Z",
        json!({ "code": "PC", "name": "C", "kind": "partner" }),
    )
    .ok();
    assert_eq!(server.get(&server.admin, "/v1/book").status, 401);

    let real = Server::start();
    let headers = [("bareboat-recorded-at", "2026-03-02T00:00:00Z")];
    let refused = real.call("POST", &real.admin, "/v1/organisations", &headers, body);
    assert_eq!(refused.code(), "journal.simulated_time_not_allowed");
}

#[test]
fn events_are_listed_in_order_and_by_type() {
    let server = Server::start();
    server.organisation("PA", "partner", None);
    let page = server
        .get(&server.admin, "/v1/events?type=access.organisation&limit=1")
        .ok();
    assert_eq!(
        page["items"][0]["event"]["type"],
        "access.organisation_created"
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    let path = format!("/v1/events?type=access.organisation&limit=1&cursor={cursor}");
    let page = server.get(&server.admin, &path).ok();
    assert_eq!(page["items"][0]["event"]["data"]["code"], "PA");
    assert_eq!(page["items"][0]["position"], server.position());
}

#[test]
fn every_request_is_in_the_audit_store() {
    let server = Server::start();
    let world = server.world();
    let partner = &world.sides[0].partner_key;
    let path = format!("/v1/organisations/{}", world.sides[1].tenant);
    assert_eq!(server.get(&partner.key, &path).status, 404);
    server.get("bbk_nonsense", "/v1/book");
    server.get("", "/v1/nowhere");
    let audit = format!("/v1/audit?principal={}&outcome=denied", partner.principal);
    let found = server.get(world.key("auditor"), &audit).ok();
    let line = &found["items"][0];
    assert_eq!(
        (&line["path"], &line["status"]),
        (&json!(path), &json!(404))
    );
    assert_eq!(
        (&line["operation"], &line["code"]),
        (&json!("getOrganisation"), &json!("api.not_found"))
    );
    let strangers = server
        .get(world.key("auditor"), "/v1/audit?path=/v1/nowhere")
        .ok();
    assert_eq!(strangers["items"][0]["principal"], json!(null));
    assert_eq!(server.get(&partner.key, "/v1/audit").status, 403);
}

#[test]
fn a_tenant_runs_its_own_organisation_and_no_other() {
    let server = Server::start();
    let world = server.world();
    let (mine, other) = (&world.sides[0], &world.sides[1]);
    let key = &mine.admin_key.key;
    let create = |organisation: &str| {
        let body = json!({ "name": "new", "kind": "person", "organisation": organisation });
        server.post(key, "/v1/principals", body)
    };
    let new = create(&mine.tenant).field("id");
    assert_eq!(create(&other.tenant).status, 404);
    // Its partner's organisation lies above it: unseen.
    assert_eq!(create(&mine.partner).status, 404);
    let grant = |role: &str, organisation: Option<&str>| {
        let body = json!({ "principal": new, "role": role, "organisation": organisation });
        server.post(key, "/v1/grants", body)
    };
    assert_eq!(grant("admin", None).status, 403);
    assert_eq!(grant("tenant_user", Some(&other.tenant)).status, 404);
    let given = grant("tenant_user", Some(&mine.tenant)).field("id");
    server
        .post(key, &format!("/v1/grants/{given}/revoke"), json!(null))
        .ok();
    // A partner sees its client but does not act for it.
    let body = json!({ "name": "new", "kind": "person", "organisation": mine.tenant });
    assert_eq!(
        server
            .post(&mine.partner_key.key, "/v1/principals", body)
            .status,
        403
    );
}

#[test]
fn metrics_and_the_stream_need_their_permissions() {
    let server = Server::start();
    let world = server.world();
    let metrics = server.get(&server.admin, "/metrics");
    assert_eq!(metrics.status, 200);
    assert_eq!(
        server.get(&world.sides[0].user_key.key, "/metrics").status,
        403
    );
    assert_eq!(
        server.get(world.key("planner"), "/v1/events/stream").status,
        403
    );
}

#[test]
fn a_walk_through_a_past_state_keeps_it_no_longer_than_the_engine_does() {
    use bareboat_base::Position;
    use bareboat_journal::AsOf;
    let server = Server::start();
    server.world();
    let then = server.position();
    server.organisation("LATER", "partner", None);
    let path = format!("/v1/organisations?limit=1&as_of={then}");
    let first = server.get(&server.admin, &path).ok();
    let next = first["next_cursor"].as_str().unwrap();
    server
        .get(&server.admin, &format!("{path}&cursor={next}"))
        .ok();
    let past = server.app.engine.as_of(AsOf::Position(Position(then)));
    // The engine's own, and this one.
    assert_eq!(std::sync::Arc::strong_count(&past.unwrap()), 2);
}

/// A request whose body ends only after a while.
fn slow(server: &Server, key: &str, body: &Value, meanwhile: impl FnOnce() + Send) -> u16 {
    let (send, receive) = tokio::sync::mpsc::channel::<Result<_, std::io::Error>>(1);
    let request = common::request("POST", key, "/v1/organisations")
        .header("content-type", "application/json")
        .body(axum::body::Body::from_stream(
            tokio_stream::wrappers::ReceiverStream::new(receive),
        ));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(300));
            meanwhile();
            send.blocking_send(Ok(body.to_string())).unwrap();
        });
        server.send(request.unwrap()).status
    })
}

#[test]
fn a_key_that_ended_since_it_was_let_in_writes_nothing() {
    let server = Server::start();
    let operator = server.get(&server.admin, "/v1/organisations").ok();
    let operator = operator["items"][0]["id"].as_str().unwrap().to_owned();
    let after = |seconds: i64| {
        let now = SystemClock.now().micros();
        let then = Instant::from_micros(now + seconds * 1_000_000);
        then.unwrap().to_string()
    };
    let key_of = |principal: &str, seconds: i64| {
        let body = json!({ "principal": principal, "expires_at": after(seconds) });
        server.post(&server.admin, "/v1/keys", body).ok()
    };
    let secret = |key: &Value| key["secret"].as_str().unwrap().to_owned();
    let holder = server.holder(&operator, "admin", None, None);
    let body = |code: &str| json!({ "code": code, "name": "A", "kind": "partner" });

    let short = secret(&key_of(&holder.principal, 2));
    let wait = || std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(slow(&server, &short, &body("EXPIRED"), wait), 401);

    let old = key_of(&holder.principal, 1_000);
    let rotate = format!("/v1/keys/{}/rotate", old["id"].as_str().unwrap());
    let new = json!({ "expires_at": after(2_000) });
    let rotated = || drop(server.post(&server.admin, &rotate, new).ok());
    assert_eq!(slow(&server, &secret(&old), &body("ROTATED"), rotated), 401);

    let kept = secret(&key_of(&holder.principal, 1_000));
    assert_eq!(slow(&server, &kept, &body("KEPT"), || {}), 201);
}

#[test]
fn a_writes_answer_has_a_tag_only_when_a_later_write_can_be_guarded_by_it() {
    let server = Server::simulated(common::deal::BEGINS);
    let world = server.world();
    let deal = common::deal::signed(&server, &world);
    let (planner, compliance) = (world.key("planner"), world.key("compliance"));
    let path = format!("/v1/contracts/{}", deal.contract);
    let at = server.app.engine.view().recorded_at.to_string();
    let change = json!({ "at": at, "reason": "asked to" });
    // The answer tells less than the contract does.
    for (key, verb) in [(planner, "suspend"), (compliance, "resume")] {
        let done = server.post(key, &format!("{path}/{verb}"), change.clone());
        assert_eq!((done.status, done.header("etag")), (200, None), "{verb}");
    }
    let mut draft = deal.draft.clone();
    draft["reference"] = "OSA-2026-02".into();
    let other = server.post(planner, "/v1/contracts", draft).field("id");
    let path = format!("/v1/contracts/{other}");
    let withdraw = format!("{path}/withdraw");
    let tried = server.post(planner, &format!("{withdraw}?dry_run=true"), Value::Null);
    assert_eq!((tried.status, tried.header("etag")), (200, None));
    let done = server.post(planner, &withdraw, Value::Null);
    let read = server.get(planner, &path);
    assert!(done.header("etag").is_some());
    assert_eq!(done.header("etag"), read.header("etag"));
}
