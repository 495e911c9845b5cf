//! Quotes end to end: what they hold, who sees them, and how they end.

mod common;

use common::deal::{BEGINS, Deal, deal};
use common::{Answer, Server, World};
use serde_json::{Value, json};

const EXPIRES: &str = "2026-02-20T00:00:00Z";

/// A draft over 10 of 12 nodes, with its use declared.
fn ready() -> (Server, World, Deal) {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let deal = deal(&server, &world);
    declare(&server, &world, &deal.contract);
    (server, world, deal)
}

fn declare(server: &Server, world: &World, contract: &str) {
    let used = json!({
        "purpose": "training", "wmd": false, "military_intelligence": false,
        "training_for_d5_party": false, "diversion": false,
        "ear_activity": "in-country-transfer", "declared_on": "2026-02-16",
        "source": "end-user statement", "document": { "text": "we train models" },
    });
    let path = format!("/v1/contracts/{contract}/use");
    server.post(world.key("compliance"), &path, used).ok();
}

fn quote(server: &Server, world: &World, contract: &str, expires_at: &str) -> Answer {
    let path = format!("/v1/contracts/{contract}/quotes");
    let body = json!({ "expires_at": expires_at });
    server.post(world.key("planner"), &path, body)
}

fn items(answer: Answer) -> Vec<Value> {
    answer.ok()["items"].as_array().unwrap().clone()
}

/// Softly held and free nodes in the deal's first second, as the calendar shows it.
fn calendar(server: &Server, world: &World) -> (Value, Value) {
    let path = "/v1/pools/OSA:B200/calendar?from=2026-03-01&to=2026-03-02";
    let shown = server.get(world.key("planner"), path).ok();
    let step = &shown["steps"][0];
    (step["soft_held"].clone(), step["free"].clone())
}

#[test]
fn a_quote_is_made_shown_and_taken() {
    let (server, world, deal) = ready();
    let planner = world.key("planner");
    let made = quote(&server, &world, &deal.contract, EXPIRES).ok();
    // What its own quote holds does not stand in the lot's way.
    let own = json!({ "lot": deal.lot });
    let explained = server.post(planner, "/v1/capacity/explain", own).ok();
    assert_eq!(explained["possible"], true);
    for (name, value) in [
        ("label", json!("Q-0001")),
        ("status", json!("open")),
        ("committed", json!("6496000.00 USD")),
        ("contract", json!(deal.contract)),
        ("expires_at", json!(EXPIRES)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let contract = format!("/v1/contracts/{}", deal.contract);
    let contract = server.get(planner, &contract).ok();
    assert_eq!(made["price_per_gpu_hour"], contract["price_per_gpu_hour"]);
    assert_eq!(made["holds"][0]["nodes"], 10);
    assert_eq!(calendar(&server, &world), (json!(10), json!(2)));
    let again = quote(&server, &world, &deal.contract, EXPIRES);
    assert_eq!(again.code(), "capacity.quote_open");
    let sign = format!("/v1/contracts/{}/sign", deal.contract);
    let body = json!({ "signed_on": "2026-02-16" });
    server.post(planner, &sign, body).ok();
    assert_eq!(
        server.get(planner, "/v1/quotes/Q-0001").ok()["status"],
        "taken"
    );
    assert_eq!(calendar(&server, &world), (json!(0), json!(2)));
    let withdrawn = server.post(planner, "/v1/quotes/Q-0001/withdraw", Value::Null);
    assert_eq!(withdrawn.code(), "capacity.quote_over");
}

#[test]
fn a_quote_is_its_own_sides_to_see() {
    let (server, world, deal) = ready();
    quote(&server, &world, &deal.contract, EXPIRES).ok();
    let (mine, other) = (&world.sides[0], &world.sides[1]);
    for key in [&mine.partner_key.key, &mine.user_key.key] {
        let seen = items(server.get(key, "/v1/quotes?status=open"));
        assert_eq!((seen.len(), &seen[0]["label"]), (1, &json!("Q-0001")));
        server.get(key, "/v1/quotes/Q-0001").ok();
    }
    for key in [&other.partner_key.key, &other.user_key.key] {
        assert_eq!(items(server.get(key, "/v1/quotes")).len(), 0);
        let found = server.get(key, "/v1/quotes/Q-0001").code();
        assert_eq!(found, "api.not_found");
    }
    // Prices are not for people at a site.
    let site = world.key("site_operator");
    assert_eq!(server.get(site, "/v1/quotes").code(), "api.forbidden");
}

#[test]
fn a_quote_ends_by_time_or_by_hand() {
    let (server, world, deal) = ready();
    let planner = world.key("planner");
    let past = quote(&server, &world, &deal.contract, "2026-02-01T00:00:00Z");
    assert_eq!(past.code(), "capacity.quote_expiry_past");
    quote(&server, &world, &deal.contract, EXPIRES).ok();
    let withdraw = "/v1/quotes/Q-0001/withdraw";
    let withdrawn = server.post(planner, withdraw, Value::Null).ok();
    assert_eq!(withdrawn["status"], "withdrawn");
    assert_eq!(calendar(&server, &world), (json!(0), json!(12)));
    quote(&server, &world, &deal.contract, EXPIRES).ok();
    assert_eq!(calendar(&server, &world), (json!(10), json!(2)));
    // Anything that is recorded at the expiry; nobody records a lapse.
    let body = json!({ "nodes": 0 });
    let floor = "/v1/pools/OSA:B200/spare-floor";
    let at = [("bareboat-recorded-at", EXPIRES)];
    server.call("PUT", planner, floor, &at, body).ok();
    assert_eq!(calendar(&server, &world), (json!(0), json!(12)));
    let seen = items(server.get(planner, "/v1/quotes?status=lapsed"));
    assert_eq!((seen.len(), &seen[0]["label"]), (1, &json!("Q-0002")));
    let over = server.post(planner, "/v1/quotes/Q-0002/withdraw", Value::Null);
    assert_eq!(over.code(), "capacity.quote_over");
    // As the book stood before, it held.
    let before = format!("/v1/quotes/Q-0002?as_of={}", server.position() - 1);
    assert_eq!(server.get(planner, &before).ok()["status"], "open");
}
