//! Reading messages.

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message as _;
use tender_proto::Any;
use tender_proto::common::v1::HttpExtension;

use crate::request::Origin;
use crate::status::RpcStatus;

/// A message that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("grpc: error unmarshalling request: {0}")]
pub(crate) struct DecodeError(&'static str);

const TRUNCATED: DecodeError = DecodeError("unexpected EOF");
const INVALID: DecodeError = DecodeError("cannot parse invalid wire-format data");

/// One message of a stream.
#[derive(Debug)]
pub(crate) struct StreamMessage<T> {
    /// In the first message: everything about the request or response.
    pub(crate) head: Option<T>,
    /// A part of the body, and its number.
    pub(crate) payload: Option<(Bytes, u64)>,
}

/// `InternalInvokeRequest`.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) has_metadata: bool,
    pub(crate) has_message: bool,
    pub(crate) origin: Origin,
    pub(crate) headers: HeaderMap,
    pub(crate) method: String,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) type_url: String,
    pub(crate) extension: Option<HttpExtension>,
    pub(crate) data: Bytes,
}

/// `InternalInvokeResponse`.
#[derive(Debug, Default)]
pub(crate) struct ResponseHead {
    pub(crate) status: Option<RpcStatus>,
    pub(crate) has_headers: bool,
    pub(crate) has_message: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: HeaderMap,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) type_url: String,
    pub(crate) data: Bytes,
}

/// Reads an `InternalInvokeRequestStream`.
pub(crate) fn decode_request(message: Bytes) -> Result<StreamMessage<RequestHead>, DecodeError> {
    decode_stream(message, decode_request_head)
}

/// Reads an `InternalInvokeResponseStream`.
pub(crate) fn decode_response(message: Bytes) -> Result<StreamMessage<ResponseHead>, DecodeError> {
    decode_stream(message, decode_response_head)
}

/// Reads an `InternalInvokeRequest`.
pub(crate) fn decode_unary(message: Bytes) -> Result<RequestHead, DecodeError> {
    decode_request_head(message)
}

fn decode_stream<T>(
    message: Bytes,
    head: impl Fn(Bytes) -> Result<T, DecodeError>,
) -> Result<StreamMessage<T>, DecodeError> {
    let mut decoded = StreamMessage { head: None, payload: None };
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => decoded.head = Some(head(bytes)?),
            (2, Value::Bytes(bytes)) => decoded.payload = Some(decode_payload(bytes)?),
            _ => {}
        }
    }
    Ok(decoded)
}

fn decode_payload(message: Bytes) -> Result<(Bytes, u64), DecodeError> {
    let (mut data, mut seq) = (Bytes::new(), 0);
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => data = bytes,
            (2, Value::Number(number)) => seq = number,
            _ => {}
        }
    }
    Ok((data, seq))
}

