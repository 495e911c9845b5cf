//! Parties, interests and lists end to end.
// One tale of requests and answers is one function, however long.
#![allow(clippy::too_many_lines)]

mod common;

use axum::body::Body;
use common::{Answer, Server, request};
use serde_json::{Value, json};

fn import(server: &Server, key: &str, path: &str, media_type: &str, text: &str) -> Answer {
    let request = request("POST", key, path)
        .header("content-type", media_type)
        .body(Body::from(text.to_owned()))
        .unwrap();
    server.send(request)
}

fn company(server: &Server, key: &str, name: &str) -> Value {
    let body = json!({ "kind": "company", "name": name, "domicile": "JP", "source": "register" });
    server.post(key, "/v1/parties", body).ok()
}

fn amended(version: u32) -> Value {
    json!({
        "expected_version": version, "kind": "company", "headquarters": "AU",
        "source": "a later extract", "no_parent": "statement of the board",
    })
}

#[test]
fn a_party_is_registered_listed_and_amended() {
    let server = Server::start();
    let world = server.world();
    let key = world.key("planner");
    let party = company(&server, key, "Kita Robotics KK");
    company(&server, key, "Minami Foods KK");
    let path = format!("/v1/parties/{}", party["label"].as_str().unwrap());
    assert_eq!(server.get(key, &path).ok(), party);
    let amend = format!("{path}/amend");
    let changed = server.post(key, &amend, amended(1)).ok();
    assert_eq!(
        (
            &changed["name"]["value"],
            &changed["version"],
            &changed["headquarters"]
        ),
        (&json!("Kita Robotics KK"), &json!(2), &json!("AU"))
    );
    let stale = server.post(key, &amend, amended(1));
    assert_eq!(
        (stale.status, stale.code()),
        (409, "parties.version_stale".to_owned())
    );
    let mut beside = amended(2);
    beside["aliases"] = json!(["Kita"]);
    assert_eq!(server.post(key, &amend, beside).code(), "api.invalid_field");
    for (query, count) in [
        ("headquarters=AU", 1),
        ("domicile=JP", 1),
        ("kind=company", 2),
        ("sealed=true", 0),
    ] {
        let page = server.get(key, &format!("/v1/parties?{query}")).ok();
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
    let ownership = server.get(key, &format!("{path}/ownership")).ok();
    assert_eq!(ownership["ultimate_parent"]["status"], "itself");
    assert_eq!(ownership["held_by_listed"], json!([]));
}

#[test]
fn parties_and_interests_come_in_bulk_or_not_at_all() {
    let server = Server::start();
    let world = server.world();
    let key = world.key("compliance");
    let before = server.position();
    let bad = "kind,name,source\ncompany,A,x\nking,B,x\ncompany,,x\n";
    let refused = import(&server, key, "/v1/parties/import", "text/csv", bad);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(refused.code(), "api.invalid_row");
    assert!(
        detail.contains("line 3: kind") && detail.contains("line 4: name"),
        "{detail}"
    );
    assert_eq!(server.position(), before);

    let csv = "kind,name,aliases,domicile,identifiers,source,no_parent,sealed\n\
               company,Parent Ltd,Parent|P,SG,LEI:5493001KJTIIGC8Y1R12,register,statement,\n\
               company,Child Ltd,,JP,,register,,true\n";
    let made = import(&server, key, "/v1/parties/import", "text/csv", csv).ok();
    assert_eq!(
        (&made["count"], &made["first"], &made["last"]),
        (&json!(2), &json!("P-0001"), &json!("P-0002"))
    );
    let child = server.get(key, "/v1/parties/P-0002").ok();
    let open = format!(
        "/v1/sealed/{}/open",
        child["name"]["sealed"].as_str().unwrap()
    );
    let opened = server.post(key, &open, json!({ "purpose": "test" })).ok();
    assert_eq!(opened["value"], "Child Ltd");

    let rows = "{\"owner\":\"P-0001\",\"owned\":\"P-0002\",\"voting\":{\"min\":\"60\",\"max\":\"60\"},\"from\":\"2024-01-01\",\"source\":\"register\"}\n\n\
                {\"owner\":\"P-0001\",\"owned\":\"P-0002\",\"voting\":{\"min\":\"50\",\"max\":\"50\"},\"from\":\"2024-01-01\",\"source\":\"register\"}\n";
    let over = import(
        &server,
        key,
        "/v1/interests/import",
        "application/jsonl",
        rows,
    );
    assert_eq!(over.code(), "parties.over_whole");
    let rows = rows.lines().next().unwrap();
    let made = import(
        &server,
        key,
        "/v1/interests/import",
        "application/jsonl",
        rows,
    )
    .ok();
    assert_eq!(made["first"], "INT-0001");
    let bad = rows.replace("P-0002", "P-0099");
    let refused = import(
        &server,
        key,
        "/v1/interests/import",
        "application/jsonl",
        &bad,
    );
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .contains("line 1: owned")
    );

    // What was exported of the open ones can be imported again.
    let text = String::from_utf8(server.get(key, "/v1/parties/export.csv").bytes).unwrap();
    assert!(
        text.contains("Parent Ltd") && !text.contains("Child"),
        "{text}"
    );
    let open: Vec<&str> = text
        .lines()
        .filter(|line| !line.ends_with(",true"))
        .collect();
    import(
        &server,
        key,
        "/v1/parties/import",
        "text/csv",
        &open.join("\n"),
    )
    .ok();
    assert_eq!(
        server.get(key, "/v1/parties/P-0003").ok()["identifiers"],
        server.get(key, "/v1/parties/P-0001").ok()["identifiers"]
    );
    let interests = server.get(key, "/v1/interests/export.jsonl");
    assert_eq!(
        String::from_utf8(interests.bytes).unwrap().lines().count(),
        1
    );
}

