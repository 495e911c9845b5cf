//! Contracts, billing and the ledger end to end: from a draft to a settled wind-down.

mod common;
#[path = "money/explained.rs"]
mod explained;

use common::deal::{BEGINS, Deal, deal, signed};
use common::{Server, World};
use serde_json::{Value, json};

fn begin() -> (Server, World) {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    (server, world)
}

fn number(value: &Value) -> usize {
    value["items"].as_array().unwrap().len()
}

#[test]
fn a_contract_is_signed_billed_and_wound_down() {
    let (server, world) = begin();
    let deal = signed(&server, &world);
    let planner = world.key("planner");
    let contract = format!("/v1/contracts/{}", deal.contract);
    let shown = server.get(planner, &contract).ok();
    assert_eq!(shown["status"], "signed");
    assert_eq!(shown["label"], "C-0001");
    assert_eq!(shown["prepayment_amount"], "1299200.00 USD");
    assert_eq!(shown["price_per_gpu_hour"], "3.089802 USD");
    assert_eq!(shown["lots"][0]["allocation"]["nodes"], "1-10");
    used_and_billed(&server, &world, &deal);
    wound_down(&server, &world, &deal);
    let ended = server.get(planner, &contract).ok();
    assert_eq!(ended["status"], "ended");
    assert_eq!(ended["ended_on"], "2026-05-11");
    explained::check(&server, &world);
    let path = format!("/v1/entities/{}/trial-balance", deal.entity);
    let balance = server.get(world.key("auditor"), &path).ok();
    assert_eq!(balance["totals"], json!(["0.00 USD"]));
    let path = "/v1/entities/HC-JP/trial-balance?on=2026-02-17";
    let early = server.get(world.key("auditor"), path).ok();
    assert_eq!(early["lines"].as_array().unwrap().len(), 2);
}

fn used_and_billed(server: &Server, world: &World, deal: &Deal) {
    let finance = world.key("finance");
    let march = json!({ "from": "2026-03-01", "to": "2026-04-01" });
    let usage = json!({
        "lot": deal.lot,
        "intervals": [
            {
                "nodes": "OSA:1-9",
                "window": { "from": "2026-02-28T15:00:00Z", "to": "2026-03-31T15:00:00Z" },
                "state": "available",
            },
            {
                "nodes": "N-OSA-000010",
                "window": { "from": "2026-02-28T15:00:00Z", "to": "2026-03-31T15:00:00Z" },
                "state": "down",
            },
        ],
        "source": "site agent",
        "evidence": { "document": { "media_type": "text/csv", "base64": "YSxiCg==" } },
    });
    let site = world.key("site_operator");
    let at = "2026-04-01T00:00:00Z";
    let recorded = server.post_at(at, site, "/v1/usage", usage).ok();
    assert_eq!(recorded["intervals"][1]["nodes"], "10");
    let body = json!({ "contract": "OSA-2026-01", "period": march });
    let preview = server.post(finance, "/v1/invoices/preview", body).ok();
    let body = json!({ "contract": "C-0001", "period": march, "issued_on": "2026-04-01" });
    let invoice = server.post(finance, "/v1/invoices", body.clone()).ok();
    assert_eq!(invoice["total"], preview["total"]);
    assert_eq!(invoice["identity"], preview["identity"]);
    assert_eq!(invoice["entries"][0]["source"]["id"], invoice["id"]);
    let again = server.post(finance, "/v1/invoices", body);
    assert_eq!(
        (again.status, again.code()),
        (409, "billing.already_issued".to_owned())
    );
    let april = json!({ "from": "2026-04-01", "to": "2026-05-01" });
    let body = json!({ "contract": deal.contract, "period": april, "issued_on": "2026-05-01" });
    server
        .post_at("2026-05-01T00:00:00Z", finance, "/v1/invoices", body)
        .ok();
    // The client and its partner see the invoice, and no ledger.
    let path = format!("/v1/invoices/{}", invoice["label"].as_str().unwrap());
    for key in [
        &world.sides[0].user_key.key,
        &world.sides[0].partner_key.key,
    ] {
        let seen = server.get(key, &path).ok();
        assert_eq!(seen["lines"], invoice["lines"]);
        assert!(seen["entries"].is_null(), "{seen}");
        assert_eq!(server.get(key, "/v1/entries").status, 403);
    }
}

