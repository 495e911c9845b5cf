//! Requests straight to a router in this process, over a book file: the same requests, the same
//! keys and grants, no network.

use std::path::Path;

use anyhow::Result;
use axum::body::Body;
use bareboat_client::{Answer, Failure, Request, Transport};
use bareboat_server::App;
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::open;

/// Carries requests to a book file that this process has open.
pub struct InProcess {
    app: App,
    runtime: Runtime,
}

impl InProcess {
    /// Opens the book.
    pub fn open(path: &Path) -> Result<Self> {
        Self::over(open::book(path, open::AUDIT_DAYS)?)
    }

    /// Over a book that is open already.
    pub fn over(app: App) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self { app, runtime })
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.app.engine.shutdown();
        self.app.audit.close();
    }
}

impl Transport for InProcess {
    fn send(&self, request: &Request, key: Option<&str>) -> Result<Answer, Failure> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Failure::Unreachable {
            server: "the book".to_owned(),
            source,
        };
        let mut builder = axum::http::Request::builder()
            .method(request.method.as_str())
            .uri(request.target());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if let Some(key) = key {
            builder = builder.header("authorization", format!("Bearer {key}"));
        }
        let mut body = Body::empty();
        if let Some((media_type, bytes)) = &request.body {
            builder = builder.header("content-type", media_type);
            body = Body::from(bytes.clone());
        }
        let request = builder.body(body).map_err(|error| failed(error.into()))?;
        let router = self.app.router();
        self.runtime.block_on(async {
            let response = router
                .oneshot(request)
                .await
                .map_err(|never| failed(Box::new(never)))?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| failed(error.into()))?;
            let headers = parts.headers.iter();
            Ok(Answer {
                status: parts.status.as_u16(),
                headers: headers
                    .filter_map(|(name, value)| {
                        Some((name.to_string(), value.to_str().ok()?.to_owned()))
                    })
                    .collect(),
                body: body.to_bytes().to_vec(),
            })
        })
    }
}
