//! Statuses of both worlds, and the way from one to the other.

use std::fmt;

use http::{HeaderMap, StatusCode};
use serde_json::json;
use tender_channel::CallError;
use tender_proto::Any;
use tonic::{Code, Status};

/// A gRPC status that travels inside messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RpcStatus {
    /// The code: 0 for success.
    pub code: i32,
    /// What went wrong.
    pub message: String,
    /// Details of any type.
    pub details: Vec<Any>,
}

impl RpcStatus {
    /// As an error of a call. None if it says that all is well.
    pub fn into_status(self) -> Option<Status> {
        let code = Code::from_i32(self.code);
        if code == Code::Ok {
            return None;
        }
        if self.details.is_empty() {
            return Some(Status::new(code, self.message));
        }
        let encoded = prost::Message::encode_to_vec(&EncodedStatus {
            code: self.code,
            message: self.message.clone(),
            details: self.details,
        });
        Some(Status::with_details(code, self.message, encoded.into()))
    }

    /// The JSON that an HTTP caller gets when a gRPC app failed: empty fields are left out. None if a detail is of a
    /// type that has no JSON here.
    pub fn to_json(&self) -> Option<Vec<u8>> {
        let mut object = serde_json::Map::new();
        if self.code != 0 {
            object.insert("code".to_owned(), json!(self.code));
        }
        if !self.message.is_empty() {
            object.insert("message".to_owned(), json!(self.message));
        }
        if !self.details.is_empty() {
            let details: Option<Vec<_>> = self.details.iter().map(detail_json).collect();
            object.insert("details".to_owned(), json!(details?));
        }
        serde_json::to_vec(&object).ok()
    }
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct EncodedStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

impl From<&Status> for RpcStatus {
    fn from(status: &Status) -> Self {
        let encoded = <EncodedStatus as prost::Message>::decode(status.details()).unwrap_or_default();
        Self { code: status.code().into(), message: status.message().to_owned(), details: encoded.details }
    }
}

/// The JSON form of the details that people use.
fn detail_json(detail: &Any) -> Option<serde_json::Value> {
    use tonic_types::pb;
    let decode_error = |_| ();
    let mut value = match detail.full_name() {
        "google.rpc.ErrorInfo" => {
            let info: pb::ErrorInfo = prost::Message::decode(&*detail.value).map_err(decode_error).ok()?;
            json!({ "reason": info.reason, "domain": info.domain, "metadata": info.metadata })
        }
        "google.rpc.ResourceInfo" => {
            let info: pb::ResourceInfo = prost::Message::decode(&*detail.value).map_err(decode_error).ok()?;
            json!({
                "resourceType": info.resource_type,
                "resourceName": info.resource_name,
                "owner": info.owner,
                "description": info.description,
            })
        }
        "google.rpc.BadRequest" => {
            let bad: pb::BadRequest = prost::Message::decode(&*detail.value).map_err(decode_error).ok()?;
            let violations: Vec<_> = bad
                .field_violations
                .iter()
                .map(|violation| json!({ "field": violation.field, "description": violation.description }))
                .collect();
            json!({ "fieldViolations": violations })
        }
        "google.rpc.DebugInfo" => {
            let info: pb::DebugInfo = prost::Message::decode(&*detail.value).map_err(decode_error).ok()?;
            json!({ "stackEntries": info.stack_entries, "detail": info.detail })
        }
        "google.rpc.Help" => {
            let help: pb::Help = prost::Message::decode(&*detail.value).map_err(decode_error).ok()?;
            let links: Vec<_> = help
                .links
                .iter()
                .map(|link| json!({ "description": link.description, "url": link.url }))
                .collect();
            json!({ "links": links })
        }
        "google.rpc.RequestInfo" => {
            let info: pb::RequestInfo = prost::Message::decode(&*detail.value).map_err(decode_error).ok()?;
            json!({ "requestId": info.request_id, "servingData": info.serving_data })
        }
        _ => return None,
    };
    value.as_object_mut()?.insert("@type".to_owned(), json!(detail.type_url));
    Some(value)
}

/// The HTTP status of a gRPC code.
pub fn http_from_code(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::REQUEST_TIMEOUT,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The gRPC code of an HTTP status. It is not the inverse of [`http_from_code`].
pub fn code_from_http(status: StatusCode) -> Code {
    match status.as_u16() {
        200..=299 => Code::Ok,
        408 => Code::Cancelled,
        400 => Code::Internal,
        504 => Code::DeadlineExceeded,
        404 => Code::NotFound,
        409 => Code::AlreadyExists,
        403 => Code::PermissionDenied,
        401 => Code::Unauthenticated,
        429 => Code::ResourceExhausted,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// The words for an HTTP status as Go has them; empty for a status without a name.
pub(crate) fn status_text(status: StatusCode) -> &'static str {
    match status.as_u16() {
        203 => "Non-Authoritative Information",
        413 => "Request Entity Too Large",
        414 => "Request URI Too Long",
        416 => "Requested Range Not Satisfiable",
        _ => status.canonical_reason().unwrap_or_default(),
    }
}

/// A status as the peer prints it.
pub(crate) struct Described<'a>(pub(crate) &'a Status);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc error: code = {} desc = {}", code_name(self.0.code()), self.0.message())
    }
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

/// The status of a gRPC call that had no response.
pub(crate) fn from_call_error(error: &CallError) -> Status {
    match error {
        CallError::Connect { .. } => Status::unavailable(format!(
            "connection error: desc = \"transport: Error while dialing: {error}\""
        )),
        CallError::Refused => Status::unavailable(error.to_string()),
        CallError::Broken(_) => Status::unavailable(format!("error reading from server: {error}")),
        CallError::Unhealthy => Status::internal("app is not in a healthy state"),
        CallError::Request(message) => Status::internal(message.clone()),
        CallError::Reset(reason) => {
            Status::new(code_of_reset(*reason), format!("stream terminated by RST_STREAM with {reason}"))
        }
    }
}

/// The status of a body that failed under way.
pub(crate) fn from_body_error(error: &tender_core::body::BodyError) -> Status {
    if let Some(status) = error.downcast_ref::<Status>() {
        return status.clone();
    }
    match error.downcast_ref::<h2::Error>() {
        Some(error) if error.is_reset() => {
            let reason = error.reason().unwrap_or(h2::Reason::INTERNAL_ERROR);
            Status::new(code_of_reset(reason), format!("stream terminated by RST_STREAM with {reason}"))
        }
        Some(error) => Status::unavailable(format!("error reading from server: {error}")),
        None => Status::unknown(error.to_string()),
    }
}

/// The table of the gRPC protocol's description.
fn code_of_reset(reason: h2::Reason) -> Code {
    match reason {
        h2::Reason::REFUSED_STREAM => Code::Unavailable,
        h2::Reason::CANCEL => Code::Cancelled,
        h2::Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        h2::Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

/// The status of a response that ended without one, by its HTTP status. From the gRPC protocol's description.
pub(crate) fn from_http_response(status: StatusCode) -> Status {
    let code = match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    let text = status_text(status);
    Status::new(
        code,
        format!("unexpected HTTP status code received from server: {} ({text})", status.as_u16()),
    )
}

/// The trailers of a call.
pub(crate) fn trailers(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    if status.add_header(&mut headers).is_err() {
        headers.insert("grpc-status", http::HeaderValue::from_static("13"));
    }
    headers
}

/// The trailers of a call that succeeded.
pub(crate) fn ok_trailers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(1);
    headers.insert("grpc-status", http::HeaderValue::from_static("0"));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_mapped_as_by_the_peer() {
        for (http, code) in [
            (200, Code::Ok),
            (204, Code::Ok),
            (302, Code::Unknown),
            (400, Code::Internal),
            (401, Code::Unauthenticated),
            (403, Code::PermissionDenied),
            (404, Code::NotFound),
            (408, Code::Cancelled),
            (409, Code::AlreadyExists),
            (429, Code::ResourceExhausted),
            (500, Code::Unknown),
            (501, Code::Unimplemented),
            (503, Code::Unavailable),
            (504, Code::DeadlineExceeded),
            (599, Code::Unknown),
        ] {
            assert_eq!(code_from_http(StatusCode::from_u16(http).unwrap()), code, "{http}");
        }
        for (code, http) in [
            (Code::Ok, 200),
            (Code::Cancelled, 408),
            (Code::Unknown, 500),
            (Code::InvalidArgument, 400),
            (Code::DeadlineExceeded, 504),
            (Code::NotFound, 404),
            (Code::AlreadyExists, 409),
            (Code::PermissionDenied, 403),
            (Code::ResourceExhausted, 429),
            (Code::FailedPrecondition, 400),
            (Code::Aborted, 409),
            (Code::OutOfRange, 400),
            (Code::Unimplemented, 501),
            (Code::Internal, 500),
            (Code::Unavailable, 503),
            (Code::DataLoss, 500),
            (Code::Unauthenticated, 401),
        ] {
            assert_eq!(http_from_code(code).as_u16(), http, "{code:?}");
        }
    }

    #[test]
    fn a_status_is_printed_as_by_the_peer() {
        let status = Status::cancelled("no more");
        assert_eq!(Described(&status).to_string(), "rpc error: code = Canceled desc = no more");
    }

    #[test]
    fn a_status_keeps_its_details_on_the_way_through_messages() {
        let info = tonic_types::pb::ErrorInfo { reason: "BECAUSE".to_owned(), ..Default::default() };
        let detail = Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
            value: prost::Message::encode_to_vec(&info).into(),
        };
        let status = RpcStatus { code: 5, message: "no \"x\"".to_owned(), details: vec![detail] };
        assert_eq!(RpcStatus::from(&status.clone().into_status().unwrap()), status);
        let json: serde_json::Value = serde_json::from_slice(&status.to_json().unwrap()).unwrap();
        assert_eq!(
            json,
            json!({ "code": 5, "message": "no \"x\"", "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "BECAUSE", "domain": "", "metadata": {}
            }] })
        );
        let unknown = RpcStatus { details: vec![Any::default()], ..RpcStatus::default() };
        assert_eq!(unknown.to_json(), None);
    }
}
