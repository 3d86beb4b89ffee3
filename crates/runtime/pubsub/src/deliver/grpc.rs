//! To a gRPC app: `OnTopicEvent`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use prost_types::value::Kind;
use serde_json::Value;
use tender_channel::GrpcApp;
use tender_proto::runtime::v1 as wire;
use tender_proto::runtime::v1::app_callback_client::AppCallbackClient;
use tender_proto::runtime::v1::topic_event_response::TopicEventResponseStatus as Status;
use tonic::Code;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};

use super::{Delivery, SCOPE, Verdict};
use crate::envelope::{Event, is_cloud_event, is_json, is_text};

/// Fields that have places of their own in the request, and so are no extensions.
const OWN_FIELDS: [&str; 7] =
    ["id", "source", "datacontenttype", "type", "specversion", "data", "data_base64"];

/// The request that carries an event.
pub(crate) fn request(delivery: &Delivery<'_>) -> Result<wire::TopicEventRequest, String> {
    let event = delivery.event;
    let media_type = event.text("datacontenttype");
    Ok(wire::TopicEventRequest {
        id: event.text("id"),
        source: event.text("source"),
        r#type: event.text("type"),
        spec_version: event.text("specversion"),
        data: data(event, &media_type)?,
        data_content_type: media_type,
        topic: delivery.topic.to_owned(),
        pubsub_name: delivery.pubsub.to_owned(),
        path: delivery.path.to_owned(),
        extensions: Some(structure(event.values(&OWN_FIELDS))),
    })
}

/// The data as bytes: decoded from base64, a string's content for text, JSON for JSON.
fn data(event: &Event, media_type: &str) -> Result<Bytes, String> {
    if let Some(beside) = event.beside() {
        return Ok(beside.clone());
    }
    if event.raw("data_base64").is_some() {
        return STANDARD
            .decode(event.text("data_base64"))
            .map(Bytes::from)
            .map_err(|error| format!("unable to base64 decode cloudEvent field data_base64: {error}"));
    }
    let Some(raw) = event.raw("data") else { return Ok(Bytes::new()) };
    if is_text(media_type) {
        return match serde_json::from_str(raw) {
            Ok(Value::String(text)) => Ok(Bytes::from(text)),
            _ => Err("unexpected data type encountered in envelope".to_owned()),
        };
    }
    Ok(if is_json(media_type) || is_cloud_event(media_type) {
        Bytes::copy_from_slice(raw.as_bytes())
    } else {
        Bytes::new()
    })
}

fn structure(fields: serde_json::Map<String, Value>) -> prost_types::Struct {
    prost_types::Struct { fields: fields.into_iter().map(|(name, field)| (name, value(field))).collect() }
}

fn value(json: Value) -> prost_types::Value {
    let kind = match json {
        Value::Null => Kind::NullValue(0),
        Value::Bool(truth) => Kind::BoolValue(truth),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text),
        Value::Array(values) => {
            Kind::ListValue(prost_types::ListValue { values: values.into_iter().map(value).collect() })
        }
        Value::Object(fields) => Kind::StructValue(structure(fields)),
    };
    prost_types::Value { kind: Some(kind) }
}

pub(super) async fn deliver(app: &GrpcApp, delivery: &Delivery<'_>) -> Verdict {
    let id = delivery.event.text("id");
    let envelope = match request(delivery) {
        Ok(envelope) => envelope,
        Err(reason) => {
            return Verdict::Retry(format!(
                "error returned from app while processing pub/sub event: {reason}"
            ));
        }
    };
    let mut request = tonic::Request::new(envelope);
    for (name, value) in delivery.metadata {
        if let (Ok(name), Ok(value)) = (
            AsciiMetadataKey::from_bytes(format!("metadata.{}", name.to_lowercase()).as_bytes()),
            AsciiMetadataValue::try_from(value),
        ) {
            request.metadata_mut().insert(name, value);
        }
    }
    let limit = app.max_body();
    let mut client = AppCallbackClient::new(app.service())
        .max_decoding_message_size(limit)
        .max_encoding_message_size(limit);
    match client.on_topic_event(request).await {
        Ok(answer) => answered(&id, answer.get_ref().status),
        Err(status) if status.code() == Code::Unimplemented => {
            tracing::warn!(
                target: SCOPE, "non-retriable error returned from app while processing pub/sub event {id}: {status}"
            );
            Verdict::Discard
        }
        Err(status) => {
            let reason = format!("error returned from app while processing pub/sub event {id}: {status}");
            tracing::warn!(target: SCOPE, "{reason}");
            Verdict::Retry(reason)
        }
    }
}

/// What the number in an answer means; one that nobody knows asks for redelivery.
pub(crate) fn answered(id: &str, status: i32) -> Verdict {
    match Status::try_from(status) {
        Ok(Status::Success) => Verdict::Success,
        Ok(Status::Drop) => {
            tracing::warn!(target: SCOPE, "DROP status returned from app while processing pub/sub event {id}");
            Verdict::Drop
        }
        Ok(Status::Retry) => {
            Verdict::Retry(format!("RETRY status returned from app while processing pub/sub event {id}"))
        }
        Err(_) => Verdict::Retry(format!(
            "unknown status returned from app while processing pub/sub event {id}, status: {status}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tender_component::pubsub::Message;

    use super::*;
    use crate::envelope::from_message;

    fn data_of(envelope: &str) -> Result<Bytes, String> {
        let event =
            from_message(&Message { data: Bytes::from(envelope.to_owned()), ..Default::default() }).unwrap();
        let metadata = HashMap::new();
        request(&Delivery { event: &event, pubsub: "p", topic: "t", path: "/x", metadata: &metadata })
            .map(|request| request.data)
    }

    #[test]
    fn data_arrives_as_the_bytes_that_were_sent() {
        for (envelope, data) in [
            (r#"{"data": {"a" : 1.0}, "datacontenttype": "application/json"}"#, &br#"{"a" : 1.0}"#[..]),
            (r#"{"data": "a\"b", "datacontenttype": "text/plain"}"#, br#"a"b"#),
            (r#"{"data_base64": "AP8=", "datacontenttype": "application/octet-stream"}"#, b"\x00\xff"),
            (r#"{"datacontenttype": "text/plain"}"#, b""),
        ] {
            assert_eq!(data_of(envelope).unwrap(), data, "{envelope}");
        }
        assert!(data_of(r#"{"data": 1, "datacontenttype": "text/plain"}"#).is_err());
    }

    #[test]
    fn fields_without_a_place_are_extensions() {
        let event = from_message(&Message {
            data: Bytes::from_static(br#"{"id": "1", "topic": "t", "own": [1, null], "data": "x"}"#),
            ..Default::default()
        })
        .unwrap();
        let metadata = HashMap::new();
        let request =
            request(&Delivery { event: &event, pubsub: "p", topic: "t", path: "", metadata: &metadata })
                .unwrap();
        let mut names: Vec<_> = request.extensions.unwrap().fields.into_keys().collect();
        names.sort();
        assert_eq!(names, ["own", "topic"]);
    }
}
