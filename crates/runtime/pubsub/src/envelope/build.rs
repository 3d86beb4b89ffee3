//! From what an app publishes to the bytes that a broker gets.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::{Timestamp, ToSpan};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::media_type::{is_binary, is_cloud_event, is_json};
use super::{DEFAULT_DATA_TYPE, DEFAULT_SOURCE, DEFAULT_TYPE, EXPIRATION, SPEC_VERSION};
use crate::publish::TraceContext;

/// Data that calls itself a CloudEvent and is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct EnvelopeError(String);

/// What is published, before it has an envelope.
pub(crate) struct Publication<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) pubsub: &'a str,
    pub(crate) topic: &'a str,
    pub(crate) data: &'a Bytes,
    pub(crate) content_type: &'a str,
    pub(crate) metadata: &'a HashMap<String, String>,
    pub(crate) trace: &'a TraceContext,
    /// Whether the broker expires messages itself; else the envelope says when.
    pub(crate) broker_expires: bool,
}

/// What a publisher may set in the envelope, by metadata items `cloudevent.<name>` in any case.
#[derive(Debug, Default)]
pub struct Overrides<'a> {
    id: Option<&'a str>,
    source: Option<&'a str>,
    event_type: Option<&'a str>,
    subject: Option<&'a str>,
    trace_id: Option<&'a str>,
    trace_parent: Option<&'a str>,
    trace_state: Option<&'a str>,
}

impl<'a> Overrides<'a> {
    /// The overrides in a publisher's metadata. An empty value is none.
    pub fn new(metadata: &'a HashMap<String, String>) -> Self {
        let mut overrides = Self::default();
        for (name, value) in metadata.iter().filter(|(_, value)| !value.is_empty()) {
            let Some(prefix) = name.get(..11).filter(|prefix| prefix.eq_ignore_ascii_case("cloudevent."))
            else {
                continue;
            };
            let field = match name.get(prefix.len()..).unwrap_or_default().to_ascii_lowercase().as_str() {
                "id" => &mut overrides.id,
                "source" => &mut overrides.source,
                "type" => &mut overrides.event_type,
                "subject" => &mut overrides.subject,
                "traceid" => &mut overrides.trace_id,
                "traceparent" => &mut overrides.trace_parent,
                "tracestate" => &mut overrides.trace_state,
                _ => continue,
            };
            *field = Some(value);
        }
        overrides
    }
}

/// The envelope of a publication, as JSON with sorted keys.
pub(crate) fn publication(publication: &Publication<'_>) -> Result<Bytes, EnvelopeError> {
    let expiration = if publication.broker_expires { None } else { expiration(publication.metadata) };
    if is_cloud_event(publication.content_type) {
        rewrap(publication, expiration.as_deref())
    } else {
        Ok(wrap(publication, expiration.as_deref()))
    }
}

/// When the message is no longer wanted, by `ttlInSeconds`. One that is no positive number counts for nothing here;
/// a broker that expires messages itself would refuse it.
fn expiration(metadata: &HashMap<String, String>) -> Option<String> {
    let seconds: i64 = metadata.get("ttlInSeconds")?.parse().ok().filter(|seconds| *seconds > 0)?;
    Timestamp::now().checked_add(seconds.seconds()).ok().map(|time| format!("{time:.0}"))
}

