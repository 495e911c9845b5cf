//! What pools, contracts and accounts have, and what tenants read of their own.

mod common;

use bareboat_base::{NodeCount, Shape, Window};
use bareboat_book::Command;
use bareboat_capacity::{Command as Capacity, Reserve};
use common::deal::{BEGINS, Deal, both_signed};
use common::{Answer, Server, World};
use serde_json::{Value, json};

fn items(answer: Answer) -> Vec<Value> {
    answer.ok()["items"].as_array().unwrap().clone()
}

/// Two deals, signed and named: ten nodes of Osaka for the first side, two for the second.
fn begin() -> (Server, World, [Deal; 2]) {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let deals = both_signed(&server, &world);
    (server, world, deals)
}

/// Reserves for a deal's lot, beside what it was signed for.
fn reserve(server: &Server, deal: &Deal, nodes: u32, [from, to]: [&str; 2]) {
    let view = server.app.engine.view();
    let mut pools = view.state.capacity.pools.iter();
    let reserve = Reserve {
        lot: deal.lot.parse().unwrap(),
        contract: deal.contract.parse().unwrap(),
        pool: *pools.next().unwrap().1,
        nodes: NodeCount(nodes),
        window: Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap(),
        shape: Shape::default(),
        part: None,
        option: None,
    };
    server.record(None, Command::Capacity(Capacity::Reserve(reserve)));
}

fn fields<'a>(row: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    let path = |name: &&str| name.split('.').fold(row, |value, field| &value[field]);
    names.iter().map(path).collect()
}

