//! The fleet and its calendar end to end: from an order to nodes in a client's hands, and what of
//! that a partner and a tenant see.

mod common;

use axum::body::Body;
use common::deal::{BEGINS, signed};
use common::{Answer, Server, World, request};
use serde_json::{Value, json};

fn begin() -> (Server, World) {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    (server, world)
}

fn items(answer: Answer) -> Vec<Value> {
    answer.ok()["items"].as_array().unwrap().clone()
}

fn model() -> Value {
    json!({
        "code": "B200", "vendor": "NVIDIA", "gpus_per_node": 8, "memory_gb": 192,
        "tdp_watts": 1000, "tpp": 36000, "performance_density_centi": 2200,
        "dram_gbps": 8000, "eccn": "3A090.a", "nvlink_domain_gpus": 8,
    })
}

fn order(nodes: u32) -> Value {
    json!({
        "supplier": "Vendor", "reference": "PO-1", "model": "B200", "site": "OSA",
        "nodes": nodes, "price": "1000000.00 USD", "placed_on": "2026-01-05",
        "tranches": [
            { "nodes": 4, "due_on": "2026-02-15" },
            { "nodes": nodes - 4, "due_on": "2026-03-15" },
        ],
    })
}

/// A site with a model, a hall and an order of six nodes in two tranches.
fn ordered(server: &Server, world: &World) {
    let planner = world.key("planner");
    let site = json!({
        "code": "OSA", "name": "大阪", "country": "JP", "zone": "Asia/Tokyo",
        "power_kw": 9000, "pue_milli": 1250,
    });
    server.post(planner, "/v1/models", model()).ok();
    server.post(planner, "/v1/sites", site).ok();
    let hall = json!({ "site": "OSA", "code": "H1" });
    server.post(planner, "/v1/halls", hall).ok();
    server.post(planner, "/v1/orders", order(6)).ok();
}

fn import(server: &Server, key: &str, path: &str, kind: &str, body: &str) -> Answer {
    let at = server
        .app
        .engine
        .view()
        .recorded_at
        .next()
        .unwrap()
        .to_string();
    let request = request("POST", key, path)
        .header("bareboat-recorded-at", at)
        .header("content-type", kind);
    server.send(request.body(Body::from(body.to_owned())).unwrap())
}

const CSV: &str = "serial,hall,rack,leaf,spine_group,nvlink_domain,bmc,gpus\n\
    S1,H1,R1,1,1,,10.0.0.1,A1 A2 A3 A4 A5 A6 A7 A8\n\
    S2,H1,R1,1,1,7,10.0.0.2,\n";

