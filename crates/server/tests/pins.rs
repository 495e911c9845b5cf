//! When reservations get their nodes: a time ahead, by themselves or when asked for.

mod common;

use common::deal::{BEGINS, agreed};
use common::{Server, World};
use serde_json::{Value, json};

const DUE: &str = "/v1/capacity/due";
const PIN_DUE: &str = "/v1/pools/OSA:B200/pin-due";

fn ahead(server: &Server, world: &World, days: Value) -> Value {
    let path = "/v1/pools/OSA:B200/pin-ahead";
    let body = json!({ "days": days });
    let key = world.key("planner");
    server.call("PUT", key, path, &[], body).ok()
}

fn due(server: &Server, world: &World, query: &str) -> Vec<String> {
    let answer = server.get(world.key("planner"), &format!("{DUE}{query}"));
    let items = answer.ok()["items"].as_array().unwrap().clone();
    let labels = items.iter().map(|row| row["label"].as_str().unwrap());
    labels.map(str::to_owned).collect()
}

/// Its tenant knows which nodes it will have, but nothing of them before they are its own.
fn its_tenant_reads_nothing_of_them_yet(server: &Server, world: &World) {
    let side = &world.sides[0];
    let read = |path: &str| server.get(&side.user_key.key, path).ok();
    assert_eq!(read("/v1/nodes")["items"], json!([]));
    assert_eq!(read("/v1/capacity/changes")["changes"], json!([]));
    let shown = read("/v1/allocations/A-0001");
    assert_eq!(shown["nodes"][0]["phase"], Value::Null);
    let block = json!({
        "allocation": "A-0001", "nodes": 2, "within": "leaf", "purpose": "llm-7",
    });
    let early = server.post(&side.admin_key.key, "/v1/blocks", block);
    assert_eq!(early.code(), "capacity.not_handed_over");
}

fn its_tenant_reads_of_them(server: &Server, world: &World, at: &str) {
    let read = |path: &str| server.get(&world.sides[0].user_key.key, path).ok();
    let changes = read("/v1/capacity/changes")["changes"].clone();
    let told = ["change", "reason", "at"].map(|name| &changes[0][name]);
    assert_eq!(json!(told), json!(["appeared", "delivered", at]));
    assert_eq!(changes.as_array().unwrap().len(), 1);
    assert_eq!(read("/v1/nodes")["items"].as_array().unwrap().len(), 10);
}

#[test]
fn what_is_due_gets_its_nodes_and_is_handed_over_later() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    agreed(&server, &world);
    let (planner, tenant) = (world.key("planner"), &world.sides[0].user_key.key);
    // Signed on 17 February for 1 March: eleven days ahead.
    assert_eq!(due(&server, &world, ""), [""; 0]);
    assert_eq!(due(&server, &world, "?within=20"), ["R-0001"]);
    assert_eq!(ahead(&server, &world, json!(5))["pin_ahead_days"], 5);
    assert_eq!(due(&server, &world, ""), [""; 0]);
    ahead(&server, &world, json!(14));
    assert_eq!(due(&server, &world, "?pool=OSA:B200"), ["R-0001"]);
    assert_eq!(server.get(tenant, DUE).code(), "api.forbidden");
    let denied = server.post(tenant, PIN_DUE, json!({}));
    assert_eq!(denied.code(), "api.forbidden");
    // Three nodes fail: those that are left do not do for the lot, and that is said.
    let site = world.key("site_operator");
    let move_to = |to: &str| {
        let body = json!({ "site": "OSA", "nodes": "1-3", "to": to, "reason": "smoke" });
        server.post(site, "/v1/nodes/advance", body).ok();
    };
    move_to("in-repair");
    let position = server.position();
    let none = server.post(planner, PIN_DUE, json!({})).ok();
    assert_eq!(server.position(), position, "nothing is written");
    assert_eq!((&none["pinned"], &none["left"]), (&json!([]), &json!(0)));
    let refused = &none["refused"][0];
    assert_eq!(refused["code"], "book.not_enough_ready");
    assert_eq!(
        (&refused["label"], &refused["lot_label"]),
        (&json!("R-0001"), &json!("LOT-0001"))
    );
    move_to("validating");
    move_to("ready");
    let dry = server
        .post(planner, &format!("{PIN_DUE}?dry_run=true"), json!({}))
        .ok();
    let done = server.post(planner, PIN_DUE, json!({})).ok();
    assert_eq!(done["pinned"][0]["label"], dry["pinned"][0]["label"]);
    assert_eq!(done["pinned"][0]["label"], "R-0001");
    assert_eq!(due(&server, &world, ""), [""; 0]);
    let shown = server.get(planner, "/v1/allocations/A-0001").ok();
    assert_eq!(shown["allocation"]["handed_over"], false);
    assert_eq!(shown["nodes"][0]["phase"], "ready");
    its_tenant_reads_nothing_of_them_yet(&server, &world);
    let again = server.post(planner, "/v1/lots/LOT-0001/pin", Value::Null);
    assert_eq!(again.code(), "book.lot_allocated");
    let at = "2026-02-28T15:00:00Z";
    let body = json!({ "at": at });
    server
        .post_at(at, site, "/v1/lots/LOT-0001/allocate", body)
        .ok();
    let shown = server.get(planner, "/v1/allocations/A-0001").ok();
    assert_eq!(shown["allocation"]["handed_over"], true);
    assert_eq!(shown["nodes"][0]["phase"], "allocated");
    its_tenant_reads_of_them(&server, &world, at);
    let path = "/v1/capacity/due?within=4000";
    let far = server.get(planner, path);
    assert_eq!(far.code(), "api.invalid_field");
}

fn by_itself(server: &Server) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(bareboat_server::pin_all_due(&server.app));
}

#[test]
fn the_server_pins_by_itself_in_the_name_of_who_said_so() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    agreed(&server, &world);
    by_itself(&server);
    assert_eq!(
        due(&server, &world, "?within=20"),
        ["R-0001"],
        "on demand only"
    );
    ahead(&server, &world, json!(14));
    by_itself(&server);
    // It is recorded at the machine's time, at which no key of this world stands any more.
    let view = server.app.engine.view();
    let rows = view.state.capacity.allocations.values();
    let by: Vec<String> = rows.map(|row| row.recorded.by.to_string()).collect();
    let staff = world.staff.iter().find(|(role, _)| role == "planner");
    assert_eq!(by, [staff.unwrap().1.principal.as_str()]);
}

#[test]
fn nothing_is_pinned_for_one_who_may_no_longer_allocate() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    agreed(&server, &world);
    ahead(&server, &world, json!(14));
    let staff = world.staff.iter().find(|(role, _)| role == "planner");
    let grant = &staff.unwrap().1.grant;
    let path = format!("/v1/grants/{grant}/revoke");
    server.post(&server.admin, &path, Value::Null).ok();
    let position = server.position();
    by_itself(&server);
    assert_eq!(server.position(), position);
}
