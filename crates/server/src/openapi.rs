//! The OpenAPI 3.1 document, made from the route table.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_api::{Problem, header, limit};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::route::{Answers, Route, Shape};

/// The document. Equal tables give equal documents.
pub fn document(routes: &[Arc<Route>]) -> Value {
    let mut components = BTreeMap::new();
    add(&mut components, "Problem", &Problem::schema());
    let mut inner = Vec::new();
    Problem::schemas(&mut inner);
    for (name, schema) in &inner {
        add(&mut components, name, schema);
    }
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let operation = operation(route, &mut components);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bareboat",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The book of a GPU cloud operator. Amounts, dates, instants and ids are strings; \
                lists come in pages; a write may carry an Idempotency-Key and `dry_run=true`; \
                a read may look at any past position or instant with `as_of`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "An API key: `bbk_…`." }
            },
        },
    })
}

/// The document as it is served and kept.
pub fn to_bytes(document: &Value) -> Vec<u8> {
    // A JSON value is always expressible as JSON.
    let mut bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn add(components: &mut BTreeMap<String, Value>, name: &str, schema: &RefOr<Schema>) {
    let value = serde_json::to_value(schema).unwrap_or_default();
    if let Some(other) = components.get(name) {
        assert_eq!(*other, value, "two wire types are named {name}");
    }
    components.insert(name.to_owned(), value);
}

fn reference(shape: &Shape, components: &mut BTreeMap<String, Value>) -> Value {
    for (name, schema) in &shape.others {
        add(components, name, schema);
    }
    match &shape.name {
        Some(name) => {
            add(components, name, &shape.schema);
            json!({ "$ref": format!("#/components/schemas/{name}") })
        }
        None => serde_json::to_value(&shape.schema).unwrap_or_default(),
    }
}

fn operation(route: &Route, components: &mut BTreeMap<String, Value>) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [tag(route.path)],
        "parameters": parameters(route),
        "responses": responses(route, components),
    });
    match route.permission {
        Some(permission) => operation["x-permission"] = json!(permission.as_str()),
        None => operation["security"] = json!([]),
    }
    if let Some(takes) = &route.takes {
        let mut content = Map::new();
        for media_type in takes.media_types {
            let schema = match &takes.shape {
                Some(shape) => reference(shape, components),
                None => json!({ "type": "string" }),
            };
            content.insert((*media_type).to_owned(), json!({ "schema": schema }));
        }
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn tag(path: &str) -> &str {
    let rest = path.strip_prefix("/v1/").unwrap_or(path);
    rest.split('/').find(|part| !part.is_empty()).unwrap_or("")
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut all = Vec::new();
    let mut push = |place: &str, name: &str, description: &str, schema: Value| {
        all.push(json!({
            "in": place, "name": name, "required": place == "path",
            "description": description, "schema": schema,
        }));
    };
    for name in route.arguments() {
        push(
            "path",
            name,
            "Its id or label.",
            json!({ "type": "string", "minLength": 1 }),
        );
    }
    for parameter in &route.parameters {
        let text = json!({ "type": "string" });
        push("query", parameter.name, parameter.description, text);
    }
    if route.pages() {
        let most = json!({ "type": "integer", "minimum": 1, "maximum": limit::PAGE_MOST, "default": limit::PAGE_DEFAULT });
        push("query", "limit", "Rows of the page at most.", most);
        push(
            "query",
            "cursor",
            "`next_cursor` of the page before.",
            json!({ "type": "string" }),
        );
    }
    if route.as_of {
        let what = "A journal position, or an instant: answers as the book stood then.";
        push("query", "as_of", what, json!({ "type": "string" }));
    }
    if route.writes() {
        let what = "Answers what would happen; nothing is written.";
        push(
            "query",
            "dry_run",
            what,
            json!({ "type": "boolean", "default": false }),
        );
        let key = json!({ "type": "string", "minLength": 1, "maxLength": limit::IDEMPOTENCY_KEY, "pattern": "^[!-~]+$" });
        let what = "A key of the caller's choice: repeated with the same request, it answers the same; with another, 409.";
        push("header", header::IDEMPOTENCY_KEY, what, key);
        let what = "The ETag that was read: the write is refused with 412 when the thing has changed since.";
        push("header", "if-match", what, json!({ "type": "string" }));
        let what = "When the book shall record it; only for books with a simulated clock.";
        push(
            "header",
            header::RECORDED_AT,
            what,
            json!({ "type": "string", "format": "date-time" }),
        );
    }
    all
}

/// What else an operation may answer, by its kind.
fn refusals(route: &Route) -> Vec<u16> {
    let mut all = vec![400, 405, 500, 503];
    if route.permission.is_some() {
        all.extend([401, 403]);
    }
    if route.arguments().next().is_some() || route.takes.is_some() || route.as_of {
        all.push(404);
    }
    if route.takes.is_some() {
        all.extend([413, 415]);
    }
    if route.writes() {
        all.extend([404, 409, 412, 422]);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn responses(route: &Route, components: &mut BTreeMap<String, Value>) -> Value {
    let mut all = Map::new();
    let content = match &route.answers {
        Answers::Json(shape) => {
            json!({ "application/json": { "schema": reference(shape, components) } })
        }
        Answers::Page(shape) => json!({ "application/json": { "schema": {
            "type": "object",
            "required": ["items", "next_cursor"],
            "properties": {
                "items": { "type": "array", "items": reference(shape, components) },
                "next_cursor": { "type": ["string", "null"] },
            },
        } } }),
        Answers::Other(media_type) => json!({ *media_type: { "schema": { "type": "string" } } }),
    };
    let fine = json!({ "description": "Done.", "content": content });
    all.insert(route.status.to_string(), fine);
    for status in refusals(route) {
        let problem = json!({ "$ref": "#/components/schemas/Problem" });
        let what = Problem::new(status, "", "", "").title;
        let content = json!({ Problem::MEDIA_TYPE: { "schema": problem } });
        all.insert(
            status.to_string(),
            json!({ "description": what, "content": content }),
        );
    }
    Value::Object(all)
}
