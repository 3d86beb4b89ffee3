//! What is written and read by hand, against the generated types.

use std::collections::HashMap;

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::StreamBody;
use proptest::prelude::*;
use prost::Message;
use tender_core::body;
use tender_proto::Any;
use tender_proto::common::v1::{self as common, HttpExtension, StreamPayload};
use tender_proto::internals::v1 as internals;

use super::*;
use crate::request::{InvokeRequest, Origin};
use crate::response::{InvokeResponse, Outcome};
use crate::status::RpcStatus;

fn list(values: &[&str]) -> internals::ListStringValue {
    internals::ListStringValue { values: values.iter().map(ToString::to_string).collect() }
}

fn unframed(message: Bytes) -> Bytes {
    let mut message = message;
    assert_eq!(message.get_u8(), 0);
    assert_eq!(message.get_u32() as usize, message.len());
    message
}

fn request(origin: Origin) -> InvokeRequest {
    let mut headers = HeaderMap::new();
    headers.append("x-forwarded-for", HeaderValue::from_static("1.2.3.4"));
    headers.append("x-forwarded-for", HeaderValue::from_static("5.6.7.8"));
    headers.append("accept", HeaderValue::from_static("text/plain"));
    headers.append("x-latin", HeaderValue::from_bytes(b"caf\xe9").unwrap());
    headers.append("x-data-bin", HeaderValue::from_static("AAE"));
    headers.append("dapr-caller-app-id", HeaderValue::from_static("liar"));
    InvokeRequest {
        target: "app".to_owned(),
        method: "some/method".to_owned(),
        extension: Some(HttpExtension { verb: 5, querystring: "a=b".to_owned() }),
        origin,
        headers,
        content_type: Some(HeaderValue::from_static("text/plain")),
        type_url: "a/type".to_owned(),
        body: body::empty(),
    }
}

#[test]
fn a_request_is_read_by_the_generated_type() {
    let request = request(Origin::Http);
    let stamp = entry("destination-app-id", "app");
    let head = request_head(&request, &[&stamp], |name| name == "dapr-caller-app-id");
    assert_eq!(internals::InternalInvokeRequest::decode(head.inner()).unwrap().ver, 1);
    let message = unframed(head.into_message(b"hello"));
    let decoded = internals::InternalInvokeRequestStream::decode(message).unwrap();
    let expected = internals::InternalInvokeRequestStream {
        request: Some(internals::InternalInvokeRequest {
            ver: 1,
            metadata: HashMap::from([
                ("destination-app-id".to_owned(), list(&["app"])),
                ("X-Forwarded-For".to_owned(), list(&["1.2.3.4", "5.6.7.8"])),
                ("Accept".to_owned(), list(&["text/plain"])),
                ("X-Latin".to_owned(), list(&["caf\u{fffd}"])),
                ("X-Data-Bin".to_owned(), list(&["AAE"])),
            ]),
            message: Some(common::InvokeRequest {
                method: "some/method".to_owned(),
                data: Some(Any { type_url: "a/type".to_owned(), value: Bytes::new() }),
                content_type: "text/plain".to_owned(),
                http_extension: Some(HttpExtension { verb: 5, querystring: "a=b".to_owned() }),
            }),
            actor: None,
        }),
        payload: Some(StreamPayload { data: Bytes::from_static(b"hello"), seq: 0 }),
    };
    assert_eq!(decoded, expected);
}

#[test]
fn metadata_of_grpc_keeps_its_small_letters_and_gets_its_padding() {
    let head = request_head(&request(Origin::Grpc), &[], |_| false);
    let decoded = internals::InternalInvokeRequest::decode(head.inner()).unwrap();
    assert_eq!(decoded.metadata["accept"], list(&["text/plain"]));
    assert_eq!(decoded.metadata["x-data-bin"], list(&["AAE="]));
}

#[test]
fn a_request_without_anything_still_has_its_message() {
    let request = InvokeRequest {
        target: String::new(),
        method: String::new(),
        extension: None,
        origin: Origin::Grpc,
        headers: HeaderMap::new(),
        content_type: None,
        type_url: String::new(),
        body: body::empty(),
    };
    let message = unframed(request_head(&request, &[], |_| false).into_message(&[]));
    let decoded = internals::InternalInvokeRequestStream::decode(message).unwrap();
    assert_eq!(decoded.request.unwrap().message, Some(common::InvokeRequest::default()));
    assert_eq!(decoded.payload, None);
}

