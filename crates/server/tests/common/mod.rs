//! A server in this process over a book in a temporary folder, and a small world of principals.

#![allow(dead_code)]

pub mod deal;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Response};
use bareboat_api::KeyText;
use bareboat_base::id::derive_id;
use bareboat_base::{Clock as _, Instant, PrincipalId};
use bareboat_book::Command;
use bareboat_book::command::Create;
use bareboat_journal::{MemoryKeys, Options, SqliteOptions, SqliteStore, Submission, Vault};
use bareboat_server::audit::Audit;
use bareboat_server::{App, Engine, Parts, SystemClock, command_id, random};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const RECORDED_AT: &str = bareboat_api::header::RECORDED_AT;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&self.bytes).into_owned()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The problem's code, or nothing.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("").to_owned()
    }

    /// The JSON of an answer that went well.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.json());
        self.json()
    }

    /// A field of the JSON of an answer that went well.
    #[track_caller]
    pub fn field(self, name: &str) -> String {
        let value = self.ok();
        value[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {value}"))
            .to_owned()
    }
}

/// A server with its book; dropped, both are gone.
pub struct Server {
    pub app: App,
    pub admin: String,
    runtime: tokio::runtime::Runtime,
    router: axum::Router,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app.stop();
        self.app.engine.shutdown();
        self.app.audit.close();
    }
}

impl Server {
    /// A book on the real clock.
    pub fn start() -> Self {
        Self::begin(None)
    }

    /// A book with a simulated clock that begins at an instant.
    pub fn simulated(at: &str) -> Self {
        Self::begin(Some(at.parse().unwrap()))
    }

    fn begin(simulated: Option<Instant>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        let now = SystemClock.now();
        let store = SqliteStore::create(&path, &SqliteOptions::new(now)).unwrap();
        let options = Options {
            simulated_clock: simulated.is_some(),
            ..Options::default()
        };
        let clock = Arc::new(SystemClock);
        let engine = Engine::open(Box::new(store), clock.clone(), options).unwrap();
        let audit = Audit::open(&bareboat_server::audit::path_of(&path), 30).unwrap();
        let app = App::new(Parts {
            vault: Vault::new(Arc::new(MemoryKeys::default()), engine.reader()),
            engine,
            clock,
            audit,
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let admin = bootstrap(&app, simulated);
        Self {
            router: app.router(),
            app,
            admin,
            runtime,
            folder,
        }
    }

    /// The folder that the book lies in.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// How many events the book holds.
    pub fn position(&self) -> u64 {
        self.app.engine.view().position.0
    }

    /// Sends any request.
    pub fn send(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            Answer {
                status: parts.status.as_u16(),
                headers: parts.headers,
                bytes: body.collect().await.unwrap().to_bytes().to_vec(),
            }
        })
    }

    /// A read.
    pub fn get(&self, key: &str, path: &str) -> Answer {
        self.send(request("GET", key, path).body(Body::empty()).unwrap())
    }

    /// A write, or a question, with a JSON body; `null` is no body.
    pub fn post(&self, key: &str, path: &str, body: Value) -> Answer {
        self.call("POST", key, path, &[], body)
    }