fn wrap(publication: &Publication<'_>, expiration: Option<&str>) -> Bytes {
    let overrides = Overrides::new(publication.metadata);
    let content_type =
        if publication.content_type.is_empty() { DEFAULT_DATA_TYPE } else { publication.content_type };
    let data = publication.data;
    let mut json = Object::with_capacity(data.len() + 512);
    if is_json(content_type) && serde_json::from_slice::<IgnoredAny>(data).is_ok() {
        json.raw("data", data.trim_ascii());
    } else if is_binary(content_type) {
        json.string("data_base64", &STANDARD.encode(data));
    } else {
        json.string("data", &String::from_utf8_lossy(data));
    }
    json.string("datacontenttype", content_type);
    if let Some(expiration) = expiration {
        json.string(EXPIRATION, expiration);
    }
    match overrides.id {
        Some(id) => json.string("id", id),
        None => json.string("id", &uuid::Uuid::new_v4().to_string()),
    }
    json.string("pubsubname", publication.pubsub);
    let source = if publication.app_id.is_empty() { DEFAULT_SOURCE } else { publication.app_id };
    json.string("source", overrides.source.unwrap_or(source));
    json.string("specversion", SPEC_VERSION);
    if let Some(subject) = overrides.subject {
        json.string("subject", subject);
    }
    json.string("time", &now());
    json.string("topic", publication.topic);
    // The peer gives both the same value.
    let trace = overrides.trace_parent.or(overrides.trace_id).unwrap_or(&publication.trace.parent);
    json.string("traceid", trace);
    json.string("traceparent", trace);
    json.string("tracestate", overrides.trace_state.unwrap_or(&publication.trace.state));
    json.string("type", overrides.event_type.unwrap_or(DEFAULT_TYPE));
    json.finish()
}

fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

/// A CloudEvent of the publisher's own: what it says stays, the topic is ours, and what is missing is filled in.
fn rewrap(publication: &Publication<'_>, expiration: Option<&str>) -> Result<Bytes, EnvelopeError> {
    let malformed = |error: serde_json::Error| EnvelopeError(error.to_string());
    let mut event: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(publication.data).map_err(malformed)?;
    let text = |text: &str| serde_json::to_string(text).and_then(RawValue::from_string).map_err(malformed);
    if !event.contains_key("traceid") {
        event.insert("traceid".to_owned(), text(&publication.trace.parent)?);
        event.insert("traceparent".to_owned(), text(&publication.trace.parent)?);
    }
    if !event.contains_key("tracestate") {
        event.insert("tracestate".to_owned(), text(&publication.trace.state)?);
    }
    if !event.contains_key("time") {
        event.insert("time".to_owned(), text(&now())?);
    }
    for (key, default) in [("source", DEFAULT_SOURCE), ("type", DEFAULT_TYPE), ("specversion", SPEC_VERSION)]
    {
        if event.get(key).is_none_or(|value| value.get() == "null") {
            event.insert(key.to_owned(), text(default)?);
        }
    }
    event.insert("topic".to_owned(), text(publication.topic)?);
    event.insert("pubsubname".to_owned(), text(publication.pubsub)?);
    if let Some(expiration) = expiration {
        event.insert(EXPIRATION.to_owned(), text(expiration)?);
    }
    serde_json::to_vec(&event).map(Bytes::from).map_err(malformed)
}

/// A JSON object that is written as it is known.
pub(super) struct Object {
    json: Vec<u8>,
}

