//! Every route with every role, from the route table itself: who has no key is told 401, whose
//! roles lack the permission 403, and what belongs to another partner or tenant is 404.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use bareboat_access::{Permission, Role, allows};
use bareboat_server::Route;
use bareboat_server::routes;
use common::deal::{BEGINS, Deal, both_signed};
use common::{Holder, Server, Side, World, request};
use serde_json::{Value, json};

/// For names of path segments: an id that belongs to the first partner and its tenant. To add a
/// domain: make a thing of that tenant in [`samples`]. A segment without a sample is tried with
/// an id that nobody has.
fn samples(world: &World) -> BTreeMap<&'static str, String> {
    let side = &world.sides[0];
    BTreeMap::from([
        ("organisation", side.tenant.clone()),
        ("project", side.project.clone()),
        ("principal", side.user_key.principal.clone()),
        ("key", side.user_key.key_id.clone()),
        ("grant", side.user_key.grant.clone()),
    ])
}

/// The same with all that is there when both sides have a signed contract; for simulated clocks.
fn samples_of_a_deal(server: &Server, world: &World) -> BTreeMap<&'static str, String> {
    let [deal, other] = both_signed(server, world);
    for deal in [&other, &deal] {
        billed(server, world, deal);
    }
    for allocation in ["A-0001", "A-0002"] {
        let block = json!({
            "allocation": allocation, "nodes": 1, "within": "leaf", "purpose": "training",
        });
        server.post(world.key("planner"), "/v1/blocks", block).ok();
    }
    let compliance = world.key("compliance");
    let sealed = json!({
        "kind": "company", "name": "Vellvet Lanturn", "source": "statement", "sealed": true,
    });
    let party = server.post(compliance, "/v1/parties", sealed).ok();
    let client = json!({
        "code": "SEALED", "name": "Client 7", "kind": "tenant",
        "parent": world.sides[0].partner, "party": party["id"],
    });
    server.post(&server.admin, "/v1/organisations", client).ok();
    let interest = json!({
        "owner": deal.partner, "owned": deal.client, "from": "2024-01-01",
        "voting": { "min": "60", "max": "60" }, "source": "register",
    });
    let interest = server.post(compliance, "/v1/interests", interest);
    // Labels are given in the order of making: the second side's come first here.
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut samples = samples(world);
    samples.extend([
        ("contract", deal.contract.clone()),
        ("record", deal.contract),
        ("lot", deal.lot),
        ("wind_down", "WD-0002".to_owned()),
        ("step", "notice".to_owned()),
        ("usage", "U-0002".to_owned()),
        ("invoice", "INV-0001".to_owned()),
        ("quote", "Q-0001".to_owned()),
        ("reservation", "R-0001".to_owned()),
        ("allocation", "A-0001".to_owned()),
        ("block", "BL-0001".to_owned()),
        ("node", "N-OSA-000001".to_owned()),
        ("party", text(&party["id"])),
        ("sealed", text(&party["name"]["sealed"])),
        ("interest", interest.field("id")),
    ]);
    samples
}

/// Usage of a deal's first second, and the plan of its end, noticed.
fn billed(server: &Server, world: &World, deal: &Deal) {
    let window = json!({ "from": "2026-02-28T15:00:00Z", "to": "2026-02-28T15:00:01Z" });
    let usage = json!({
        "lot": deal.lot, "intervals": [{ "window": window, "state": "available" }],
        "source": "site agent", "evidence": { "text": "seen" },
    });
    let site = world.key("site_operator");
    server.post(site, "/v1/usage", usage).ok();
    let plan = json!({
        "contract": deal.contract, "cause": "agreement", "reason": "agreed", "impact": "nodes",
        "notice_on": "2026-03-01", "ends_on": "2026-04-01",
    });
    let planner = world.key("planner");
    let wind_down = server.post(planner, "/v1/wind-downs", plan).field("id");
    let compliance = world.key("compliance");
    let path = format!("/v1/wind-downs/{wind_down}");
    let approve = format!("{path}/approve");
    server.post(compliance, &approve, Value::Null).ok();
    let at = server.app.engine.view().recorded_at.to_string();
    let step = json!({ "step": "notice", "at": at, "evidence": { "text": "posted" } });
    server.post(planner, &format!("{path}/steps"), step).ok();
}

