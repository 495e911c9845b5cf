//! A contract ready to be signed: nodes at Osaka, screened parties, the shipped rulebooks, and a
//! draft between the first partner and its client. For books with a simulated clock.

use bareboat_base::id::derive_id;
use bareboat_base::{Clock as _, Confidential, Digest, NodeSet, PartyId, PrincipalId, Run};
use bareboat_book::{Command, Event, State};
use bareboat_journal::Submission;
use bareboat_server::{SystemClock, command_id};
use serde_json::{Value, json};

use super::{Answer, Server, World};

/// When such a book begins.
pub const BEGINS: &str = "2026-01-05T00:00:00Z";

/// What the deal is made of.
pub struct Deal {
    pub entity: String,
    pub partner: String,
    pub client: String,
    pub contract: String,
    pub lot: String,
    /// What the draft was asked for with.
    pub draft: Value,
}

fn p<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

impl Server {
    /// Records a command of the book itself, at an instant or right after the last.
    pub fn record(&self, at: Option<&str>, command: Command) -> Vec<Event> {
        let id = command_id(SystemClock.now());
        let actor: PrincipalId = derive_id(id, 99);
        let last = self.app.engine.view().recorded_at;
        let recorded_at = at.map_or(last.next().unwrap(), p);
        let (send, receive) = std::sync::mpsc::channel();
        let submission = Submission {
            command_id: id,
            actor,
            idempotency: None,
            recorded_at: Some(recorded_at),
            command,
            documents: Vec::new(),
            sealed: Vec::new(),
            precondition: None,
            answer: Box::new(move |_, events| {
                send.send(events.to_vec()).unwrap();
                Vec::new()
            }),
        };
        self.app.engine.submit(submission).wait().unwrap();
        receive.recv().unwrap()
    }

    /// A write recorded at an instant of a simulated clock.
    pub fn post_at(&self, at: &str, key: &str, path: &str, body: Value) -> Answer {
        self.call("POST", key, path, &[("bareboat-recorded-at", at)], body)
    }

    /// The same, or right after the last event.
    fn post_from(&self, at: Option<&str>, key: &str, path: &str, body: Value) -> Answer {
        match at {
            Some(at) => self.post_at(at, key, path, body),
            None => self.post(key, path, body),
        }
    }

    fn state(&self) -> State {
        self.app.engine.view().state.clone()
    }
}

fn source(what: &str) -> bareboat_parties::Source {
    bareboat_parties::Source {
        what: p(what),
        digest: None,
    }
}

fn party(server: &Server, name: &str, country: &str) -> PartyId {
    use bareboat_parties::{Command as C, Event as E, PartyFacts, PartyKind, RegisterParty};
    let facts = PartyFacts {
        kind: PartyKind::Company,
        name: Confidential::Open(p(name)),
        aliases: vec![],
        domicile: Some(p(country)),
        headquarters: Some(p(country)),
        address: None,
        identifiers: vec![],
        source: source("registry"),
        top: bareboat_parties::TopStatus::NoParentDeclared {
            source: source("statement"),
        },
        not_held_by_listed: Some(source("statement")),
    };
    let command = Command::Parties(C::RegisterParty(RegisterParty { facts }));
    let events = server.record(None, command);
    let found = events.iter().find_map(|event| match event {
        Event::Parties(E::PartyRegistered(event)) => Some(event.party),
        _ => None,
    });
    found.unwrap()
}

/// A partner and its client, registered for a side.
pub fn parties_of(server: &Server, side: &str) -> (String, String) {
    let names = match side {
        "ONE" => ("Setouchi Cloud Partners KK", "Marlin Vision Labs"),
        _ => ("Tasman Reach Pty Ltd", "Wattlebird Inference Pty Ltd"),
    };
    let (partner, client) = (party(server, names.0, "JP"), party(server, names.1, "SG"));
    (partner.to_string(), client.to_string())
}

/// The lists that the rules adopted here name.
const LISTS: [&str; 5] = ["DPL", "EL", "MEU", "SDN", "UVL"];

/// The newest snapshot of a list, imported when there is none.
fn list(server: &Server, list: &str) -> bareboat_base::ListSnapshotId {
    if let Some((newest, _)) = server.state().screening.newest(&p(list)) {
        return newest;
    }
    use bareboat_screening::{Command as C, ImportList, ListChange};
    let entries = 10;
    let import = ImportList {
        list: p(list),
        publisher: p("Bureau of Industry and Security"),
        published_on: p("2026-01-01"),
        source: p("test"),
        original: Digest::of(&[list.as_bytes(), b"original"]),
        entries: Digest::of(&[list.as_bytes(), b"entries"]),
        entry_count: entries,
        malformed: 0,
        previous: None,
        change: ListChange {
            added: entries,
            removed: 0,
            changed: 0,
        },
        confirmed: false,
    };
    server.record(None, Command::Screening(C::ImportList(import)));
    server.state().screening.newest(&p(list)).unwrap().0
}