impl Object {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let mut json = Vec::with_capacity(capacity);
        json.push(b'{');
        Self { json }
    }

    fn key(&mut self, key: &str) {
        if self.json.len() > 1 {
            self.json.push(b',');
        }
        self.text(key);
        self.json.push(b':');
    }

    fn text(&mut self, text: &str) {
        // Writing a string to memory cannot fail.
        let _ = serde_json::to_writer(&mut self.json, text);
    }

    pub(super) fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        self.text(value);
    }

    /// `value` must be JSON.
    fn raw(&mut self, key: &str, value: &[u8]) {
        self.key(key);
        self.json.extend_from_slice(value);
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.json.push(b'}');
        Bytes::from(self.json)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn envelope(content_type: &str, data: &[u8], metadata: &[(&str, &str)]) -> Value {
        let metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let bytes = publication(&Publication {
            app_id: "app",
            pubsub: "pubsub",
            topic: "orders",
            data: &Bytes::copy_from_slice(data),
            content_type,
            metadata: &metadata,
            trace: &TraceContext::default(),
            broker_expires: false,
        })
        .unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn an_envelope_has_the_peers_fields() {
        let mut event = envelope("application/json", br#" {"a": 1.0} "#, &[]);
        let fields = event.as_object_mut().unwrap();
        assert!(fields.remove("id").is_some() && fields.remove("time").is_some());
        assert_eq!(
            event,
            json!({
                "data": {"a": 1.0}, "datacontenttype": "application/json", "pubsubname": "pubsub", "source": "app",
                "specversion": "1.0", "topic": "orders", "traceid": "", "traceparent": "", "tracestate": "",
                "type": "com.dapr.event.sent",
            })
        );
    }

    #[test]
    fn data_takes_the_form_that_its_type_asks_for() {
        for (content_type, data, field, expected) in [
            ("", &b"text"[..], "data", "text"),
            ("text/plain", b"{}", "data", "{}"),
            ("application/json", b"not json", "data", "not json"),
            ("application/octet-stream", b"\x00\xff", "data_base64", "AP8="),
            ("application/xml", b"<a/>", "data", "<a/>"),
        ] {
            assert_eq!(envelope(content_type, data, &[])[field], expected, "{content_type}");
        }
    }

    #[test]
    fn metadata_overrides_fields_in_any_case() {
        let event = envelope(
            "text/plain",
            b"x",
            &[
                ("cloudevent.id", "1"),
                ("CloudEvent.Source", "me"),
                ("cloudevent.type", "t"),
                ("cloudevent.subject", "s"),
                ("cloudevent.traceparent", "p"),
                ("cloudevent.traceid", "i"),
                ("cloudevent.unknown", "u"),
            ],
        );
        assert_eq!(
            ["id", "source", "type", "subject", "traceid", "traceparent"].map(|field| event[field].clone()),
            ["1", "me", "t", "s", "p", "p"]
        );
        assert!(event.get("unknown").is_none());
    }

    #[test]
    fn a_time_to_live_becomes_an_expiration() {
        assert!(envelope("", b"x", &[("ttlInSeconds", "60")])["expiration"].is_string());
        assert!(envelope("", b"x", &[("ttlInSeconds", "-1")]).get("expiration").is_none());
    }

    #[test]
    fn a_cloudevent_keeps_its_fields_and_gets_our_topic() {
        let event = envelope(
            "application/cloudevents+json",
            br#"{"id":"7","source":"me","data":[1.50],"topic":"old","traceid":"t","own":1}"#,
            &[("cloudevent.id", "ignored")],
        );
        assert_eq!(
            (&event["id"], &event["topic"], &event["own"]),
            (&json!("7"), &json!("orders"), &json!(1))
        );
        assert_eq!((&event["traceid"], &event["type"]), (&json!("t"), &json!("com.dapr.event.sent")));
        assert!(event.get("traceparent").is_none());
    }

    #[test]
    fn what_is_no_cloudevent_is_refused() {
        let failed = publication(&Publication {
            app_id: "app",
            pubsub: "pubsub",
            topic: "orders",
            data: &Bytes::from_static(b"[]"),
            content_type: "application/cloudevents+json",
            metadata: &HashMap::new(),
            trace: &TraceContext::default(),
            broker_expires: false,
        });
        assert!(failed.is_err());
    }

    proptest! {
        #[test]
        fn json_data_passes_byte_for_byte(text in r#"(\[ *-?[1-9][0-9]{0,25}(\.[0-9]{1,9}0)? *\]|"[a-z<>&é]{0,9}"|\{"b": 1, "a" :null\})"#) {
            let metadata = HashMap::new();
            let bytes = publication(&Publication {
                app_id: "app", pubsub: "pubsub", topic: "t", data: &Bytes::from(text.clone()),
                content_type: "application/json", metadata: &metadata, trace: &TraceContext::default(),
                broker_expires: true,
            }).unwrap();
            let prefix = format!(r#"{{"data":{text},"datacontenttype""#);
            prop_assert!(bytes.starts_with(prefix.as_bytes()));
        }
    }
}