#[test]
fn a_generated_request_is_read() {
    let request = internals::InternalInvokeRequestStream {
        request: Some(internals::InternalInvokeRequest {
            ver: 1,
            metadata: HashMap::from([
                ("content-type".to_owned(), list(&["application/grpc"])),
                (":authority".to_owned(), list(&["localhost:1"])),
                ("bad name".to_owned(), list(&["x"])),
                ("x-many".to_owned(), list(&["1", "2"])),
            ]),
            message: Some(common::InvokeRequest {
                method: "m".to_owned(),
                data: Some(Any { type_url: "a/type".to_owned(), value: Bytes::from_static(b"data") }),
                content_type: "text/plain".to_owned(),
                http_extension: Some(HttpExtension { verb: 3, querystring: "q".to_owned() }),
            }),
            actor: None,
        }),
        payload: Some(StreamPayload { data: Bytes::from_static(b"hello"), seq: 7 }),
    };
    let decoded = decode_request(request.encode_to_vec().into()).unwrap();
    assert_eq!(decoded.payload, Some((Bytes::from_static(b"hello"), 7)));
    let head = decoded.head.unwrap();
    assert!(head.has_metadata && head.has_message);
    assert_eq!(head.origin, Origin::Grpc);
    assert_eq!(head.headers.len(), 4);
    assert_eq!(head.headers["dapr-authority"], "localhost:1");
    assert_eq!(head.headers.get_all("x-many").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((head.method.as_str(), head.type_url.as_str()), ("m", "a/type"));
    assert_eq!(head.content_type.unwrap(), "text/plain");
    assert_eq!(head.extension.unwrap().verb, 3);
    assert_eq!(head.data, "data");
}

#[test]
fn a_response_goes_through_the_generated_type_and_back() {
    for outcome in [
        Outcome::Http(StatusCode::NOT_FOUND),
        Outcome::Grpc(RpcStatus { code: 5, message: "none".to_owned(), details: vec![Any::plain("x")] }),
        Outcome::Grpc(RpcStatus::default()),
    ] {
        let mut headers = HeaderMap::new();
        headers.append(HeaderName::from_static("x-many"), HeaderValue::from_static("1"));
        headers.append(HeaderName::from_static("x-many"), HeaderValue::from_static("2"));
        let mut trailers = HeaderMap::new();
        trailers.insert("x-last", HeaderValue::from_static("3"));
        let response = InvokeResponse {
            outcome: outcome.clone(),
            headers: headers.clone(),
            trailers: trailers.clone(),
            content_type: Some(HeaderValue::from_static("text/plain")),
            type_url: "a/type".to_owned(),
            body: body::empty(),
            is_relayed_events: false,
        };
        let message = unframed(response_head(&response).into_message(b"hello"));
        let generated = internals::InternalInvokeResponseStream::decode(message).unwrap();
        let inner = generated.response.as_ref().unwrap();
        let name = if matches!(outcome, Outcome::Http(_)) { "X-Many" } else { "x-many" };
        assert_eq!(inner.headers[name], list(&["1", "2"]));
        assert!(inner.status.is_some());

        let decoded = decode_response(generated.encode_to_vec().into()).unwrap();
        assert_eq!(decoded.payload, Some((Bytes::from_static(b"hello"), 0)));
        let head = decoded.head.unwrap();
        let expected = match outcome {
            Outcome::Http(status) => RpcStatus { code: i32::from(status.as_u16()), ..RpcStatus::default() },
            Outcome::Grpc(status) => status,
        };
        assert_eq!(head.status, Some(expected));
        assert_eq!((head.headers, head.trailers), (headers, trailers));
        assert_eq!(
            (head.type_url.as_str(), head.content_type.unwrap()),
            ("a/type", "text/plain".parse().unwrap())
        );
    }
}

#[test]
fn chunks_are_read_by_the_generated_type() {
    for seq in [0, 1, 127, 128, u64::MAX] {
        for length in [0, 1, 200, MAX_CHUNK] {
            let data = Bytes::from(vec![7; length]);
            let mut chunk = Chunk::message(data.clone(), seq);
            let message = unframed(chunk.copy_to_bytes(chunk.remaining()));
            assert!(message.len() <= 64 << 10);
            let decoded = internals::InternalInvokeResponseStream::decode(message).unwrap();
            assert_eq!(decoded.response, None);
            assert_eq!(decoded.payload, Some(StreamPayload { data, seq }));
        }
    }
}

#[test]
fn what_is_no_message_is_an_error() {
    for bytes in [&b"\x0a\x05abc"[..], b"\x80", b"\x0b", b"\x0a\x02\x1a\x7f"] {
        assert!(decode_request(Bytes::copy_from_slice(bytes)).is_err(), "{bytes:?}");
    }
}

async fn messages(pieces: Vec<Bytes>, limit: usize) -> Result<Vec<Bytes>, tonic::Status> {
    let frames = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(piece)));
    let mut messages = Messages::new(StreamBody::new(futures::stream::iter(frames)), limit);
    let mut all = Vec::new();
    while let Some(message) = messages.next().await {
        all.push(message?);
    }
    Ok(all)
}

#[tokio::test]
async fn a_message_that_is_cut_off_or_too_long_is_an_error() {
    let framed = frame(b"hello");
    let cut = messages(vec![framed.slice(..7)], 100).await.unwrap_err();
    assert_eq!(cut.code(), tonic::Code::Internal);
    let long = messages(vec![framed], 4).await.unwrap_err();
    assert_eq!(long.message(), "grpc: received message larger than max (5 vs. 4)");
}

proptest! {
    #[test]
    fn messages_come_out_as_they_went_in_however_they_are_cut(
        texts in proptest::collection::vec(".{0,40}", 0..6),
        cuts in proptest::collection::vec(1usize..30, 0..20),
    ) {
        let mut stream: Bytes =
            texts.iter().flat_map(|text| frame(text.as_bytes()).to_vec()).collect::<Vec<u8>>().into();
        let mut pieces = Vec::new();
        for cut in cuts {
            pieces.push(stream.split_to(cut.min(stream.len())));
        }
        pieces.push(stream);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(messages(pieces, 1000)).unwrap();
        prop_assert_eq!(got, texts.iter().map(|text| Bytes::from(text.clone())).collect::<Vec<_>>());
    }

    #[test]
    fn foreign_bytes_never_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        let _ = decode_request(bytes.clone());
        let _ = decode_response(bytes.clone());
        let _ = decode_unary(bytes);
    }
}