fn wound_down(server: &Server, world: &World, deal: &Deal) {
    let (planner, compliance) = (world.key("planner"), world.key("compliance"));
    let plan = json!({
        "contract": deal.contract, "cause": "regulatory-change",
        "reason": "the client's parent is listed", "impact": "ten nodes, our margin",
        "determination": null, "notice_on": "2026-05-01", "ends_on": "2026-05-11",
    });
    let planned = server
        .post_at("2026-05-01T01:00:00Z", planner, "/v1/wind-downs", plan)
        .field("id");
    let path = format!("/v1/wind-downs/{planned}");
    let approve = format!("{path}/approve");
    server.post(compliance, &approve, Value::Null).ok();
    let tag = server.get(planner, &path);
    let tag = tag.header("etag").unwrap().to_owned();
    let seen = server.get(&world.sides[0].user_key.key, &path).ok();
    assert!(
        seen["impact"].is_null() && seen["reason"].is_string(),
        "{seen}"
    );
    let site = world.key("site_operator");
    for (step, at) in [
        ("notice", "2026-05-01T03:00:00Z"),
        ("suspend", "2026-05-01T04:00:00Z"),
        ("drain", "2026-05-02T00:00:00Z"),
        ("sanitise", "2026-05-03T00:00:00Z"),
        ("return", "2026-05-10T15:00:00Z"),
    ] {
        let erasure = json!({ "method": "purge", "performed_by": "site team" });
        let body = json!({
            "step": step, "at": at, "note": null, "evidence": { "text": step },
            "erasure": if step == "sanitise" { erasure } else { Value::Null },
        });
        let done = server
            .post_at(at, site, &format!("{path}/steps"), body)
            .ok();
        assert_eq!(
            done["steps"].as_array().unwrap().last().unwrap()["step"],
            step
        );
    }
    let evidence = format!("{path}/steps/sanitise/evidence");
    assert_eq!(server.get(site, &evidence).bytes, b"sanitise");
    let hidden = server.get(&world.sides[0].user_key.key, &evidence);
    assert_eq!(hidden.status, 404);
    // What the planner saw before the steps is no more.
    let settle = format!("{path}/settle");
    let headers = [("if-match", tag.as_str())];
    let finance = world.key("finance");
    let stale = server.call("POST", finance, &settle, &headers, json!({}));
    assert_eq!(stale.status, 412);
    let body = json!({ "issued_on": "2026-05-12" });
    let settled = server
        .post_at("2026-05-11T00:00:00Z", finance, &settle, body)
        .ok();
    assert_eq!(settled["invoices"][0]["issued_on"], "2026-05-12");
    let kinds: Vec<&str> = settled["invoices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invoice| invoice["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["final", "credit-note"]);
    assert_eq!(settled["invoices"][1]["total"], "-1299200.00 USD");
}

#[test]
fn another_partner_and_its_client_see_nothing_of_it() {
    let (server, world) = begin();
    let deal = signed(&server, &world);
    let nothing = "00000000-0000-0000-0000-000000000001";
    for key in [
        &world.sides[1].partner_key.key,
        &world.sides[1].admin_key.key,
        &world.sides[1].user_key.key,
    ] {
        for (list, id) in [
            ("/v1/contracts", deal.contract.as_str()),
            ("/v1/lots", deal.lot.as_str()),
            ("/v1/invoices", "INV-0001"),
            ("/v1/usage", "U-0001"),
            ("/v1/wind-downs", "WD-0001"),
        ] {
            let page = server.get(key, list).ok();
            assert_eq!((number(&page), &page["next_cursor"]), (0, &Value::Null));
            let hidden = server.get(key, &format!("{list}/{id}"));
            let missing = server.get(key, &format!("{list}/{nothing}"));
            assert_eq!((hidden.status, missing.status), (404, 404), "{list}");
            assert_eq!(hidden.json()["detail"], missing.json()["detail"]);
        }
        let body = json!({
            "contract": "OSA-2026-01", "period": { "from": "2026-03-01", "to": "2026-04-01" },
        });
        let hidden = server.post(key, "/v1/invoices/preview", body);
        let body = json!({
            "contract": "OSA-2031-99", "period": { "from": "2026-03-01", "to": "2026-04-01" },
        });
        let missing = server.post(key, "/v1/invoices/preview", body);
        assert_eq!((hidden.status, missing.status), (404, 404));
        assert_eq!(hidden.json()["detail"], missing.json()["detail"]);
        let csv = server.get(key, "/v1/contracts/export.csv");
        assert!(csv.bytes.is_empty(), "{:?}", csv.json());
    }
    for key in [
        &world.sides[0].partner_key.key,
        &world.sides[0].admin_key.key,
        &world.sides[0].user_key.key,
    ] {
        for list in ["/v1/contracts", "/v1/lots", "/v1/invoices"] {
            assert_eq!(number(&server.get(key, list).ok()), 1, "{list}");
        }
        let path = format!("/v1/contracts/{}/use", deal.contract);
        assert_eq!(server.get(key, &path).status, 403);
    }
}

