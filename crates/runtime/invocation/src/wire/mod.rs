//! The messages between sidecars, written and read by hand.
//!
//! They are `InternalInvokeRequestStream` and `InternalInvokeResponseStream` of `dapr.proto.internals.v1`. The
//! generated types would copy every header into maps of strings and back; here headers go from and to a `HeaderMap`
//! directly, and bodies are not touched. Tests hold this against the generated types.

mod decode;
mod encode;
mod frame;

pub(crate) use decode::{
    DecodeError, RequestHead, ResponseHead, StreamMessage, decode_request, decode_response, decode_unary,
};
pub(crate) use encode::{Chunk, Head, MAX_CHUNK, entry, put_metadata, request_head, response_head};
pub(crate) use frame::{Messages, frame};

#[cfg(test)]
mod tests;