/// Bodies that are let through, for writes to one thing that partners and tenants may make.
fn body(route: &Route) -> Value {
    match route.operation {
        "rotateKey" => json!({ "expires_at": "2026-06-01T00:00:00Z" }),
        "openSealed" => json!({ "purpose": "our own records" }),
        _ => json!({}),
    }
}

/// Bodies of operations without a path of their own, that name what belongs to a side.
fn bodies(side: &Side, contract: &str) -> Vec<(&'static str, &'static str, Value)> {
    let (tenant, principal) = (&side.tenant, &side.user_key.principal);
    let expires = "2026-06-01T00:00:00Z";
    // The first deal's, which is the first side's.
    let allocation = if contract == NOBODY { NOBODY } else { "A-0001" };
    vec![
        (
            "/v1/blocks",
            "allocateBlock",
            json!({
                "allocation": allocation, "nodes": 1, "within": "leaf", "purpose": "training",
            }),
        ),
        (
            "/v1/projects",
            "createProject",
            json!({ "organisation": tenant, "code": "x" }),
        ),
        (
            "/v1/principals",
            "createPrincipal",
            json!({ "organisation": tenant, "name": "X", "kind": "machine" }),
        ),
        (
            "/v1/keys",
            "issueKey",
            json!({ "principal": principal, "expires_at": expires }),
        ),
        (
            "/v1/grants",
            "grantRole",
            json!({ "principal": principal, "role": "tenant_user", "organisation": tenant }),
        ),
        (
            "/v1/invoices/preview",
            "previewInvoice",
            json!({ "contract": contract, "period": { "from": "2026-03-01", "to": "2026-04-01" } }),
        ),
    ]
}

const NOBODY: &str = "00000000-0000-8000-8000-00000000dead";

fn role_of(name: &str) -> Role {
    name.split('/').next().unwrap().parse().unwrap()
}

/// The route's path with ids in it, and whether all of them are real.
fn fill(route: &Route, samples: &BTreeMap<&'static str, String>) -> (String, bool) {
    let mut path = route.path.to_owned();
    let mut real = true;
    for name in route.arguments() {
        let sample = samples.get(name);
        real &= sample.is_some();
        let id = sample.map_or(NOBODY, String::as_str);
        path = path.replace(&format!("{{{name}}}"), id);
    }
    if route.writes() {
        path.push_str("?dry_run=true");
    }
    (path, real)
}

fn status(server: &Server, route: &Route, key: &str, path: &str) -> (u16, String) {
    status_of(server, route, key, path, &json!({}))
}

fn status_of(server: &Server, route: &Route, key: &str, path: &str, told: &Value) -> (u16, String) {
    let mut builder = request(route.method.as_str(), key, path);
    let mut body = Body::empty();
    let view = server.app.engine.view();
    if view.state.simulated_clock() && route.writes() {
        let next = view
            .recorded_at
            .next()
            .expect("a later instant")
            .to_string();
        builder = builder.header(bareboat_api::header::RECORDED_AT, next);
    }
    if let Some(takes) = &route.takes {
        builder = builder.header("content-type", takes.media_types[0]);
        body = Body::from(told.to_string());
    }
    let answer = server.send(builder.body(body).unwrap());
    (answer.status, answer.json().to_string())
}

/// A stream never ends by itself; its refusals are tried, its fulfilment elsewhere.
fn endless(route: &Route) -> bool {
    route.operation == "streamEvents"
}

#[test]
fn without_a_key_nothing_is_told() {
    let server = Server::start();
    let samples = samples(&server.world());
    for route in routes::all() {
        let (path, _) = fill(&route, &samples);
        for key in ["", "bbk_00_00", &format!("{}x", server.admin)] {
            let (found, _) = status(&server, &route, key, &path);
            let expected = if route.permission.is_none() { 200 } else { 401 };
            assert_eq!(found, expected, "{} {path} with {key:?}", route.operation);
        }
    }
}

