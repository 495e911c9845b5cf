//! An explanation shows what the records' own routes show: no impact to the other side, no name of
//! a party that the caller does not read, no law and no ledger.

use serde_json::Value;

use super::common::{Server, World};

pub fn check(server: &Server, world: &World) {
    let side = &world.sides[0];
    let (office, partner, tenant) = (
        world.key("planner"),
        side.partner_key.key.as_str(),
        side.user_key.key.as_str(),
    );
    let facts = |told: &Value| -> Vec<String> {
        let facts = told["facts"].as_array().unwrap().iter();
        let names = facts.map(|fact| fact["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    let kinds = |told: &Value| -> Vec<String> {
        let below = told["because"].as_array().unwrap().iter();
        below
            .map(|record| record["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    for (key, impact, names) in [
        (office, true, vec!["partner", "client"]),
        (partner, false, vec!["partner", "client"]),
        (tenant, false, vec!["client"]),
    ] {
        let told = server.get(key, "/v1/explain/WD-0001").ok();
        assert_eq!(facts(&told).contains(&"impact".to_owned()), impact);
        assert_eq!(told.to_string().contains("our margin"), impact);
        let told = server.get(key, "/v1/explain/C-0001").ok();
        let mut named = facts(&told);
        named.retain(|name| ["partner", "client"].contains(&name.as_str()));
        assert_eq!(named, names);
        assert_eq!(kinds(&told).is_empty(), !impact);
        let told = server.get(key, "/v1/explain/INV-0002").ok();
        assert_eq!(kinds(&told).contains(&"entry".to_owned()), impact);
        for own in ["D-0001", "P-0001", "E-0001"] {
            let seen = server.get(key, &format!("/v1/explain/{own}"));
            assert_eq!(seen.status == 200, impact, "{own}");
        }
    }
    let proof = server.get(office, "/v1/determinations/D-0001/proof");
    let proof = String::from_utf8(proof.bytes).unwrap();
    let condition = |line: &str| line.contains(" = ") && line.contains(", asked ");
    assert!(proof.lines().any(condition), "{proof}");
}
