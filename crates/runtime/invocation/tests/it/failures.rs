//! What goes wrong, and what is said of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use tender_channel::{App, AppConfig, AppHealth, HealthConfig, Protocol};
use tender_core::body;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::apps;
use crate::world::{World, request, serve};

async fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

#[tokio::test]
async fn an_app_that_nobody_knows_is_named() {
    let world = World::new();
    let caller = world.caller("caller").await;
    let read = caller.ask(request("GET", "/v1.0/invoke/other/method/foo", body::empty())).await;
    assert_eq!(read.status, 500);
    assert_eq!(
        read.json(),
        serde_json::json!({
            "errorCode": "ERR_DIRECT_INVOKE",
            "message": "failed to invoke, id: other, err: couldn't find service: other"
        })
    );
    for (target, why) in
        [("a.b.c", "invalid app id a.b.c"), ("http://localhost", "not built into this version")]
    {
        let read =
            caller.ask(request("GET", &format!("/v1.0/invoke/{target}/method/foo"), body::empty())).await;
        assert_eq!(read.status, 500);
        assert!(read.text().contains(why), "{read:?}");
    }
}

#[tokio::test]
async fn a_request_that_names_no_app_is_not_found() {
    let world = World::new();
    let caller = world.caller("caller").await;
    for path in ["/", "/v1.0/invoke/app", "/v1.0/nothing"] {
        let read = caller.ask(request("POST", path, body::empty())).await;
        assert_eq!(read.status, 404);
        assert_eq!(read.json()["errorCode"], "ERR_DIRECT_INVOKE");
    }
}

#[tokio::test]
async fn a_sidecar_without_an_app_says_so() {
    let world = World::new();
    let callee = world.caller("callee").await;
    let caller = world.caller("caller").await;
    let own = callee.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty())).await;
    assert_eq!(
        own.json()["message"],
        "failed to invoke, id: callee, err: cannot invoke local endpoint: app channel not initialized"
    );
    let other = caller.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty())).await;
    assert_eq!(
        other.json()["message"],
        "failed to invoke, id: callee, err: rpc error: code = Internal desc = app channel is not initialized"
    );
}

#[tokio::test]
async fn an_app_that_is_down_is_said_to_be_down() {
    let world = World::new();
    let port: u16 = nobody().await.rsplit_once(':').unwrap().1.parse().unwrap();
    let callee = world.sidecar("callee", Protocol::Http, port).await;
    let caller = world.caller("caller").await;
    let down = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    let own = callee.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty())).await;
    assert_eq!(own.json()["message"], format!("failed to invoke, id: callee, err: {down}"));
    let other = caller.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty())).await;
    assert_eq!(
        other.json()["message"],
        format!(
            "failed to invoke, id: callee, err: rpc error: code = Internal desc = error invoking app channel: {down}"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_that_is_down_is_tried_three_times_more() {
    let world = World::new();
    let address = nobody().await;
    world.directory.set("callee", vec![address.clone()]);
    let caller = world.caller("caller").await;
    let started = Instant::now();
    let call = request("POST", "/v1.0/invoke/callee/method/foo", body::full("hello"));
    let failed = caller.invocation.invoke_http(call).await.unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!(failed.http_status(), 500);
    assert_eq!(
        failed.message(),
        format!(
            "failed to invoke, id: callee, err: failed to invoke target callee after 3 retries. Error: rpc error: \
             code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp \
             {address}: connect: connection refused\""
        )
    );
}

#[tokio::test]
async fn a_sidecar_that_moved_is_found_again() {
    let world = World::new();
    let port = apps::http(&world.tasks).await;
    let first = world.sidecar("callee", Protocol::Http, port).await;
    let caller = world.caller("caller").await;
    let call = || request("POST", "/v1.0/invoke/callee/method/echo", body::full("hello"));
    assert_eq!(caller.ask(call()).await.status, 200);
    first.tasks.stop(Duration::ZERO).await;
    let _second = world.sidecar("callee", Protocol::Http, port).await;
    let read = caller.ask(call()).await;
    assert_eq!((read.status, read.text()), (200, "hello"));
}

#[tokio::test]
async fn several_sidecars_of_one_app_are_called_in_turn() {
    let world = World::new();
    let counts: Vec<Arc<AtomicUsize>> = (0..3).map(|_| Arc::default()).collect();
    let mut addresses = Vec::new();
    for count in &counts {
        let count = count.clone();
        let port = serve(&world.tasks, move |_: Request<Incoming>| {
            count.fetch_add(1, Ordering::SeqCst);
            async { Response::new(body::empty()) }
        })
        .await
        .port();
        addresses.push(world.sidecar("callee", Protocol::Http, port).await.internal.to_string());
    }
    world.directory.set("callee", addresses);
    let caller = world.caller("caller").await;
    for _ in 0..9 {
        caller.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty())).await;
    }
    let counts: Vec<usize> = counts.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    assert_eq!(counts, [3, 3, 3]);
}