#[test]
fn what_is_ordered_can_be_sold_from_its_day_on() {
    let (server, world) = begin();
    ordered(&server, &world);
    let planner = world.key("planner");
    let placed = server.get(planner, "/v1/orders/PO-0001").ok();
    assert_eq!(placed["price_per_node"], "166666.666667 USD");
    assert_eq!(placed["tranches"][1]["label"], "TR-0002");
    let path = "/v1/pools/OSA:B200/calendar?from=2026-02-01&to=2026-04-01";
    let calendar = server.get(planner, path).ok();
    let steps: Vec<_> = calendar["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            (
                step["from"].as_str().unwrap(),
                step["free"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("2026-01-31T15:00:00Z", 0),
        ("2026-02-14T15:00:00Z", 4),
        ("2026-03-14T15:00:00Z", 6),
    ];
    assert_eq!(steps, expected);
    assert_eq!(calendar["most_free"], 0);
    // A floor of spares is never sold; a slip moves what is still owed.
    let pool = server.get(planner, "/v1/pools/POOL-0001");
    let tag = pool.header("etag").unwrap().to_owned();
    let floor = "/v1/pools/OSA:B200/spare-floor";
    let set = |nodes: u32| {
        let headers = [("if-match", tag.as_str())];
        server.call("PUT", planner, floor, &headers, json!({ "nodes": nodes }))
    };
    assert_eq!(set(1).ok()["spare_floor"], 1);
    assert_eq!(set(2).code(), "api.precondition_failed");
    let slip = json!({ "due_on": "2026-05-01", "reason": "ships late" });
    let slipped = server
        .post(planner, "/v1/tranches/TR-0002/slip", slip.clone())
        .ok();
    assert_eq!(slipped["tranche"]["due_on"], "2026-05-01");
    assert_eq!(slipped["tranche"]["slips"][0]["old_due_on"], "2026-03-15");
    assert_eq!(slipped["at_risk"], json!([]));
    let again = server.post(planner, "/v1/tranches/TR-0002/slip", slip);
    assert_eq!(again.code(), "fleet.date_unchanged");
    assert_eq!(
        items(server.get(planner, "/v1/tranches?site=OSA&status=expected")).len(),
        2
    );
    assert_eq!(items(server.get(planner, "/v1/tranches?site=NRT")).len(), 0);
}

#[test]
fn an_import_names_every_bad_row_and_writes_nothing() {
    let (server, world) = begin();
    ordered(&server, &world);
    let key = world.key("site_operator");
    let path = "/v1/tranches/TR-0001/import?received_on=2026-02-16";
    let position = server.position();
    // Every bad row is named by its line, and nothing is written.
    let bad = format!("{CSV}S1,H9,R1,1,1,,b,\nS1,H1,R1,1,1,,b,\nS3,H1,R1,1,1,,b,A1\n");
    let refused = import(&server, key, path, "text/csv", &bad);
    assert_eq!(refused.code(), "api.invalid_row");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    for part in [
        "line 4: ",
        "H9",
        "line 5: ",
        "stands twice",
        "line 6: ",
        "expected 8",
    ] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    let bad = CSV.replace(",7,", ",x,");
    let refused = import(&server, key, path, "text/csv", &bad);
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("line 3: ")
    );
    assert_eq!(server.position(), position);
}

#[test]
fn nodes_come_in_three_ways_and_go_out_in_two() {
    let (server, world) = begin();
    ordered(&server, &world);
    let key = world.key("site_operator");
    let path = "/v1/tranches/TR-0001/import?received_on=2026-01-04";
    let receipt = import(&server, key, path, "text/csv", CSV).ok();
    assert_eq!(
        (&receipt["nodes"], &receipt["count"]),
        (&json!("1-2"), &json!(2))
    );
    // The same rows again are in the fleet already.
    let again = import(&server, key, path, "text/csv", CSV);
    assert!(
        again.json()["detail"]
            .as_str()
            .unwrap()
            .contains("already in the fleet")
    );
    let line = json!({
        "serial": "S3", "hall": "H1", "rack": "R2", "leaf": 2, "spine_group": 1, "bmc": "b",
    });
    let lines = format!("{line}\n");
    let receipt = import(&server, key, path, "application/jsonl", &lines).ok();
    assert_eq!(receipt["nodes"], "3");
    let body = json!({ "received_on": "2026-01-05", "nodes": [{
        "serial": "S4", "hall": "HALL-0001", "rack": "R2", "leaf": 2, "spine_group": 1,
        "nvlink_domain": null, "bmc": "b",
    }] });
    let receipt = server.post(key, "/v1/tranches/TR-0001/receive", body).ok();
    assert_eq!(receipt["nodes"], "4");
    assert_eq!(
        items(server.get(key, "/v1/receipts?tranche=TR-0001")).len(),
        3
    );
    assert_eq!(
        server.get(key, "/v1/receipts/RC-0003").ok()["received_on"],
        "2026-01-05"
    );
    assert_eq!(
        server.get(key, "/v1/tranches/TR-0001").ok()["status"],
        "received"
    );
    let csv = String::from_utf8(server.get(key, "/v1/nodes/export.csv?site=OSA").bytes).unwrap();
    let first = "N-OSA-000001,OSA,1,B200,S1,H1,R1,1,1,,10.0.0.1,A1 A2 A3 A4 A5 A6 A7 A8,received,\
        2026-01-03T15:00:00Z,unknown,,";
    assert_eq!(csv.lines().nth(1), Some(first));
    assert_eq!(csv.lines().count(), 5);
    let jsonl = server
        .get(key, "/v1/nodes/export.jsonl?phase=received")
        .bytes;
    let jsonl = String::from_utf8(jsonl).unwrap();
    let last: Value = serde_json::from_str(jsonl.lines().last().unwrap()).unwrap();
    assert_eq!(last["label"], "N-OSA-000004");
    assert_eq!(
        last["place"]["switches"],
        json!(["OSA/H1/leaf-2", "OSA/spine-1", "OSA/core"])
    );
}

