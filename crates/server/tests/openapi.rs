//! The OpenAPI document and the table of routes are goldens; UPDATE_GOLDENS=1 rewrites them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use bareboat_access::{Role, allows};
use bareboat_server::{openapi, routes};
use serde_json::Value;

fn document() -> Value {
    let routes: Vec<_> = routes::all().into_iter().map(Arc::new).collect();
    openapi::document(&routes)
}

fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != text {
        let line = kept.lines().zip(text.lines()).position(|(a, b)| a != b);
        let rewrite = "UPDATE_GOLDENS=1 cargo test -p bareboat-server --test openapi";
        panic!(
            "docs/{name} differs at line {:?}; if that is meant: {rewrite}",
            line.map(|l| l + 1)
        );
    }
}

#[test]
fn the_document_is_the_golden_one() {
    let text = String::from_utf8(openapi::to_bytes(&document())).unwrap();
    golden("openapi.json", &text);
}

#[test]
fn the_table_of_routes_is_the_golden_one() {
    let mut text = String::from(
        "# Routes\n\nMade from the route table. A role is listed where it holds the route's permission; partner and \
         tenant roles hold it over their own organisations only.\n\n\
         | method | path | operation | permission | roles |\n|---|---|---|---|---|\n",
    );
    for route in routes::all() {
        let roles = match route.permission {
            None => "everyone".to_owned(),
            Some(permission) => Role::ALL
                .iter()
                .filter(|role| allows(**role, permission))
                .map(|role| role.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        };
        let permission = route
            .permission
            .map_or("", |permission| permission.as_str());
        text.push_str(&format!(
            "| {} | `{}` | {} | {permission} | {roles} |\n",
            route.method.as_str(),
            route.path,
            route.operation
        ));
    }
    golden("routes.md", &text);
}

/// Every `$ref` in a value.
fn references<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                into.insert(reference);
            }
            fields.values().for_each(|value| references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_field_is_described() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut all = BTreeSet::new();
    references(&document, &mut all);
    for reference in all {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "{reference}");
    }
    for (name, schema) in schemas {
        for (field, value) in schema["properties"].as_object().into_iter().flatten() {
            let text = value.to_string();
            let described = text.contains("\"description\":") || text.contains("\"$ref\":");
            assert!(described, "{name}.{field} has no description");
        }
    }
}

#[test]
fn bodies_refuse_unknown_fields() {
    let document = document();
    let mut bodies = BTreeSet::new();
    for operations in document["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            references(&operation["requestBody"], &mut bodies);
        }
    }
    let schemas = &document["components"]["schemas"];
    let mut waiting: Vec<String> = bodies.into_iter().map(ToOwned::to_owned).collect();
    let mut seen = BTreeSet::new();
    while let Some(reference) = waiting.pop() {
        if !seen.insert(reference.clone()) {
            continue;
        }
        let name = reference.rsplit('/').next().unwrap();
        let schema = &schemas[name];
        if schema.get("properties").is_some() {
            assert_eq!(
                schema["additionalProperties"], false,
                "{name} takes unknown fields"
            );
        }
        let mut inner = BTreeSet::new();
        references(schema, &mut inner);
        waiting.extend(inner.into_iter().map(ToOwned::to_owned));
    }
}
