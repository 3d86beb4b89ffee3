//! From HTTP to an HTTP app.

use http_body_util::BodyExt;
use tender_channel::Protocol;
use tender_core::body;

use crate::apps;
use crate::world::{Read, Sidecar, World, request};

/// Calls an app through its own sidecar and through another.
async fn both(world: &World, protocol: Protocol) -> [Sidecar; 2] {
    let port = apps::http(&world.tasks).await;
    [world.sidecar("callee", protocol, port).await, world.caller("caller").await]
}

#[tokio::test]
async fn a_request_reaches_the_app_as_it_was_sent() {
    let world = World::new();
    for protocol in [Protocol::Http, Protocol::H2c] {
        for sidecar in both(&world, protocol).await {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let mut call =
                    request(method, "/v1.0/invoke/callee/method/some/path?a=b&c=%20d", body::full("hello"));
                call.headers_mut().insert("content-type", "text/x-odd".parse().unwrap());
                call.headers_mut().append("x-many", "1".parse().unwrap());
                let read = sidecar.ask(call).await;
                assert_eq!(read.status, 200, "{read:?}");
                assert_eq!(read.text(), "hello");
                assert_eq!(read.header("x-method"), Some(method));
                assert_eq!(read.header("x-path"), Some("/some/path?a=b&c=%20d"));
                assert_eq!(read.header("x-got-content-type"), Some("text/x-odd"));
                assert_eq!(read.header("x-got-content-length"), Some("5"));
                assert_eq!(read.header("x-got-x-many"), Some("1"));
            }
        }
    }
}

#[tokio::test]
async fn the_app_is_named_in_the_path_a_header_or_by_basic_authentication() {
    let world = World::new();
    for sidecar in both(&world, Protocol::Http).await {
        for (path, header) in [
            ("/v1.0/invoke/callee/method/foo", None),
            ("/v1.0/invoke/callee.here/method/foo", None),
            ("/v1.0////invoke/callee/method//foo", None),
            ("///foo", Some(("dapr-app-id", "callee"))),
            ("/foo", Some(("authorization", "Basic ZGFwci1hcHAtaWQ6Y2FsbGVl"))),
        ] {
            let mut call = request("GET", path, body::empty());
            if let Some((name, value)) = header {
                call.headers_mut().insert(name, value.parse().unwrap());
            }
            let read = sidecar.ask(call).await;
            assert_eq!((read.status, read.header("x-path")), (200, Some("/foo")), "{path}");
            assert_eq!(read.header("x-got-dapr-app-id"), None);
        }
    }
}

#[tokio::test]
async fn odd_characters_arrive_as_at_the_peer() {
    let world = World::new();
    for sidecar in both(&world, Protocol::Http).await {
        for (sent, arrived) in [
            ("test%22stream", "/test%22stream"),
            ("test%2Astream", "/test*stream"),
            ("test%5Cstream", "/test%5Cstream"),
            ("admin%2F..%2Fpublic", "/public"),
            ("%C3%A9", "/%C3%A9"),
            ("a%20b", "/a%20b"),
        ] {
            let read = sidecar
                .ask(request("GET", &format!("/v1.0/invoke/callee/method/{sent}"), body::empty()))
                .await;
            assert_eq!((read.status, read.header("x-path")), (200, Some(arrived)), "{sent}");
        }
        for sent in ["test%23stream", "test%3Fstream", "test%25stream", "test%00stream", "a%0Db"] {
            let read = sidecar
                .ask(request("GET", &format!("/v1.0/invoke/callee/method/{sent}"), body::empty()))
                .await;
            assert_eq!(read.status, 500, "{sent}");
            assert_eq!(read.json()["errorCode"], "ERR_DIRECT_INVOKE");
        }
    }
}

#[tokio::test]
async fn headers_tell_who_calls_and_cannot_be_made_up() {
    let world = World::new();
    let [callee, caller] = both(&world, Protocol::Http).await;
    for (sidecar, by) in [(&callee, "callee"), (&caller, "caller")] {
        let mut call = request("GET", "/v1.0/invoke/callee/method/echo", body::empty());
        for name in
            ["dapr-caller-app-id", "dapr-caller-namespace", "dapr-callee-app-id", "destination-app-id"]
        {
            call.headers_mut().insert(name, "liar".parse().unwrap());
        }
        let read = sidecar.ask(call).await;
        assert_eq!(read.header("x-got-dapr-caller-app-id"), Some(by));
        assert_eq!(read.header("x-got-dapr-caller-namespace"), Some("here"));
        assert_eq!(read.header("x-got-dapr-callee-app-id"), Some("callee"));
        assert_eq!(read.header("x-got-destination-app-id"), None);
    }
    let mut call = request("GET", "/v1.0/invoke/callee/method/echo", body::empty());
    call.headers_mut().insert("x-forwarded-for", "1.2.3.4".parse().unwrap());
    let read = caller.ask(call).await;
    let all: Vec<_> = read.headers.get_all("x-got-x-forwarded-for").iter().collect();
    assert_eq!(all, ["1.2.3.4", "10.1.2.3"]);
    assert_eq!(read.header("x-got-x-forwarded-host"), Some("myhost"));
    assert_eq!(read.header("x-got-forwarded"), Some("for=10.1.2.3;by=10.1.2.3;host=myhost"));
    assert_eq!(
        callee
            .ask(request("GET", "/v1.0/invoke/callee/method/echo", body::empty()))
            .await
            .header("x-got-forwarded"),
        None
    );
}

