//! Whether capacity could be sold and what instead; what a slip breaks and what instead.

mod common;

use bareboat_base::{NodeCount, PoolId, Window};
use bareboat_book::Command;
use bareboat_capacity::{Command as Capacity, Reserve};
use common::deal::{BEGINS, Deal, deal, signed};
use common::{Server, World};
use serde_json::{Value, json};

const EXPLAIN: &str = "/v1/capacity/explain";
const AT_RISK: &str = "/v1/capacity/at-risk";

/// Eight nodes more at Osaka, from 1 June.
fn more_ordered(server: &Server, world: &World) {
    let order = json!({
        "supplier": "Vendor", "reference": "PO-2", "model": "B200", "site": "OSA",
        "nodes": 8, "price": "1000000.00 USD", "placed_on": "2026-01-05",
        "tranches": [{ "nodes": 8, "due_on": "2026-06-01" }],
    });
    server.post(world.key("planner"), "/v1/orders", order).ok();
}

fn changes(answer: &Value) -> Vec<(&str, u64, &str)> {
    let alternatives = answer["alternatives"].as_array().unwrap().iter();
    let rows = alternatives.map(|one| {
        let offer = &one["offer"];
        (
            one["change"].as_str().unwrap(),
            offer["nodes"].as_u64().unwrap(),
            offer["days"]["from"].as_str().unwrap(),
        )
    });
    rows.collect()
}

