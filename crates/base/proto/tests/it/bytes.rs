//! Messages as Google's Python implementation serializes them, with the definitions in the `dapr` package.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use prost::Message;
use prost_types::{Struct, Value, value::Kind};
use tender_proto::{
    Any,
    common::v1::{HttpExtension, InvokeRequest, http_extension::Verb},
    durabletask::{ActivityRequest, WorkItem, WorkflowInstance, work_item},
    runtime::v1::{
        Job, TopicEventBulkRequestEntry, TopicEventRequest, topic_event_bulk_request_entry::Event,
    },
};

/// Bytes become the message, and the message becomes the bytes.
fn same<M: Message + Default + PartialEq + Debug>(hex: &str, message: &M) {
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    assert_eq!(M::decode(bytes.as_slice()).unwrap(), *message);
    assert_eq!(message.encode_to_vec(), bytes);
}

#[test]
fn a_topic_event() {
    let extensions = Struct {
        fields: BTreeMap::from([
            ("traceid".to_owned(), Value { kind: Some(Kind::StringValue("t".to_owned())) }),
            ("n".to_owned(), Value { kind: Some(Kind::NumberValue(1.5)) }),
        ]),
    };
    same(
        "0a02653112036170701a13636f6d2e646170722e6576656e742e73656e742203312e302a106170706c69636174696f6e2f\
         6a736f6e32066f72646572733a077b226e223a377d42067075627375624a072f6f726465727352200a0e0a016e1209110000\
         00000000f83f0a0e0a077472616365696412031a0174",
        &TopicEventRequest {
            id: "e1".to_owned(),
            source: "app".to_owned(),
            r#type: "com.dapr.event.sent".to_owned(),
            spec_version: "1.0".to_owned(),
            data_content_type: "application/json".to_owned(),
            data: r#"{"n":7}"#.into(),
            topic: "orders".to_owned(),
            pubsub_name: "pubsub".to_owned(),
            path: "/orders".to_owned(),
            extensions: Some(extensions),
        },
    );
}

#[test]
fn an_invocation_with_a_body_that_is_not_text() {
    same(
        "0a086f72646572732f311208120600ff626f64791a106170706c69636174696f6e2f6a736f6e220708041203613d62",
        &InvokeRequest {
            method: "orders/1".to_owned(),
            data: Some(Any::plain(&b"\x00\xffbody"[..])),
            content_type: "application/json".to_owned(),
            http_extension: Some(HttpExtension { verb: Verb::Put.into(), querystring: "a=b".to_owned() }),
        },
    );
}

#[test]
fn an_entry_of_a_bulk_event_with_one_of_two_contents() {
    same(
        "0a01311203726177220a746578742f706c61696e2a060a016b120176",
        &TopicEventBulkRequestEntry {
            entry_id: "1".to_owned(),
            content_type: "text/plain".to_owned(),
            metadata: HashMap::from([("k".to_owned(), "v".to_owned())]),
            event: Some(Event::Bytes("raw".into())),
        },
    );
}

#[test]
fn optional_fields_that_are_set_to_their_default() {
    same(
        "0a016a120940657665727920317318002200",
        &Job {
            name: "j".to_owned(),
            schedule: Some("@every 1s".to_owned()),
            repeats: Some(0),
            due_time: Some(String::new()),
            ..Job::default()
        },
    );
}

#[test]
fn a_work_item_of_the_durable_task_protocol() {
    let activity = ActivityRequest {
        name: "Charge".to_owned(),
        input: Some(r#""x""#.to_owned()),
        workflow_instance: Some(WorkflowInstance { instance_id: "w1".to_owned(), execution_id: None }),
        task_id: 3,
        ..ActivityRequest::default()
    };
    same(
        "12170a064368617267651a050a0322782222040a0277312803520174",
        &WorkItem {
            completion_token: "t".to_owned(),
            request: Some(work_item::Request::ActivityRequest(activity)),
        },
    );
}
