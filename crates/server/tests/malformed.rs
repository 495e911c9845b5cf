//! Malformed input is refused with a problem that says why, and leaves the journal untouched.

mod common;

use axum::body::Body;
use common::{Server, request};

/// Stands for the administrator's key in a row's headers: left out, it is sent.
const NO_KEY: (&str, &str) = ("authorization", "");

type Headers = &'static [(&'static str, &'static str)];

/// Method, path, headers, body, status, code. `{org}` in path or body is the operator's id.
type Case = (
    &'static str,
    &'static str,
    Headers,
    &'static str,
    u16,
    &'static str,
);

const JSON: Headers = &[("content-type", "application/json")];
const ORGS: &str = "/v1/organisations";
const FIT: &str = r#"{"code":"A","name":"A","kind":"partner"}"#;

const CASES: &[Case] = &[
    // Routes and methods.
    ("GET", "/", &[], "", 404, "api.no_such_route"),
    ("GET", "/v1", &[], "", 404, "api.no_such_route"),
    (
        "GET",
        "/v1/organisations/",
        &[],
        "",
        404,
        "api.no_such_route",
    ),
    (
        "GET",
        "/v2/organisations",
        &[],
        "",
        404,
        "api.no_such_route",
    ),
    (
        "GET",
        "/v1/%2e%2e/%2e%2e/etc/passwd",
        &[],
        "",
        404,
        "api.no_such_route",
    ),
    ("DELETE", ORGS, &[], "", 405, "api.method_not_allowed"),
    ("PATCH", ORGS, JSON, "{}", 405, "api.method_not_allowed"),
    (
        "POST",
        "/v1/book",
        JSON,
        "{}",
        405,
        "api.method_not_allowed",
    ),
    ("OPTIONS", ORGS, &[], "", 405, "api.method_not_allowed"),
    // Keys.
    ("GET", "/v1/book", &[NO_KEY], "", 401, "api.unauthenticated"),
    (
        "GET",
        "/v1/book",
        &[("authorization", "Basic YTpi")],
        "",
        401,
        "api.unauthenticated",
    ),
    (
        "GET",
        "/v1/book",
        &[("authorization", "Bearer")],
        "",
        401,
        "api.unauthenticated",
    ),
    (
        "GET",
        "/v1/book",
        &[("authorization", "Bearer bbk_zz_zz")],
        "",
        401,
        "api.unauthenticated",
    ),
    (
        "GET",
        "/v1/book",
        &[(
            "authorization",
            "Bearer bbk_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        )],
        "",
        401,
        "api.unauthenticated",
    ),
    // Query parameters.
    (
        "GET",
        "/v1/organisations?colour=red",
        &[],
        "",
        400,
        "api.unknown_parameter",
    ),
    (
        "GET",
        "/v1/organisations?Limit=1",
        &[],
        "",
        400,
        "api.unknown_parameter",
    ),
    (
        "GET",
        "/v1/book?limit=1",
        &[],
        "",
        400,
        "api.unknown_parameter",
    ),
    (
        "GET",
        "/v1/organisations?dry_run=true",
        &[],
        "",
        400,
        "api.unknown_parameter",
    ),
    (
        "POST",
        "/v1/organisations?as_of=1",
        JSON,
        FIT,
        400,
        "api.unknown_parameter",
    ),
    (
        "GET",
        "/v1/organisations?limit=0",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?limit=1001",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?limit=-1",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?limit=1e3",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?limit=99999999999999999999",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?limit=1&limit=2",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?kind=king",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?kind=%ff",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?kind=%2",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/projects?organisation=no%20such",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/projects?organisation=C-0001",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?as_of=yesterday",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?as_of=2026-03-01",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?as_of=99999999999999999999",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/organisations?as_of=1000000",
        &[],
        "",
        400,
        "journal.not_yet_recorded",
    ),
    (
        "GET",
        "/v1/organisations?as_of=2999-01-01T00:00:00Z",
        &[],
        "",
        400,
        "journal.not_yet_recorded",
    ),
    (
        "GET",
        "/v1/organisations?cursor=!!!",
        &[],
        "",
        400,
        "api.invalid_cursor",
    ),
    (
        "GET",
        "/v1/organisations?cursor=AQAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &[],
        "",
        400,
        "api.invalid_cursor",
    ),
    (
        "POST",
        "/v1/organisations?dry_run=yes",
        JSON,
        FIT,
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/audit?outcome=nice",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/audit?from=now",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/events?from=-3",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    // Ids in paths.
    (
        "GET",
        "/v1/organisations/everything",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/organisations/ORG-0",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/organisations/ORG--1",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/organisations/PR-0001",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/organisations/%00",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/organisations/%ff",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/organisations/ORG-9999",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "GET",
        "/v1/organisations/00000000-0000-0000-0000-000000000000",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "POST",
        "/v1/keys/KEY-0077/revoke",
        &[],
        "",
        404,
        "api.not_found",
    ),
    // Headers.
    (
        "POST",
        ORGS,
        &[
            ("content-type", "application/json"),
            ("idempotency-key", ""),
        ],
        FIT,
        400,
        "api.invalid_header",
    ),
    (
        "POST",
        ORGS,
        &[
            ("content-type", "application/json"),
            ("idempotency-key", "a b"),
        ],
        FIT,
        400,
        "api.invalid_header",
    ),
    (
        "POST",
        ORGS,
        &[
            ("content-type", "application/json"),
            ("idempotency-key", "é"),
        ],
        FIT,
        400,
        "api.invalid_header",
    ),
    (
        "POST",
        ORGS,
        &[
            ("content-type", "application/json"),
            ("bareboat-recorded-at", "noon"),
        ],
        FIT,
        400,
        "api.invalid_header",
    ),
    (
        "POST",
        ORGS,
        &[
            ("content-type", "application/json"),
            ("bareboat-recorded-at", "2026-03-01T00:00:00Z"),
        ],
        FIT,
        400,
        "journal.simulated_time_not_allowed",
    ),
    (
        "POST",
        ORGS,
        &[("content-type", "application/json"), ("if-match", "*")],
        FIT,
        400,
        "api.no_precondition",
    ),
    (
        "GET",
        "/v1/events/stream",
        &[("last-event-id", "x")],
        "",
        400,
        "api.invalid_header",
    ),
    (
        "GET",
        "/v1/events/stream?from=0",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    // Media types and bodies.
    ("POST", ORGS, &[], FIT, 415, "api.unsupported_media_type"),
    (
        "POST",
        ORGS,
        &[("content-type", "text/plain")],
        FIT,
        415,
        "api.unsupported_media_type",
    ),
    (
        "POST",
        ORGS,
        &[("content-type", "application/jsonx")],
        FIT,
        415,
        "api.unsupported_media_type",
    ),
    ("POST", ORGS, JSON, "", 400, "api.body_expected"),
    ("GET", "/v1/book", JSON, "{}", 400, "api.body_expected"),
    (
        "POST",
        "/v1/keys/KEY-0001/revoke",
        JSON,
        "{}",
        400,
        "api.body_expected",
    ),
    ("POST", ORGS, JSON, "{", 400, "api.malformed_body"),
    ("POST", ORGS, JSON, "[]", 400, "api.malformed_body"),
    ("POST", ORGS, JSON, "null", 400, "api.malformed_body"),
    ("POST", ORGS, JSON, "\"a\"", 400, "api.malformed_body"),
    ("POST", ORGS, JSON, "{} {}", 400, "api.malformed_body"),
    (
        "POST",
        ORGS,
        JSON,
        "{'code':'A'}",
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"name":"A","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"A","kind":"partner","x":1}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","code":"B","name":"A","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":7,"name":"A","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A B","name":"A","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"","name":"A","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"   ","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"a\u0000b","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"\ud800","kind":"partner"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"A","kind":"king"}"#,
        400,
        "api.invalid_field",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"A","kind":"operator"}"#,
        409,
        "access.operator_exists",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"NAGISA","name":"A","kind":"partner"}"#,
        409,
        "access.organisation_code_taken",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"A","kind":"partner","parent":"{org}"}"#,
        400,
        "access.parent_unfit",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"A","kind":"tenant","parent":"nobody"}"#,
        400,
        "api.invalid_field",
    ),
    (
        "POST",
        ORGS,
        JSON,
        r#"{"code":"A","name":"A","kind":"tenant","parent":"ORG-0099"}"#,
        404,
        "api.not_found",
    ),
    (
        "POST",
        "/v1/grants",
        JSON,
        r#"{"principal":"PR-0001","role":"root"}"#,
        400,
        "api.invalid_field",
    ),
    (
        "POST",
        "/v1/grants",
        JSON,
        r#"{"principal":"PR-0001","role":"admin","project":"PRJ-0001"}"#,
        400,
        "api.invalid_field",
    ),
    (
        "POST",
        "/v1/grants",
        JSON,
        r#"{"principal":"PR-0001","role":"admin"}"#,
        409,
        "access.already_granted",
    ),
    (
        "POST",
        "/v1/grants",
        JSON,
        r#"{"principal":"PR-0001","role":"partner"}"#,
        400,
        "access.scope_unfit",
    ),
    (
        "POST",
        "/v1/grants/GR-0001/revoke",
        &[],
        "",
        409,
        "access.last_administrator",
    ),
    (
        "POST",
        "/v1/keys",
        JSON,
        r#"{"principal":"PR-0001","expires_at":"2001-01-01T00:00:00Z"}"#,
        400,
        "access.expiry_out_of_range",
    ),
    (
        "POST",
        "/v1/keys",
        JSON,
        r#"{"principal":"PR-0001","expires_at":"9999-01-01T00:00:00Z"}"#,
        400,
        "access.expiry_out_of_range",
    ),
    (
        "POST",
        "/v1/keys",
        JSON,
        r#"{"principal":"PR-0001","expires_at":"2027-02-30T00:00:00Z"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        "/v1/keys",
        JSON,
        r#"{"principal":"PR-0001","expires_at":1700000000}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        "/v1/projects",
        JSON,
        r#"{"organisation":"","code":"A"}"#,
        400,
        "api.invalid_field",
    ),
    (
        "POST",
        "/v1/principals",
        JSON,
        r#"{"name":"A","kind":"ghost","organisation":"{org}"}"#,
        400,
        "api.invalid_field",
    ),
    // Fleet and capacity.
    ("GET", "/v1/models/a%20b", &[], "", 400, "api.invalid_path"),
    ("GET", "/v1/models/H100", &[], "", 404, "api.not_found"),
    ("GET", "/v1/sites/SITE-0001", &[], "", 404, "api.not_found"),
    ("GET", "/v1/halls/H1", &[], "", 400, "api.invalid_path"),
    (
        "GET",
        "/v1/halls?site=a/b",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/orders/TR-0001",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/tranches?status=late",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/receipts?tranche=soon",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/nodes?phase=asleep",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    ("GET", "/v1/nodes/N-OSA-0", &[], "", 400, "api.invalid_path"),
    (
        "GET",
        "/v1/nodes/N-OSA-000001",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "GET",
        "/v1/nodes/export.csv?limit=1",
        &[],
        "",
        400,
        "api.unknown_parameter",
    ),
    ("GET", "/v1/pools/a%20b:c", &[], "", 400, "api.invalid_path"),
    (
        "GET",
        "/v1/pools/OSA:B200/calendar",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "GET",
        "/v1/maintenance?from=2026-03-01",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/reservations?status=live",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/reservations?pool=OSA%3A",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/allocations/R-0001",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    ("POST", "/v1/models", JSON, "{}", 403, "api.forbidden"),
    // Parties, lists and hits. What the administrator may not write is tried in tests/seals.rs.
    (
        "GET",
        "/v1/parties?kind=king",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/parties?sealed=perhaps",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/parties?name=A",
        &[],
        "",
        400,
        "api.unknown_parameter",
    ),
    (
        "GET",
        "/v1/parties/C-0001",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/parties/P-0001/ownership?on=today",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "GET",
        "/v1/interests?on=2026-02-30",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/interests?owner=ORG-0001",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/interests/INT-0001",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "GET",
        "/v1/hits?status=maybe",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/hits?list=a%20b",
        &[],
        "",
        400,
        "api.invalid_parameter",
    ),
    (
        "GET",
        "/v1/lists/a%20b/snapshots",
        &[],
        "",
        400,
        "api.invalid_path",
    ),
    (
        "GET",
        "/v1/snapshots/LS-0001/entries",
        &[],
        "",
        404,
        "api.not_found",
    ),
    (
        "POST",
        "/v1/screen",
        JSON,
        r#"{"name":"A","kind":"king"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "POST",
        "/v1/screen",
        JSON,
        r#"{"name":" "}"#,
        400,
        "api.invalid_field",
    ),
    (
        "POST",
        "/v1/screen",
        JSON,
        r#"{"name":"A","countries":["Japan"]}"#,
        400,
        "api.malformed_body",
    ),
];

#[track_caller]
fn refused(answer: &common::Answer, status: u16, code: &str, what: &str) {
    let problem = answer.json();
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (status, code),
        "{what}: {problem}"
    );
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    assert_eq!(problem["status"], status, "{what}");
    assert_eq!(
        problem["type"],
        format!("urn:bareboat:error:{code}"),
        "{what}"
    );
    assert_eq!(
        problem["request_id"].as_str(),
        answer.header("x-request-id"),
        "{what}"
    );
    for field in ["title", "detail", "hint"] {
        assert!(
            !problem[field].as_str().unwrap().is_empty(),
            "{what}: no {field}"
        );
    }
}