#[test]
fn nodes_move_in_ranges_all_or_none() {
    let (server, world) = begin();
    ordered(&server, &world);
    let key = world.key("site_operator");
    let path = "/v1/tranches/TR-0001/import?received_on=2026-01-04";
    import(&server, key, path, "text/csv", CSV).ok();
    let advance = |nodes: &str, to: &str| {
        let body = json!({ "site": "OSA", "nodes": nodes, "to": to });
        server.post(key, "/v1/nodes/advance", body)
    };
    let moved = advance("1-2", "racked").ok();
    assert_eq!(
        (&moved["count"], &moved["phase"]),
        (&json!(2), &json!("racked"))
    );
    advance("2", "discovered").ok();
    assert_eq!(
        advance("1, 2", "discovered").code(),
        "fleet.move_not_allowed"
    );
    assert_eq!(advance("1-3", "discovered").code(), "fleet.node_unknown");
    assert_eq!(
        advance("1-4000000000", "discovered").code(),
        "fleet.node_unknown"
    );
    assert_eq!(advance("1", "in-repair").code(), "fleet.reason_missing");
    assert_eq!(advance("1", "allocated").code(), "api.invalid_field");
    assert_eq!(advance("1", "asleep").code(), "api.invalid_field");
    assert_eq!(advance("2-1", "racked").code(), "api.malformed_body");
    let racked = items(server.get(key, "/v1/nodes?site=osa"));
    assert_eq!(racked.len(), 0, "codes are as they are written");
    let racked = items(server.get(key, "/v1/nodes?site=OSA&model=B200&phase=racked"));
    assert_eq!(
        (racked.len(), &racked[0]["label"]),
        (1, &json!("N-OSA-000001"))
    );
    assert_eq!(racked[0]["bmc"], "10.0.0.1");
    let id = racked[0]["id"].as_str().unwrap();
    let by_id = server.get(key, &format!("/v1/nodes/{id}")).ok();
    assert_eq!(by_id, server.get(key, "/v1/nodes/N-OSA-000001").ok());
    // Maintenance takes nodes out of supply; what it says comes back in the list.
    let body = json!({
        "nodes": "1", "why": "firmware",
        "window": { "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z" },
    });
    let set = server
        .post(key, "/v1/pools/POOL-0001/maintenance", body)
        .ok();
    assert_eq!(set["maintenance"]["count"], 1);
    assert_eq!(
        items(server.get(key, "/v1/maintenance?pool=OSA:B200")).len(),
        1
    );
    let path = "/v1/maintenance?from=2026-03-02T00:00:00Z";
    assert_eq!(items(server.get(key, path)).len(), 0);
    let counts = items(server.get(key, "/v1/capacity"));
    assert_eq!(counts[0]["delivered"], 2);
    assert_eq!(
        (&counts[0]["healthy"], &counts[0]["phases"]["racked"]),
        (&json!(0), &json!(1))
    );
}

#[test]
fn a_tenant_sees_the_nodes_named_for_it_and_no_others() {
    let (server, world) = begin();
    let deal = signed(&server, &world);
    let [mine, other] = &world.sides;
    let planner = world.key("planner");
    let all = items(server.get(planner, "/v1/allocations?status=live"));
    assert_eq!((all.len(), &all[0]["nodes"]), (1, &json!("1-10")));
    for key in [
        &mine.partner_key.key,
        &mine.admin_key.key,
        &mine.user_key.key,
    ] {
        nodes_of_its_own(&server, key, &deal.contract, &mine.tenant);
        capacity_of_its_own(&server, key);
    }
    let whole = items(server.get(planner, "/v1/capacity"));
    assert_eq!(
        (&whole[0]["delivered"], &whole[0]["in_use"]),
        (&json!(12), &json!(10))
    );
    let project = format!("/v1/capacity?project={}", mine.project);
    assert_eq!(items(server.get(planner, &project))[0]["delivered"], 10);
    strangers(&server, &other.partner_key.key);
    strangers(&server, &other.user_key.key);
    maintained(&server, &world);
}

