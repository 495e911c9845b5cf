//! The route table's rows. One row says everything of an operation: method, path, name, which
//! permission it needs, what goes in and comes out, and who handles it. Routing, authorisation,
//! strict query parameters, body limits, the OpenAPI document and the authorisation test all
//! read it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use bareboat_access::Permission;
use bareboat_api::{Page, Problem, limit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::ask::Caller;
use crate::{Act, App, Ask, body};

/// The method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks a question too large for a query, or writes.
    Post,
    /// Writes a thing whole.
    Put,
}

impl Method {
    /// Its name, in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A query parameter of an operation's own.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
}

/// A schema with all that it refers to.
#[derive(Clone)]
pub struct Shape {
    /// Its name among the components; none for an inline one.
    pub name: Option<String>,
    /// The schema.
    pub schema: RefOr<Schema>,
    /// The schemas that it refers to.
    pub others: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        let mut others = Vec::new();
        T::schemas(&mut others);
        Self {
            name: Some(T::name().into_owned()),
            schema: T::schema(),
            others,
        }
    }
}

/// What an operation answers with.
#[derive(Clone)]
pub enum Answers {
    /// A JSON value.
    Json(Shape),
    /// A page of JSON values.
    Page(Shape),
    /// Something else, by its media type.
    Other(&'static str),
}

/// A request body.
#[derive(Clone)]
pub struct Takes {
    /// The media types it may have.
    pub media_types: &'static [&'static str],
    /// The JSON schema, when it is JSON.
    pub shape: Option<Shape>,
    /// The most bytes.
    pub limit: usize,
}

type ReadHandler = dyn Fn(&Ask, &[u8]) -> Result<Vec<u8>, Problem> + Send + Sync;
type WriteHandler = dyn Fn(&Ask, &[u8]) -> Result<Act, Problem> + Send + Sync;
type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Problem>> + Send>>;
/// A handler of its own kind.
pub type CustomHandler = fn(App, Option<Caller>, Request<Body>) -> Answering;

/// Who handles an operation.
#[derive(Clone)]
pub enum Handler {
    /// Answers from one state.
    Read(Arc<ReadHandler>),
    /// Makes one command.
    Write(Arc<WriteHandler>),
    /// Does as it likes, after authorisation.
    Custom(CustomHandler),
}

/// One operation.
#[derive(Clone)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with `{name}` for a segment that varies.
    pub path: &'static str,
    /// Its name, unique: `listOrganisations`.
    pub operation: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The permission it needs; none is open to all.
    pub permission: Option<Permission>,
    /// Its own query parameters.
    pub parameters: Vec<Parameter>,
    /// Its body.
    pub takes: Option<Takes>,
    /// What it answers with.
    pub answers: Answers,
    /// Its status when all is well.
    pub status: u16,
    /// Whether it may take long: then it does not run on the server's own threads.
    pub slow: bool,
    /// Whether past states may be asked for.
    pub as_of: bool,
    /// Who handles it.
    pub handler: Handler,
}

impl Route {
    /// A read.
    pub fn get(path: &'static str, operation: &'static str, summary: &'static str) -> Draft {
        Draft::new(Method::Get, path, operation, summary)
    }

    /// A write, or a question with a body.
    pub fn post(path: &'static str, operation: &'static str, summary: &'static str) -> Draft {
        Draft::new(Method::Post, path, operation, summary)
    }

    /// A write of a thing whole.
    pub fn put(path: &'static str, operation: &'static str, summary: &'static str) -> Draft {
        Draft::new(Method::Put, path, operation, summary)
    }

    /// Whether it may change the book.
    pub fn writes(&self) -> bool {
        matches!(self.handler, Handler::Write(_))
    }

    /// Whether it answers a page.
    pub fn pages(&self) -> bool {
        matches!(self.answers, Answers::Page(_))
    }

