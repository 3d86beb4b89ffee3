//! What came back from an app, of either kind.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use tender_core::ApiError;
use tender_core::body::{self, Body};
use tender_core::error::codes;
use tonic::Code;

use crate::headers;
use crate::request::Origin;
use crate::status::{RpcStatus, http_from_code};

/// The content type of a body that is a protobuf message.
pub(crate) const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// How a call ended, as the app said it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// An HTTP app's status.
    Http(StatusCode),
    /// A gRPC app's status.
    Grpc(RpcStatus),
}

/// An app's response.
pub struct InvokeResponse {
    /// The status.
    pub outcome: Outcome,
    /// Headers or metadata.
    pub headers: HeaderMap,
    /// What a gRPC app said after its message.
    pub trailers: HeaderMap,
    /// The content type of the body.
    pub content_type: Option<HeaderValue>,
    /// The type of the body if it is a protobuf message that a gRPC app wrapped; mostly empty.
    pub type_url: String,
    /// The body.
    pub body: Body,
    /// Whether it came from another sidecar, on behalf of a caller that asked for events.
    pub(crate) is_relayed_events: bool,
}

impl InvokeResponse {
    /// Where the headers come from.
    pub(crate) fn origin(&self) -> Origin {
        match self.outcome {
            Outcome::Http(_) => Origin::Http,
            Outcome::Grpc(_) => Origin::Grpc,
        }
    }

    /// As the response to an HTTP caller. A gRPC app's failure becomes a status and a JSON body.
    ///
    /// Fails only for a failure with details that have no JSON form.
    pub fn into_http(self) -> Result<http::Response<Body>, ApiError> {
        let origin = self.origin();
        let mut response = http::Response::new(self.body);
        match self.outcome {
            Outcome::Http(status) => *response.status_mut() = status,
            Outcome::Grpc(status) => {
                *response.status_mut() = http_from_code(Code::from_i32(status.code));
                if response.status() != StatusCode::OK {
                    let json = status.to_json().ok_or_else(|| {
                        ApiError::new(&codes::MALFORMED_RESPONSE, "status details of an unknown type")
                    })?;
                    *response.body_mut() = body::full(json);
                }
            }
        }
        *response.headers_mut() = headers::to_http(self.headers, origin);
        let content_type = if self.type_url.is_empty() { self.content_type } else { Some(PROTOBUF) };
        if let Some(content_type) = content_type {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        if self.is_relayed_events && response.status().is_success() {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        Ok(response)
    }
}