#[test]
fn only_roles_with_the_permission_are_let_in() {
    let server = Server::start();
    let world = server.world();
    let samples = samples(&world);
    let position = server.position();
    for route in routes::all() {
        let Some(permission) = route.permission else {
            continue;
        };
        let (path, real) = fill(&route, &samples);
        for (name, holder) in world.everyone() {
            let allowed = allows(role_of(&name), permission);
            if allowed && endless(&route) {
                continue;
            }
            let (found, body) = status(&server, &route, &holder.key, &path);
            let what = format!("{} {path} as {name}: {found} {body}", route.operation);
            if !allowed {
                assert_eq!(found, 403, "{what}");
                assert!(body.contains("api.forbidden"), "{what}");
                continue;
            }
            assert!(![401, 405, 500, 503].contains(&found), "{what}");
            let plain = !route.writes() && route.takes.is_none();
            if plain && route.arguments().next().is_none() {
                assert_eq!(found, 200, "{what}");
            }
            if plain && real && !name.contains('/') {
                assert_eq!(found, 200, "{what}");
            }
        }
    }
    assert_eq!(server.position(), position, "the walk wrote something");
}

/// What of a contract is shown to the operator's own people alone.
const OFFICE_ONLY: [&str; 1] = ["getWindDownEvidence"];

#[test]
fn another_partner_and_its_tenant_are_not_there() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let samples = samples_of_a_deal(&server, &world);
    let mut staff = world.staff.iter();
    let planner = staff.find(|(role, _)| role == "planner");
    let planner = planner.map(|(_, holder)| holder);
    let mut tried = BTreeSet::new();
    for route in routes::all().iter().filter(|route| !endless(route)) {
        let (path, real) = fill(route, &samples);
        if !real || route.arguments().next().is_none() {
            continue;
        }
        let permission = route.permission.unwrap();
        let nobody = path_to_nobody(route);
        let told = body(route);
        for holder in of_side(&world.sides[1], permission) {
            tried.insert(route.operation);
            let (found, body) = status_of(&server, route, &holder.key, &path, &told);
            let (_, nothing) = status_of(&server, route, &holder.key, &nobody, &told);
            assert_eq!(found, 404, "{} {path}: {body}", route.operation);
            // The words are the same too, but for the request's own id.
            let nothing = without_id(&nothing);
            assert_eq!(without_id(&body), nothing, "{}", route.operation);
        }
        // Its own side sees it, so the sample is one.
        let mut own = of_side(&world.sides[0], permission);
        if own.is_empty() {
            continue;
        }
        own.extend(planner.filter(|_| OFFICE_ONLY.contains(&route.operation)));
        let seen = |holder: &&Holder| {
            let (found, body) = status_of(&server, route, &holder.key, &path, &told);
            assert!(![401, 500].contains(&found), "{path}: {body}");
            found < 300
        };
        assert!(own.iter().any(seen), "{} {path}", route.operation);
    }
    let all = routes::all();
    let missed = all.iter().filter(|route| {
        let theirs = route.permission.map(|one| of_side(&world.sides[1], one));
        let of_a_thing = route.arguments().next().is_some();
        of_a_thing && theirs.is_some_and(|all| !all.is_empty()) && !tried.contains(route.operation)
    });
    // Everybody who has nodes may know what they are made of, and where.
    let missed: Vec<_> = missed.map(|route| route.operation).collect();
    assert_eq!(missed, ["getModel", "getSite", "getHall"]);
}

#[test]
fn what_another_partner_owns_cannot_be_named_in_a_body() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let [deal, _] = both_signed(&server, &world);
    let (mine, other) = (&world.sides[0], &world.sides[1]);
    let all = routes::all();
    let theirs = bodies(mine, &deal.contract);
    let nobodys = bodies(&nobody(), NOBODY);
    for ((path, operation, told), (_, _, nothing)) in theirs.iter().zip(&nobodys) {
        let route = all.iter().find(|route| route.operation == *operation);
        let route = route.unwrap_or_else(|| panic!("no {operation}"));
        let path = if route.writes() {
            format!("{path}?dry_run=true")
        } else {
            (*path).to_owned()
        };
        let permission = route.permission.unwrap();
        for holder in of_side(other, permission) {
            let (found, body) = status_of(&server, route, &holder.key, &path, told);
            let (_, none) = status_of(&server, route, &holder.key, &path, nothing);
            assert_eq!(found, 404, "{operation}: {body}");
            assert_eq!(without_id(&body), without_id(&none), "{operation}");
        }
        let own = of_side(mine, permission);
        let found = own
            .iter()
            .map(|holder| status_of(&server, route, &holder.key, &path, told));
        let found: Vec<_> = found.collect();
        let done = found.iter().any(|(status, _)| *status < 300);
        assert!(done, "{operation}: {found:?}");
    }
}