#[test]
fn a_contract_tells_what_it_holds_now_and_when_that_changes() {
    let (server, world, [deal, other]) = begin();
    let mine = &world.sides[0];
    let path = format!("/v1/contracts/{}/capacity", deal.contract);
    let told = server.get(&mine.user_key.key, &path).ok();
    let groups = told["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1);
    let names = ["current", "delivered", "healthy", "used", "next_change_to"];
    assert_eq!(fields(&groups[0], &names), [10, 10, 10, 10, 0]);
    assert_eq!(groups[0]["next_change_at"], "2029-02-28T15:00:00Z");
    let intervals = json!([
        { "from": "2026-02-28T15:00:00Z", "to": "2029-02-28T15:00:00Z", "nodes": 10, "option": 0 },
        { "from": "2029-02-28T15:00:00Z", "to": "2030-02-28T15:00:00Z", "nodes": 0, "option": 10 },
    ]);
    assert_eq!(groups[0]["intervals"], intervals);
    // As it was before anything was named, and before it began.
    let past = format!("{path}?as_of=2026-02-20T00:00:00Z");
    let past = server.get(world.key("planner"), &past).ok();
    let names = ["current", "delivered", "next_change_at", "next_change_to"];
    let expected = [json!(0), json!(0), json!("2026-02-28T15:00:00Z"), json!(10)];
    let expected: Vec<&Value> = expected.iter().collect();
    assert_eq!(fields(&past["groups"][0], &names), expected);
    // Another's is not there.
    let path = format!("/v1/contracts/{}/capacity", other.contract);
    assert_eq!(server.get(&mine.user_key.key, &path).status, 404);
    let groups = items(server.get(&mine.partner_key.key, "/v1/capacity/groups"));
    assert_eq!(
        (groups.len(), &groups[0]["contract"]),
        (1, &json!(deal.contract))
    );
    let all = items(server.get(world.key("auditor"), "/v1/capacity/groups"));
    assert_eq!(all.len(), 2);
    // Its reservation is pinned to its account.
    let held = items(server.get(&mine.user_key.key, "/v1/reservations"));
    assert_eq!(held.len(), 1);
    let whose = fields(&held[0], &["organisation", "project"]);
    assert_eq!(whose, [&json!(mine.tenant), &json!(mine.project)]);
    let one = format!("/v1/capacity/groups?lot={}", other.lot);
    assert_eq!(items(server.get(world.key("auditor"), &one)).len(), 1);
}

#[test]
fn accounts_and_projects_tell_what_is_delivered_healthy_reserved_and_in_use() {
    let (server, world, _) = begin();
    let site = world.key("site_operator");
    let broken = json!({
        "site": "OSA", "nodes": "3", "to": "quarantined", "reason": "it does not answer",
    });
    server.post(site, "/v1/nodes/advance", broken).ok();
    let maintained = json!({
        "nodes": "4", "why": "firmware",
        "window": { "from": "2026-02-28T15:00:00Z", "to": "2026-04-01T00:00:00Z" },
    });
    let path = "/v1/pools/OSA:B200/maintenance";
    server.post(site, path, maintained).ok();
    let rows = items(server.get(world.key("planner"), "/v1/capacity/accounts"));
    let names = ["delivered", "healthy", "reserved", "in_use"];
    let mut told: Vec<_> = rows.iter().map(|row| fields(row, &names)).collect();
    told.sort_by_key(|row| row[0].as_u64());
    assert_eq!(told, [[2, 2, 2, 2].to_vec(), [10, 8, 10, 9].to_vec()]);
    for (side, expected) in world.sides.iter().zip([[10, 8, 10, 9], [2, 2, 2, 2]]) {
        for key in [&side.partner_key.key, &side.user_key.key] {
            let own = items(server.get(key, "/v1/capacity/accounts"));
            assert_eq!(own.len(), 1);
            assert_eq!(fields(&own[0], &names), expected);
            let whose = fields(&own[0], &["organisation", "project_code"]);
            assert_eq!(whose, [&json!(side.tenant), &json!("main")]);
        }
    }
    let project = format!("/v1/capacity/accounts?project={}", world.sides[1].project);
    assert_eq!(items(server.get(world.key("planner"), &project)).len(), 1);
    let empty = items(server.get(&world.sides[0].user_key.key, &project));
    assert_eq!(empty.len(), 0);
    // The same words for a node by itself.
    let key = &world.sides[0].user_key.key;
    for (node, expected) in [
        (1, ["healthy", "allocated"]),
        (3, ["unhealthy", "quarantined"]),
        (4, ["unhealthy", "firmware"]),
    ] {
        let node = server
            .get(key, &format!("/v1/nodes/N-OSA-00000{node}"))
            .ok();
        assert_eq!(fields(&node, &["health.state", "health.from"]), expected);
    }
}

#[test]
fn a_pool_tells_its_counts_now_and_next() {
    let (server, world, _) = begin();
    let planner = world.key("planner");
    let rows = items(server.get(planner, "/v1/capacity"));
    let pool = &rows[0]["pool"];
    let names = [
        "installed",
        "sellable",
        "firm",
        "option",
        "soft_held",
        "unavailable",
        "free",
    ];
    assert_eq!(fields(&pool["now"], &names), [12, 12, 12, 0, 0, 0, 0]);
    assert_eq!(fields(&pool["next"], &names), [12, 12, 0, 12, 0, 0, 0]);
    assert_eq!(pool["next_change_at"], "2029-02-28T15:00:00Z");
    assert_eq!(rows[0]["next_change_to"], 0);
    let path = "/v1/capacity?as_of=2026-02-20T00:00:00Z";
    let past = items(server.get(planner, path));
    let pool = &past[0]["pool"];
    assert_eq!(pool["next_change_at"], "2026-02-28T15:00:00Z");
    assert_eq!(fields(pool, &["now.firm", "next.firm"]), [0, 12]);
    // A tenant reads its own next change, and nothing of the pool.
    let own = items(server.get(&world.sides[1].user_key.key, "/v1/capacity"));
    assert_eq!(own[0]["pool"], Value::Null);
    let names = ["reserved", "next_change_to"];
    assert_eq!(fields(&own[0], &names), [2, 0]);
    assert_eq!(own[0]["next_change_at"], "2029-02-28T15:00:00Z");
}

#[test]
fn planners_read_which_nodes_unnamed_reservations_would_get() {
    let (server, world, [deal, _]) = begin();
    let planner = world.key("planner");
    let path = "/v1/pools/OSA:B200/names";
    assert_eq!(items(server.get(planner, path)).len(), 0);
    reserve(
        &server,
        &deal,
        3,
        ["2030-03-01T00:00:00Z", "2030-04-01T00:00:00Z"],
    );
    let before = server.position();
    let rows = items(server.get(planner, path));
    let names = ["reservation_label", "count", "placed", "to_come", "leaves"];
    let expected = [json!("R-0003"), json!(3), json!(true), json!(0), json!(1)];
    let expected: Vec<&Value> = expected.iter().collect();
    assert_eq!(fields(&rows[0], &names), expected);
    assert!(rows[0]["nodes"].as_str().is_some());
    assert_eq!(server.position(), before, "nothing is kept");
    assert_eq!(server.get(&world.sides[0].user_key.key, path).status, 403);
}

const BLOCKS: &str = "/v1/blocks";
const CHANGES: &str = "/v1/capacity/changes";

/// The path to what changed after an answer.
fn next(answer: &Value) -> String {
    format!("{CHANGES}?after={}", answer["next"].as_str().unwrap())
}

#[test]
fn a_tenant_takes_its_nodes_together_and_gives_them_back() {
    let (server, world, [deal, _]) = begin();
    let mine = &world.sides[0];
    let admin = &mine.admin_key.key;
    let ask = |allocation: &str, nodes: u32, within: &str| {
        json!({
            "allocation": allocation, "nodes": nodes, "within": within, "purpose": "llm-7",
        })
    };
    let made = server.post(admin, BLOCKS, ask("A-0001", 6, "leaf")).ok();
    let names = ["label", "place", "nodes", "status", "ends_at"];
    let expected = [
        "BL-0001",
        "OSA/H1/leaf-0",
        "1-6",
        "live",
        "2029-02-28T15:00:00Z",
    ];
    assert_eq!(fields(&made, &names), expected);
    assert_eq!(
        made["health"],
        json!({ "healthy": 6, "unhealthy": 0, "unknown": 0 })
    );
    assert_eq!(
        (&made["contract"], &made["outside"]),
        (&json!(deal.contract), &json!(0))
    );
    // What is left is four: a larger one is refused whole, and told how large one could be.
    let refused = server.post(admin, BLOCKS, ask("A-0001", 5, "spine-group"));
    assert_eq!(refused.code(), "capacity.block_does_not_fit");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("there could be has 4"), "{detail}");
    let refused = server.post(admin, BLOCKS, ask("A-0001", 1, "rack"));
    assert_eq!(refused.code(), "api.invalid_field");
    // A node without a wider NVLink domain is one by itself.
    let alone = server
        .post(admin, BLOCKS, ask("A-0001", 1, "nvlink-domain"))
        .ok();
    assert_eq!(alone["place"], "OSA/node-7");
    others_have_no_part_in_it(&server, &world);
    // The node says so too, and since when whose instance it is.
    let node = server
        .get(&mine.user_key.key, "/v1/nodes/N-OSA-000006")
        .ok();
    let names = ["holder.block_label", "holder.instance", "holder.since"];
    let expected = ["BL-0001", "A-0001/N-OSA-000006", "2026-02-28T15:00:00Z"];
    assert_eq!(fields(&node, &names), expected);
    let switches = json!(["OSA/H1/leaf-0", "OSA/spine-0", "OSA/core"]);
    assert_eq!(node["place"]["switches"], switches);
    let path = "/v1/blocks/BL-0001/release";
    let given = server.post(admin, path, Value::Null).ok();
    assert_eq!(
        (&given["status"], &given["health"]),
        (&json!("released"), &Value::Null)
    );
    assert_eq!(
        server.post(admin, path, Value::Null).code(),
        "capacity.block_over"
    );
    let node = server
        .get(&mine.user_key.key, "/v1/nodes/N-OSA-000006")
        .ok();
    assert_eq!(node["holder"]["block"], Value::Null);
    server.post(admin, BLOCKS, ask("A-0001", 9, "leaf")).ok();
    let live = items(server.get(admin, "/v1/blocks?status=live"));
    assert_eq!(live.len(), 2);
}

