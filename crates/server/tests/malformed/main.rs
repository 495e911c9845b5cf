//! Malformed input is refused with a problem that says why, and leaves the journal untouched.

#[path = "../common/mod.rs"]
mod common;

use axum::body::Body;
use common::{Server, request};

mod cases;

use cases::*;

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
