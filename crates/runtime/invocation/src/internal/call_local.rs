//! `CallLocal` and `CallLocalStream`: another sidecar calls this sidecar's app.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use prost::Message as _;
use tender_channel::h2::Download;
use tender_core::body::{self, Body};
use tender_proto::Any;
use tender_proto::common::v1 as common;
use tender_proto::internals::v1 as internals;
use tonic::Status;

use super::server::Answer;
use crate::app;
use crate::incoming::{Again, Incoming};
use crate::invocation::{Invocation, normalize};
use crate::outgoing::{CollectError, Content, Outgoing};
use crate::request::InvokeRequest;
use crate::response::{InvokeResponse, Outcome};
use crate::status;
use crate::wire::{
    DecodeError, Messages, RequestHead, StreamMessage, decode_request, decode_unary, response_head,
};

/// Serves `CallLocalStream`.
pub(super) async fn stream(invocation: &Invocation, body: Download) -> Response<Answer> {
    match call_streaming(invocation, body).await {
        Ok(response) => {
            let head = response_head(&response);
            match Content::of(response.body).await {
                Ok(content) => grpc(Answer::Messages(Outgoing::response(head, content))),
                Err(CollectError::Broken(error)) => failed(&status::from_body_error(&error)),
                Err(error) => failed(&Status::unknown(error.to_string())),
            }
        }
        Err(status) => failed(&status),
    }
}

async fn call_streaming(invocation: &Invocation, body: Download) -> Result<InvokeResponse, Status> {
    let mut messages = Messages::new(body, invocation.message_limit());
    let message = messages.next().await.unwrap_or_else(|| Err(Status::unknown("EOF")))?;
    let StreamMessage { head, payload } = decode_request(message).map_err(malformed)?;
    let Some(head) = head.filter(|head| head.has_metadata && head.has_message) else {
        let missing = "request does not contain the required fields in the leading chunk";
        return Err(parsing_failed(missing));
    };
    let body = Incoming::start(messages, payload, later).await;
    call(invocation, head, body).await
}

/// Reads a message that is not the first.
fn later(message: Bytes) -> Result<Again, DecodeError> {
    let decoded = decode_request(message)?;
    let has_head = decoded.head.is_some_and(|head| head.has_metadata || head.has_message);
    Ok(Again { has_head, payload: decoded.payload })
}

/// Serves `CallLocal`.
pub(super) async fn unary(invocation: &Invocation, body: Download) -> Response<Answer> {
    match call_unary(invocation, body).await {
        Ok(message) => {
            let body = http_body_util::Full::new(crate::wire::frame(&message.encode_to_vec()))
                .with_trailers(std::future::ready(Some(Ok(status::ok_trailers()))));
            grpc(Answer::Raw(body::boxed(body)))
        }
        Err(status) => failed(&status),
    }
}

async fn call_unary(
    invocation: &Invocation,
    body: Download,
) -> Result<internals::InternalInvokeResponse, Status> {
    let mut messages = Messages::new(body, invocation.message_limit());
    let message = messages.next().await.unwrap_or_else(|| Err(Status::internal("EOF")))?;
    let head = decode_unary(message).map_err(malformed)?;
    if !head.has_message {
        return Err(parsing_failed("field Message is nil"));
    }
    let data = head.data.clone();
    to_message(call(invocation, head, body::full(data)).await?).await
}

/// Calls the app.
///
/// This is where the caller's rights will be checked: the method is in its final form, and nothing was done yet.
async fn call(invocation: &Invocation, head: RequestHead, body: Body) -> Result<InvokeResponse, Status> {
    let Some(app) = &invocation.app else {
        return Err(Status::internal("app channel is not initialized"));
    };
    let mut request = InvokeRequest {
        target: String::new(),
        method: head.method,
        extension: head.extension,
        origin: head.origin,
        headers: head.headers,
        content_type: head.content_type,
        type_url: head.type_url,
        body,
    };
    normalize(&mut request.method)?;
    let wants_events = request.wants_events();
    let response = app::call(app, request).await.map_err(|error| invoking_failed(&error.to_string()))?;
    if wants_events && matches!(&response.outcome, Outcome::Http(status) if !status.is_success()) {
        // Who asked for events does not get anything else, at the peer.
        return Err(invoking_failed("no response received from stream"));
    }
    Ok(response)
}

/// A response that is held whole.
async fn to_message(response: InvokeResponse) -> Result<internals::InternalInvokeResponse, Status> {
    // The head, written and read again: the unary call is for sidecars of long ago.
    let head = response_head(&response);
    let mut message = internals::InternalInvokeResponse::decode(head.inner())
        .map_err(|error| Status::internal(error.to_string()))?;
    let collected = response.body.collect().await.map_err(|error| status::from_body_error(&error))?;
    message.message = Some(common::InvokeResponse {
        data: Some(Any { type_url: response.type_url, value: collected.to_bytes() }),
        content_type: message.message.unwrap_or_default().content_type,
    });
    Ok(message)
}

/// A method that other sidecars call and that is not here.
pub(super) fn not_built(method: &str) -> Response<Answer> {
    failed(&Status::unimplemented(format!("{method} is not built into this version of tender")))
}

fn invoking_failed(why: &str) -> Status {
    Status::internal(format!("error invoking app channel: {why}"))
}

fn malformed(error: DecodeError) -> Status {
    Status::internal(error.to_string())
}

fn parsing_failed(what: &str) -> Status {
    Status::invalid_argument(format!("parsing InternalInvokeRequest error: {what}"))
}

fn failed(status: &Status) -> Response<Answer> {
    let mut response = grpc(Answer::Raw(body::empty()));
    response.headers_mut().extend(status::trailers(status));
    response
}

fn grpc(answer: Answer) -> Response<Answer> {
    let mut response = Response::new(answer);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}
