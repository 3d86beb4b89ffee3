//! Writing messages.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use tender_channel::h2::Payload;

use crate::request::{InvokeRequest, Origin};
use crate::response::{InvokeResponse, Outcome};
use crate::trace::METADATA_BASE64;
use base64::Engine;

/// The most of a body that goes into one message. With all that is around it, a message fits into one of our frames.
pub(crate) const MAX_CHUNK: usize = (64 << 10) - 64;

/// Room before a head for the frame's header and the tag around the head.
const HEADROOM: usize = 16;

/// Tags of fields, as `number << 3 | type`.
mod tag {
    pub(super) const HEAD: u8 = 0x0a;
    pub(super) const PAYLOAD: u8 = 0x12;
    pub(super) const PAYLOAD_DATA: u8 = 0x0a;
    pub(super) const PAYLOAD_SEQ: u8 = 0x10;
    pub(super) const REQUEST_VERSION: u8 = 0x08;
    pub(super) const REQUEST_METADATA: u8 = 0x12;
    pub(super) const REQUEST_MESSAGE: u8 = 0x1a;
    pub(super) const RESPONSE_STATUS: u8 = 0x0a;
    pub(super) const RESPONSE_HEADERS: u8 = 0x12;
    pub(super) const RESPONSE_TRAILERS: u8 = 0x1a;
    pub(super) const RESPONSE_MESSAGE: u8 = 0x22;
    pub(super) const FIRST: u8 = 0x0a;
    pub(super) const SECOND: u8 = 0x12;
    pub(super) const THIRD: u8 = 0x1a;
    pub(super) const FOURTH: u8 = 0x22;
    pub(super) const FIRST_NUMBER: u8 = 0x08;
}

/// The first message of a stream but for its payload: everything there is to say about a request or a response.
pub(crate) struct Head(BytesMut);

impl Head {
    /// The `InternalInvokeRequest` or `InternalInvokeResponse` alone.
    pub(crate) fn inner(&self) -> &[u8] {
        self.0.get(HEADROOM..).unwrap_or_default()
    }

    /// The framed message, with the first part of the body, or all of it.
    pub(crate) fn into_message(mut self, payload: &[u8]) -> Bytes {
        let inner = self.0.len() - HEADROOM;
        if !payload.is_empty() {
            put_length(&mut self.0, tag::PAYLOAD, field_length(payload.len()));
            put_field(&mut self.0, tag::PAYLOAD_DATA, payload);
        }
        let mut around = [0u8; HEADROOM];
        let used = {
            let mut rest = around.as_mut_slice();
            let total = 1 + varint_length(inner as u64) + self.0.len() - HEADROOM;
            rest.put_u8(0);
            rest.put_u32(total as u32);
            put_length(&mut rest, tag::HEAD, inner);
            HEADROOM - rest.len()
        };
        let start = HEADROOM - used;
        if let (Some(room), Some(around)) = (self.0.get_mut(start..HEADROOM), around.get(..used)) {
            room.copy_from_slice(around);
        }
        self.0.freeze().slice(start..)
    }
}

/// A further message of a stream: a part of a body, not copied.
pub(crate) struct Chunk;

impl Chunk {
    /// The framed message. The part must not be longer than [`MAX_CHUNK`].
    pub(crate) fn message(data: Bytes, seq: u64) -> Payload {
        let seq_length = if seq == 0 { 0 } else { 1 + varint_length(seq) };
        let inner = seq_length + field_length(data.len());
        let mut prefix = [0u8; 32];
        let used = {
            let mut rest = prefix.as_mut_slice();
            rest.put_u8(0);
            rest.put_u32((field_length(inner)) as u32);
            put_length(&mut rest, tag::PAYLOAD, inner);
            if seq != 0 {
                rest.put_u8(tag::PAYLOAD_SEQ);
                put_varint(&mut rest, seq);
            }
            put_length(&mut rest, tag::PAYLOAD_DATA, data.len());
            32 - rest.len()
        };
        // At most 5 + 1 + 3 + 1 + 10 + 1 + 3 bytes, so there is room.
        Payload::prefixed(prefix.get(..used).unwrap_or_default(), data.clone()).unwrap_or_else(|| data.into())
    }
}

