//! A pool's options end to end: strict or at risk, and what is exposed by month.

mod common;

use common::Server;
use common::deal::{BEGINS, signed};
use serde_json::{Value, json};

/// Month, nodes held, nodes uncovered, contracts named.
fn shown(exposure: &Value) -> Vec<(String, u64, u64, usize)> {
    let months = exposure["months"].as_array().unwrap();
    let one = |month: &Value| {
        let count = |name: &str| month[name].as_u64().unwrap();
        let name = month["month"].as_str().unwrap().to_owned();
        let options = month["options"].as_array().unwrap().len();
        (name, count("held"), count("uncovered"), options)
    };
    months.iter().map(one).collect()
}

#[test]
fn what_options_could_not_be_honoured_is_told_by_month() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    signed(&server, &world);
    let planner = world.key("planner");
    let exposure = || server.get(planner, "/v1/pools/OSA:B200/exposure").ok();
    let found = exposure();
    assert_eq!(found["option_mode"], "strict");
    let months = shown(&found);
    assert_eq!(months.len(), 12);
    assert_eq!(months[0], ("2029-03".to_owned(), 10, 0, 0));
    assert_eq!(months[11], ("2030-02".to_owned(), 10, 0, 0));
    let mode = |mode: &str| {
        let body = json!({ "mode": mode });
        server.call("PUT", planner, "/v1/pools/OSA:B200/option-mode", &[], body)
    };
    assert_eq!(mode("loose").code(), "api.malformed_body");
    assert_eq!(mode("risk").ok()["option_mode"], "risk");
    // In June five nodes of twelve are out: of the ten that the option holds, three are missing.
    let out = json!({
        "nodes": "8-12", "why": "chiller",
        "window": { "from": "2029-06-10T00:00:00Z", "to": "2029-06-12T00:00:00Z" },
    });
    let operator = world.key("site_operator");
    let path = "/v1/pools/OSA:B200/maintenance";
    server.post(operator, path, out).ok();
    let months = shown(&exposure());
    assert_eq!(months[3], ("2029-06".to_owned(), 10, 3, 1));
    assert_eq!(months[4], ("2029-07".to_owned(), 10, 0, 0));
    let found = exposure();
    let option = &found["months"][3]["options"][0];
    assert_eq!(option["contract_reference"], "OSA-2026-01");
    assert_eq!(mode("strict").code(), "capacity.options_oversold");
    let extend = json!({ "on": "2026-03-01" });
    let refused = server.post(planner, "/v1/contracts/C-0001/extend", extend);
    assert_eq!(refused.code(), "capacity.option_not_covered");
    // It is the operator's own to know.
    let tenant = &world.sides[0].user_key.key;
    let path = "/v1/pools/OSA:B200/exposure";
    assert_eq!(server.get(tenant, path).code(), "api.forbidden");
}
