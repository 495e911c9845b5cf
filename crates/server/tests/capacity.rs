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