fn screened(server: &Server, parties: &[PartyId]) {
    use bareboat_screening::{Command as C, RecordScreening};
    let lists = LISTS.map(|code| list(server, code));
    for party in parties {
        let version = server.state().parties.party(*party).unwrap().version;
        let screening = RecordScreening {
            party: *party,
            party_version: version,
            current_party_version: version,
            lists: lists.to_vec(),
            engine_version: p("test-1"),
            query: Digest::of(&[b"query"]),
            hits: vec![],
        };
        server.record(None, Command::Screening(C::RecordScreening(screening)));
    }
}

fn osaka(server: &Server, nodes: u32) {
    use bareboat_fleet::{AddHall, Command as C, PlaceOrder, RegisterModel, RegisterSite};
    let run = |command| server.record(None, Command::Fleet(command));
    run(C::RegisterModel(RegisterModel {
        code: p("B200"),
        vendor: p("NVIDIA"),
        gpus_per_node: 8,
        memory_gb: 192,
        tdp_watts: 1000,
        tpp: 36_000,
        performance_density_centi: 2_200,
        dram_gbps: 8_000,
        eccn: p("3A090.a"),
        nvlink_domain_gpus: 8,
    }));
    run(C::RegisterSite(RegisterSite {
        code: p("OSA"),
        name: p("Osaka"),
        country: p("JP"),
        zone: p("Asia/Tokyo"),
        power_kw: 9_000,
        pue_milli: 1_250,
    }));
    let state = server.state();
    let (model, _) = state.fleet.model_by_code(&p("B200")).unwrap();
    let (site, _) = state.fleet.site_by_code(&p("OSA")).unwrap();
    run(C::AddHall(AddHall {
        site,
        code: p("H1"),
    }));
    run(C::PlaceOrder(PlaceOrder {
        supplier: p("Vendor"),
        reference: p("PO-1"),
        entity: None,
        model,
        site,
        nodes: bareboat_base::NodeCount(nodes),
        price: p("4000000.00 USD"),
        placed_on: p("2026-01-05"),
        tranches: vec![bareboat_fleet::NewTranche {
            nodes: bareboat_base::NodeCount(nodes),
            due_on: p("2026-02-15"),
            hall: None,
        }],
    }));
    received(server, nodes);
}

fn received(server: &Server, nodes: u32) {
    use bareboat_fleet::{AdvanceNodes, Command as C, NewNode, Phase, ReceiveTranche};
    let state = server.state();
    let (site, _) = state.fleet.site_by_code(&p("OSA")).unwrap();
    let (hall, _) = state.fleet.hall_by_code(site, &p("H1")).unwrap();
    let (_, tranche, _) = state.fleet.tranches.iter().next().unwrap();
    let new = |n: u32| NewNode {
        serial: p(&format!("S{n:05}")),
        hall,
        rack: p(&format!("R{}", n / 4)),
        leaf: n / 32,
        spine_group: n / 512,
        nvlink_domain: None,
        bmc: p(&format!("10.0.0.{n}")),
        gpus: vec![],
    };
    let receive = C::ReceiveTranche(ReceiveTranche {
        tranche: *tranche,
        received_on: p("2026-02-16"),
        nodes: (0..nodes).map(new).collect(),
    });
    server.record(Some("2026-02-16T00:00:00Z"), Command::Fleet(receive));
    let all = Run {
        first: 1,
        count: nodes,
    };
    let phases = [
        Phase::Racked,
        Phase::Discovered,
        Phase::Validating,
        Phase::Ready,
    ];
    for (minute, to) in phases.into_iter().enumerate() {
        let at = format!("2026-02-16T01:0{minute}:00Z");
        let advance = C::AdvanceNodes(AdvanceNodes {
            nodes: NodeSet::from_runs(site, vec![all]).unwrap(),
            to,
            at: p(&at),
            reason: None,
        });
        server.record(Some(&at), Command::Fleet(advance));
    }
}

/// The deal, drafted: 10 of 12 nodes of Osaka for three years.
pub fn deal(server: &Server, world: &World) -> Deal {
    deal_with(server, world, &world.sides[0].tenant)
}

