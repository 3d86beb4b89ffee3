//! Every error code that the APIs can answer with: the peer's names, and the statuses that usually go with them.

use http::StatusCode;
use tonic::Code;

/// A code of the peer's, with the statuses that usually go with it.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// The `errorCode` of the JSON form, such as `ERR_STATE_GET`.
    pub tag: &'static str,
    /// The reason in `ErrorInfo`, such as `DAPR_STATE_NOT_FOUND`; empty for errors without details.
    pub reason: &'static str,
    /// The category in metrics, such as `state`.
    pub category: &'static str,
    /// The usual HTTP status.
    pub http: StatusCode,
    /// The usual gRPC code.
    pub grpc: Code,
}

macro_rules! codes {
    ($category:literal { $($name:ident = $tag:literal $(/ $reason:literal)?, $http:ident, $grpc:ident;)* } $($rest:tt)*) => {
        $(
            #[doc = concat!("`", $tag, "` of category `", $category, "`.")]
            pub static $name: ErrorCode = ErrorCode {
                tag: $tag,
                reason: concat!($($reason)?),
                category: $category,
                http: StatusCode::$http,
                grpc: Code::$grpc,
            };
        )*
        codes! { $($rest)* }
    };
    () => {};
}

codes! {
    "common" {
        GENERIC = "ERROR" / "ERROR", INTERNAL_SERVER_ERROR, Unknown;
        API_UNIMPLEMENTED = "ERR_API_UNIMPLEMENTED", NOT_IMPLEMENTED, Unimplemented;
        APP_CHANNEL_NIL = "ERR_APP_CHANNEL_NIL", INTERNAL_SERVER_ERROR, Internal;
        BAD_REQUEST = "ERR_BAD_REQUEST", BAD_REQUEST, InvalidArgument;
        BODY_READ = "ERR_BODY_READ", BAD_REQUEST, InvalidArgument;
        INTERNAL = "ERR_INTERNAL", INTERNAL_SERVER_ERROR, Internal;
        MALFORMED_REQUEST = "ERR_MALFORMED_REQUEST", BAD_REQUEST, InvalidArgument;
        MALFORMED_REQUEST_DATA = "ERR_MALFORMED_REQUEST_DATA", INTERNAL_SERVER_ERROR, InvalidArgument;
        MALFORMED_RESPONSE = "ERR_MALFORMED_RESPONSE", INTERNAL_SERVER_ERROR, Internal;
    }
    "state" {
        STATE_TRANSACTION = "ERR_STATE_TRANSACTION", INTERNAL_SERVER_ERROR, Internal;
        STATE_SAVE = "ERR_STATE_SAVE", INTERNAL_SERVER_ERROR, Internal;
        STATE_GET = "ERR_STATE_GET", INTERNAL_SERVER_ERROR, Internal;
        STATE_DELETE = "ERR_STATE_DELETE", INTERNAL_SERVER_ERROR, Internal;
        STATE_BULK_DELETE = "ERR_STATE_BULK_DELETE", INTERNAL_SERVER_ERROR, Internal;
        STATE_BULK_GET = "ERR_STATE_BULK_GET", INTERNAL_SERVER_ERROR, Internal;
        STATE_OPERATION_NOT_SUPPORTED = "ERR_NOT_SUPPORTED_STATE_OPERATION", BAD_REQUEST, Unimplemented;
        STATE_QUERY = "ERR_STATE_QUERY" / "DAPR_STATE_QUERY_FAILED", INTERNAL_SERVER_ERROR, Internal;
        STATE_STORE_NOT_FOUND = "ERR_STATE_STORE_NOT_FOUND" / "DAPR_STATE_NOT_FOUND", BAD_REQUEST, InvalidArgument;
        STATE_STORE_NOT_CONFIGURED =
            "ERR_STATE_STORE_NOT_CONFIGURED" / "DAPR_STATE_NOT_CONFIGURED", INTERNAL_SERVER_ERROR, FailedPrecondition;
        STATE_TRANSACTIONS_NOT_SUPPORTED =
            "ERR_STATE_STORE_NOT_SUPPORTED" / "DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED", INTERNAL_SERVER_ERROR, Unimplemented;
        STATE_QUERY_NOT_SUPPORTED =
            "ERR_STATE_STORE_NOT_SUPPORTED" / "DAPR_STATE_QUERYING_NOT_SUPPORTED", INTERNAL_SERVER_ERROR, Internal;
        STATE_TOO_MANY_TRANSACTIONS =
            "ERR_STATE_STORE_TOO_MANY_TRANSACTIONS" / "DAPR_STATE_TOO_MANY_TRANSACTIONS", BAD_REQUEST, InvalidArgument;
        STATE_ILLEGAL_KEY = "ERR_MALFORMED_REQUEST" / "DAPR_STATE_ILLEGAL_KEY", BAD_REQUEST, InvalidArgument;
    }
    "pubsub" {
        PUBSUB_EMPTY = "ERR_PUBSUB_EMPTY" / "DAPR_PUBSUB_NAME_EMPTY", NOT_FOUND, InvalidArgument;
        PUBSUB_NOT_FOUND = "ERR_PUBSUB_NOT_FOUND" / "DAPR_PUBSUB_NOT_FOUND", NOT_FOUND, InvalidArgument;
        PUBSUB_NOT_CONFIGURED =
            "ERR_PUBSUB_NOT_CONFIGURED" / "DAPR_PUBSUB_NOT_CONFIGURED", BAD_REQUEST, FailedPrecondition;
        TOPIC_NAME_EMPTY = "ERR_TOPIC_NAME_EMPTY" / "DAPR_PUBSUB_TOPIC_NAME_EMPTY", NOT_FOUND, InvalidArgument;
        PUBSUB_FORBIDDEN = "ERR_PUBSUB_FORBIDDEN" / "DAPR_PUBSUB_FORBIDDEN", FORBIDDEN, PermissionDenied;
        PUBSUB_PUBLISH_MESSAGE =
            "ERR_PUBSUB_PUBLISH_MESSAGE" / "DAPR_PUBSUB_PUBLISH_MESSAGE", INTERNAL_SERVER_ERROR, Internal;
        PUBSUB_REQUEST_METADATA =
            "ERR_PUBSUB_REQUEST_METADATA" / "DAPR_PUBSUB_METADATA_DESERIALIZATION", BAD_REQUEST, InvalidArgument;
        PUBSUB_CLOUD_EVENT_CREATION =
            "ERR_PUBSUB_CLOUD_EVENTS_SER" / "DAPR_PUBSUB_CLOUD_EVENT_CREATION", INTERNAL_SERVER_ERROR, InvalidArgument;
        PUBSUB_MARSHAL_ENVELOPE =
            "ERR_PUBSUB_EVENTS_SER" / "DAPR_PUBSUB_MARSHAL_ENVELOPE", BAD_REQUEST, InvalidArgument;
        PUBSUB_MARSHAL_EVENTS =
            "ERR_PUBSUB_EVENTS_SER" / "DAPR_PUBSUB_MARSHAL_EVENTS", BAD_REQUEST, InvalidArgument;
        PUBSUB_UNMARSHAL_EVENTS =
            "ERR_PUBSUB_EVENTS_SER" / "DAPR_PUBSUB_UNMARSHAL_EVENTS", BAD_REQUEST, InvalidArgument;
    }
    "secret" {
        SECRET_GET = "ERR_SECRET_GET", INTERNAL_SERVER_ERROR, Internal;
        SECRET_STORE_NOT_FOUND = "ERR_SECRET_STORE_NOT_FOUND", UNAUTHORIZED, InvalidArgument;
        SECRET_STORES_NOT_CONFIGURED =
            "ERR_SECRET_STORES_NOT_CONFIGURED", INTERNAL_SERVER_ERROR, FailedPrecondition;
        PERMISSION_DENIED = "ERR_PERMISSION_DENIED", FORBIDDEN, PermissionDenied;
    }
    "service-invocation" {
        DIRECT_INVOKE = "ERR_DIRECT_INVOKE", INTERNAL_SERVER_ERROR, Internal;
    }
    "binding" {
        INVOKE_OUTPUT_BINDING = "ERR_INVOKE_OUTPUT_BINDING", INTERNAL_SERVER_ERROR, Internal;
    }
    "health" {
        HEALTH_NOT_READY = "ERR_HEALTH_NOT_READY", INTERNAL_SERVER_ERROR, Internal;
        HEALTH_APP_ID_NOT_MATCH = "ERR_HEALTH_APPID_NOT_MATCH", INTERNAL_SERVER_ERROR, Internal;
        OUTBOUND_HEALTH_NOT_READY = "ERR_OUTBOUND_HEALTH_NOT_READY", INTERNAL_SERVER_ERROR, Internal;
    }
    "configuration" {
        CONFIGURATION_STORE_NOT_CONFIGURED =
            "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", INTERNAL_SERVER_ERROR, FailedPrecondition;
    }
    "lock" {
        LOCK_STORE_NOT_CONFIGURED = "ERR_LOCK_STORE_NOT_CONFIGURED", INTERNAL_SERVER_ERROR, FailedPrecondition;
    }
}