#[test]
fn contracts_come_in_and_go_out_in_bulk() {
    let (server, world) = begin();
    let deal = deal(&server, &world);
    let planner = world.key("planner");
    let csv = server.get(planner, "/v1/contracts/export.csv");
    assert_eq!(csv.header("content-type"), Some("text/csv"));
    let csv = String::from_utf8(csv.bytes).unwrap();
    assert_eq!(csv.lines().count(), 2);
    let jsonl = server.get(planner, "/v1/contracts/export.jsonl").bytes;
    let out: Value = serde_json::from_slice(&jsonl).unwrap();
    assert_eq!(out["price"], deal.draft["price"]);
    assert_eq!(
        (&out["entity"], &out["lots"][0]["site"]),
        (&json!("HC-JP"), &json!("OSA"))
    );
    let import = |media_type: &str, text: String| {
        let last = server.app.engine.view().recorded_at;
        let request = common::request("POST", planner, "/v1/contracts/import")
            .header("content-type", media_type)
            .header("bareboat-recorded-at", last.next().unwrap().to_string())
            .body(axum::body::Body::from(text))
            .unwrap();
        server.send(request)
    };
    // Two lots of one contract, and another contract: in rows of one file.
    let header = csv.lines().next().unwrap();
    let row = csv.lines().nth(1).unwrap();
    let second = row.replace("OSA-2026-01", "OSA-2026-02");
    let third = row.replace("OSA-2026-01", "OSA-2026-03");
    let file = format!("{header}\n{second}\n{second}\n{third}\n");
    let made = import("text/csv", file).ok();
    assert_eq!(made["contracts"].as_array().unwrap().len(), 2);
    assert_eq!(made["contracts"][0]["reference"], "OSA-2026-02");
    let label = made["contracts"][0]["label"].as_str().unwrap();
    let shown = server.get(planner, &format!("/v1/contracts/{label}")).ok();
    assert_eq!(shown["lots"].as_array().unwrap().len(), 2);
    // What is wrong is told by line, and nothing is written.
    let position = server.position();
    let fourth = row.replace("OSA-2026-01", "OSA-2026-04");
    let broken = fourth.replace("B200", "B999");
    let taken = import("text/csv", format!("{header}\n{fourth}\n{third}\n"));
    assert_eq!(
        (taken.status, taken.code()),
        (400, "api.invalid_row".to_owned())
    );
    let detail = taken.json()["detail"].to_string();
    assert!(
        detail.contains("line 3") && detail.contains("contracts.reference_taken"),
        "{detail}"
    );
    let unknown = import("text/csv", format!("{header}\n{fourth}\n{broken}\n"));
    assert!(
        unknown.json()["detail"].to_string().contains("line 3"),
        "{}",
        unknown.json()
    );
    let half = import(
        "application/jsonl",
        format!("{out}\n{{\"reference\":\"X\"}}\n"),
    );
    assert!(
        half.json()["detail"].to_string().contains("line 2"),
        "{}",
        half.json()
    );
    assert_eq!(server.position(), position);
}

#[test]
fn entries_balance_are_reversed_and_kept_out_of_closed_periods() {
    let (server, world) = begin();
    let finance = world.key("finance");
    let entity = json!({
        "code": "HC-AU", "name": "Harbour Compute Pty", "country": "AU",
        "functional_currency": "AUD",
    });
    server.post(finance, "/v1/entities", entity).ok();
    let entry = |cash: &str, equity: &str| {
        json!({
            "entity": "HC-AU", "date": "2026-01-10", "description": "capital paid in",
            "postings": [
                { "code": "bank", "name": "Bank", "kind": "asset", "amount": cash },
                { "code": "capital", "name": "Capital", "kind": "equity", "amount": equity },
            ],
        })
    };
    let bad = server.post(finance, "/v1/entries", entry("1.00 AUD", "-2.00 AUD"));
    assert_eq!(
        (bad.status, bad.code()),
        (400, "ledger.unbalanced".to_owned())
    );
    let body = entry("5000.00 AUD", "-5000.00 AUD");
    let posted = server.post(finance, "/v1/entries", body).ok();
    assert_eq!(posted["label"], "E-0001");
    // The accounts are open now and need not be described again.
    let short = json!({
        "entity": "HC-AU", "date": "2026-01-11", "description": "more of it",
        "postings": [
            { "code": "bank", "amount": "10.00 AUD" }, { "code": "capital", "amount": "-10.00 AUD" },
        ],
    });
    server.post(finance, "/v1/entries", short.clone()).ok();
    let reverse = json!({ "date": "2026-01-12", "reason": "entered twice" });
    let reversed = server
        .post(finance, "/v1/entries/E-0002/reverse", reverse)
        .ok();
    assert_eq!(reversed["source"]["kind"], "reversal");
    let accounts = server.get(finance, "/v1/accounts?entity=HC-AU").ok();
    assert_eq!(accounts["items"][0]["balance"], "5000.00 AUD");
    let path = "/v1/entities/HC-AU/close";
    let closed = server
        .post(finance, path, json!({ "through": "2026-01-31" }))
        .ok();
    assert_eq!(closed["closed_through"], "2026-01-31");
    let late = server.post(finance, "/v1/entries", short);
    assert_eq!(
        (late.status, late.code()),
        (409, "ledger.period_is_closed".to_owned())
    );
    let path = "/v1/entries?entity=HC-AU&from=2026-01-11&to=2026-01-12";
    assert_eq!(number(&server.get(finance, path).ok()), 1);
}