fn decode_request_head(message: Bytes) -> Result<RequestHead, DecodeError> {
    let mut head = RequestHead {
        has_metadata: false,
        has_message: false,
        origin: Origin::Http,
        headers: HeaderMap::with_capacity(24),
        method: String::new(),
        content_type: None,
        type_url: String::new(),
        extension: None,
        data: Bytes::new(),
    };
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (2, Value::Bytes(bytes)) => {
                head.has_metadata = true;
                if decode_entry(bytes, &mut head.headers)? {
                    head.origin = Origin::Grpc;
                }
            }
            (3, Value::Bytes(bytes)) => {
                head.has_message = true;
                let mut fields = Fields(bytes);
                while let Some((number, value)) = fields.next()? {
                    match (number, value) {
                        (1, Value::Bytes(bytes)) => head.method = string(bytes)?,
                        (2, Value::Bytes(bytes)) => {
                            (head.type_url, head.data) = decode_any(bytes, head.type_url, head.data)?;
                        }
                        (3, Value::Bytes(bytes)) => head.content_type = header_value(bytes),
                        (4, Value::Bytes(bytes)) => {
                            head.extension = Some(HttpExtension::decode(bytes).map_err(|_| INVALID)?);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(head)
}

fn decode_response_head(message: Bytes) -> Result<ResponseHead, DecodeError> {
    let mut head = ResponseHead::default();
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => head.status = Some(decode_status(bytes)?),
            (2, Value::Bytes(bytes)) => {
                head.has_headers = true;
                decode_entry(bytes, &mut head.headers)?;
            }
            (3, Value::Bytes(bytes)) => {
                decode_entry(bytes, &mut head.trailers)?;
            }
            (4, Value::Bytes(bytes)) => {
                head.has_message = true;
                let mut fields = Fields(bytes);
                while let Some((number, value)) = fields.next()? {
                    match (number, value) {
                        (1, Value::Bytes(bytes)) => {
                            (head.type_url, head.data) = decode_any(bytes, head.type_url, head.data)?;
                        }
                        (2, Value::Bytes(bytes)) => head.content_type = header_value(bytes),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(head)
}

fn decode_status(message: Bytes) -> Result<RpcStatus, DecodeError> {
    let mut status = RpcStatus::default();
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Number(code)) => status.code = code as i32,
            (2, Value::Bytes(bytes)) => status.message = string(bytes)?,
            (3, Value::Bytes(bytes)) => status.details.push(Any::decode(bytes).map_err(|_| INVALID)?),
            _ => {}
        }
    }
    Ok(status)
}

/// A later part of a message that is split in two adds to the earlier.
fn decode_any(message: Bytes, mut type_url: String, mut data: Bytes) -> Result<(String, Bytes), DecodeError> {
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => type_url = string(bytes)?,
            (2, Value::Bytes(bytes)) => data = bytes,
            _ => {}
        }
    }
    Ok((type_url, data))
}

/// Reads one entry of a map of lists. Says whether it is the sign of metadata that began in gRPC: a content type of
/// gRPC, in small letters.
fn decode_entry(message: Bytes, headers: &mut HeaderMap) -> Result<bool, DecodeError> {
    let (mut key, mut list) = (Bytes::new(), Bytes::new());
    let mut fields = Fields(message);
    while let Some((number, value)) = fields.next()? {
        match (number, value) {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(bytes)) => list = bytes,
            _ => {}
        }
    }
    let is_content_type = *key == *b"content-type";
    // The pseudo headers of HTTP/2, which the peer takes for metadata.
    let name = match key.strip_prefix(b":") {
        Some(pseudo) => HeaderName::from_bytes(&[b"dapr-", pseudo].concat()),
        None => HeaderName::from_bytes(&key),
    };
    let mut is_grpc = false;
    let mut fields = Fields(list);
    while let Some((number, value)) = fields.next()? {
        let (1, Value::Bytes(bytes)) = (number, value) else { continue };
        is_grpc |= is_content_type && bytes.starts_with(b"application/grpc");
        // What cannot be a header is left out: it could not be passed on.
        if let (Ok(name), Some(value)) = (&name, header_value(bytes)) {
            headers.append(name, value);
        }
    }
    Ok(is_grpc)
}

fn header_value(bytes: Bytes) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(bytes).ok()
}

fn string(bytes: Bytes) -> Result<String, DecodeError> {
    String::from_utf8(bytes.into()).map_err(|_| DecodeError("string field contains invalid UTF-8"))
}

/// The fields of a message.
struct Fields(Bytes);

enum Value {
    Number(u64),
    Bytes(Bytes),
    Other,
}

impl Fields {
    fn next(&mut self) -> Result<Option<(u32, Value)>, DecodeError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).map_err(|_| INVALID)?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.skip(8)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| TRUNCATED)?;
                if length > self.0.len() {
                    return Err(TRUNCATED);
                }
                Value::Bytes(self.0.split_to(length))
            }
            5 => self.skip(4)?,
            _ => return Err(INVALID),
        };
        Ok(Some((number, value)))
    }

    fn skip(&mut self, length: usize) -> Result<Value, DecodeError> {
        if length > self.0.len() {
            return Err(TRUNCATED);
        }
        self.0.advance(length);
        Ok(Value::Other)
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for (at, byte) in self.0.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if *byte < 0x80 {
                self.0.advance(at + 1);
                return Ok(value);
            }
        }
        Err(if self.0.len() < 10 { TRUNCATED } else { INVALID })
    }
}