#[test]
fn what_cannot_be_sold_is_explained_and_what_is_offered_can_be() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let planner = world.key("planner");
    let draft = deal(&server, &world);
    let lot = json!({ "lot": draft.lot });
    let before = server.position();
    let answer = server.post(planner, EXPLAIN, lot.clone()).ok();
    assert_eq!(
        (&answer["possible"], &answer["bound"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(answer["asked"]["nodes"], 10);
    assert_eq!(answer["asked"]["days"]["from"], "2026-03-01");
    assert_eq!(answer["asked"]["option"]["to"], "2030-02-28T15:00:00Z");
    // Another takes half of the nodes: the same lot is now refused, and told why.
    let days = json!({ "from": "2026-04-01", "to": "2026-07-01" });
    let ask = |nodes: u32| json!({ "pool": "OSA:B200", "nodes": nodes, "window": days });
    assert_eq!(
        server.post(planner, EXPLAIN, ask(12)).ok()["possible"],
        true
    );
    assert_eq!(server.position(), before, "nothing is held");
    more_ordered(&server, &world);
    hold(
        &server,
        &draft,
        5,
        "2026-04-30T15:00:00Z",
        "2026-05-31T15:00:00Z",
    );
    let answer = server.post(planner, EXPLAIN, lot).ok();
    assert_eq!(answer["possible"], false);
    let bound = &answer["bound"];
    assert_eq!(bound["code"], "capacity.short_of_supply");
    assert_eq!(bound["constraints"], json!(["not-delivered", "firm"]));
    assert_eq!(bound["worst"]["free"], 7);
    let until = (&bound["window"]["from"], &bound["window"]["to"]);
    let expected = (json!("2026-04-30T15:00:00Z"), json!("2026-05-31T15:00:00Z"));
    assert_eq!(until, (&expected.0, &expected.1));
    let expected = [("later", 10, "2026-06-01"), ("fewer", 7, "2026-03-01")];
    assert_eq!(changes(&answer), expected);
    for one in answer["alternatives"].as_array().unwrap() {
        let offer = &one["offer"];
        let asked = json!({
            "pool": offer["pool"], "nodes": offer["nodes"], "window": offer["days"],
            "option_until": offer["option_days"]["to"],
        });
        let answer = server.post(planner, EXPLAIN, asked).ok();
        assert_eq!(answer["possible"], true, "{one}");
    }
}

#[test]
fn questions_that_cannot_be_answered_say_what_is_missing() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let planner = world.key("planner");
    let draft = deal(&server, &world);
    let days = json!({ "from": "2026-04-01", "to": "2026-07-01" });
    let cases = [
        (json!({}), "api.invalid_field"),
        (json!({ "lot": draft.lot, "nodes": 3 }), "api.invalid_field"),
        (
            json!({ "pool": "OSA:B200", "window": days }),
            "api.invalid_field",
        ),
        (
            json!({ "pool": "OSA:B200", "window": days, "nodes": 1, "gpus": 8 }),
            "api.invalid_field",
        ),
        (
            json!({ "pool": "OSA:B200", "window": days, "nodes": 1, "option_until": "2026-07-01" }),
            "api.invalid_field",
        ),
        (
            json!({ "pool": "OSA:B200", "window": days, "nodes": 0 }),
            "capacity.figure_out_of_range",
        ),
        (
            json!({ "pool": "POOL-0009", "window": days, "nodes": 1 }),
            "api.not_found",
        ),
    ];
    for (body, code) in cases {
        let answer = server.post(planner, EXPLAIN, body.clone());
        assert_eq!(answer.code(), code, "{body}");
    }
    let unknown = json!({ "slips": [{ "tranche": "TR-0099", "due_on": "2026-07-01" }] });
    assert_eq!(
        server.post(planner, AT_RISK, unknown).code(),
        "api.not_found"
    );
    let received = json!({ "slips": [{ "tranche": "TR-0001", "due_on": "2026-07-01" }] });
    let answer = server.post(planner, AT_RISK, received);
    assert_eq!(answer.code(), "capacity.nothing_owed");
}

fn osaka_pool(server: &Server) -> PoolId {
    let view = server.app.engine.view();
    let mut pools = view.state.capacity.pools.iter();
    *pools.next().unwrap().1
}

/// Reserves for the deal's lot, beside what it was signed for.
fn hold(server: &Server, deal: &Deal, nodes: u32, from: &str, to: &str) {
    let window = Window::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
    let reserve = Reserve {
        lot: deal.lot.parse().unwrap(),
        contract: deal.contract.parse().unwrap(),
        pool: osaka_pool(server),
        nodes: NodeCount(nodes),
        window,
        shape: bareboat_base::Shape::ANY,
        part: None,
        option: None,
    };
    let command = Command::Capacity(Capacity::Reserve(reserve));
    server.record(None, command);
}

#[test]
fn a_slip_is_weighed_before_it_is_recorded_and_reported_after() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let planner = world.key("planner");
    let deal = signed(&server, &world);
    more_ordered(&server, &world);
    hold(
        &server,
        &deal,
        9,
        "2026-05-31T15:00:00Z",
        "2027-05-31T15:00:00Z",
    );
    let nothing = server.post(planner, AT_RISK, json!({})).ok();
    assert_eq!(nothing["at_risk"], json!([]));
    let position = server.position();
    // The tranche is late, or all that Osaka is owed: the same.
    let slip = json!({ "pool": "OSA:B200",
        "slips": [{ "tranche": "TR-0002", "due_on": "2026-07-01" }] });
    let delay = json!({ "delays": [{ "site": "OSA", "model": "B200", "days": 30 }] });
    let report = server.post(planner, AT_RISK, slip).ok();
    assert_eq!(server.post(planner, AT_RISK, delay).ok(), report);
    assert_eq!(server.position(), position, "nothing is written");
    let rescues = report["at_risk"].as_array().unwrap();
    assert_eq!(rescues.len(), 1);
    let (rescue, risk) = (&rescues[0], &rescues[0]["at_risk"]);
    assert_eq!(
        (&risk["label"], &rescue["already"]),
        (&json!("R-0002"), &json!(false))
    );
    let short = json!([{ "from": "2026-05-31T15:00:00Z", "to": "2026-06-30T15:00:00Z",
        "nodes": 7, "held": "firm" }]);
    assert_eq!(risk["short"], short);
    let expected = [("later", 9, "2026-07-01"), ("fewer", 2, "2026-06-01")];
    assert_eq!(changes(rescue), expected);
    assert_eq!(rescue["planned"], json!([0]));
    // The act answers what is short, in a dry run and when it is done.
    let slip = json!({ "due_on": "2026-07-01", "reason": "ships late" });
    let path = "/v1/tranches/TR-0002/slip";
    let dry = server.post(planner, &format!("{path}?dry_run=true"), slip.clone());
    assert_eq!(dry.ok()["at_risk"], json!([risk]));
    let done = server.post(planner, path, slip).ok();
    assert_eq!(done["at_risk"], json!([risk]));
    let after = server.post(planner, AT_RISK, json!({})).ok();
    assert_eq!(after["at_risk"][0]["already"], true);
    assert_eq!(after["at_risk"][0]["at_risk"], *risk);
    // Nodes with names fail: replacements are missed, the rest stays.
    let outage = json!({ "outages": [{ "pool": "OSA:B200", "nodes": "1-5",
        "window": { "from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z" } }] });
    let report = server.post(planner, AT_RISK, outage).ok();
    let first = &report["at_risk"][0];
    assert_eq!(
        (&first["at_risk"]["label"], &first["already"]),
        (&json!("R-0001"), &json!(false))
    );
    assert_eq!(first["at_risk"]["short"][0]["nodes"], 3);
    assert_eq!(first["alternatives"], json!([]));
}

