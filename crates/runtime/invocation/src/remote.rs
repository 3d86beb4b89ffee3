//! Calling an app through its sidecar.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::Full;
use tender_channel::h2::{Client, Download};
use tender_core::body::{self, Body};
use tonic::{Code, Status};

use crate::incoming::{Again, Incoming};
use crate::outgoing::{Content, Outgoing, join};
use crate::response::{InvokeResponse, Outcome};
use crate::status::{from_call_error, from_http_response};
use crate::wire::{DecodeError, Head, Messages, ResponseHead, StreamMessage, decode_response, frame};

const CALL_LOCAL_STREAM: &str = "/dapr.proto.internals.v1.ServiceInvocation/CallLocalStream";
const CALL_LOCAL: &str = "/dapr.proto.internals.v1.ServiceInvocation/CallLocal";

/// A request, ready to be sent, and to be sent again if its body is there.
pub(crate) struct Prepared {
    first: Bytes,
    seq: u64,
    whole: Bytes,
    rest: Bytes,
    /// None once it was begun to be sent.
    stream: Option<Body>,
    is_stream: bool,
    wants_events: bool,
    timeout: Option<HeaderValue>,
}

impl Prepared {
    pub(crate) fn new(
        head: Head,
        content: Content,
        wants_events: bool,
        timeout: Option<HeaderValue>,
    ) -> Self {
        let is_stream = matches!(content, Content::Stream(_));
        let (first, seq, whole, rest, stream) = match content {
            Content::Whole(bytes) => {
                let (first, seq, rest) = join(head, bytes.clone());
                (first, seq, bytes, rest, None)
            }
            Content::Stream(body) => (head.into_message(&[]), 0, Bytes::new(), Bytes::new(), Some(body)),
        };
        Self { first, seq, whole, rest, stream, is_stream, wants_events, timeout }
    }

    /// The message of the unary call, framed.
    fn unary(&self) -> Result<Bytes, Status> {
        // `InternalInvokeRequest` is the first field of the first message.
        let mut bytes = self.first.slice(self.first.len().min(6)..);
        let length = prost::encoding::decode_varint(&mut bytes).unwrap_or(0) as usize;
        if length > bytes.remaining() {
            return Err(Status::internal("request was not written well"));
        }
        // A message in two parts is one message: the second part adds the body as `message.data.value`.
        let data = field(0x1a, &field(0x12, &field(0x12, &self.whole)));
        Ok(frame(&[&bytes.split_to(length)[..], &data[..]].concat()))
    }

    /// Whether it can be sent, for the first time or again.
    pub(crate) fn can_send(&self) -> bool {
        !self.is_stream || self.stream.is_some()
    }
}

/// What a call needs to be called.
fn call<B>(path: &'static str, timeout: Option<&HeaderValue>, body: B) -> Request<B> {
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Some(timeout) = timeout {
        headers.insert("grpc-timeout", timeout.clone());
    }
    request
}

/// Sends the request to a sidecar. Fails with the status of the call, not with that of the app.
pub(crate) async fn invoke(
    client: &Client,
    prepared: &mut Prepared,
    app_id: &str,
    limit: usize,
) -> Result<InvokeResponse, Status> {
    // First of all a connection: until there is one, nothing of a streaming body is gone.
    let connection = client.connection().await.map_err(|error| from_call_error(&error))?;
    let body = Outgoing::request(
        prepared.first.clone(),
        prepared.seq,
        prepared.rest.clone(),
        prepared.stream.take(),
    );
    let request = call(CALL_LOCAL_STREAM, prepared.timeout.as_ref(), body);
    let answer = match client.call_on(connection, request).await {
        Ok(response) => read_stream(response, limit, prepared.wants_events).await,
        Err(error) => Err(from_call_error(&error)),
    };
    match answer {
        Err(status) if status.code() == Code::Unimplemented => {
            if prepared.is_stream {
                return Err(Status::unknown(format!(
                    "target app '{app_id}' is running a version of Dapr that does not support \
                     streaming-based service invocation"
                )));
            }
            tracing::warn!(
                target: "dapr.runtime.direct_messaging",
                "App {app_id} does not support streaming-based service invocation (most likely because it's using \
                 an older version of Dapr); falling back to unary calls"
            );
            let message = prepared.unary()?;
            invoke_unary(client, message, prepared.timeout.clone(), prepared.wants_events, limit).await
        }
        answer => answer,
    }
}