#[test]
fn malformed_input_is_refused_and_leaves_no_trace_in_the_journal() {
    let server = Server::start();
    let operator = server.get(&server.admin, ORGS).ok()["items"][0]["id"].clone();
    let position = server.position();
    for (method, path, headers, body, status, code) in CASES {
        let with_key = !headers.iter().any(|(name, _)| *name == "authorization");
        let key = if with_key { server.admin.as_str() } else { "" };
        let fill = |text: &str| text.replace("{org}", operator.as_str().unwrap());
        let mut builder = request(method, key, &fill(path));
        for (name, value) in *headers {
            if (*name, *value) != NO_KEY {
                builder = builder.header(
                    *name,
                    axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
                );
            }
        }
        let answer = server.send(builder.body(Body::from(fill(body))).unwrap());
        refused(&answer, *status, code, &format!("{method} {path} {body}"));
        assert_eq!(server.position(), position, "{method} {path} {body} wrote");
    }
    assert!(CASES.len() >= 60);
}

#[test]
fn what_is_too_large_is_refused() {
    let server = Server::start();
    let position = server.position();
    let post = |body: Vec<u8>, announce: Option<&str>| {
        let mut builder =
            request("POST", &server.admin, ORGS).header("content-type", "application/json");
        if let Some(length) = announce {
            builder = builder.header("content-length", length);
        }
        server.send(builder.body(Body::from(body)).unwrap())
    };
    let large = format!(
        r#"{{"code":"A","name":"{}","kind":"partner"}}"#,
        "x".repeat(1 << 20)
    );
    refused(
        &post(large.into_bytes(), None),
        413,
        "api.body_too_large",
        "a large body",
    );
    refused(
        &post(b"{}".to_vec(), Some("9999999999")),
        413,
        "api.body_too_large",
        "a large length",
    );
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    refused(&post(deep, None), 400, "api.malformed_body", "a deep body");
    refused(
        &post(vec![0xff, 0xfe, 0x00], None),
        400,
        "api.malformed_body",
        "no UTF-8",
    );
    let long = format!("{ORGS}?kind={}", "x".repeat(9_000));
    refused(
        &server.get(&server.admin, &long),
        414,
        "api.target_too_long",
        "a long target",
    );
    let headers = [("idempotency-key", "k".repeat(201))];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    let body = serde_json::json!({ "code": "A", "name": "A", "kind": "partner" });
    let answer = server.call("POST", &server.admin, ORGS, &headers, body);
    refused(&answer, 400, "api.invalid_header", "a long idempotency key");
    assert_eq!(server.position(), position);
}