    /// The query parameters that it has.
    pub fn known(&self) -> Vec<&'static str> {
        let mut known: Vec<_> = self.parameters.iter().map(|one| one.name).collect();
        if self.pages() {
            known.extend(["limit", "cursor"]);
        }
        if self.as_of {
            known.push("as_of");
        }
        if self.writes() {
            known.push("dry_run");
        }
        known
    }

    /// The names of the path's segments that vary.
    pub fn arguments(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// A route in the making.
pub struct Draft {
    method: Method,
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
    permission: Option<Permission>,
    parameters: Vec<Parameter>,
    slow: bool,
    body_limit: Option<usize>,
}

impl Draft {
    fn new(
        method: Method,
        path: &'static str,
        operation: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            operation,
            summary,
            permission: None,
            parameters: Vec::new(),
            slow: false,
            body_limit: None,
        }
    }

    /// Needs a permission. A route without one is open to all; only `custom` ones may be.
    #[must_use]
    pub fn needs(mut self, permission: Permission) -> Self {
        self.permission = Some(permission);
        self
    }

    /// Has a query parameter of its own.
    #[must_use]
    pub fn parameter(mut self, name: &'static str, description: &'static str) -> Self {
        self.parameters.push(Parameter { name, description });
        self
    }

    /// May take more than a millisecond or read files: runs apart.
    #[must_use]
    pub fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    /// Takes a body of up to so many bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Answers one thing.
    pub fn item<T, F>(self, handle: F) -> Route
    where
        T: Serialize + ToSchema,
        F: Fn(&Ask) -> Result<T, Problem> + Send + Sync + 'static,
    {
        let answers = Answers::Json(Shape::of::<T>());
        self.read(None, answers, move |ask, _| to_json(&handle(ask)?))
    }

    /// Answers a page of things.
    pub fn page<T, F>(self, handle: F) -> Route
    where
        T: Serialize + ToSchema,
        F: Fn(&Ask) -> Result<Page<T>, Problem> + Send + Sync + 'static,
    {
        let answers = Answers::Page(Shape::of::<T>());
        self.read(None, answers, move |ask, _| to_json(&handle(ask)?))
    }

    /// Answers bytes of one media type, as a download.
    pub fn download<F>(self, media_type: &'static str, handle: F) -> Route
    where
        F: Fn(&Ask) -> Result<Vec<u8>, Problem> + Send + Sync + 'static,
    {
        self.read(None, Answers::Other(media_type), move |ask, _| handle(ask))
    }

    /// A question with a JSON body; it changes nothing.
    pub fn ask<B, T, F>(self, handle: F) -> Route
    where
        B: DeserializeOwned + ToSchema,
        T: Serialize + ToSchema,
        F: Fn(&Ask, B) -> Result<T, Problem> + Send + Sync + 'static,
    {
        let answers = Answers::Json(Shape::of::<T>());
        let takes = self.json::<B>();
        self.read(Some(takes), answers, move |ask, bytes| {
            to_json(&handle(ask, body::json(bytes)?)?)
        })
    }

    /// Creates something from a JSON body: 201.
    pub fn create<B, T, F>(self, handle: F) -> Route
    where
        B: DeserializeOwned + ToSchema,
        T: ToSchema,
        F: Fn(&Ask, B) -> Result<Act, Problem> + Send + Sync + 'static,
    {
        let takes = self.json::<B>();
        self.write(201, Some(takes), Shape::of::<T>(), move |ask, bytes| {
            handle(ask, body::json(bytes)?)
        })
    }

    /// Changes something by a JSON body: 200.
    pub fn change<B, T, F>(self, handle: F) -> Route
    where
        B: DeserializeOwned + ToSchema,
        T: ToSchema,
        F: Fn(&Ask, B) -> Result<Act, Problem> + Send + Sync + 'static,
    {
        let takes = self.json::<B>();
        self.write(200, Some(takes), Shape::of::<T>(), move |ask, bytes| {
            handle(ask, body::json(bytes)?)
        })
    }

    /// Changes something; there is no body: 200.
    pub fn command<T, F>(self, handle: F) -> Route
    where
        T: ToSchema,
        F: Fn(&Ask) -> Result<Act, Problem> + Send + Sync + 'static,
    {
        self.write(200, None, Shape::of::<T>(), move |ask, _| handle(ask))
    }

    /// Takes bytes of one of the media types: an import. 201.
    pub fn import<T, F>(self, media_types: &'static [&'static str], handle: F) -> Route
    where
        T: ToSchema,
        F: Fn(&Ask, &[u8]) -> Result<Act, Problem> + Send + Sync + 'static,
    {
        let takes = Takes {
            media_types,
            shape: None,
            limit: self.body_limit.unwrap_or(limit::BULK_BODY),
        };
        self.slow()
            .write(201, Some(takes), Shape::of::<T>(), handle)
    }

    /// Does as it likes, after authorisation.
    pub fn custom(self, media_type: &'static str, handle: CustomHandler) -> Route {
        self.build(
            200,
            None,
            Answers::Other(media_type),
            false,
            Handler::Custom(handle),
        )
    }

    fn json<B: ToSchema>(&self) -> Takes {
        Takes {
            media_types: &["application/json"],
            shape: Some(Shape::of::<B>()),
            limit: self.body_limit.unwrap_or(limit::BODY),
        }
    }

    fn read<F>(self, takes: Option<Takes>, answers: Answers, handle: F) -> Route
    where
        F: Fn(&Ask, &[u8]) -> Result<Vec<u8>, Problem> + Send + Sync + 'static,
    {
        self.build(200, takes, answers, true, Handler::Read(Arc::new(handle)))
    }

    fn write<F>(self, status: u16, takes: Option<Takes>, shape: Shape, handle: F) -> Route
    where
        F: Fn(&Ask, &[u8]) -> Result<Act, Problem> + Send + Sync + 'static,
    {
        let handler = Handler::Write(Arc::new(handle));
        self.build(status, takes, Answers::Json(shape), false, handler)
    }

    fn build(
        self,
        status: u16,
        takes: Option<Takes>,
        answers: Answers,
        as_of: bool,
        handler: Handler,
    ) -> Route {
        let open = self.permission.is_none() && !matches!(handler, Handler::Custom(_));
        assert!(!open, "{}: a route needs a permission", self.operation);
        Route {
            method: self.method,
            path: self.path,
            operation: self.operation,
            summary: self.summary,
            permission: self.permission,
            parameters: self.parameters,
            takes,
            answers,
            status,
            slow: self.slow,
            as_of,
            handler,
        }
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|error| crate::respond::internal(&error))
}

/// The bytes of a body, shared.
pub(crate) type Payload = Bytes;