    /// Any method, with headers. In a book with a simulated clock it comes right after the last
    /// event, unless the headers say when.
    pub fn call(
        &self,
        method: &str,
        key: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let mut builder = request(method, key, path);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let dated = headers.iter().any(|(name, _)| *name == RECORDED_AT);
        let view = self.app.engine.view();
        if view.state.simulated_clock() && !dated {
            builder = builder.header(RECORDED_AT, view.recorded_at.next().unwrap().to_string());
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            builder = builder.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(builder.body(body).unwrap())
    }

    /// An organisation; its id.
    pub fn organisation(&self, code: &str, kind: &str, parent: Option<&str>) -> String {
        self.organisation_of(code, kind, parent, None)
    }

    /// An organisation that stands for a party; its id.
    pub fn organisation_of(
        &self,
        code: &str,
        kind: &str,
        parent: Option<&str>,
        party: Option<&str>,
    ) -> String {
        let body = json!({
            "code": code, "name": code, "kind": kind, "parent": parent, "party": party,
        });
        self.post(&self.admin, "/v1/organisations", body)
            .field("id")
    }

    /// A project; its id.
    pub fn project(&self, organisation: &str, code: &str) -> String {
        let body = json!({ "organisation": organisation, "code": code });
        self.post(&self.admin, "/v1/projects", body).field("id")
    }

    /// A principal with a role over a scope, and a key of it.
    pub fn holder(
        &self,
        home: &str,
        role: &str,
        over: Option<&str>,
        project: Option<&str>,
    ) -> Holder {
        let body = json!({ "name": role, "kind": "machine", "organisation": home });
        let principal = self.post(&self.admin, "/v1/principals", body).field("id");
        let body = json!({
            "principal": principal, "role": role, "organisation": over, "project": project,
        });
        let grant = self.post(&self.admin, "/v1/grants", body).field("id");
        let present = self.app.present(&self.app.engine.view());
        let expires = Instant::from_micros(present.micros() + 300 * 86_400_000_000).unwrap();
        let body = json!({ "principal": principal, "expires_at": expires.to_string() });
        let key = self.post(&self.admin, "/v1/keys", body).ok();
        Holder {
            principal,
            grant,
            key_id: key["id"].as_str().unwrap().to_owned(),
            key: key["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// A principal of every role, two partners with a tenant each.
    pub fn world(&self) -> World {
        let operator = self
            .get(&self.admin, "/v1/organisations?kind=operator")
            .ok();
        let operator = operator["items"][0]["id"].as_str().unwrap().to_owned();
        let roles = [
            "admin",
            "planner",
            "compliance",
            "site_operator",
            "finance",
            "auditor",
        ];
        let staff = roles
            .iter()
            .map(|role| ((*role).to_owned(), self.holder(&operator, role, None, None)))
            .collect();
        World {
            staff,
            operator,
            sides: [self.side("ONE"), self.side("TWO")],
        }
    }

    fn side(&self, name: &str) -> Side {
        // Deals are made in books with a simulated clock; there the organisations stand for parties.
        let simulated = self.app.engine.view().state.simulated_clock();
        let parties = simulated.then(|| deal::parties_of(self, name));
        let (first, second) = parties.unzip();
        let (code, kind) = (format!("{name}-P"), "partner");
        let partner = self.organisation_of(&code, kind, None, first.as_deref());
        let (code, kind) = (format!("{name}-T"), "tenant");
        let tenant = self.organisation_of(&code, kind, Some(&partner), second.as_deref());
        let project = self.project(&tenant, "main");
        Side {
            partner_key: self.holder(&partner, "partner", Some(&partner), None),
            admin_key: self.holder(&tenant, "tenant_admin", Some(&tenant), None),
            user_key: self.holder(&tenant, "tenant_user", Some(&tenant), Some(&project)),
            partner,
            tenant,
            project,
        }
    }
}

/// A principal with its grant and key.
pub struct Holder {
    pub principal: String,
    pub grant: String,
    pub key_id: String,
    pub key: String,
}

/// A partner and its client.
pub struct Side {
    pub partner: String,
    pub tenant: String,
    pub project: String,
    pub partner_key: Holder,
    pub admin_key: Holder,
    pub user_key: Holder,
}

/// Principals of every role.
pub struct World {
    pub operator: String,
    pub staff: Vec<(String, Holder)>,
    pub sides: [Side; 2],
}

impl World {
    /// Every principal with its role's name, those of the second side marked.
    pub fn everyone(&self) -> Vec<(String, &Holder)> {
        let mut all: Vec<_> = self
            .staff
            .iter()
            .map(|(role, holder)| (role.clone(), holder))
            .collect();
        for (number, side) in self.sides.iter().enumerate() {
            all.push((format!("partner/{number}"), &side.partner_key));
            all.push((format!("tenant_admin/{number}"), &side.admin_key));
            all.push((format!("tenant_user/{number}"), &side.user_key));
        }
        all
    }

    /// The key of the operator's principal with a role.
    pub fn key(&self, role: &str) -> &str {
        let mut staff = self.staff.iter();
        &staff.find(|(name, _)| name == role).unwrap().1.key
    }
}

/// A request with a key; an empty key is none.
pub fn request(method: &str, key: &str, path: &str) -> axum::http::request::Builder {
    let builder = Request::builder().method(method).uri(path);
    if key.is_empty() {
        builder
    } else {
        builder.header("authorization", format!("Bearer {key}"))
    }
}

fn bootstrap(app: &App, simulated: Option<Instant>) -> String {
    let now = SystemClock.now();
    let present = simulated.unwrap_or(now);
    let (create, begin) = (command_id(now), command_id(now));
    let key = KeyText::new(derive_id(begin, 0), random());
    let actor: PrincipalId = derive_id(begin, 0);
    let submit = |id, recorded_at, command| {
        let submission = Submission {
            command_id: id,
            actor,
            idempotency: None,
            recorded_at,
            command,
            documents: Vec::new(),
            sealed: Vec::new(),
            precondition: None,
            answer: Box::new(|_, _| Vec::new()),
        };
        app.engine.submit(submission).wait().unwrap();
    };
    let operator: bareboat_base::Name = "Nagisa Compute".parse().unwrap();
    let command = Command::Create(Create {
        operator: operator.clone(),
        simulated_clock: simulated.is_some(),
    });
    submit(create, simulated, command);
    let command = bareboat_access::Bootstrap {
        code: "NAGISA".parse().unwrap(),
        name: operator,
        administrator: "Aiko".parse().unwrap(),
        hash: key.digest(),
        expires_at: Instant::from_micros(present.micros() + 365 * 86_400_000_000).unwrap(),
    };
    let command = Command::Access(bareboat_access::Command::Bootstrap(command));
    submit(begin, simulated.and_then(Instant::next), command);
    key.reveal()
}