#[test]
fn access_stops_and_is_given_back_by_another_hand() {
    let (server, world) = begin();
    let deal = signed(&server, &world);
    let contract = format!("/v1/contracts/{}", deal.contract);
    let at = "2026-03-02T00:00:00Z";
    let body = json!({ "at": at, "reason": "counsel is asked" });
    let (site, compliance) = (world.key("site_operator"), world.key("compliance"));
    let suspend = format!("{contract}/suspend");
    let stopped = server.post_at(at, site, &suspend, body.clone()).ok();
    assert_eq!(stopped["suspension"]["reason"], "counsel is asked");
    let seen = server.get(&world.sides[0].user_key.key, &contract).ok();
    assert_eq!(seen["suspension"]["at"], at);
    assert!(seen["suspension"]["reason"].is_null(), "{seen}");
    let resume = format!("{contract}/resume");
    assert_eq!(server.post(site, &resume, body.clone()).status, 403);
    let given = server.post(compliance, &resume, body).ok();
    assert!(given["suspension"].is_null());
    // The end of the term is years away: the extension may be exercised, once.
    let body = json!({ "on": "2026-03-02" });
    let extend = format!("{contract}/extend");
    let planner = world.key("planner");
    let extended = server.post(planner, &extend, body.clone()).ok();
    assert_eq!(
        (&extended["status"], &extended["ends_on"]),
        (&json!("extended"), &json!("2030-03-01"))
    );
    let again = server.post(planner, &extend, body);
    assert_eq!(
        (again.status, again.code()),
        (409, "contracts.wrong_status".to_owned())
    );
    let filtered = server.get(
        planner,
        "/v1/contracts?status=extended&reference=OSA-2026-01",
    );
    assert_eq!(number(&filtered.ok()), 1);
}