/// A side that is not there.
fn nobody() -> Side {
    let holder = || Holder {
        principal: NOBODY.to_owned(),
        grant: NOBODY.to_owned(),
        key_id: NOBODY.to_owned(),
        key: String::new(),
    };
    Side {
        partner: NOBODY.to_owned(),
        tenant: NOBODY.to_owned(),
        project: NOBODY.to_owned(),
        partner_key: holder(),
        admin_key: holder(),
        user_key: holder(),
    }
}

fn path_to_nobody(route: &Route) -> String {
    fill(route, &BTreeMap::new()).0
}

fn without_id(body: &str) -> Value {
    let mut value: Value = serde_json::from_str(body).unwrap();
    value["request_id"] = Value::Null;
    value
}

/// A side's principals that hold the permission.
fn of_side(side: &Side, permission: Permission) -> Vec<&Holder> {
    let all = [
        (Role::Partner, &side.partner_key),
        (Role::TenantAdmin, &side.admin_key),
        (Role::TenantUser, &side.user_key),
    ];
    all.into_iter()
        .filter(|(role, _)| allows(*role, permission))
        .map(|(_, holder)| holder)
        .collect()
}

#[test]
fn lists_show_a_side_only_its_own() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    samples_of_a_deal(&server, &world);
    // Of these both sides see the same rows.
    let shared = ["listModels", "listSites", "listHalls", "listCapacity"];
    let mut told = BTreeSet::new();
    for route in routes::all().iter().filter(|route| route.pages()) {
        let permission = route.permission.unwrap();
        let rows = |holder: &Holder| -> BTreeSet<String> {
            let path = format!("{}?limit=1000", route.path);
            let page = server.get(&holder.key, &path).ok();
            let rows = page["items"].as_array().unwrap().iter();
            let ids = rows.filter_map(|row| row["id"].as_str().or(row["label"].as_str()));
            ids.map(ToOwned::to_owned).collect()
        };
        let of = |side: usize| -> BTreeSet<String> {
            let holders = of_side(&world.sides[side], permission);
            holders.into_iter().flat_map(rows).collect()
        };
        let (mine, other) = (of(0), of(1));
        if !mine.is_empty() && !other.is_empty() {
            told.insert(route.operation);
        }
        if !shared.contains(&route.operation) {
            let both: Vec<_> = mine.intersection(&other).collect();
            assert!(both.is_empty(), "{}: {both:?}", route.operation);
        }
    }
    for operation in [
        "listOrganisations",
        "listProjects",
        "listPrincipals",
        "listKeys",
        "listGrants",
        "listNodes",
        "listReservations",
        "listQuotes",
        "listAllocations",
        "listBlocks",
        "listParties",
        "listContracts",
        "listLots",
        "listWindDowns",
        "listUsage",
        "listInvoices",
    ] {
        assert!(
            told.contains(operation),
            "{operation} shows nothing: {told:?}"
        );
    }
}

#[test]
fn operations_have_names_and_paths_of_their_own() {
    let all = routes::all();
    let names: BTreeSet<_> = all.iter().map(|route| route.operation).collect();
    let places: BTreeSet<_> = all
        .iter()
        .map(|route| (route.path, route.method.as_str()))
        .collect();
    assert_eq!((names.len(), places.len()), (all.len(), all.len()));
    for route in &all {
        let open = ["/healthz", "/openapi.json"].contains(&route.path);
        assert_eq!(route.permission.is_none(), open, "{}", route.path);
    }
}