/// Others see nothing of it, and cannot take what is not theirs.
fn others_have_no_part_in_it(server: &Server, world: &World) {
    let (mine, other) = (&world.sides[0], &world.sides[1]);
    let one = json!({
        "allocation": "A-0001", "nodes": 1, "within": "leaf", "purpose": "llm-7",
    });
    for (key, status) in [(&other.admin_key.key, 404), (&mine.user_key.key, 403)] {
        assert_eq!(server.post(key, BLOCKS, one.clone()).status, status);
    }
    let path = "/v1/blocks/BL-0001/release";
    let taken = server.post(&other.admin_key.key, path, Value::Null);
    assert_eq!(taken.status, 404);
    assert_eq!(items(server.get(&other.partner_key.key, BLOCKS)).len(), 0);
    assert_eq!(items(server.get(&mine.user_key.key, BLOCKS)).len(), 2);
}

/// Three more nodes come to Osaka, ready: spares.
fn spares(server: &Server, world: &World) {
    let planner = world.key("planner");
    let order = json!({
        "supplier": "Vendor", "reference": "PO-2", "model": "B200", "site": "OSA",
        "nodes": 5, "price": "1000000.00 USD", "placed_on": "2026-01-05",
        "tranches": [{ "nodes": 5, "due_on": "2026-02-15" }],
    });
    server.post(planner, "/v1/orders", order).ok();
    let node = |n: u32| {
        json!({
            "serial": format!("T{n}"), "hall": "H1", "rack": "R9", "leaf": 1, "spine_group": 0,
            "bmc": format!("10.0.1.{n}"),
        })
    };
    let site = world.key("site_operator");
    let received =
        json!({ "received_on": "2026-03-01", "nodes": (1..=5).map(node).collect::<Vec<_>>() });
    server
        .post(site, "/v1/tranches/TR-0002/receive", received)
        .ok();
    for to in ["racked", "discovered", "validating", "ready"] {
        let body = json!({ "site": "OSA", "nodes": "13-17", "to": to });
        server.post(site, "/v1/nodes/advance", body).ok();
    }
}