#[test]
fn what_the_fleet_says_of_a_node_the_calendar_follows_and_the_answer_says_what_breaks() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    signed(&server, &world);
    let (key, tenant) = (world.key("site_operator"), &world.sides[0].user_key.key);
    let advance = |nodes: &str, to: &str, dry: bool| {
        let body = json!({ "site": "OSA", "nodes": nodes, "to": to, "reason": "smoke" });
        let dry = if dry { "?dry_run=true" } else { "" };
        server.post(key, &format!("/v1/nodes/advance{dry}"), body)
    };
    // Twelve nodes, ten of them a lot's: two may fail.
    let first = advance("1-2", "quarantined", false).ok();
    assert_eq!(first["at_risk"], json!([]));
    let dry = advance("3", "in-repair", true).ok();
    let broken = advance("3", "in-repair", false).ok();
    assert_eq!(dry["at_risk"], broken["at_risk"]);
    let risk = &broken["at_risk"][0];
    assert_eq!(
        (&risk["at_risk"]["label"], &risk["already"]),
        (&json!("R-0001"), &json!(false))
    );
    assert_eq!(risk["at_risk"]["short"][0]["nodes"], 1);
    // What was broken before is not told again.
    assert_eq!(advance("4", "in-repair", false).ok()["at_risk"], json!([]));
    let seen = server.get(key, "/v1/maintenance").ok();
    assert_eq!(seen["items"][0]["why"], "quarantined");
    assert_eq!(seen["items"][0]["window"]["to"], "9999-12-30T22:00:00Z");
    // Whoever mends a node before its planned end says so.
    let path = "/v1/pools/OSA:B200/maintenance";
    let window = json!({ "from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z" });
    let body = json!({ "nodes": "11-12", "why": "chiller", "window": window });
    server.post(key, path, body).ok();
    let end = json!({ "nodes": "12", "at": "2026-04-11T00:00:00Z" });
    let path = format!("{path}/end");
    assert_eq!(
        server.post(tenant, &path, end.clone()).code(),
        "api.forbidden"
    );
    assert_eq!(server.post(key, &path, end.clone()).ok()["nodes"], "12");
    let again = server.post(key, &path, end);
    assert_eq!(again.code(), "capacity.not_unavailable");
    let seen = server.get(key, "/v1/maintenance").ok();
    let last = seen["items"].as_array().unwrap().last().unwrap().clone();
    let back = json!([{ "nodes": "12", "at": "2026-04-11T00:00:00Z" }]);
    assert_eq!(last["back"], back);
}

#[test]
fn a_late_hall_is_one_act_that_says_which_lots_are_at_risk_and_what_instead() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let planner = world.key("planner");
    let deal = signed(&server, &world);
    let order = json!({
        "supplier": "Vendor", "reference": "PO-2", "model": "B200", "site": "OSA",
        "nodes": 8, "price": "1000000.00 USD", "placed_on": "2026-01-05",
        "tranches": [{ "nodes": 5, "due_on": "2026-06-01", "hall": "H1" },
            { "nodes": 3, "due_on": "2026-06-01" }],
    });
    server.post(planner, "/v1/orders", order).ok();
    let (from, to) = ("2026-05-31T15:00:00Z", "2027-05-31T15:00:00Z");
    hold(&server, &deal, 9, from, to);
    let path = "/v1/halls/HALL-0001/delay";
    let body = json!({ "days": 30, "reason": "the transformer is late" });
    // A supposed delay of the hall and a dry run say the same as what is then done.
    let assigned = server.call(
        "PUT",
        planner,
        "/v1/tranches/TR-0003/hall",
        &[],
        json!({ "hall": "H1" }),
    );
    assert_eq!(assigned.ok()["hall_code"], "H1");
    let delay = |hall: &str| json!({ "delays": [{ "site": "OSA", "hall": hall, "days": 30 }] });
    let supposed = server.post(planner, AT_RISK, delay("H1")).ok();
    assert_eq!(
        server.post(planner, AT_RISK, delay("H9")).code(),
        "api.invalid_field"
    );
    let position = server.position();
    let dry = server
        .post(planner, &format!("{path}?dry_run=true"), body.clone())
        .ok();
    assert_eq!(server.position(), position, "nothing is written");
    assert_eq!(dry["at_risk"], supposed["at_risk"]);
    let operator = world.key("site_operator");
    assert_eq!(
        server.post(operator, path, body.clone()).code(),
        "api.forbidden"
    );
    let both = json!({ "days": 3, "until": "2026-07-01", "reason": "x" });
    assert_eq!(server.post(planner, path, both).code(), "api.invalid_field");
    let done = server.post(planner, path, body).ok();
    assert_eq!(done, dry);
    let labels: Vec<_> = done["tranches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["label"].as_str().unwrap(),
                one["due_on"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        labels,
        [("TR-0002", "2026-07-01"), ("TR-0003", "2026-07-01")]
    );
    let rescue = &done["at_risk"][0];
    assert_eq!(rescue["at_risk"]["label"], "R-0002");
    assert_eq!(changes(rescue)[0], ("later", 9, "2026-07-01"));
    assert_eq!(rescue["planned"], json!([0]));
    let until = json!({ "until": "2026-07-01", "reason": "as said" });
    assert_eq!(
        server.post(planner, path, until).code(),
        "fleet.nothing_delayed"
    );
    let listed = server.get(planner, "/v1/tranches?hall=HALL-0001").ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}