/// One entry of a request's metadata, for what is the same in every request.
pub(crate) fn entry(name: &str, value: &str) -> Bytes {
    let mut out = Vec::new();
    put_entry(&mut out, tag::REQUEST_METADATA, name.as_bytes(), &[value.as_bytes()]);
    out.into()
}

/// One entry of a request's metadata, its name spelled as in HTTP.
pub(crate) fn put_metadata(out: &mut Vec<u8>, name: &HeaderName, values: &[&[u8]]) {
    let mut spelled = Vec::with_capacity(32);
    canonical(name.as_str(), &mut spelled);
    let values: Vec<_> = values.iter().map(|value| text(value)).collect();
    put_values(out, tag::REQUEST_METADATA, &spelled, || values.iter().map(|value| value.as_bytes()));
}

/// Everything about a request. `stamps` are entries that the sidecar adds, and `is_ours` says which names of headers
/// they replace.
pub(crate) fn request_head(
    request: &InvokeRequest,
    stamps: &[&[u8]],
    is_ours: impl Fn(&HeaderName) -> bool,
) -> Head {
    let estimate = request.headers.len() * 48 + request.method.len() + 256;
    let mut out = BytesMut::with_capacity(estimate + stamps.iter().map(|stamp| stamp.len()).sum::<usize>());
    out.put_bytes(0, HEADROOM);
    out.put_slice(&[tag::REQUEST_VERSION, 1]);
    for stamp in stamps {
        out.put_slice(stamp);
    }
    put_headers(&mut out, tag::REQUEST_METADATA, &request.headers, request.origin, is_ours);

    let extension = request.extension.as_ref();
    let content_type = request.content_type.as_ref().map_or(&[][..], |value| value.as_bytes());
    let content_type = text(content_type);
    let any = if request.type_url.is_empty() { 0 } else { field_length(request.type_url.len()) };
    let verb = extension.map_or(0, |extension| number_length(extension.verb));
    let query = extension.map_or("", |extension| &extension.querystring);
    let extension_length = verb + optional_length(query.len());
    let length = optional_length(request.method.len())
        + if any == 0 { 0 } else { field_length(any) }
        + optional_length(content_type.len())
        + if extension.is_some() { field_length(extension_length) } else { 0 };
    put_length(&mut out, tag::REQUEST_MESSAGE, length);
    put_optional(&mut out, tag::FIRST, request.method.as_bytes());
    if any > 0 {
        put_length(&mut out, tag::SECOND, any);
        put_field(&mut out, tag::FIRST, request.type_url.as_bytes());
    }
    put_optional(&mut out, tag::THIRD, content_type.as_bytes());
    if let Some(extension) = extension {
        put_length(&mut out, tag::FOURTH, extension_length);
        put_number(&mut out, extension.verb);
        put_optional(&mut out, tag::SECOND, query.as_bytes());
    }
    Head(out)
}

/// Everything about a response.
pub(crate) fn response_head(response: &InvokeResponse) -> Head {
    let mut out = BytesMut::with_capacity(HEADROOM + response.headers.len() * 48 + 128);
    out.put_bytes(0, HEADROOM);
    match &response.outcome {
        Outcome::Http(status) => {
            let code = i32::from(status.as_u16());
            put_length(&mut out, tag::RESPONSE_STATUS, number_length(code));
            put_number(&mut out, code);
        }
        Outcome::Grpc(status) => {
            let details =
                status.details.iter().map(|detail| field_length(prost::Message::encoded_len(detail)));
            let length =
                number_length(status.code) + optional_length(status.message.len()) + details.sum::<usize>();
            put_length(&mut out, tag::RESPONSE_STATUS, length);
            put_number(&mut out, status.code);
            put_optional(&mut out, tag::SECOND, status.message.as_bytes());
            for detail in &status.details {
                put_length(&mut out, tag::THIRD, prost::Message::encoded_len(detail));
                // Fails only for lack of room, and this buffer grows.
                let _ = prost::Message::encode(detail, &mut out);
            }
        }
    }
    put_headers(&mut out, tag::RESPONSE_HEADERS, &response.headers, response.origin(), |_| false);
    put_headers(&mut out, tag::RESPONSE_TRAILERS, &response.trailers, Origin::Grpc, |_| false);

    let content_type = response.content_type.as_ref().map_or(&[][..], |value| value.as_bytes());
    let content_type = text(content_type);
    let any = if response.type_url.is_empty() { 0 } else { field_length(response.type_url.len()) };
    let length = if any == 0 { 0 } else { field_length(any) } + optional_length(content_type.len());
    put_length(&mut out, tag::RESPONSE_MESSAGE, length);
    if any > 0 {
        put_length(&mut out, tag::FIRST, any);
        put_field(&mut out, tag::FIRST, response.type_url.as_bytes());
    }
    put_optional(&mut out, tag::SECOND, content_type.as_bytes());
    Head(out)
}

