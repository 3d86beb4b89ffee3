//! What the application is asked and told.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use tender_channel::{App, GrpcApp, HttpApp};
use tender_component::Error;
use tender_component::binding::Event;
use tender_core::Body;
use tender_core::body::{collect, empty, full};
use tender_proto::runtime::v1 as wire;
use tender_proto::runtime::v1::app_callback_client::AppCallbackClient;

/// What a gRPC app asks to be sent on to output bindings.
#[derive(Debug, Default)]
pub(crate) struct Forward {
    pub(crate) to: Vec<String>,
    pub(crate) data: Bytes,
    pub(crate) parallel: bool,
}

/// What an app answered to an event.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) body: Option<Bytes>,
    pub(crate) forward: Forward,
}

/// The bindings that a gRPC app names. An app that does not implement the call names none.
pub(crate) async fn listed(app: &GrpcApp) -> Vec<String> {
    let answer = AppCallbackClient::new(app.service()).list_input_bindings(()).await;
    answer.map(|list| list.into_inner().bindings).unwrap_or_default()
}

/// Whether an HTTP app has an endpoint for the binding.
pub(crate) async fn has_endpoint(app: &HttpApp, route: &str) -> Result<bool, Error> {
    let request = request(Method::OPTIONS, route, &HashMap::new(), empty())?;
    let answer = app.call(request).await.map_err(|error| {
        Error::unavailable(format!(
            "could not invoke OPTIONS method on input binding subscription endpoint {route:?}"
        ))
        .with_source(error)
    })?;
    Ok(answer.status().is_success() || answer.status() == StatusCode::METHOD_NOT_ALLOWED)
}

/// Hands one event to the app. Success means that the app has dealt with it.
pub(crate) async fn deliver(app: &App, binding: &str, route: &str, event: Event) -> Result<Answer, Error> {
    match app {
        App::Http(app) => deliver_http(app, route, event).await,
        App::Grpc(app) => deliver_grpc(app, binding, event).await,
    }
}

fn request(
    method: Method,
    route: &str,
    metadata: &HashMap<String, String>,
    body: Body,
) -> Result<Request<Body>, Error> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/{}", route.trim_start_matches('/')))
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|error| Error::invalid(format!("the route {route:?} is no path")).with_source(error))?;
    for (name, value) in metadata {
        // What cannot be a header cannot reach an HTTP app.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            request.headers_mut().insert(name, value);
        }
    }
    Ok(request)
}

fn not_invoked(cause: &dyn std::error::Error) -> Error {
    Error::unavailable(format!("error invoking app: {cause}"))
}

async fn deliver_http(app: &HttpApp, route: &str, event: Event) -> Result<Answer, Error> {
    let limit = app.max_body();
    let request = request(Method::POST, route, &event.metadata, full(event.data))?;
    let answer = app.call(request).await.map_err(|error| not_invoked(&error))?;
    let status = answer.status();
    let body = collect(answer.into_body(), limit).await.map_err(|error| not_invoked(&error))?;
    if status.is_success() {
        return Ok(Answer { body: Some(body), forward: Forward::default() });
    }
    Err(Error::failed(format!(
        "fails to send binding event to http app channel, status code: {} body: {}",
        status.as_u16(),
        String::from_utf8_lossy(&body)
    )))
}

async fn deliver_grpc(app: &GrpcApp, binding: &str, event: Event) -> Result<Answer, Error> {
    let request =
        wire::BindingEventRequest { name: binding.to_owned(), data: event.data, metadata: event.metadata };
    let limit = app.max_body();
    let mut client = AppCallbackClient::new(app.service())
        .max_decoding_message_size(limit)
        .max_encoding_message_size(limit);
    let answer = client.on_binding_event(request).await;
    let answer =
        answer.map_err(|status| Error::failed("error invoking app").with_source(status))?.into_inner();
    let parallel = answer.concurrency() == wire::binding_event_response::BindingEventConcurrency::Parallel;
    let body = Some(answer.data.clone()).filter(|data| !data.is_empty());
    Ok(Answer { body, forward: Forward { to: answer.to, data: answer.data, parallel } })
}