fn list_file(name: &str, lines: usize) -> String {
    let path = format!("{}/../../data/lists/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().take(lines).collect();
    lines.join("\n")
}

#[test]
fn lists_are_imported_as_published_and_parties_screened() {
    let server = Server::start();
    let world = server.world();
    let key = world.key("compliance");
    let empty = server
        .post(key, "/v1/screenings", json!({ "all": true }))
        .ok();
    assert_eq!(empty["screenings"], json!([]));
    let party = company(&server, key, "Anglo-Caribbean Company");
    let path = format!("/v1/parties/{}", party["id"].as_str().unwrap());
    let none = server.post(key, "/v1/screenings", json!({ "party": party["id"] }));
    assert_eq!(none.code(), "screening.no_lists");

    let files: Vec<Value> = ["ofac_sdn.csv", "ofac_alt.csv", "ofac_add.csv"]
        .map(|name| json!({ "name": name, "text": list_file(name, 40) }))
        .to_vec();
    let import = |format: &str, files: Value, on: &str| {
        json!({
            "format": format, "publisher": "OFAC", "published_on": on, "source": "test", "files": files,
        })
    };
    let made = server
        .post(
            key,
            "/v1/lists/SDN/snapshots",
            import("ofac-sdn", json!(files), "2022-01-31"),
        )
        .ok();
    assert_eq!(
        made["snapshot"]["change"]["added"],
        made["snapshot"]["entry_count"]
    );
    let same = server
        .post(
            key,
            "/v1/lists/SDN/snapshots",
            import("ofac-sdn", json!(files), "2022-02-01"),
        )
        .ok();
    assert_eq!(
        (&same["unchanged"], &same["snapshot"]["id"]),
        (&json!(true), &made["snapshot"]["id"])
    );
    let less = json!([{ "name": "sdn.csv", "text": list_file("ofac_sdn.csv", 3) }]);
    let shrunk = server.post(
        key,
        "/v1/lists/SDN/snapshots",
        import("ofac-sdn", less, "2022-03-01"),
    );
    assert_eq!(shrunk.code(), "screening.list_shrunk");
    let entries = server.get(
        key,
        &format!(
            "/v1/snapshots/{}/entries",
            made["snapshot"]["id"].as_str().unwrap()
        ),
    );
    assert!(
        String::from_utf8(entries.bytes)
            .unwrap()
            .contains("ANGLO-CARIBBEAN")
    );

    let screening = server.get(key, &format!("{path}/screening")).ok();
    assert_eq!(
        (&screening["current"], &screening["outdated"]),
        (&json!(false), &json!(["SDN"]))
    );
    let screened = server
        .post(key, "/v1/screenings", json!({ "all": true }))
        .ok();
    assert_eq!(
        (&screened["raised"], &screened["remaining"]),
        (&json!(1), &json!(0)),
        "{screened}"
    );
    let screening = server.get(key, &format!("{path}/screening")).ok();
    assert_eq!(screening["current"], true);
    let hit = format!("/v1/hits/{}", screening["open_hits"][0].as_str().unwrap());
    let shown = server.get(world.key("auditor"), &hit).ok();
    assert!(
        shown["entry"]["value"]
            .as_str()
            .unwrap()
            .contains("ANGLO-CARIBBEAN"),
        "{shown}"
    );
    let decision = json!({ "verdict": "false", "grounds": "another company" });
    let tag = server.get(key, &hit).header("etag").unwrap().to_owned();
    let headers = [("if-match", tag.as_str())];
    let dispose = format!("{hit}/dispose");
    let done = server.call("POST", key, &dispose, &headers, decision.clone());
    assert_eq!(done.ok()["status"], "false");
    let stale = server.call("POST", key, &dispose, &headers, decision);
    assert_eq!(stale.status, 412);
    // A further notice laid over the list makes the screening old.
    let files = json!([
        { "name": "a.jsonl", "text": list_file("bis_meu.jsonl", 5) },
        { "name": "b.jsonl", "text": "{\"id\":\"n-1\",\"names\":[\"Entirely New Co\"]}" },
    ]);
    let made = server
        .post(
            key,
            "/v1/lists/MEU/snapshots",
            import("jsonl", files, "2026-01-01"),
        )
        .ok();
    assert_eq!(made["snapshot"]["entry_count"], 6);
    let screening = server.get(key, &format!("{path}/screening")).ok();
    assert_eq!(screening["outdated"], json!(["MEU"]));
    let lists = server.get(key, "/v1/lists").ok();
    assert_eq!(lists["items"].as_array().unwrap().len(), 2);
    let snapshots = server.get(key, "/v1/lists/SDN/snapshots").ok();
    assert_eq!(snapshots["items"].as_array().unwrap().len(), 1);
    let before = server.position();
    let asked = json!({ "name": "Entirely New Company", "kind": "company" });
    let found = server.post(key, "/v1/screen", asked).ok();
    assert_eq!(found["candidates"][0]["entry"], "n-1", "{found}");
    assert_eq!(server.position(), before);
}
