//! The port that Prometheus scrapes.

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tender_api::listen::Handler;
use tender_core::Body;
use tender_core::body::{empty, full};
use tender_telemetry::metrics::Metrics;

#[derive(Clone)]
pub(crate) struct MetricsServer(pub(crate) Arc<Metrics>);

impl Handler for MetricsServer {
    async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        if !matches!(request.uri().path(), "/metrics" | "/") {
            let mut missing = Response::new(empty());
            *missing.status_mut() = StatusCode::NOT_FOUND;
            return missing;
        }
        let mut response = Response::new(full(self.0.encode()));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
        response
    }
}
