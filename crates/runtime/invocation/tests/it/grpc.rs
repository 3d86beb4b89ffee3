//! `InvokeService`, and HTTP apps and gRPC apps called from either side.

use bytes::Bytes;
use http::HeaderMap;
use tender_channel::Protocol;
use tender_core::body;
use tender_invocation::InvokeServiceResponse;
use tender_proto::Any;
use tender_proto::common::v1::http_extension::Verb;
use tender_proto::common::v1::{HttpExtension, InvokeRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::apps;
use crate::world::{Sidecar, World, request};

fn message(method: &str, verb: Verb, data: &'static str) -> InvokeRequest {
    InvokeRequest {
        method: method.to_owned(),
        data: Some(Any::plain(Bytes::from_static(data.as_bytes()))),
        content_type: "text/plain".to_owned(),
        http_extension: Some(HttpExtension { verb: verb.into(), querystring: "a=b c".to_owned() }),
    }
}

async fn invoke(sidecar: &Sidecar, message: InvokeRequest) -> Result<InvokeServiceResponse, Status> {
    let mut metadata = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("user-agent", "tests"),
        ("x-custom", "kept"),
        ("x-data-bin", "AAE"),
        ("grpc-trace-bin", "AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE="),
    ] {
        metadata.insert(name, value.parse().unwrap());
    }
    sidecar.invocation.invoke_service("callee".to_owned(), message, metadata).await
}

fn got<'a>(response: &'a InvokeServiceResponse, name: &str) -> Option<&'a str> {
    response.headers.get(format!("x-got-{name}")).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn grpc_calls_a_grpc_app() {
    let world = World::new();
    let port = apps::callback(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for (sidecar, by) in [(&callee, "callee"), (&caller, "caller")] {
        let response = invoke(sidecar, message("echo", Verb::Post, "hello")).await.unwrap();
        assert_eq!(response.message.data.as_ref().unwrap().value, "hello");
        assert_eq!(response.message.content_type, "text/plain");
        assert_eq!(got(&response, "x-custom"), Some("kept"));
        assert_eq!(got(&response, "dapr-caller-app-id"), Some(by));
        assert_eq!(
            got(&response, "traceparent"),
            Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        );

        let mut typed = message("typed", Verb::Post, "emozioni");
        typed.data.as_mut().unwrap().type_url = "pfm".to_owned();
        let data = invoke(sidecar, typed).await.unwrap().message.data.unwrap();
        assert_eq!((&data.value[..], data.type_url.as_str()), (&b"emozioni/pfm"[..], "mytype"));

        let mut bare = message("extension", Verb::Post, "");
        bare.http_extension = None;
        assert_eq!(invoke(sidecar, bare).await.unwrap().message.data.unwrap().value, "0?");

        let missing = invoke(sidecar, message("missing", Verb::Post, "")).await.unwrap_err();
        assert_eq!((missing.code(), missing.message()), (Code::NotFound, "no such \"thing\""));
        assert_eq!(missing.metadata().get("x-why").unwrap(), "because");
        let unknown = invoke(sidecar, message("", Verb::Get, "")).await.unwrap_err();
        assert_eq!((unknown.code(), unknown.message()), (Code::Unknown, "invalid method"));
    }
}

#[tokio::test]
async fn grpc_calls_an_http_app() {
    let world = World::new();
    let port = apps::http(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Http, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        let response = invoke(sidecar, message("some/path", Verb::Put, "hello")).await.unwrap();
        assert_eq!(response.message.data.as_ref().unwrap().value, "hello");
        assert_eq!(response.headers["x-method"], "PUT");
        assert_eq!(response.headers["x-path"], "/some/path?a=b%20c");
        assert_eq!(response.headers["dapr-http-status"], "200");
        assert_eq!(got(&response, "content-type"), Some("text/plain"));
        assert_eq!(got(&response, "content-length"), Some("5"));
        assert_eq!(got(&response, "x-custom"), Some("kept"));
        assert_eq!(got(&response, "x-data-bin"), None);
        assert_eq!(
            got(&response, "traceparent"),
            Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        );

        for (status, code) in [
            (400, Code::Internal),
            (403, Code::PermissionDenied),
            (404, Code::NotFound),
            (500, Code::Unknown),
            (503, Code::Unavailable),
        ] {
            let failed =
                invoke(sidecar, message(&format!("status/{status}"), Verb::Get, "")).await.unwrap_err();
            assert_eq!(failed.code(), code, "{status}");
            assert_eq!(failed.metadata().get("dapr-http-status").unwrap(), &status.to_string());
            let info = failed.get_details_error_info().unwrap();
            assert_eq!(info.domain, "dapr.io");
            assert_eq!(info.metadata["http.code"], status.to_string());
            assert_eq!(info.metadata["http.error_message"], format!("this is {status}"));
        }
        for (extension, text) in [
            (None, "missing HTTP extension field"),
            (Some(HttpExtension::default()), "invalid HTTP verb"),
            (Some(HttpExtension { verb: Verb::Connect.into(), ..Default::default() }), "invalid HTTP verb"),
        ] {
            let mut call = message("echo", Verb::Get, "");
            call.http_extension = extension;
            let failed = invoke(sidecar, call).await.unwrap_err();
            assert_eq!(failed.code(), Code::Internal);
            assert!(failed.message().ends_with(&format!("code = InvalidArgument desc = {text}")), "{failed}");
        }
    }
}

#[tokio::test]
async fn http_calls_a_grpc_app() {
    let world = World::new();
    let port = apps::callback(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        let mut call = request("POST", "/v1.0/invoke/callee/method/echo", body::full("hello"));
        for (name, value) in [("content-type", "text/x-odd"), ("accept", "text/plain"), ("x-custom", "kept")]
        {
            call.headers_mut().insert(name, value.parse().unwrap());
        }
        let read = sidecar.ask(call).await;
        assert_eq!((read.status, read.text()), (200, "hello"), "{read:?}");
        assert_eq!(read.header("content-type"), Some("text/x-odd"));
        assert_eq!(read.header("x-got-x-custom"), Some("kept"));
        assert_eq!(read.header("x-got-dapr-accept"), Some("text/plain"));
        assert_eq!(read.header("x-got-dapr-content-type"), Some("text/x-odd"));

        let read =
            sidecar.ask(request("PATCH", "/v1.0/invoke/callee/method/extension?q=1", body::empty())).await;
        assert_eq!(read.text(), "9?q=1");

        let typed = sidecar.ask(request("POST", "/v1.0/invoke/callee/method/typed", body::full("x"))).await;
        assert_eq!(typed.header("content-type"), Some("application/x-protobuf"));

        let read = sidecar.ask(request("POST", "/v1.0/invoke/callee/method/missing", body::empty())).await;
        assert_eq!(read.status, 404);
        assert_eq!(read.json(), serde_json::json!({ "code": 5, "message": "no such \"thing\"" }));
    }
}

#[tokio::test]
async fn a_method_keeps_its_characters_on_the_way_to_a_grpc_app() {
    let world = World::new();
    let port = apps::callback(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        for method in ["a/../echo", "echo/", "../../echo"] {
            invoke(sidecar, message(method, Verb::Get, "")).await.unwrap();
        }
        for method in ["test#stream", "test?stream", "test\0stream", "test\rstream"] {
            let failed = invoke(sidecar, message(method, Verb::Get, "")).await.unwrap_err();
            assert!(
                failed.message().contains("InvalidArgument desc = invalid method: method contains"),
                "{failed}"
            );
        }
    }
}
