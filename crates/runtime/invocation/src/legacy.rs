//! `InvokeService`, the gRPC API's own way to invoke, which the peer keeps for old callers.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use tender_core::body;
use tender_proto::Any;
use tender_proto::common::v1 as common;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::headers;
use crate::invocation::Invocation;
use crate::outgoing::collect;
use crate::request::{InvokeRequest, Origin};
use crate::response::Outcome;
use crate::status::{code_from_http, status_text};

/// What of an HTTP app's error goes into the details of a status, in bytes.
const MAX_DETAIL: usize = 63;

/// The answer of `InvokeService`.
#[derive(Debug)]
pub struct InvokeServiceResponse {
    /// The response.
    pub message: common::InvokeResponse,
    /// Metadata before the message.
    pub headers: HeaderMap,
    /// Metadata after the message; only gRPC apps have some.
    pub trailers: HeaderMap,
}

impl Invocation {
    /// Serves `InvokeService`: `metadata` is the request's. The failure of an app is an error here, with the headers
    /// of its response as metadata; an HTTP app's status is in the header `dapr-http-status`.
    pub async fn invoke_service(
        &self,
        target: String,
        message: common::InvokeRequest,
        metadata: HeaderMap,
    ) -> Result<InvokeServiceResponse, Status> {
        let data = message.data.unwrap_or_default();
        let request = InvokeRequest {
            target,
            method: message.method,
            extension: message.http_extension,
            origin: Origin::Grpc,
            headers: metadata,
            content_type: HeaderValue::try_from(message.content_type).ok().filter(|value| !value.is_empty()),
            type_url: data.type_url,
            body: body::full(data.value),
        };
        let target = request.target.clone();
        let response = self.invoke(request).await?;
        let origin = response.origin();
        let value = collect(response.body, self.config.max_body)
            .await
            .map_err(|error| Status::internal(format!("failed to invoke, id: {target}, err: {error}")))?;
        let mut headers = headers::to_grpc(response.headers, origin);
        let trailers = headers::to_grpc(response.trailers, Origin::Grpc);
        let failure = match response.outcome {
            Outcome::Http(status) => {
                headers.insert("dapr-http-status", status.as_u16().into());
                http_failure(status, &value)
            }
            Outcome::Grpc(status) => status.into_status(),
        };
        if let Some(mut failure) = failure {
            headers.extend(trailers);
            *failure.metadata_mut() = MetadataMap::from_headers(headers);
            return Err(failure);
        }
        let content_type = response
            .content_type
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default();
        let message =
            common::InvokeResponse { data: Some(Any { type_url: response.type_url, value }), content_type };
        Ok(InvokeServiceResponse { message, headers, trailers })
    }
}

/// The error that an HTTP app's status is. None for a success.
fn http_failure(status: StatusCode, body: &Bytes) -> Option<Status> {
    let code = code_from_http(status);
    if code == Code::Ok {
        return None;
    }
    let text = status_text(status);
    let detail = body.get(..MAX_DETAIL).unwrap_or(body);
    let metadata = HashMap::from([
        ("http.code".to_owned(), status.as_u16().to_string()),
        ("http.error_message".to_owned(), String::from_utf8_lossy(detail).into_owned()),
    ]);
    let details = ErrorDetails::with_error_info(text, "dapr.io", metadata);
    Some(Status::with_error_details(code, text, details))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_failure_has_its_status_and_the_beginning_of_its_body() {
        let body = Bytes::from("x".repeat(100));
        let status = http_failure(StatusCode::NOT_FOUND, &body).unwrap();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "Not Found"));
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("Not Found", "dapr.io"));
        assert_eq!(info.metadata["http.code"], "404");
        assert_eq!(info.metadata["http.error_message"].len(), 63);
        assert!(http_failure(StatusCode::NO_CONTENT, &body).is_none());
    }
}
