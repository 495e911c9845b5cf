//! What is sealed stays shut to those who have no part in it: a draft lets nobody in, and who
//! owns a sealed party is told by no event, determination, explanation or refusal.

mod common;

use common::deal::{BEGINS, deal, signed};
use common::{Answer, Server, World};
use serde_json::{Value, json};

const OWNER: &str = "Open Holdings";

fn register(server: &Server, world: &World, body: Value) -> Value {
    let key = world.key("compliance");
    server.post(key, "/v1/parties", body).ok()
}

fn sealed_client(server: &Server, world: &World) -> Value {
    let body = json!({
        "kind": "company", "name": "Vellvet Lanturn Shipping", "domicile": "SG",
        "headquarters": "SG", "source": "statement", "sealed": true,
    });
    register(server, world, body)
}

/// A draft for the first side, between its partner and another client of the partner's.
fn draft(server: &Server, world: &World, draft: &Value, client: &Value) -> Value {
    let partner = world.sides[0].partner.as_str();
    let party = client["id"].as_str();
    let tenant = server.organisation_of("OTHER-T", "tenant", Some(partner), party);
    server.project(&tenant, "main");
    let mut body = draft.clone();
    body["reference"] = "OSA-2026-02".into();
    body["client"] = client["id"].clone();
    body["client_organisation"] = tenant.into();
    server
        .post(world.key("planner"), "/v1/contracts", body)
        .ok()
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.bytes).into_owned()
}

#[test]
fn a_draft_opens_no_seal_and_is_the_operators_own() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let deal = deal(&server, &world);
    let client = sealed_client(&server, &world);
    let contract = draft(&server, &world, &deal.draft, &client);
    let party = format!("/v1/parties/{}", client["id"].as_str().unwrap());
    let name = client["name"]["sealed"].as_str().unwrap();
    let open = format!("/v1/sealed/{name}/open");
    let contract = format!("/v1/contracts/{}", contract["id"].as_str().unwrap());
    let shut = |when: &str| {
        // The partner and its other client know nothing of the draft.
        for holder in [&world.sides[0].partner_key, &world.sides[0].admin_key] {
            let answer = server.get(&holder.key, &contract);
            assert_eq!(answer.status, 404, "{when}: {}", text(&answer));
            for list in ["/v1/contracts", "/v1/lots"] {
                let found = server.get(&holder.key, list).ok();
                assert_eq!(found["items"], json!([]), "{when}: {list}");
            }
        }
        // Others know nothing of the client either.
        let others = [
            &world.sides[0].admin_key,
            &world.sides[1].partner_key,
            &world.sides[1].admin_key,
        ];
        for holder in others {
            let purpose = json!({ "purpose": "curiosity" });
            for answer in [
                server.get(&holder.key, &party),
                server.post(&holder.key, &open, purpose),
            ] {
                assert_eq!(answer.status, 404, "{when}: {}", text(&answer));
            }
        }
    };
    shut("drafted");
    let planner = world.key("planner");
    let withdraw = format!("{contract}/withdraw");
    server.post(planner, &withdraw, Value::Null).ok();
    shut("withdrawn");
    // Nor can a draft be made that would put the client beside another partner.
    let mut body = deal.draft;
    body["reference"] = "OSA-2026-03".into();
    body["client"] = client["id"].clone();
    let refused = server.post(planner, "/v1/contracts", body);
    assert_eq!(refused.code(), "book.inconsistent");
    shut("refused");
}

#[test]
fn a_signed_contract_shows_its_parties_to_both_sides() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let deal = signed(&server, &world);
    let side = &world.sides[0];
    for holder in [&side.partner_key, &side.admin_key] {
        let path = format!("/v1/parties/{}", deal.client);
        server.get(&holder.key, &path).ok();
        let path = format!("/v1/contracts/{}", deal.contract);
        server.get(&holder.key, &path).ok();
    }
}

#[test]
fn who_owns_a_sealed_party_is_told_to_nobody_who_may_not_open_it() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let deal = deal(&server, &world);
    let client = sealed_client(&server, &world);
    let owner = json!({
        "kind": "company", "name": OWNER, "domicile": "SG", "headquarters": "SG", "source": "x",
        "no_parent": "statement",
    });
    let owner = register(&server, &world, owner);
    let owner_id = owner["id"].as_str().unwrap();
    let compliance = world.key("compliance");
    let interest = json!({
        "owner": owner["label"], "owned": client["id"], "from": "2024-01-01",
        "voting": { "min": "60", "max": "60" }, "source": "register",
    });
    let interest = server
        .post(compliance, "/v1/interests", interest)
        .field("id");
    let contract = draft(&server, &world, &deal.draft, &client);
    let determine = json!({ "contract": contract["id"], "activity": "sign" });
    let made = server
        .post(compliance, "/v1/determinations", determine)
        .field("id");

    // Who may open it is told.
    let made = format!("/v1/determinations/{made}");
    let whole = server.get(compliance, &made).ok();
    assert!(whole["missing"].to_string().contains(OWNER), "{whole}");
    let events = server.get(compliance, "/v1/events?limit=1000");
    assert!(text(&events).contains(&interest));

    let sign = format!("/v1/contracts/{}/sign", contract["id"].as_str().unwrap());
    let signing = json!({ "signed_on": "2026-02-16" });
    let refused = server.post(world.key("planner"), &sign, signing);
    assert_eq!(refused.code(), "book.not_permitted");
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains("party.owned_by_listed of"), "{detail}");
    assert!(detail.contains("withheld"), "{detail}");
    assert!(!detail.contains(OWNER), "{detail}");
    // What else is missing is still said.
    assert!(detail.contains("use.purpose"), "{detail}");

    let label = whole["label"].as_str().unwrap();
    for role in ["planner", "finance", "auditor", "admin"] {
        for path in [
            made.as_str(),
            "/v1/determinations",
            &format!("{made}/proof"),
            &format!("/v1/explain/{label}"),
        ] {
            let shown = text(&server.get(world.key(role), path));
            assert!(shown.contains("withheld"), "{role} {path}: {shown}");
            assert!(!shown.contains(OWNER), "{role} {path}: {shown}");
        }
    }
    for role in ["auditor", "admin"] {
        for kind in ["parties.interest", "rulebook.determination"] {
            let path = format!("/v1/events?limit=1000&type={kind}");
            let shown = text(&server.get(world.key(role), &path));
            assert!(shown.contains("withheld"), "{role} {kind}: {shown}");
            for needle in [OWNER, owner_id, &interest] {
                assert!(!shown.contains(needle), "{role} {kind}: {shown}");
            }
        }
    }
}

#[test]
fn who_owns_a_party_in_the_open_is_told() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let deal = deal(&server, &world);
    let body = json!({ "kind": "company", "name": OWNER, "domicile": "SG", "source": "x" });
    let owner = register(&server, &world, body);
    let interest = json!({
        "owner": owner["label"], "owned": deal.client, "from": "2024-01-01",
        "voting": { "min": "60", "max": "60" }, "source": "register",
    });
    let planner = world.key("planner");
    let interest = server.post(planner, "/v1/interests", interest).field("id");
    let sign = format!("/v1/contracts/{}/sign", deal.contract);
    let refused = server.post(planner, &sign, json!({ "signed_on": "2026-02-16" }));
    let detail = refused.json()["detail"].to_string();
    assert!(detail.contains(OWNER), "{detail}");
    let events = server.get(world.key("auditor"), "/v1/events?type=parties.interest");
    assert!(text(&events).contains(&interest));
}