/// The headers as a map of lists. Names that began in HTTP are spelled as Go spells them, since the other side tells
/// by that where they began.
fn put_headers(
    out: &mut BytesMut,
    field: u8,
    headers: &HeaderMap,
    origin: Origin,
    leave_out: impl Fn(&HeaderName) -> bool,
) {
    let mut spelled = Vec::with_capacity(32);
    for name in headers.keys() {
        if leave_out(name) {
            continue;
        }
        let values = || headers.get_all(name).iter().map(http::HeaderValue::as_bytes);
        spelled.clear();
        if origin == Origin::Http {
            canonical(name.as_str(), &mut spelled);
        } else {
            spelled.extend_from_slice(name.as_str().as_bytes());
        }
        let is_binary = origin == Origin::Grpc && name.as_str().ends_with("-bin");
        if !is_binary && values().all(<[u8]>::is_ascii) {
            put_values(out, field, &spelled, values);
        } else {
            let values: Vec<Vec<u8>> = values().filter_map(|value| foreign(value, is_binary)).collect();
            put_values(out, field, &spelled, || values.iter().map(Vec::as_slice));
        }
    }
}

/// Values that cannot stay as they are: strings of messages are UTF-8, binary metadata is base64 with padding.
fn foreign(value: &[u8], is_binary: bool) -> Option<Vec<u8>> {
    if is_binary {
        let decoded = METADATA_BASE64.decode(value).ok()?;
        Some(METADATA_BASE64.encode(decoded).into_bytes())
    } else {
        Some(text(value).into_owned().into_bytes())
    }
}

fn text(value: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(value)
}

/// `x-forwarded-for` as `X-Forwarded-For`.
fn canonical(name: &str, out: &mut Vec<u8>) {
    let mut starts_word = true;
    for byte in name.bytes() {
        out.push(if starts_word { byte.to_ascii_uppercase() } else { byte });
        starts_word = byte == b'-';
    }
}

fn put_entry(out: &mut impl BufMut, field: u8, name: &[u8], values: &[&[u8]]) {
    put_values(out, field, name, || values.iter().copied());
}

fn put_values<'a, I: Iterator<Item = &'a [u8]>>(
    out: &mut impl BufMut,
    field: u8,
    name: &[u8],
    values: impl Fn() -> I,
) {
    let list: usize = values().map(|value| field_length(value.len())).sum();
    put_length(out, field, field_length(name.len()) + field_length(list));
    put_field(out, tag::FIRST, name);
    put_length(out, tag::SECOND, list);
    for value in values() {
        put_field(out, tag::FIRST, value);
    }
}

fn put_length(out: &mut impl BufMut, tag: u8, length: usize) {
    out.put_u8(tag);
    put_varint(out, length as u64);
}

fn put_field(out: &mut impl BufMut, tag: u8, value: &[u8]) {
    put_length(out, tag, value.len());
    out.put_slice(value);
}

fn put_optional(out: &mut impl BufMut, tag: u8, value: &[u8]) {
    if !value.is_empty() {
        put_field(out, tag, value);
    }
}

fn put_number(out: &mut impl BufMut, value: i32) {
    if value != 0 {
        out.put_u8(tag::FIRST_NUMBER);
        // Negative numbers are written as 64 bits wide.
        put_varint(out, i64::from(value) as u64);
    }
}

fn put_varint(out: &mut impl BufMut, mut value: u64) {
    while value >= 0x80 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

fn varint_length(value: u64) -> usize {
    // Seven bits a byte; zero takes one.
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

fn field_length(length: usize) -> usize {
    1 + varint_length(length as u64) + length
}

fn optional_length(length: usize) -> usize {
    if length == 0 { 0 } else { field_length(length) }
}

fn number_length(value: i32) -> usize {
    if value == 0 { 0 } else { 1 + varint_length(i64::from(value) as u64) }
}
