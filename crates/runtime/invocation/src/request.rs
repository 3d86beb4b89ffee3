//! A call, whichever API it came by.

use std::fmt;

use http::{HeaderMap, HeaderValue, Method};
use tender_core::body::Body;
use tender_proto::common::v1::HttpExtension;
use tender_proto::common::v1::http_extension::Verb;

use crate::headers;

/// By which protocol a message began its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// HTTP.
    Http,
    /// gRPC: headers are metadata.
    Grpc,
}

/// A call of a method of an app.
pub struct InvokeRequest {
    /// Whom it is for: `app` or `app.namespace`.
    pub target: String,
    /// The method, decoded.
    pub method: String,
    /// What only an HTTP app needs to know: verb and query. A gRPC caller may leave it out.
    pub extension: Option<HttpExtension>,
    /// Where the headers come from.
    pub origin: Origin,
    /// Headers or metadata.
    pub headers: HeaderMap,
    /// The content type of the body.
    pub content_type: Option<HeaderValue>,
    /// The type of the body if it is a protobuf message that a gRPC caller wrapped; mostly empty.
    pub type_url: String,
    /// The body.
    pub body: Body,
}

impl InvokeRequest {
    /// The call that an HTTP request makes. Its path is not looked at: the destination is.
    pub fn from_http(target: String, method: String, request: http::Request<Body>) -> Self {
        let (mut head, body) = request.into_parts();
        // Before the `Connection` header that names them is gone.
        headers::strip_hop_by_hop(&mut head.headers);
        head.headers.remove(http::header::HOST);
        let extension = HttpExtension {
            verb: verb(&head.method).into(),
            querystring: head.uri.query().unwrap_or_default().to_owned(),
        };
        Self {
            target,
            method,
            extension: Some(extension),
            origin: Origin::Http,
            content_type: head.headers.get(http::header::CONTENT_TYPE).cloned(),
            headers: head.headers,
            type_url: String::new(),
            body,
        }
    }

    /// Whether the caller asked for a stream of events, which must be passed on as they come.
    pub(crate) fn wants_events(&self) -> bool {
        wants_events(&self.headers)
    }
}

/// Whether `Accept` is exactly `text/event-stream`.
pub(crate) fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::ACCEPT)
        .is_some_and(|accept| accept.as_bytes().trim_ascii().eq_ignore_ascii_case(b"text/event-stream"))
}

impl fmt::Debug for InvokeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and bodies hold what is nobody's business.
        f.debug_struct("InvokeRequest")
            .field("target", &self.target)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// The verb as messages have it. One that they do not know counts as POST, as at the peer.
fn verb(method: &Method) -> Verb {
    match *method {
        Method::GET => Verb::Get,
        Method::HEAD => Verb::Head,
        Method::PUT => Verb::Put,
        Method::DELETE => Verb::Delete,
        Method::CONNECT => Verb::Connect,
        Method::OPTIONS => Verb::Options,
        Method::TRACE => Verb::Trace,
        Method::PATCH => Verb::Patch,
        _ => Verb::Post,
    }
}

/// The HTTP method of a verb. None for the verbs that cannot be called with.
pub(crate) fn method_of(verb: i32) -> Option<Method> {
    match Verb::try_from(verb).ok()? {
        Verb::None | Verb::Connect => None,
        Verb::Get => Some(Method::GET),
        Verb::Head => Some(Method::HEAD),
        Verb::Post => Some(Method::POST),
        Verb::Put => Some(Method::PUT),
        Verb::Delete => Some(Method::DELETE),
        Verb::Options => Some(Method::OPTIONS),
        Verb::Trace => Some(Method::TRACE),
        Verb::Patch => Some(Method::PATCH),
    }
}