/// The same with another client of the first side's partner.
pub fn deal_with(server: &Server, world: &World, client: &str) -> Deal {
    osaka(server, 12);
    let compliance = world.key("compliance");
    for regime in ["us-ear", "us-ofac"] {
        let body = json!({ "shipped": regime });
        server.post(compliance, "/v1/rulebooks", body).ok();
    }
    let entity = json!({
        "code": "HC-JP", "name": "Harbour Compute KK", "country": "JP",
        "functional_currency": "JPY", "tax_id": null,
    });
    let finance = world.key("finance");
    let entity = server.post(finance, "/v1/entities", entity).field("id");
    let between = (world.sides[0].partner.as_str(), client);
    drafted(server, world, between, ("OSA-2026-01", 80), entity)
}

/// A draft between a partner's organisation and its client's, whose parties are screened for it.
fn drafted(
    server: &Server,
    world: &World,
    (organisation, client_organisation): (&str, &str),
    (reference, gpus): (&str, u32),
    entity: String,
) -> Deal {
    let state = server.state();
    let of = |id: &str| {
        let row = state.access.organisations.get(&p(id)).unwrap();
        row.party.unwrap()
    };
    let (partner, client) = (of(organisation), of(client_organisation));
    screened(server, &[partner, client]);
    let draft = json!({
        "reference": reference,
        "entity": "HC-JP",
        "partner": partner.to_string(),
        "client": client.to_string(),
        "organisation": organisation,
        "client_organisation": client_organisation,
        "project": "main",
        "currency": "USD",
        "billing_zone": "Asia/Tokyo",
        "lots": [{
            "model": "B200", "site": "OSA", "gpus": gpus,
            "window": { "from": "2026-03-01", "to": "2029-03-01" },
        }],
        "price": { "total": "6496000.00 USD" },
        "take_or_pay": "100",
        "prepayment": { "share": "20", "credited_after_months": 24 },
        "extension": {
            "months": 12, "notice_days": 180, "price": { "per_gpu_hour": "2.00 USD" },
        },
        "regulatory_termination": { "notice_days": 10, "refund_unearned": true },
        "treatment": "lease",
    });
    let planner = world.key("planner");
    let answer = server.post(planner, "/v1/contracts", draft.clone()).ok();
    Deal {
        entity,
        partner: partner.to_string(),
        client: client.to_string(),
        contract: answer["id"].as_str().unwrap().to_owned(),
        lot: answer["lots"][0]["id"].as_str().unwrap().to_owned(),
        draft,
    }
}

/// The deal signed, and its nodes named.
pub fn signed(server: &Server, world: &World) -> Deal {
    signed_with(server, world, &world.sides[0].tenant)
}

/// The same with another client of the first side's partner.
pub fn signed_with(server: &Server, world: &World, client: &str) -> Deal {
    let deal = deal_with(server, world, client);
    bind(server, world, &[&deal], false);
    deal
}

/// A deal of each side, quoted and signed, with nodes named: 10 nodes for the first, 2 for the second.
pub fn both_signed(server: &Server, world: &World) -> [Deal; 2] {
    let first = deal(server, world);
    let entity = first.entity.clone();
    let side = &world.sides[1];
    let between = (side.partner.as_str(), side.tenant.as_str());
    let second = drafted(server, world, between, ("OSA-2026-02", 16), entity);
    bind(server, world, &[&first, &second], true);
    [first, second]
}

/// The deal signed; no nodes are named.
pub fn agreed(server: &Server, world: &World) -> Deal {
    let deal = deal(server, world);
    sign(server, world, &[&deal], false);
    deal
}

fn sign(server: &Server, world: &World, deals: &[&Deal], quoted: bool) {
    let planner = world.key("planner");
    let mut at = Some("2026-02-17T05:00:00Z");
    for deal in deals {
        let contract = format!("/v1/contracts/{}", deal.contract);
        let used = json!({
            "purpose": "training", "wmd": false, "military_intelligence": false,
            "training_for_d5_party": false, "diversion": false,
            "ear_activity": "in-country-transfer", "declared_on": "2026-02-16",
            "source": "end-user statement", "document": { "text": "we train models" },
        });
        let compliance = world.key("compliance");
        server
            .post_from(at.take(), compliance, &format!("{contract}/use"), used)
            .ok();
        if quoted {
            let body = json!({ "expires_at": "2026-03-01T00:00:00Z" });
            server
                .post(planner, &format!("{contract}/quotes"), body)
                .ok();
        }
        let body = json!({ "signed_on": "2026-02-17" });
        server.post(planner, &format!("{contract}/sign"), body).ok();
    }
}

fn bind(server: &Server, world: &World, deals: &[&Deal], quoted: bool) {
    sign(server, world, deals, quoted);
    let begins = "2026-02-28T15:00:00Z";
    let mut at = Some(begins);
    for deal in deals {
        let allocate = format!("/v1/lots/{}/allocate", deal.lot);
        let site = world.key("site_operator");
        let body = json!({ "at": begins });
        server.post_from(at.take(), site, &allocate, body).ok();
    }
}