#[test]
fn a_failure_is_told_in_the_index_the_health_and_the_block() {
    let (server, world, [deal, _]) = begin();
    let (mine, other) = (&world.sides[0], &world.sides[1]);
    let (admin, site) = (&mine.admin_key.key, world.key("site_operator"));
    let body = json!({
        "allocation": "A-0001", "nodes": 4, "within": "leaf", "purpose": "llm-7",
    });
    server.post(admin, BLOCKS, body).ok();
    let first = server.get(admin, CHANGES).ok();
    let told = first["changes"].as_array().unwrap();
    assert_eq!(told.len(), 1);
    let names = ["change", "reason", "nodes", "at", "allocation_label"];
    let expected = [
        "appeared",
        "delivered",
        "1-10",
        "2026-02-28T15:00:00Z",
        "A-0001",
    ];
    assert_eq!(fields(&told[0], &names), expected);
    assert_eq!(told[0]["contract"], deal.contract);
    let nothing = server.get(admin, &next(&first)).ok();
    assert_eq!(nothing["changes"], json!([]));
    spares(&server, &world);
    let failed = json!({ "until": "2026-03-20T00:00:00Z", "reason": "a GPU fell off the bus" });
    server
        .post_at(
            "2026-03-02T00:00:00Z",
            site,
            "/v1/nodes/N-OSA-000002/replace",
            failed,
        )
        .ok();
    let broken = json!({
        "site": "OSA", "nodes": "3, 11", "to": "quarantined", "reason": "it does not answer",
    });
    server.post(site, "/v1/nodes/advance", broken).ok();
    let then = server.get(admin, &next(&nothing)).ok();
    let told = then["changes"].as_array().unwrap().iter();
    let names = ["change", "reason", "nodes", "replaces", "replaced_by"];
    let told: Vec<_> = told.map(|row| json!(fields(row, &names))).collect();
    let (gone, spare) = ("N-OSA-000002", "N-OSA-000013");
    let expected = [
        json!(["left", "failed", "2", null, spare]),
        json!(["appeared", "replaced", "13", gone, null]),
        json!(["unhealthy", "failed", "3", null, null]),
    ];
    assert_eq!(told, expected);
    // The other side reads of its own alone.
    let theirs = server.get(&other.user_key.key, CHANGES).ok();
    assert_eq!(theirs["changes"].as_array().unwrap().len(), 2);
    the_block_has_the_spare(&server, admin);
    health(&server, &world, &deal);
    mended(&server, &world, &then);
    allocations_run_out(&server, &world);
}

fn the_block_has_the_spare(server: &Server, admin: &str) {
    let (gone, spare) = ("N-OSA-000002", "N-OSA-000013");
    // It hangs on another leaf.
    let block = server.get(admin, "/v1/blocks/BL-0001").ok();
    let names = [
        "block.nodes",
        "block.outside",
        "block.health.healthy",
        "block.health.unhealthy",
    ];
    let expected = json!(["1, 3-4, 13", 1, 3, 1]);
    assert_eq!(json!(fields(&block, &names)), expected);
    let names = ["node_label", "spare_label", "near", "inside"];
    let expected = json!([gone, spare, "spine-group", false]);
    assert_eq!(json!(fields(&block["replaced"][0], &names)), expected);
}

