//! From what a broker delivers to an event that can be routed and given to an app.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use tender_component::pubsub::Message;

use super::build::Object;
use super::media_type::is_binary;
use super::{DEFAULT_SOURCE, DEFAULT_TYPE, EXPIRATION, SPEC_VERSION};

/// Fields of a CloudEvent that a broker carried as message metadata begin with this.
const BINARY_PREFIX: &str = "ce_";

/// An event from a broker. Its fields are kept as the JSON that they arrived as.
#[derive(Debug)]
pub(crate) struct Event {
    fields: BTreeMap<String, Box<RawValue>>,
    /// Data that came beside the envelope and not in it.
    beside: Option<Bytes>,
    /// What an HTTP app gets.
    pub(crate) wire: Bytes,
}

/// Reads a message that has an envelope: in its data, or, for a binary message, in its metadata.
pub(crate) fn from_message(message: &Message) -> Result<Event, serde_json::Error> {
    let media_type =
        message.content_type.as_deref().or_else(|| message.metadata.get("content-type").map(String::as_str));
    if media_type.is_some_and(is_binary) {
        return from_metadata(message, media_type.unwrap_or_default());
    }
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&message.data)?;
    // What the envelope does not say of the trace, the message may.
    for key in ["traceid", "tracestate"] {
        if let (false, Some(value)) = (fields.contains_key(key), message.metadata.get(key)) {
            fields.insert(key.to_owned(), text(value)?);
        }
    }
    if let (false, Some(parent)) = (fields.contains_key("traceparent"), message.metadata.get("traceparent")) {
        fields.insert("traceparent".to_owned(), text(parent)?);
        fields.insert("traceid".to_owned(), text(parent)?);
    }
    Ok(Event { fields, beside: None, wire: message.data.clone() })
}

fn from_metadata(message: &Message, media_type: &str) -> Result<Event, serde_json::Error> {
    let mut fields = BTreeMap::new();
    for (name, value) in &message.metadata {
        let name = name.to_ascii_lowercase();
        if let Some(field) = name.strip_prefix(BINARY_PREFIX) {
            fields.insert(field.to_owned(), text(value)?);
        }
    }
    fields.insert("datacontenttype".to_owned(), text(media_type)?);
    Ok(Event { fields, beside: Some(message.data.clone()), wire: message.data.clone() })
}

/// Wraps a message that has no envelope, for a subscriber that asked for raw payloads.
pub(crate) fn from_raw(message: &Message, pubsub: &str, topic: &str) -> Result<Event, serde_json::Error> {
    let mut json = Object::with_capacity(message.data.len() * 4 / 3 + 512);
    json.string("data_base64", &STANDARD.encode(&message.data));
    json.string("datacontenttype", "application/octet-stream");
    json.string("id", &uuid::Uuid::new_v4().to_string());
    json.string("pubsubname", pubsub);
    json.string("source", DEFAULT_SOURCE);
    json.string("specversion", SPEC_VERSION);
    json.string("topic", topic);
    let metadata = |key| message.metadata.get(key).map(String::as_str);
    // The newer field wins over the older.
    if let Some(id) = metadata("traceparent").or_else(|| metadata("traceid")) {
        json.string("traceid", id);
    }
    for key in ["traceparent", "tracestate"] {
        if let Some(value) = metadata(key) {
            json.string(key, value);
        }
    }
    json.string("type", DEFAULT_TYPE);
    let wire = json.finish();
    Ok(Event { fields: serde_json::from_slice(&wire)?, beside: None, wire })
}

fn text(text: &str) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::to_string(text).and_then(RawValue::from_string)
}

impl Event {
    /// A field as text: a string's content, anything else as its JSON, nothing as the empty text.
    pub(crate) fn text(&self, field: &str) -> String {
        let Some(raw) = self.fields.get(field).map(|raw| raw.get()) else { return String::new() };
        match serde_json::from_str(raw) {
            Ok(Value::String(text)) => text,
            Ok(Value::Null) => String::new(),
            _ => raw.to_owned(),
        }
    }

    /// A field's JSON.
    pub(crate) fn raw(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|raw| raw.get()).filter(|raw| *raw != "null")
    }

    /// Data that came beside the envelope.
    pub(crate) fn beside(&self) -> Option<&Bytes> {
        self.beside.as_ref()
    }

    /// Whether nobody wants it any more.
    pub(crate) fn has_expired(&self) -> bool {
        self.text(EXPIRATION).parse::<Timestamp>().is_ok_and(|expiration| expiration < Timestamp::now())
    }

    /// Every field but those that `without` names, parsed.
    pub(crate) fn values(&self, without: &[&str]) -> serde_json::Map<String, Value> {
        self.fields
            .iter()
            .filter(|(name, _)| !without.contains(&name.as_str()))
            .filter_map(|(name, raw)| Some((name.clone(), serde_json::from_str(raw.get()).ok()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(data: &str, metadata: &[(&str, &str)]) -> Message {
        Message {
            topic: "t".to_owned(),
            data: Bytes::from(data.to_owned()),
            content_type: None,
            metadata: metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn an_envelope_is_passed_on_as_it_is() {
        let event =
            from_message(&message(r#"{"id": "1", "data": {"a" : 1.0}}"#, &[("traceparent", "p")])).unwrap();
        assert_eq!(event.wire, r#"{"id": "1", "data": {"a" : 1.0}}"#);
        assert_eq!((event.text("id").as_str(), event.raw("data")), ("1", Some(r#"{"a" : 1.0}"#)));
        assert_eq!((event.text("traceid").as_str(), event.text("traceparent").as_str()), ("p", "p"));
    }

    #[test]
    fn a_binary_message_has_its_envelope_in_its_metadata() {
        let mut binary = message("bytes", &[("ce_id", "1"), ("CE_Type", "t")]);
        binary.content_type = Some("application/octet-stream".to_owned());
        let event = from_message(&binary).unwrap();
        assert_eq!((event.text("id").as_str(), event.text("type").as_str()), ("1", "t"));
        assert_eq!(event.beside().map(|data| &data[..]), Some(&b"bytes"[..]));
    }

    #[test]
    fn a_raw_message_is_wrapped_with_its_bytes_in_base64() {
        let event = from_raw(&message("\u{0}x", &[]), "pubsub", "orders").unwrap();
        let wire: Value = serde_json::from_slice(&event.wire).unwrap();
        assert_eq!((&wire["data_base64"], &wire["topic"]), (&Value::from("AHg="), &Value::from("orders")));
    }

    #[test]
    fn expired_events_are_known() {
        for (expiration, expired) in
            [(r#""2001-01-01T00:00:00Z""#, true), (r#""2999-01-01T00:00:00Z""#, false), ("7", false)]
        {
            let event = from_message(&message(&format!(r#"{{"expiration":{expiration}}}"#), &[])).unwrap();
            assert_eq!(event.has_expired(), expired, "{expiration}");
        }
    }
}