#[tokio::test]
async fn the_app_is_never_in_more_calls_than_it_allows_however_they_come() {
    let world = World::new();
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, max) = (inside.clone(), most.clone());
    let port = serve(&world.tasks, move |_: Request<Incoming>| {
        let (count, max) = (count.clone(), max.clone());
        async move {
            max.fetch_max(count.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(2)).await;
            count.fetch_sub(1, Ordering::SeqCst);
            Response::new(body::empty())
        }
    })
    .await
    .port();
    let callee = world.narrow("callee", Protocol::Http, port, 2).await;
    let caller = world.caller("caller").await;
    let calls = (0..30).map(|n| {
        let sidecar = if n % 2 == 0 { &callee } else { &caller };
        sidecar.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty()))
    });
    for read in futures::future::join_all(calls).await {
        assert_eq!(read.status, 200);
    }
    assert!(most.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn an_unhealthy_app_is_not_called() {
    let world = World::new();
    let well = Arc::new(AtomicBool::new(false));
    let state = well.clone();
    let port = serve(&world.tasks, move |_: Request<Incoming>| {
        let mut response = Response::new(body::empty());
        if !state.load(Ordering::SeqCst) {
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        }
        async { response }
    })
    .await
    .port();
    let app = App::new(&AppConfig::new(Protocol::Http, port), &world.tasks).unwrap();
    let config = HealthConfig {
        interval: Duration::from_millis(10),
        timeout: Duration::from_millis(10),
        ..HealthConfig::default()
    };
    let health = AppHealth::start(app.clone(), config, &world.tasks).unwrap();
    let callee = world.start_with("callee", Some(app.with_health(&health)), world.tasks.child()).await;
    let caller = world.caller("caller").await;
    let why = "rpc error: code = Internal desc = app is not in a healthy state";
    let call = || request("GET", "/v1.0/invoke/callee/method/foo", body::empty());
    assert_eq!(
        callee.ask(call()).await.json()["message"],
        format!("failed to invoke, id: callee, err: {why}")
    );
    assert!(caller.ask(call()).await.text().contains(why));
    well.store(true, Ordering::SeqCst);
    health.subscribe().wait_for(|healthy| *healthy).await.unwrap();
    assert_eq!(caller.ask(call()).await.status, 200);
}

#[tokio::test]
async fn a_sidecar_that_is_stopped_lets_its_calls_finish() {
    let world = World::new();
    let entered = Arc::new(tokio::sync::Notify::new());
    let enters = entered.clone();
    let port = serve(&world.tasks, move |_: Request<Incoming>| {
        let enters = enters.clone();
        async move {
            enters.notify_one();
            tokio::time::sleep(Duration::from_millis(50)).await;
            Response::new(body::full("finished"))
        }
    })
    .await
    .port();
    let callee = world.sidecar("callee", Protocol::Http, port).await;
    let caller = world.caller("caller").await;
    let call = caller.ask(request("GET", "/v1.0/invoke/callee/method/foo", body::empty()));
    let stop = async {
        entered.notified().await;
        callee.tasks.stop(Duration::from_secs(5)).await
    };
    let (read, _) = tokio::join!(call, stop);
    assert_eq!(read.text(), "finished");
}

#[tokio::test]
async fn methods_that_are_not_built_say_so() {
    let world = World::new();
    let callee = world.caller("callee").await;
    let connector = tender_channel::Connector::tcp(callee.internal.to_string(), Duration::from_secs(5));
    let client =
        tender_channel::h2::Client::new(connector, tender_channel::h2::Settings::default(), &world.tasks)
            .unwrap();
    let mut call = request("POST", "/dapr.proto.internals.v1.ServiceInvocation/CallActor", body::empty());
    call.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    let response = client.call(call).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "12");
    let message = response.headers()["grpc-message"].to_str().unwrap();
    assert!(message.starts_with("CallActor"), "{message}");
}