/// A node that is erased and fit again is healthy; one under maintenance is not, for a while.
fn mended(server: &Server, world: &World, before: &Value) {
    let (admin, site) = (&world.sides[0].admin_key.key, world.key("site_operator"));
    let advance = |to: &str| {
        let body = json!({ "site": "OSA", "nodes": "3", "to": to });
        server.post(site, "/v1/nodes/advance", body).ok();
    };
    advance("sanitising");
    let erased = json!({
        "site": "OSA", "nodes": "3", "method": "purge", "performed_at": "2026-03-03T00:00:00Z",
        "evidence": "00".repeat(32), "performed_by": "A technician",
    });
    server
        .post_at("2026-03-03T06:00:00Z", site, "/v1/sanitisations", erased)
        .ok();
    advance("ready");
    let maintained = json!({
        "nodes": "9-12", "why": "firmware",
        "window": { "from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z" },
    });
    let path = "/v1/pools/OSA:B200/maintenance";
    server.post(site, path, maintained).ok();
    let told = server.get(admin, &next(before)).ok();
    let told = told["changes"].as_array().unwrap().iter();
    let names = ["change", "reason", "nodes", "until"];
    let told: Vec<_> = told.map(|row| json!(fields(row, &names))).collect();
    let expected = [
        json!(["healthy", "repaired", "3", null]),
        json!(["unhealthy", "firmware", "9-10", "2026-03-11T00:00:00Z"]),
    ];
    assert_eq!(told, expected);
}

/// By time alone: who had read before the end is told of it.
fn allocations_run_out(server: &Server, world: &World) {
    let other = &world.sides[1];
    let last = server.get(&other.user_key.key, CHANGES).ok();
    let auditor = world
        .staff
        .iter()
        .find(|(role, _)| role == "auditor")
        .unwrap();
    let key = json!({ "principal": auditor.1.principal, "expires_at": "2031-01-01T00:00:00Z" });
    let key = server.post(&server.admin, "/v1/keys", key).field("secret");
    let end = json!({ "organisation": other.tenant, "code": "later" });
    server
        .post_at("2029-03-05T00:00:00Z", &server.admin, "/v1/projects", end)
        .ok();
    let ended = server.get(&key, &next(&last)).ok();
    let told: Vec<_> = ended["changes"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 2);
    let expected = json!(["left", "ended", "2029-02-28T15:00:00Z", null]);
    assert_eq!(
        json!(fields(told[0], &["change", "reason", "at", "position"])),
        expected
    );
    let beyond = server.get(&key, &format!("{CHANGES}?after=999999.0"));
    assert_eq!(beyond.code(), "api.invalid_parameter");
    let again = server.get(&key, &next(&ended)).ok();
    assert_eq!(again["changes"], json!([]));
    let explained = server.get(&key, "/v1/explain/BL-0001").ok();
    assert_eq!(explained["because"][0]["label"], "A-0001");
    let block = server.get(&key, "/v1/blocks/BL-0001").ok();
    assert_eq!(
        (&block["block"]["status"], &block["nodes"]),
        (&json!("ended"), &json!([]))
    );
}

/// By leaf, block and reservation: the operator's all, a tenant's own.
fn health(server: &Server, world: &World, deal: &Deal) {
    reserve(
        server,
        deal,
        1,
        ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"],
    );
    let (mine, planner) = (&world.sides[0], world.key("planner"));
    let of = |key: &str, by: &str| -> Vec<Value> {
        let rows = items(server.get(key, &format!("/v1/capacity/health?by={by}")));
        let names = ["key", "state", "healthy", "unhealthy", "unknown"];
        rows.iter().map(|row| json!(fields(row, &names))).collect()
    };
    let expected = [
        json!(["OSA/H1/leaf-0", "degraded", 8, 1, 0]),
        json!(["OSA/H1/leaf-1", "healthy", 1, 0, 0]),
    ];
    assert_eq!(of(&mine.user_key.key, "leaf"), expected);
    let expected = [
        json!(["OSA/H1/leaf-0", "degraded", 9, 3, 0]),
        json!(["OSA/H1/leaf-1", "healthy", 5, 0, 0]),
    ];
    assert_eq!(of(planner, "leaf"), expected);
    assert_eq!(of(&mine.user_key.key, "spine-group").len(), 1);
    let expected = [json!(["BL-0001", "degraded", 3, 1, 0])];
    assert_eq!(of(&mine.partner_key.key, "block"), expected);
    assert_eq!(of(&world.sides[1].user_key.key, "block").len(), 0);
    let expected = [
        json!(["R-0001", "degraded", 9, 1, 0]),
        json!(["R-0002", "degraded", 1, 1, 0]),
        // It has no names yet.
        json!(["R-0003", "unknown", 0, 0, 1]),
    ];
    assert_eq!(of(planner, "reservation"), expected);
    let wrong = server.get(planner, "/v1/capacity/health?by=rack");
    assert_eq!(wrong.code(), "api.invalid_parameter");
}