#[tokio::test]
async fn headers_about_a_connection_do_not_travel() {
    let world = World::new();
    for sidecar in both(&world, Protocol::Http).await {
        let mut call = request("GET", "/v1.0/invoke/callee/method/echo", body::empty());
        for (name, value) in [
            ("connection", "x-private"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "Basic x"),
            ("authorization", "Bearer x"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("tracestate", "a=b"),
        ] {
            call.headers_mut().insert(name, value.parse().unwrap());
        }
        let read = sidecar.ask(call).await;
        for name in ["connection", "x-private", "keep-alive", "te", "upgrade", "proxy-authorization"] {
            assert_eq!(read.header(&format!("x-got-{name}")), None, "{name}");
        }
        assert_eq!(read.header("x-got-authorization"), Some("Bearer x"));
        assert_eq!(read.header("x-got-tracestate"), Some("a=b"));
        assert!(read.header("x-got-traceparent").is_some());

        let read = sidecar.ask(request("GET", "/v1.0/invoke/callee/method/headers", body::empty())).await;
        for name in ["keep-alive", "x-private", "trailer", "proxy-authenticate"] {
            assert_eq!(read.header(name), None, "{name}");
        }
        assert_eq!(read.headers.get_all("x-many").iter().count(), 2);
        assert_eq!(read.header("dapr-grpc-odd"), Some("3"));
        assert_eq!(read.header("content-length"), Some("7"));
    }
}

#[tokio::test]
async fn the_status_of_the_app_is_the_status_of_the_call() {
    let world = World::new();
    for sidecar in both(&world, Protocol::Http).await {
        for status in [200, 201, 302, 400, 404, 409, 500, 502] {
            let read = sidecar
                .ask(request("POST", &format!("/v1.0/invoke/callee/method/status/{status}"), body::empty()))
                .await;
            assert_eq!((read.status, read.text()), (status, format!("this is {status}").as_str()));
            assert_eq!(read.header("content-type"), Some("text/plain"));
            assert_eq!(read.header("x-custom"), Some("kept"));
        }
        let head = sidecar.ask(request("HEAD", "/v1.0/invoke/callee/method/status/200", body::empty())).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}

#[tokio::test]
async fn bodies_of_every_size_arrive_whole() {
    let world = World::new();
    for protocol in [Protocol::Http, Protocol::H2c] {
        for sidecar in both(&world, protocol).await {
            for size in [0, 1, 4095, 4096, 4097, 65_472, 65_473, 65_536, 65_537, 1_000_000] {
                let sent: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
                let read = sidecar
                    .ask(request("POST", "/v1.0/invoke/callee/method/echo", body::full(sent.clone())))
                    .await;
                assert_eq!(read.status, 200);
                assert!(read.body == sent, "a body of {size} bytes came back with {}", read.body.len());
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_calls_at_once_are_answered_each_with_its_own() {
    let world = World::new();
    let [_callee, caller] = both(&world, Protocol::Http).await;
    let calls = (0..1000).map(|n| {
        let caller = &caller;
        async move {
            let call = request("POST", "/v1.0/invoke/callee/method/echo", body::full(format!("call {n}")));
            let response = caller.invocation.invoke_http(call).await.unwrap();
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), format!("call {n}"));
        }
    });
    futures::future::join_all(calls).await;
}

#[tokio::test]
async fn events_are_passed_on_as_they_come() {
    let world = World::new();
    for sidecar in both(&world, Protocol::Http).await {
        let mut call = request("GET", "/v1.0/invoke/callee/method/events", body::empty());
        call.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
        let read = sidecar.ask(call).await;
        assert_eq!(read.text(), "data: 1\n\ndata: 2\n\ndata: 3\n\n");
        assert_eq!(read.header("content-type"), Some("text/event-stream"));
    }
}

#[tokio::test]
async fn whoever_asks_for_events_and_gets_an_error_is_told_so_by_the_other_sidecar() {
    let world = World::new();
    let [callee, caller] = both(&world, Protocol::Http).await;
    let ask = |sidecar: Sidecar| async move {
        let mut call = request("GET", "/v1.0/invoke/callee/method/status/404", body::empty());
        call.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
        sidecar.ask(call).await
    };
    let read: Read = ask(caller).await;
    assert_eq!(read.status, 500);
    assert_eq!(
        read.json()["message"],
        "failed to invoke, id: callee, err: rpc error: code = Internal desc = error invoking app channel: \
         no response received from stream"
    );
    assert_eq!(ask(callee).await.status, 404);
}
