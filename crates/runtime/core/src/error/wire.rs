//! How an error looks on the wire.

use std::collections::HashMap;

use serde_json::{Value, json};
use tonic_types::{ErrorDetails, StatusExt};

use super::{ApiError, Detail};

/// The domain of every `ErrorInfo`.
const DOMAIN: &str = "dapr.io";

impl ApiError {
    /// The body of an HTTP answer: `{"errorCode", "message"}`, with `details` where there are some.
    pub fn to_json(&self) -> Vec<u8> {
        let mut body = json!({ "errorCode": self.code.tag, "message": self.message });
        if !self.details.is_empty()
            && let Value::Object(fields) = &mut body
        {
            fields.insert("details".to_owned(), self.details.iter().map(detail_json).collect());
        }
        body.to_string().into_bytes()
    }
}

fn detail_json(detail: &Detail) -> Value {
    match detail {
        Detail::ErrorInfo { reason, metadata } => {
            let mut info = json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": DOMAIN });
            if let Value::Object(fields) = &mut info {
                if !metadata.is_empty() {
                    fields.insert("metadata".to_owned(), json!(metadata));
                }
                fields.insert("reason".to_owned(), json!(reason));
            }
            info
        }
        Detail::ResourceInfo { resource_type, name, description } => json!({
            "@type": "type.googleapis.com/google.rpc.ResourceInfo",
            "description": description,
            "owner": "",
            "resource_name": name,
            "resource_type": resource_type,
        }),
        Detail::FieldViolation { field, description } => json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": [{ "field": field, "description": description }],
        }),
        Detail::Help { url, description } => json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{ "url": url, "description": description }],
        }),
    }
}

/// The gRPC form: the details become `google.rpc` messages in `grpc-status-details-bin`.
impl From<ApiError> for tonic::Status {
    fn from(error: ApiError) -> Self {
        let mut details = ErrorDetails::new();
        if error.details.is_empty() {
            if !error.tagged {
                return Self::new(error.grpc, error.message);
            }
            details.set_error_info(error.code.tag, DOMAIN, HashMap::new());
        }
        for detail in error.details {
            match detail {
                Detail::ErrorInfo { reason, metadata } => {
                    details.set_error_info(reason, DOMAIN, metadata.into_iter().collect::<HashMap<_, _>>());
                }
                Detail::ResourceInfo { resource_type, name, description } => {
                    details.set_resource_info(resource_type, name, "", description);
                }
                Detail::FieldViolation { field, description } => {
                    details.add_bad_request_violation(field, description);
                }
                Detail::Help { url, description } => {
                    details.add_help_link(description, url);
                }
            }
        }
        Self::with_error_details(error.grpc, error.message, details)
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::*;

    #[test]
    fn a_plain_error_has_a_code_and_a_message() {
        let error = ApiError::new(&codes::MALFORMED_REQUEST, "\"key\" is a required field");
        assert_eq!(
            String::from_utf8(error.to_json()).unwrap(),
            r#"{"errorCode":"ERR_MALFORMED_REQUEST","message":"\"key\" is a required field"}"#
        );
    }

    #[test]
    fn a_rich_error_carries_its_details_in_both_forms() {
        let error = ApiError::new(&codes::STATE_STORE_NOT_FOUND, "state store x is not found")
            .with_info([("appID", "myapp")]);
        assert_eq!(
            String::from_utf8(error.to_json()).unwrap(),
            concat!(
                r#"{"errorCode":"ERR_STATE_STORE_NOT_FOUND","message":"state store x is not found","details":[{"#,
                r#""@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","metadata":{"appID":"myapp"},"#,
                r#""reason":"DAPR_STATE_NOT_FOUND"}]}"#
            )
        );
        let status = tonic::Status::from(error);
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let info = status.get_details_error_info().expect("must carry an ErrorInfo");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("DAPR_STATE_NOT_FOUND", "dapr.io"));
    }
}