/// Role, path, body, status, code: nothing of it is right, and nothing of it is written.
const MALFORMED: &[(&str, &str, &str, u16, &str)] = &[
    ("planner", "/v1/contracts", "{}", 400, "api.malformed_body"),
    (
        "planner",
        "/v1/contracts/C-0001/sign",
        r#"{"signed_on":"2026-02-30"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "planner",
        "/v1/contracts/C-0001/sign",
        r#"{"signed_on":"2030-01-01"}"#,
        400,
        "book.effective_date_ahead",
    ),
    (
        "planner",
        "/v1/contracts/C-9999/sign",
        r#"{"signed_on":"2026-02-17"}"#,
        404,
        "api.not_found",
    ),
    (
        "planner",
        "/v1/contracts/C+1/sign",
        r#"{"signed_on":"2026-02-17"}"#,
        400,
        "api.invalid_path",
    ),
    (
        "compliance",
        "/v1/contracts/C-0001/use",
        r#"{"declared_on":"2026-02-16","source":"s","ear_activity":"export"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "compliance",
        "/v1/contracts/C-0001/use",
        r#"{"declared_on":"2026-02-16","source":"s","document":{"document":{"media_type":"text/plain","base64":"%"}}}"#,
        400,
        "api.invalid_field",
    ),
    (
        "planner",
        "/v1/wind-downs",
        r#"{"contract":"C-0001","cause":"whim","reason":"r","impact":"i","notice_on":"2026-05-01","ends_on":"2026-05-11"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "planner",
        "/v1/wind-downs",
        r#"{"contract":"C-0001","cause":"agreement","reason":"r","impact":"i","determination":"D-0999","notice_on":"2026-05-01","ends_on":"2026-05-11"}"#,
        404,
        "api.not_found",
    ),
    (
        "site_operator",
        "/v1/usage",
        r#"{"lot":"LOT-0001","intervals":[{"nodes":"TYO:1","window":{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"},"state":"down"}],"source":"s","evidence":{"text":"t"}}"#,
        400,
        "api.invalid_field",
    ),
    (
        "site_operator",
        "/v1/usage",
        r#"{"lot":"LOT-0001","intervals":[{"nodes":"OSA:9-1","window":{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"},"state":"down"}],"source":"s","evidence":{"text":"t"}}"#,
        400,
        "api.invalid_field",
    ),
    (
        "site_operator",
        "/v1/usage",
        r#"{"lot":"LOT-0001","intervals":[{"window":{"from":"2026-03-02T00:00:00Z","to":"2026-03-01T00:00:00Z"},"state":"down"}],"source":"s","evidence":{"text":"t"}}"#,
        400,
        "api.invalid_field",
    ),
    (
        "site_operator",
        "/v1/usage",
        r#"{"lot":"LOT-0001","intervals":[{"nodes":"OSA:1-4294967294","window":{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"},"state":"down"}],"source":"s","evidence":{"text":"t"}}"#,
        409,
        "book.inconsistent",
    ),
    (
        "site_operator",
        "/v1/usage",
        r#"{"lot":"LOT-0001","intervals":[],"source":"s","evidence":{"digest":"00"}}"#,
        400,
        "api.malformed_body",
    ),
    (
        "finance",
        "/v1/invoices",
        r#"{"contract":"C-0001","period":{"from":"2026-04-01","to":"2026-03-01"},"issued_on":"2026-04-01"}"#,
        400,
        "api.invalid_field",
    ),
    (
        "finance",
        "/v1/invoices",
        r#"{"contract":"C-0001","period":{"from":"1999-04-01","to":"1999-05-01"},"issued_on":"2026-04-01"}"#,
        409,
        "billing.nothing_to_bill",
    ),
    (
        "finance",
        "/v1/invoices/preview",
        r#"{"contract":"no such thing","period":{"from":"2026-03-01","to":"2026-04-01"}}"#,
        400,
        "api.invalid_field",
    ),
    (
        "finance",
        "/v1/entries",
        r#"{"entity":"HC-JP","date":"2026-03-01","description":"d","postings":[{"code":"new","amount":"1.00 USD"},{"code":"cash","amount":"-1.00 USD"}]}"#,
        400,
        "api.invalid_field",
    ),
    (
        "finance",
        "/v1/entries",
        r#"{"entity":"HC-JP","date":"2026-03-01","description":"d","postings":[{"code":"a","amount":"1.001 USD"}]}"#,
        400,
        "api.malformed_body",
    ),
    (
        "finance",
        "/v1/entities",
        r#"{"code":"X","name":"X","country":"XX1","functional_currency":"AUD"}"#,
        400,
        "api.malformed_body",
    ),
    (
        "finance",
        "/v1/entities/HC-JP/close",
        r#"{"through":"2026-01-31","at":"now"}"#,
        400,
        "api.malformed_body",
    ),
];

#[test]
fn what_is_malformed_is_refused_and_not_written() {
    let (server, world) = begin();
    signed(&server, &world);
    let position = server.position();
    for (role, path, body, status, code) in MALFORMED {
        let request = common::request("POST", world.key(role), path)
            .header("content-type", "application/json")
            .body(axum::body::Body::from(*body))
            .unwrap();
        let answer = server.send(request);
        let what = format!("{path} {body}: {}", answer.json());
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (*status, *code),
            "{what}"
        );
    }
    for (path, code) in [
        ("/v1/contracts?status=open", "api.invalid_parameter"),
        ("/v1/contracts?client=x%20y", "api.invalid_parameter"),
        ("/v1/usage?state=broken", "api.invalid_parameter"),
        ("/v1/invoices?kind=bill", "api.invalid_parameter"),
        ("/v1/entries?from=yesterday", "api.invalid_parameter"),
        ("/v1/lots?colour=red", "api.unknown_parameter"),
        (
            "/v1/entities/HC-JP/trial-balance?on=2026-13-01",
            "api.invalid_parameter",
        ),
        (
            "/v1/wind-downs/WD-0001/steps/dance/evidence",
            "api.not_found",
        ),
    ] {
        let answer = server.get(world.key("auditor"), path);
        assert_eq!(answer.code(), code, "{path}: {}", answer.json());
    }
    assert_eq!(server.position(), position);
}
