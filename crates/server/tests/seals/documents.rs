//! Documents about a sealed client: statements, notices, evidence of usage.

use bareboat_api::evidence::EvidenceDocument;
use serde_json::{Value, json};

use crate::common::Server;
use crate::common::deal::{BEGINS, signed_with};
use crate::{NAME, Watched};

/// A contract whose client is sealed, with a declared use, usage and a notice, each with a
/// document that names the client; the wind-down's path.
fn documents_of_a_sealed_client(watched: &Watched) -> (Value, String) {
    let sealed = json!({
        "kind": "company", "name": NAME, "domicile": "SG", "headquarters": "SG",
        "source": "statement", "no_parent": "statement", "not_held_by_listed": "statement",
        "sealed": true,
    });
    let party = watched
        .post("compliance", "/v1/parties", sealed)
        .field("id");
    let server = &watched.server;
    let partner = Some(watched.world.sides[0].partner.as_str());
    let tenant = server.organisation_of("SEALED-T", "tenant", partner, Some(&party));
    server.project(&tenant, "main");
    let deal = signed_with(server, &watched.world, &tenant);
    let used = json!({
        "purpose": "training", "declared_on": "2026-02-16", "source": "end-user statement",
        "document": { "text": STATEMENT },
    });
    let path = format!("/v1/contracts/{}/use", deal.contract);
    let dry = format!("{path}?dry_run=true");
    watched.post("compliance", &dry, used.clone()).ok();
    let declared = watched.post("compliance", &path, used).ok();
    assert_eq!(watched.get("compliance", &path).ok(), declared);
    let usage = json!({
        "lot": deal.lot, "source": "site agent", "evidence": { "text": STATEMENT },
        "intervals": [{
            "window": { "from": "2026-02-28T15:00:00Z", "to": "2026-02-28T16:00:00Z" },
            "state": "available",
        }],
    });
    watched.post("site_operator", "/v1/usage", usage).ok();
    let plan = json!({
        "contract": deal.contract, "cause": "regulatory-change", "reason": "a rule changed",
        "impact": "ten nodes", "notice_on": "2026-05-01", "ends_on": "2026-05-11",
    });
    let planned = watched.post("planner", "/v1/wind-downs", plan).field("id");
    let path = format!("/v1/wind-downs/{planned}");
    let approve = format!("{path}/approve");
    watched.post("compliance", &approve, Value::Null).ok();
    let at = "2026-05-01T03:00:00Z";
    let step = json!({ "step": "notice", "at": at, "evidence": { "text": STATEMENT } });
    let steps = format!("{path}/steps");
    let key = watched.world.key("site_operator");
    let done = watched.server.post_at(at, key, &steps, step);
    watched.keep("notice", done).ok();
    (declared, path)
}

const STATEMENT: &str = "We, Brindlewick Optics, train models.";

#[test]
fn documents_about_a_sealed_client_are_sealed_under_its_key() {
    let watched = Watched::over(Server::simulated(BEGINS));
    let (declared, wind_down) = documents_of_a_sealed_client(&watched);
    let view = watched.server.app.engine.view();
    // Two declarations, the usage, the notice.
    assert_eq!(view.state.seals.documents.len(), 4);
    // What the record shows is no hash of the bytes alone, which a guess would confirm.
    let plain = bareboat_base::Digest::of(&[STATEMENT.as_bytes()]);
    assert!(!view.state.seals.documents.contains(&plain));
    let evidence = format!("{wind_down}/steps/notice/evidence");
    let refused = watched.get("site_operator", &evidence);
    assert_eq!(refused.code(), "book.document_sealed");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    let notice = detail.rsplit(' ').next().unwrap().to_owned();
    let statement = declared["document_sealed"].as_str().unwrap();
    let purpose = json!({ "purpose": "to answer the regulator" });
    let expected = json!({
        "media_type": "text/plain",
        "base64": EvidenceDocument::of("text/plain", STATEMENT.as_bytes()).base64,
    });
    for sealed in [statement, &notice] {
        let open = format!("/v1/sealed/{sealed}/open");
        for role in ["planner", "auditor", "admin", "finance"] {
            assert_eq!(watched.post(role, &open, purpose.clone()).status, 403);
        }
        // The operator's own records, though they are about the client.
        let partner = &watched.world.sides[0].partner_key.key;
        let stranger = watched.server.post(partner, &open, purpose.clone());
        assert_eq!(watched.keep("partner", stranger).status, 404);
        let key = watched.key("compliance");
        let opened = watched.server.post(&key, &open, purpose.clone()).ok();
        assert_eq!(opened["document"], expected);
        assert_eq!(
            (&opened["value"], &opened["opening"]["field"]),
            (&Value::Null, &json!("document"))
        );
    }
    for role in ["planner", "auditor", "compliance", "admin", "finance"] {
        for path in ["/v1/events?limit=1000", "/v1/sealed/openings", &wind_down] {
            watched.get(role, path);
        }
    }
    watched.search();
    let client = view.state.parties.parties.iter();
    let client = client
        .map(|(_, id, row)| (id, row))
        .find(|(_, row)| row.is_sealed());
    let shred = format!("/v1/parties/{}/shred", client.unwrap().0);
    let reason = json!({ "reason": "the retention period ended" });
    watched.post("compliance", &shred, reason).ok();
    let open = format!("/v1/sealed/{statement}/open");
    let refused = watched.post("compliance", &open, purpose);
    assert_eq!(refused.code(), "book.shredded");
    watched.search();
}
