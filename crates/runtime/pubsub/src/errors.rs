//! The pub/sub errors of the peer.

use std::fmt::Display;

use tender_core::ApiError;
use tender_core::error::{Detail, ErrorCode, codes};

fn with_resource(error: ApiError, pubsub: &str) -> ApiError {
    let description = error.message().to_owned();
    error.with_detail(Detail::ResourceInfo { resource_type: "pubsub", name: pubsub.to_owned(), description })
}

fn about_topic(
    code: &'static ErrorCode,
    pubsub: &str,
    topic: &str,
    message: String,
    cause: &dyn Display,
) -> ApiError {
    with_resource(ApiError::new(code, message), pubsub)
        .with_info([("topic", topic.to_owned()), ("error", cause.to_string())])
}

fn about_app(code: &'static ErrorCode, pubsub: &str, app_id: &str, message: String, cause: &str) -> ApiError {
    with_resource(ApiError::new(code, message), pubsub)
        .with_info([("appID", app_id), ("error", cause)].into_iter().filter(|(_, value)| !value.is_empty()))
}

fn app(app_id: &str) -> [(String, String); 1] {
    [("appID".to_owned(), app_id.to_owned())]
}

pub(crate) fn name_empty(app_id: &str) -> ApiError {
    with_resource(ApiError::new(&codes::PUBSUB_EMPTY, "pubsub name is empty"), "").with_info(app(app_id))
}

pub(crate) fn not_configured(pubsub: &str, app_id: &str) -> ApiError {
    ApiError::new(&codes::PUBSUB_NOT_CONFIGURED, format!("pubsub {pubsub} is not configured"))
        .with_info(app(app_id))
}

pub(crate) fn not_found(pubsub: &str, app_id: &str) -> ApiError {
    ApiError::new(&codes::PUBSUB_NOT_FOUND, format!("pubsub {pubsub} is not found")).with_info(app(app_id))
}

pub(crate) fn topic_empty(pubsub: &str, app_id: &str) -> ApiError {
    let message = format!("topic is empty in pubsub {pubsub}");
    with_resource(ApiError::new(&codes::TOPIC_NAME_EMPTY, message), pubsub).with_info(app(app_id))
}

pub(crate) fn metadata(
    pubsub: &str,
    metadata: impl IntoIterator<Item = (String, String)>,
    cause: &dyn Display,
) -> ApiError {
    let message = format!("failed deserializing metadata. Error: {cause}");
    with_resource(ApiError::new(&codes::PUBSUB_REQUEST_METADATA, message), pubsub).with_info(metadata)
}

pub(crate) fn forbidden(pubsub: &str, topic: &str, app_id: &str) -> ApiError {
    let message = format!("topic {topic} is not allowed for app id {app_id}");
    about_topic(&codes::PUBSUB_FORBIDDEN, pubsub, topic, message.clone(), &message)
}

pub(crate) fn publish(pubsub: &str, topic: &str, cause: &dyn Display) -> ApiError {
    let message = format!("error when publishing to topic {topic} in pubsub {pubsub}: {cause}");
    about_topic(&codes::PUBSUB_PUBLISH_MESSAGE, pubsub, topic, message, cause)
}

pub(crate) fn cloud_event(pubsub: &str, app_id: &str, cause: &dyn Display) -> ApiError {
    let message = "cannot create cloudevent".to_owned();
    about_app(&codes::PUBSUB_CLOUD_EVENT_CREATION, pubsub, app_id, message, &cause.to_string())
}

/// Two entries of a bulk with one ID, or one without.
pub(crate) fn entry_ids(pubsub: &str, topic: &str, app_id: &str) -> ApiError {
    let cause = "entryId is duplicated or not present for entry";
    let message =
        format!("error marshaling events to bytes for topic {topic} pubsub {pubsub}. error: {cause}");
    about_app(&codes::PUBSUB_MARSHAL_EVENTS, pubsub, app_id, message, cause)
}

/// A bulk that cannot be read at all.
pub(crate) fn unmarshal(pubsub: &str, topic: &str, app_id: &str, cause: &dyn Display) -> ApiError {
    let message = format!("error when unmarshaling the request for topic {topic} pubsub {pubsub}: {cause}");
    about_app(&codes::PUBSUB_UNMARSHAL_EVENTS, pubsub, app_id, message, "")
}
