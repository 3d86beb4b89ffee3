//! Calling one's own app, whichever kind it is.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body::{Body as _, Frame};
use http_body_util::Full;
use prost::Message as _;
use tender_channel::{App, GrpcApp, HttpApp};
use tender_core::body::{self, Body, BodyError};
use tender_proto::Any;
use tender_proto::common::v1 as common;
use tonic::Status;

use crate::headers;
use crate::method::to_path;
use crate::outgoing::{CollectError, Content, collect};
use crate::request::{InvokeRequest, Origin, method_of};
use crate::response::{InvokeResponse, Outcome, PROTOBUF};
use crate::status::{Described, RpcStatus, from_call_error, from_http_response};
use crate::wire::{Messages, frame};

/// Why the app gave no response. The text is what the caller is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AppError(String);

impl AppError {
    fn status(status: &Status) -> Self {
        Self(Described(status).to_string())
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
    fn text(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

/// Calls the app. The method must be normalized.
pub(crate) async fn call(app: &App, request: InvokeRequest) -> Result<InvokeResponse, AppError> {
    match app {
        App::Http(app) => call_http(app, request).await,
        App::Grpc(app) => call_grpc(app, request).await,
    }
}

async fn call_http(app: &HttpApp, request: InvokeRequest) -> Result<InvokeResponse, AppError> {
    let Some(extension) = request.extension else {
        return Err(AppError::status(&Status::invalid_argument("missing HTTP extension field")));
    };
    let Some(method) = method_of(extension.verb) else {
        return Err(AppError::status(&Status::invalid_argument("invalid HTTP verb")));
    };
    let uri = uri(&request.method, &extension.querystring)?;
    let length = match request.body.size_hint().exact() {
        Some(length) => Some(length).filter(|_| request.headers.contains_key(header::CONTENT_LENGTH)),
        None if request.origin == Origin::Http => content_length(&request.headers),
        None => None,
    };
    let mut call = Request::new(request.body);
    *call.method_mut() = method;
    *call.uri_mut() = uri;
    *call.headers_mut() = headers::to_http(request.headers, request.origin);
    if let Some(length) = length {
        call.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    let content_type = if request.type_url.is_empty() { request.content_type } else { Some(PROTOBUF) };
    if let Some(content_type) = content_type.filter(|value| !value.is_empty()) {
        call.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }

    let response = app.call(call).await.map_err(AppError::text)?;
    let (mut head, body) = response.into_parts();
    headers::strip_hop_by_hop(&mut head.headers);
    head.headers.remove(header::CONTENT_LENGTH);
    let body = match Content::of(body).await.map_err(AppError::text)? {
        Content::Whole(bytes) => body::full(bytes),
        Content::Stream(body) => body::boxed(OfUnknownLength(body)),
    };
    Ok(InvokeResponse {
        outcome: Outcome::Http(head.status),
        content_type: head.headers.remove(header::CONTENT_TYPE),
        headers: head.headers,
        trailers: HeaderMap::new(),
        type_url: String::new(),
        body,
        is_relayed_events: false,
    })
}

fn uri(method: &str, query: &str) -> Result<Uri, AppError> {
    let mut path = to_path(method).map_err(|error| AppError(format!("parse {method:?}: {error}")))?;
    if !query.is_empty() {
        path.push('?');
        // From an HTTP caller, it is well-formed already; a gRPC caller may say anything.
        let allowed = |byte: u8| matches!(byte, 0x21..=0x7e) && !matches!(byte, b'#' | b'"' | b'<' | b'>');
        if query.bytes().all(allowed) {
            path.push_str(query);
        } else {
            const ESCAPED: &percent_encoding::AsciiSet =
                &percent_encoding::CONTROLS.add(b' ').add(b'#').add(b'"').add(b'<').add(b'>');
            path.extend(percent_encoding::utf8_percent_encode(query, ESCAPED));
        }
    }
    Uri::try_from(path).map_err(|error| AppError(format!("parse {method:?}: {error}")))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body whose announced length is not told to those who read it: it is the app's word, and it may not keep it.
struct OfUnknownLength(Body);

impl http_body::Body for OfUnknownLength {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

async fn call_grpc(app: &GrpcApp, request: InvokeRequest) -> Result<InvokeResponse, AppError> {
    let data = match collect(request.body, app.max_body()).await {
        Ok(data) => data,
        Err(CollectError::TooLarge(limit)) => {
            return Err(AppError::status(&Status::resource_exhausted(format!(
                "trying to send message larger than max ({limit})"
            ))));
        }
        Err(error) => return Err(AppError::text(error)),
    };
    let message = common::InvokeRequest {
        method: request.method,
        data: Some(Any { type_url: request.type_url, value: data }),
        content_type: request
            .content_type
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default(),
        http_extension: request.extension,
    };
    let mut call = Request::new(Full::new(frame(&message.encode_to_vec())));
    *call.method_mut() = http::Method::POST;
    *call.uri_mut() = Uri::from_static("/dapr.proto.runtime.v1.AppCallback/OnInvoke");
    *call.headers_mut() = headers::to_grpc(request.headers, request.origin);
    for (name, value) in [(header::CONTENT_TYPE, "application/grpc"), (header::TE, "trailers")] {
        call.headers_mut().insert(name, HeaderValue::from_static(value));
    }

    let response = match app.service().call(call).await {
        Ok(response) => response,
        Err(error @ tender_channel::CallError::Unhealthy) => return Err(AppError::text(error)),
        Err(error) => return Ok(failed(&from_call_error(&error), HeaderMap::new(), HeaderMap::new())),
    };
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Ok(failed(&from_http_response(head.status), head.headers, HeaderMap::new()));
    }
    if let Some(status) = Status::from_header_map(&head.headers) {
        // The response is its trailers alone.
        return Ok(failed(&status, HeaderMap::new(), without_status(head.headers)));
    }
    let mut messages = Messages::new(body, app.max_body());
    let message = messages.next().await;
    // What follows the message are trailers, and they have the last word.
    let message = match message {
        Some(Ok(message)) => match messages.next().await {
            None => Some(message),
            Some(Ok(_)) => {
                let status = Status::internal("cardinality violation: expected one message");
                return Ok(failed(&status, head.headers, HeaderMap::new()));
            }
            Some(Err(status)) => return Ok(failed(&status, head.headers, HeaderMap::new())),
        },
        Some(Err(status)) => return Ok(failed(&status, head.headers, HeaderMap::new())),
        None => None,
    };
    let trailers = messages.trailers().unwrap_or_default();
    let status = Status::from_header_map(&trailers)
        .unwrap_or_else(|| Status::internal("server closed the stream without sending trailers"));
    let trailers = without_status(trailers);
    if status.code() != tonic::Code::Ok {
        return Ok(failed(&status, head.headers, trailers));
    }
    let Some(message) = message else {
        return Ok(failed(&Status::internal("no message in the response"), head.headers, trailers));
    };
    match common::InvokeResponse::decode(message) {
        Ok(answer) => {
            let data = answer.data.unwrap_or_default();
            Ok(InvokeResponse {
                outcome: Outcome::Grpc(RpcStatus::default()),
                headers: head.headers,
                trailers,
                content_type: HeaderValue::try_from(answer.content_type)
                    .ok()
                    .filter(|value| !value.is_empty()),
                type_url: data.type_url,
                body: body::full(data.value),
                is_relayed_events: false,
            })
        }
        Err(error) => {
            let status = Status::internal(format!("grpc: failed to unmarshal the received message: {error}"));
            Ok(failed(&status, head.headers, trailers))
        }
    }
}

/// The response of an app that answered with a status.
fn failed(status: &Status, headers: HeaderMap, trailers: HeaderMap) -> InvokeResponse {
    InvokeResponse {
        outcome: Outcome::Grpc(RpcStatus::from(status)),
        headers,
        trailers,
        content_type: None,
        type_url: String::new(),
        body: body::empty(),
        is_relayed_events: false,
    }
}

/// Trailers but for the status, which is told otherwise.
fn without_status(mut trailers: HeaderMap) -> HeaderMap {
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        trailers.remove(name);
    }
    trailers
}