/// Calls a sidecar that does not know streams.
async fn invoke_unary(
    client: &Client,
    message: Bytes,
    timeout: Option<HeaderValue>,
    wants_events: bool,
    limit: usize,
) -> Result<InvokeResponse, Status> {
    let request = call(CALL_LOCAL, timeout.as_ref(), Full::new(message));
    let response = client.call(request).await.map_err(|error| from_call_error(&error))?;
    let (_, mut messages) = open(response, limit)?;
    let message = next(&mut messages).await?;
    // The unary response is what the first message of a stream has in its first field.
    let wrapped = Bytes::from(field(0x0a, &message));
    let decoded = decode_response(wrapped).map_err(|error| Status::internal(error.to_string()))?;
    let head = decoded.head.ok_or_else(lacks_fields)?;
    let body = body::full(head.data.clone());
    into_response(head, body, wants_events)
}

fn field(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(value.len() + 6);
    out.put_u8(tag);
    prost::encoding::encode_varint(value.len() as u64, &mut out);
    out.put_slice(value);
    out.into()
}

async fn read_stream(
    response: http::Response<Download>,
    limit: usize,
    wants_events: bool,
) -> Result<InvokeResponse, Status> {
    let (_, mut messages) = open(response, limit)?;
    let message = next(&mut messages).await?;
    let StreamMessage { head, payload } =
        decode_response(message).map_err(|error| Status::internal(error.to_string()))?;
    let head = head.filter(|head| head.status.is_some()).ok_or_else(lacks_fields)?;
    let body = Incoming::start(messages, payload, later).await;
    into_response(head, body, wants_events)
}

fn lacks_fields() -> Status {
    Status::unknown("response does not contain the required fields in the leading chunk")
}

/// Reads a message that is not the first.
fn later(message: Bytes) -> Result<Again, DecodeError> {
    let decoded = decode_response(message)?;
    let has_head =
        decoded.head.is_some_and(|head| head.status.is_some() || head.has_headers || head.has_message);
    Ok(Again { has_head, payload: decoded.payload })
}

/// Begins to read a response, unless it is an error already.
fn open(response: http::Response<Download>, limit: usize) -> Result<(HeaderMap, Messages<Download>), Status> {
    let (head, stream) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(from_http_response(head.status));
    }
    if let Some(status) = Status::from_header_map(&head.headers)
        && status.code() != Code::Ok
    {
        return Err(status);
    }
    Ok((head.headers, Messages::new(stream, limit)))
}

/// The next message, which must be there.
async fn next(messages: &mut Messages<Download>) -> Result<Bytes, Status> {
    match messages.next().await {
        Some(message) => message,
        None => {
            let status = messages.trailers().as_ref().and_then(Status::from_header_map);
            Err(status.filter(|status| status.code() != Code::Ok).unwrap_or_else(|| Status::unknown("EOF")))
        }
    }
}

fn into_response(head: ResponseHead, body: Body, wants_events: bool) -> Result<InvokeResponse, Status> {
    let status = head.status.ok_or_else(lacks_fields)?;
    let outcome = match u16::try_from(status.code).map(StatusCode::from_u16) {
        Ok(Ok(status)) => Outcome::Http(status),
        _ => Outcome::Grpc(status),
    };
    Ok(InvokeResponse {
        outcome,
        headers: head.headers,
        trailers: head.trailers,
        content_type: head.content_type.filter(|value| !value.is_empty()),
        type_url: head.type_url,
        body,
        is_relayed_events: wants_events,
    })
}
