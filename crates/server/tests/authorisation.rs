//! Every route with every role, from the route table itself: who has no key is told 401, whose
//! roles lack the permission 403, and what belongs to another partner or tenant is 404.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use bareboat_access::{Permission, Role, allows};
use bareboat_server::Route;
use bareboat_server::routes;
use common::deal::{BEGINS, signed};
use common::{Holder, Server, World, request};
use serde_json::json;

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

/// The same with what a signed contract of the first side brings; for simulated clocks.
fn samples_of_a_deal(server: &Server, world: &World) -> BTreeMap<&'static str, String> {
    let deal = signed(server, world);
    let plan = json!({
        "contract": deal.contract, "cause": "agreement", "reason": "agreed", "impact": "ten nodes",
        "notice_on": "2026-03-01", "ends_on": "2026-04-01",
    });
    let planner = world.key("planner");
    let wind_down = server.post(planner, "/v1/wind-downs", plan).field("id");
    let window = json!({ "from": "2026-02-28T15:00:00Z", "to": "2026-02-28T15:00:01Z" });
    let usage = json!({
        "lot": deal.lot, "intervals": [{ "window": window, "state": "available" }],
        "source": "site agent", "evidence": { "text": "seen" },
    });
    let site = world.key("site_operator");
    server.post(site, "/v1/usage", usage).ok();
    let mut samples = samples(world);
    samples.extend([
        ("record", deal.contract.clone()),
        ("contract", deal.contract),
        ("lot", deal.lot),
        ("wind_down", wind_down),
        ("step", "notice".to_owned()),
        ("usage", "U-0001".to_owned()),
        ("invoice", "INV-0001".to_owned()),
        ("reservation", "R-0001".to_owned()),
        ("allocation", "A-0001".to_owned()),
        ("node", "N-OSA-000001".to_owned()),
    ]);
    samples
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
    let mut builder = request(route.method.as_str(), key, path);
    let mut body = Body::empty();
    if let Some(takes) = &route.takes {
        builder = builder.header("content-type", takes.media_types[0]);
        body = Body::from("{}");
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

#[test]
fn another_partner_and_its_tenant_are_not_there() {
    let server = Server::simulated(BEGINS);
    let world = server.world();
    let samples = samples_of_a_deal(&server, &world);
    for route in routes::all().iter().filter(|route| !endless(route)) {
        let (path, real) = fill(route, &samples);
        if !real || route.arguments().next().is_none() {
            continue;
        }
        let permission = route.permission.unwrap();
        let nobody = path_to_nobody(route);
        for holder in strangers(&world, permission) {
            let (found, body) = status(&server, route, &holder.key, &path);
            let (none, nothing) = status(&server, route, &holder.key, &nobody);
            assert_eq!(found, none, "{} {path}: {body}", route.operation);
            assert!(
                [400, 404].contains(&found),
                "{} {path}: {found} {body}",
                route.operation
            );
            // The words are the same too, but for the request's own id.
            assert_eq!(
                without_id(&body),
                without_id(&nothing),
                "{}",
                route.operation
            );
        }
    }
}

fn path_to_nobody(route: &Route) -> String {
    fill(route, &BTreeMap::new()).0
}

fn without_id(body: &str) -> serde_json::Value {
    let mut value: serde_json::Value = serde_json::from_str(body).unwrap();
    value["request_id"] = serde_json::Value::Null;
    value
}

/// The second side's principals that hold the permission.
fn strangers(world: &World, permission: Permission) -> Vec<&Holder> {
    let side = &world.sides[1];
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
fn lists_show_a_tenant_only_its_own() {
    let server = Server::start();
    let world = server.world();
    let (mine, other) = (&world.sides[0], &world.sides[1]);
    let foreign: BTreeSet<&str> = [
        &other.partner,
        &other.tenant,
        &other.project,
        &other.partner_key.principal,
        &other.admin_key.principal,
        &other.user_key.principal,
        &other.user_key.key_id,
        &other.user_key.grant,
    ]
    .into_iter()
    .map(String::as_str)
    .collect();
    for route in routes::all().iter().filter(|route| route.pages()) {
        for holder in [&mine.partner_key, &mine.admin_key, &mine.user_key] {
            let answer = server.get(&holder.key, &format!("{}?limit=1000", route.path));
            let text = String::from_utf8_lossy(&answer.bytes).into_owned();
            for id in &foreign {
                assert!(!text.contains(id), "{} shows {id}", route.operation);
            }
        }
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
