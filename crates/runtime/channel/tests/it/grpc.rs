use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use tender_channel::{ApiToken, App, AppConfig, AppHealth, CallError, GrpcApp, HealthConfig, Protocol};
use tender_core::body::{self, Body};
use tender_tasks::{TaskKind, Tasks};
use tokio::net::TcpListener;

use crate::server::{serve, serve_on, serve_tls};

fn app(config: &AppConfig, tasks: &Tasks) -> GrpcApp {
    match App::new(config, tasks).unwrap() {
        App::Grpc(app) => app,
        App::Http(_) => panic!("must be a gRPC app"),
    }
}

fn request(body: Body) -> Request<Body> {
    Request::post("/test.Service/Method")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .unwrap()
}

/// Answers with the request's message, its token, and status 0.
async fn echo(request: Request<Incoming>) -> Response<Body> {
    assert_eq!(request.method(), "POST");
    let token = request.headers().get("dapr-api-token").cloned();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = request.into_body().with_trailers(async move { Some(Ok(trailers)) });
    let mut response = Response::new(body::boxed(body));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    if let Some(token) = token {
        response.headers_mut().insert("x-token", token);
    }
    response
}

#[tokio::test]
async fn a_call_carries_messages_and_trailers() {
    let tasks = Tasks::new();
    let plain = serve(&tasks, echo).await;
    let tls = serve_tls(&tasks, b"h2", echo).await;
    for (protocol, port) in [(Protocol::Grpc, plain), (Protocol::Grpcs, tls)] {
        let mut config = AppConfig::new(protocol, port);
        config.api_token = ApiToken::new("hush");
        for service in [app(&config, &tasks).service(), app(&config, &tasks).proxy()] {
            let response = service.call(request(body::full(&b"\0\0\0\0\x05hello"[..]))).await.unwrap();
            assert_eq!(response.headers()["x-token"], "hush");
            let collected = response.into_body().collect().await.unwrap();
            assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
            assert_eq!(collected.to_bytes(), &b"\0\0\0\0\x05hello"[..]);
        }
    }
}

#[tokio::test]
async fn messages_flow_both_ways_at_the_same_time() {
    let tasks = Tasks::new();
    let port = serve(&tasks, echo).await;
    let app = app(&AppConfig::new(Protocol::Grpc, port), &tasks);
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(1);
    let stream = futures::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|frame| (frame, receiver))
    });
    let request = request(body::boxed(StreamBody::new(Box::pin(stream))));
    let mut response = app.proxy().call(request).await.unwrap().into_body();
    for word in ["one", "two", "three"] {
        sender.send(Ok(Frame::data(Bytes::from(word)))).await.unwrap();
        assert_eq!(response.frame().await.unwrap().unwrap().into_data().unwrap(), word);
    }
    drop(sender);
    let trailers = response.frame().await.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
}

#[tokio::test]
async fn an_app_that_came_back_is_reached_again() {
    let tasks = Tasks::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let app = app(&AppConfig::new(Protocol::Grpc, address.port()), &tasks);
    for _ in 0..3 {
        let life = tasks.child();
        let listener = loop {
            match TcpListener::bind(address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        serve_on(&life, listener, None, echo);
        let response = app.service().call(request(body::full("x"))).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "x");
        life.stop(Duration::ZERO).await;
        // The connection breaks when its server is gone, and a call in between says that nobody listens.
        while app.service().call(request(body::full("x"))).await.is_ok() {}
    }
}

#[tokio::test]
async fn the_limit_holds_for_callbacks_and_not_for_what_passes_through() {
    let tasks = Tasks::new();
    let inside = Arc::new(AtomicUsize::new(0));
    let count = inside.clone();
    let port = serve(&tasks, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<Response<Body>>()
    })
    .await;
    let mut config = AppConfig::new(Protocol::Grpc, port);
    config.max_concurrency = NonZeroUsize::new(1);
    let app = app(&config, &tasks);
    let mut calls = tokio::task::JoinSet::new();
    for service in [app.service(), app.service(), app.proxy(), app.proxy()] {
        calls.spawn(async move { service.call(request(body::full("x"))).await.map(|_| ()) });
    }
    let reached = tokio::time::timeout(Duration::from_secs(5), async {
        while inside.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    reached.await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(30), calls.join_next()).await;
    assert!(more.is_err());
    assert_eq!(inside.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn health_is_asked_by_its_own_service() {
    let tasks = Tasks::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let port = serve(&tasks, move |request: Request<Incoming>| {
        let asked = count.fetch_add(1, Ordering::SeqCst);
        async move {
            assert_eq!(request.uri().path(), "/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck");
            let mut response = Response::new(body::empty());
            let status = if asked < 2 { "12" } else { "0" };
            response.headers_mut().insert("grpc-status", HeaderValue::from_static(status));
            response
        }
    })
    .await;
    let app = App::new(&AppConfig::new(Protocol::Grpc, port), &tasks).unwrap();
    let config = HealthConfig {
        interval: Duration::from_millis(10),
        timeout: Duration::from_millis(10),
        ..HealthConfig::default()
    };
    let health = AppHealth::start(app.clone(), config, &tasks).unwrap();
    let App::Grpc(app) = app.with_health(&health) else { panic!("must be a gRPC app") };
    assert!(matches!(app.service().call(request(body::empty())).await, Err(CallError::Unhealthy)));
    health.subscribe().wait_for(|healthy| *healthy).await.unwrap();
    assert!(asked.load(Ordering::SeqCst) >= 3);
}

#[tokio::test]
async fn dropping_the_response_resets_the_stream() {
    let tasks = Tasks::new();
    let (sender, mut gone) = tokio::sync::mpsc::channel::<()>(1);
    let port = serve(&tasks, move |request: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            // The request's body fails when the caller is gone.
            let watching = Tasks::new();
            watching.spawn(TaskKind::Finite, "watch", async move {
                let mut body = request.into_body();
                while let Some(Ok(_)) = body.frame().await {}
                let _ = sender.send(()).await;
            });
            Response::new(body::boxed(StreamBody::new(futures::stream::pending::<
                Result<Frame<Bytes>, std::io::Error>,
            >())))
        }
    })
    .await;
    let app = app(&AppConfig::new(Protocol::Grpc, port), &tasks);
    let endless = StreamBody::new(futures::stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
    let response = app.proxy().call(request(body::boxed(endless))).await.unwrap();
    drop(response);
    tokio::time::timeout(Duration::from_secs(5), gone.recv()).await.unwrap();
}
