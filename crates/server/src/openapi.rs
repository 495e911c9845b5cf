//! The OpenAPI 3.1 document, made from the route table.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_api::{Problem, header, limit};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::route::{Answers, Handler, Route, Shape};

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
            "parameters": shared_parameters(),
            "responses": shared_refusals(),
            "headers": shared_headers(),
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

fn parameter(place: &str, name: &str, description: &str, schema: &Value) -> Value {
    json!({
        "in": place, "name": name, "required": place == "path",
        "description": description, "schema": schema,
    })
}

/// The parameters that operations share, by name.
fn shared_parameters() -> Value {
    let text = json!({ "type": "string" });
    let most = json!({ "type": "integer", "minimum": 1, "maximum": limit::PAGE_MOST, "default": limit::PAGE_DEFAULT });
    let flag = json!({ "type": "boolean", "default": false });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": limit::IDEMPOTENCY_KEY, "pattern": "^[!-~]+$" });
    let instant = json!({ "type": "string", "format": "date-time" });
    json!({
        "limit": parameter("query", "limit", "Rows of the page at most.", &most),
        "cursor": parameter("query", "cursor", "`next_cursor` of the page before.", &text),
        "as_of": parameter("query", "as_of",
            "A journal position, or an instant: answers as the book stood then.", &text),
        "dry_run": parameter("query", "dry_run",
            "Answers what would happen; nothing is written.", &flag),
        "idempotency-key": parameter("header", header::IDEMPOTENCY_KEY,
            "A key of the caller's choice: repeated with the same request, it answers the same; with another, 409.", &key),
        "if-match": parameter("header", "if-match",
            "The ETag that was read: the write is refused with 412 when the thing has changed since.", &text),
        "recorded-at": parameter("header", header::RECORDED_AT,
            "When the book shall record it; only for books with a simulated clock.", &instant),
    })
}

fn shared_headers() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "etag": { "description": "Names this representation, for `If-Match` and `If-None-Match`. The answer to a write has one only when it is what `If-Match` is compared with.", "schema": text },
        "position": { "description": "The journal position that was read, or that the write ends at.", "schema": text },
    })
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut all = Vec::new();
    for name in route.arguments() {
        let text = json!({ "type": "string", "minLength": 1 });
        all.push(parameter("path", name, "Its id or label.", &text));
    }
    for own in &route.parameters {
        let text = json!({ "type": "string" });
        all.push(parameter("query", own.name, own.description, &text));
    }
    let mut shared = Vec::new();
    if route.pages() {
        shared.extend(["limit", "cursor"]);
    }
    if route.as_of {
        shared.push("as_of");
    }
    if route.writes() {
        shared.extend(["dry_run", "idempotency-key", "if-match", "recorded-at"]);
    }
    let refer = |name| json!({ "$ref": format!("#/components/parameters/{name}") });
    all.extend(shared.into_iter().map(refer));
    all
}

/// Every status that a problem may have.
const REFUSALS: &[u16] = &[
    400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 500, 503,
];

fn shared_refusals() -> Value {
    let problem = json!({ "$ref": "#/components/schemas/Problem" });
    let all = REFUSALS.iter().map(|status| {
        let what = Problem::new(*status, "", "", "").title;
        let content = json!({ Problem::MEDIA_TYPE: { "schema": problem } });
        let response = json!({ "description": what, "content": content });
        (format!("problem-{status}"), response)
    });
    Value::Object(all.collect())
}

/// What else an operation may answer, by its kind.
fn refusals(route: &Route) -> Vec<u16> {
    let mut all = vec![400, 405, 414, 500, 503];
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
    let mut fine = json!({ "description": "Done.", "content": content });
    if !matches!(route.handler, Handler::Custom(_)) {
        fine["headers"] = json!({
            "etag": { "$ref": "#/components/headers/etag" },
            (header::POSITION): { "$ref": "#/components/headers/position" },
        });
    }
    all.insert(route.status.to_string(), fine);
    for status in refusals(route) {
        let refer = json!({ "$ref": format!("#/components/responses/problem-{status}") });
        all.insert(status.to_string(), refer);
    }
    Value::Object(all)
}