/// Its nodes, and no other.
fn nodes_of_its_own(server: &Server, key: &str, contract: &str, tenant: &str) {
    let nodes = items(server.get(key, "/v1/nodes"));
    assert_eq!(nodes.len(), 10);
    let node = &nodes[0];
    assert_eq!(
        (&node["bmc"], &node["receipt"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(node["holder"]["contract"], contract);
    assert_eq!(node["holder"]["organisation"], tenant);
    assert_eq!(server.get(key, "/v1/nodes/N-OSA-000010").status, 200);
    // The eleventh stands there, for others; it reads as one that does not.
    let hidden = server.get(key, "/v1/nodes/N-OSA-000011");
    let none = server.get(key, "/v1/nodes/N-OSA-000999");
    assert_eq!(
        (hidden.status, &hidden.json()["detail"]),
        (404, &none.json()["detail"])
    );
    let csv = server.get(key, "/v1/nodes/export.csv");
    assert_eq!(String::from_utf8(csv.bytes).unwrap().lines().count(), 11);
}

/// Its promises, what they come to, and nothing of the operator's own.
fn capacity_of_its_own(server: &Server, key: &str) {
    let found = items(server.get(key, "/v1/allocations"));
    let path = format!("/v1/allocations/{}", found[0]["id"].as_str().unwrap());
    let detail = server.get(key, &path).ok();
    assert_eq!(detail["spread"]["leaves"], 1);
    let placed = &detail["nodes"][9];
    assert_eq!(
        (&placed["label"], &placed["phase"]),
        (&json!("N-OSA-000010"), &json!("allocated"))
    );
    let held = items(server.get(key, "/v1/reservations?status=held"));
    assert_eq!((held.len(), &held[0]["gpus"]), (1, &json!(80)));
    let counts = items(server.get(key, "/v1/capacity"));
    let expected = [
        ("delivered", 10),
        ("healthy", 10),
        ("reserved", 10),
        ("in_use", 10),
    ];
    for (name, count) in expected {
        assert_eq!(counts[0][name], count, "{name}");
    }
    assert_eq!(counts[0]["phases"], Value::Null);
    assert_eq!(items(server.get(key, "/v1/halls")).len(), 1);
    assert_eq!(
        items(server.get(key, "/v1/sites"))[0]["power_kw"],
        Value::Null
    );
    for path in [
        "/v1/orders",
        "/v1/tranches",
        "/v1/pools",
        "/v1/sanitisations",
    ] {
        assert_eq!(server.get(key, path).code(), "api.forbidden", "{path}");
    }
}

/// The other side finds nothing of it, by list or by id.
fn strangers(server: &Server, key: &str) {
    for list in [
        "nodes",
        "allocations",
        "reservations",
        "halls",
        "maintenance",
        "capacity",
    ] {
        assert_eq!(
            items(server.get(key, &format!("/v1/{list}"))).len(),
            0,
            "{list}"
        );
    }
    for path in [
        "allocations/A-0001",
        "reservations/R-0001",
        "nodes/N-OSA-000001",
        "halls/HALL-0001",
    ] {
        assert_eq!(
            server.get(key, &format!("/v1/{path}")).code(),
            "api.not_found",
            "{path}"
        );
    }
}

/// Maintenance over a tenant's nodes and others': it sees its own part; what it breaks is listed.
fn maintained(server: &Server, world: &World) {
    let body = json!({
        "nodes": "9-12", "why": "chiller",
        "window": { "from": "2026-06-01T00:00:00Z", "to": "2026-06-02T00:00:00Z" },
    });
    let operator = world.key("site_operator");
    let set = server
        .post(operator, "/v1/pools/OSA:B200/maintenance", body)
        .ok();
    assert_eq!(set["maintenance"]["nodes"], "9-12");
    let at_risk = items(server.get(operator, "/v1/pools/OSA:B200/at-risk"));
    assert_eq!(json!(at_risk), {
        let mut sorted = set["at_risk"].as_array().unwrap().clone();
        sorted.sort_by_key(|row| row["reservation"].to_string());
        json!(sorted)
    });
    let seen = items(server.get(&world.sides[0].user_key.key, "/v1/maintenance"));
    assert_eq!(
        (&seen[0]["nodes"], &seen[0]["count"]),
        (&json!("9-10"), &json!(2))
    );
}

#[test]
fn a_failed_node_of_a_lot_is_replaced_and_the_tenant_sees_which() {
    let (server, world) = begin();
    signed(&server, &world);
    let (key, tenant) = (world.key("site_operator"), &world.sides[0].user_key.key);
    let at = "2026-03-05T00:00:00Z";
    let body = json!({ "until": "2026-03-09T00:00:00Z", "reason": "GPU 3 fell off the bus" });
    let path = "/v1/nodes/N-OSA-000010/replace";
    let denied = server.post_at(at, tenant, path, body.clone());
    assert_eq!(denied.code(), "api.forbidden");
    let done = server.post_at(at, key, path, body.clone()).ok();
    assert_eq!(done["node_label"], "N-OSA-000010");
    let spare = done["spare_label"].as_str().unwrap();
    let node = |key: &str, label: &str| server.get(key, &format!("/v1/nodes/{label}"));
    assert_eq!(node(key, "N-OSA-000010").ok()["phase"], "in-repair");
    assert_eq!(node(tenant, spare).ok()["phase"], "allocated");
    assert_eq!(node(tenant, "N-OSA-000010").code(), "api.not_found");
    let detail = server.get(tenant, "/v1/allocations/A-0001").ok();
    assert_eq!(detail["replaced"][0]["spare_label"], spare);
    assert_eq!(detail["allocation"]["count"], 10);
    let again = server.post(key, path, body.clone());
    assert_eq!(again.code(), "book.node_not_held");
    let none = server.post(key, "/v1/nodes/N-OSA-000999/replace", body);
    assert_eq!(none.code(), "api.not_found");
}

#[test]
fn an_erasure_is_recorded_once_it_is_done() {
    let (server, world) = begin();
    signed(&server, &world);
    let key = world.key("site_operator");
    // A client's node that failed goes to be erased before anyone else has it.
    let at = "2026-03-05T00:00:00Z";
    let body = json!({ "site": "OSA", "nodes": "10", "to": "sanitising", "at": at });
    server.post_at(at, key, "/v1/nodes/advance", body).ok();
    let erased = |method: &str, performed_at: &str| {
        let body = json!({
            "site": "OSA", "nodes": "10", "method": method, "performed_at": performed_at,
            "evidence": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "performed_by": "Osaka hands",
        });
        server.post_at("2026-03-05T06:00:00Z", key, "/v1/sanitisations", body)
    };
    assert_eq!(
        erased("burn", "2026-03-05T05:00:00Z").code(),
        "api.invalid_field"
    );
    assert_eq!(
        erased("purge", "2026-03-06T00:00:00Z").code(),
        "fleet.in_future"
    );
    assert_eq!(
        erased("purge", "2026-03-05T05:00:00Z").ok()["label"],
        "SAN-0001"
    );
    assert_eq!(
        items(server.get(key, "/v1/sanitisations?site=OSA")).len(),
        1
    );
    assert_eq!(
        server.get(key, "/v1/sanitisations/SAN-0001").ok()["nodes"],
        "10"
    );
    let node = server.get(key, "/v1/nodes/N-OSA-000010").ok();
    assert_eq!(
        (&node["phase"], &node["erased"]["method"]),
        (&json!("validating"), &json!("purge"))
    );
    let user = &world.sides[0].user_key.key;
    let node = server.get(user, "/v1/nodes/N-OSA-000010").ok();
    assert_eq!(node["erased"]["sanitisation"], Value::Null);
    let counts = items(server.get(user, "/v1/capacity"));
    assert_eq!(
        (&counts[0]["delivered"], &counts[0]["healthy"]),
        (&json!(10), &json!(9))
    );
}

/// Path, what is changed in a body that would do, and the code of the refusal; none for a body
/// that does.
type Case = (&'static str, &'static str, &'static str);

const BY_PLANNER: &[Case] = &[
    (
        "/v1/models",
        r#"{"gpus_per_node":-1}"#,
        "api.malformed_body",
    ),
    ("/v1/models", r#"{"colour":"red"}"#, "api.malformed_body"),
    ("/v1/models", r#"{"code":"H 100"}"#, "api.malformed_body"),
    (
        "/v1/models",
        r#"{"code":"B300","gpus_per_node":0}"#,
        "fleet.figure_out_of_range",
    ),
    ("/v1/models", "{}", "fleet.model_code_taken"),
    ("/v1/halls", r#"{"site":"a b"}"#, "api.invalid_field"),
    ("/v1/halls", r#"{"site":"NRT"}"#, "api.not_found"),
    ("/v1/halls", "{}", "fleet.hall_code_taken"),
    ("/v1/orders", r#"{"reference":"PO-2"}"#, ""),
    ("/v1/orders", "{}", "fleet.order_reference_taken"),
    (
        "/v1/orders",
        r#"{"reference":"PO-2","nodes":7}"#,
        "fleet.tranches_do_not_add_up",
    ),
    (
        "/v1/orders",
        r#"{"price":"1.001 USD"}"#,
        "api.malformed_body",
    ),
    ("/v1/orders", r#"{"price":5}"#, "api.malformed_body"),
    (
        "/v1/orders",
        r#"{"placed_on":"2026-02-30"}"#,
        "api.malformed_body",
    ),
    ("/v1/orders", r#"{"model":"H100"}"#, "api.not_found"),
    ("/v1/orders", r#"{"entity":"LE-0001"}"#, "api.not_found"),
    ("/v1/tranches/TR-0009/slip", "{}", "api.not_found"),
    (
        "/v1/tranches/TR-0001/slip",
        r#"{"due_on":"May"}"#,
        "api.malformed_body",
    ),
];

const BY_OPERATOR: &[Case] = &[
    ("/v1/tranches/TR-0001/receive", "{}", "api.invalid_field"),
    (
        "/v1/tranches/TR-0001/receive",
        r#"{"nodes":[]}"#,
        "fleet.no_nodes",
    ),
    (
        "/v1/tranches/TR-0001/receive",
        r#"{"received_on":"soon"}"#,
        "api.malformed_body",
    ),
    ("/v1/nodes/advance", r#"{"nodes":""}"#, "api.malformed_body"),
    (
        "/v1/nodes/advance",
        r#"{"nodes":"0"}"#,
        "api.malformed_body",
    ),
    ("/v1/nodes/advance", "{}", "fleet.node_unknown"),
    ("/v1/pools/OSA:B200/maintenance", "{}", "fleet.node_unknown"),
    ("/v1/pools/OSA:H100/maintenance", "{}", "api.not_found"),
    ("/v1/pools/OSA:/maintenance", "{}", "api.invalid_path"),
];

/// A body that would do; but no tranche has come, and there is no hall H9.
fn base(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "models" => model(),
        "halls" => json!({ "site": "OSA", "code": "H1" }),
        "orders" => order(6),
        "slip" => json!({ "due_on": "2026-05-01", "reason": "ships late" }),
        "receive" => json!({ "received_on": "2026-02-16", "nodes": [
            { "serial": "S1", "hall": "H9", "rack": "R", "leaf": 1, "spine_group": 1, "bmc": "b" },
        ] }),
        "advance" => json!({ "site": "OSA", "nodes": "1", "to": "racked" }),
        _ => json!({ "nodes": "1", "why": "firmware", "window": {
            "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z",
        } }),
    }
}

#[test]
fn malformed_writes_are_refused_and_leave_no_trace() {
    let (server, world) = begin();
    ordered(&server, &world);
    let position = server.position();
    for (role, cases) in [("planner", BY_PLANNER), ("site_operator", BY_OPERATOR)] {
        for (path, change, code) in cases {
            let mut body = base(path);
            let change: Value = serde_json::from_str(change).unwrap();
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let path = format!("{path}?dry_run=true");
            let answer = server.post(world.key(role), &path, body.clone());
            let problem = answer.json();
            assert_eq!(answer.code(), *code, "{path} {body}: {problem}");
        }
    }
    assert_eq!(server.position(), position);
}
