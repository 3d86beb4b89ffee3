//! CloudEvents as the peer builds and reads them.
//!
//! Data that is JSON stands in the envelope as the bytes that the app sent: it is checked, never parsed and printed
//! again, so numbers, spaces and the order of keys arrive as they left.

mod build;
mod event;
mod media_type;

pub use build::{EnvelopeError, Overrides};
pub(crate) use build::{Publication, publication};
pub(crate) use event::{Event, from_message, from_raw};
pub(crate) use media_type::{is_cloud_event, is_json, is_text};

/// The version of the specification that envelopes follow.
const SPEC_VERSION: &str = "1.0";
/// The type of an event whose publisher says nothing else.
const DEFAULT_TYPE: &str = "com.dapr.event.sent";
/// The source of an event whose publisher is not known.
const DEFAULT_SOURCE: &str = "Dapr";
/// The media type of data whose publisher says nothing else.
const DEFAULT_DATA_TYPE: &str = "text/plain";
/// When an event is no longer wanted.
const EXPIRATION: &str = "expiration";

/// Reads the metadata item `rawPayload`: whether messages travel without an envelope. As the peer it must be a Go
/// boolean.
pub(crate) fn raw_payload(metadata: &std::collections::HashMap<String, String>) -> Result<bool, NotABoolean> {
    let value =
        metadata.iter().find_map(|(name, value)| name.eq_ignore_ascii_case("rawPayload").then_some(value));
    match value.map(String::as_str) {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(NotABoolean(other.to_owned())),
    }
}

/// A `rawPayload` that is neither true nor false.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rawPayload value must be a valid boolean: actual is '{0}'")]
pub struct NotABoolean(String);
