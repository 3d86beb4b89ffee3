use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use tender_channel::{
    ApiToken, App, AppConfig, AppHealth, CallError, HealthConfig, HttpApp, Protocol, wait_until_listening,
};
use tender_core::body::{self, Body};
use tender_tasks::{TaskKind, Tasks};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::server::{serve, serve_tls, text};

fn app(config: &AppConfig, tasks: &Tasks) -> HttpApp {
    match App::new(config, tasks).unwrap() {
        App::Http(app) => app,
        App::Grpc(_) => panic!("must be an HTTP app"),
    }
}

fn post(path: &str, body: Body) -> Request<Body> {
    Request::post(path).body(body).unwrap()
}

async fn read(response: Response<Body>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

/// Answers with what it was asked.
async fn echo(request: Request<Incoming>) -> Response<Body> {
    let mut response = Response::builder()
        .header("x-method", request.method().as_str())
        .header("x-path", request.uri().path_and_query().unwrap().as_str())
        .header("x-version", format!("{:?}", request.version()));
    for (name, value) in request.headers() {
        response = response.header(format!("x-got-{name}"), value);
    }
    response.body(body::boxed(request.into_body())).unwrap()
}

#[tokio::test]
async fn a_call_carries_method_path_headers_and_body_over_every_protocol() {
    let tasks = Tasks::new();
    let plain = serve(&tasks, echo).await;
    let tls = serve_tls(&tasks, b"http/1.1", echo).await;
    for (protocol, port, version) in [
        (Protocol::Http, plain, "HTTP/1.1"),
        (Protocol::Https, tls, "HTTP/1.1"),
        (Protocol::H2c, plain, "HTTP/2.0"),
    ] {
        let mut config = AppConfig::new(protocol, port);
        config.api_token = ApiToken::new("hush");
        let app = app(&config, &tasks);
        for round in 0..3 {
            let request = post("/some/%2Fpath?a=b&c", body::full("hello"));
            let response = app.call(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()["x-method"], "POST");
            assert_eq!(response.headers()["x-path"], "/some/%2Fpath?a=b&c");
            assert_eq!(response.headers()["x-version"], version, "round {round}");
            assert_eq!(response.headers()["x-got-dapr-api-token"], "hush");
            assert_eq!(read(response).await, "hello");
        }
    }
}

#[tokio::test]
async fn calls_one_after_another_share_a_connection() {
    let tasks = Tasks::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = accepted.clone();
    tasks.spawn(TaskKind::Finite, "counting app", async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let mut buffer = [0; 4096];
            while let Ok(1..) = tcp.read(&mut buffer).await {
                tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
        }
    });
    let app = app(&AppConfig::new(Protocol::Http, port), &tasks);
    for _ in 0..5 {
        let response = app.call(Request::get("/").body(body::empty()).unwrap()).await.unwrap();
        assert_eq!(read(response).await, "ok");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_that_the_app_closed_is_replaced() {
    let tasks = Tasks::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let closed = Arc::new(Notify::new());
    let closes = closed.clone();
    tasks.spawn(TaskKind::Finite, "impatient app", async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let _ = tcp.read(&mut buffer).await;
            tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            drop(tcp);
            closes.notify_one();
        }
    });
    let app = app(&AppConfig::new(Protocol::Http, port), &tasks);
    for _ in 0..5 {
        let response = app.call(post("/", body::full("x"))).await.unwrap();
        assert_eq!(read(response).await, "ok");
        closed.notified().await;
    }
}

#[tokio::test]
async fn an_app_that_announces_more_than_it_sends_is_believed_what_it_sent() {
    let tasks = Tasks::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tasks.spawn(TaskKind::Finite, "boasting app", async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = tcp.read(&mut buffer).await;
        tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n\"ok\"").await.unwrap();
    });
    let app = app(&AppConfig::new(Protocol::Http, port), &tasks);
    let response = app.call(post("/", body::empty())).await.unwrap();
    assert_eq!(read(response).await, "\"ok\"");
}

#[tokio::test]
async fn an_app_that_does_not_listen_is_named() {
    let tasks = Tasks::new();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for protocol in [Protocol::Http, Protocol::H2c] {
        let app = app(&AppConfig::new(protocol, port), &tasks);
        let error = app.call(post("/", body::empty())).await.unwrap_err();
        assert!(error.never_sent());
        assert_eq!(error.to_string(), format!("dial tcp 127.0.0.1:{port}: connect: connection refused"));
    }
}

/// Counts how many calls are in it at once; `/hold` stays until it is released.
#[derive(Clone, Default)]
struct Room {
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

impl Room {
    async fn visit(&self, request: Request<Incoming>) -> Response<Body> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        if request.uri().path() == "/hold" {
            self.entered.notify_one();
            self.release.notified().await;
        } else {
            tokio::task::yield_now().await;
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
        text("done")
    }
}

#[tokio::test]
async fn no_more_calls_than_allowed_are_in_the_app_at_once() {
    let tasks = Tasks::new();
    let room = Room::default();
    let visited = room.clone();
    let port = serve(&tasks, move |request| {
        let room = visited.clone();
        async move { room.visit(request).await }
    })
    .await;
    for protocol in [Protocol::Http, Protocol::H2c] {
        let mut config = AppConfig::new(protocol, port);
        config.max_concurrency = NonZeroUsize::new(2);
        let app = app(&config, &tasks);
        let calls = (0..20).map(|_| async { read(app.call(post("/", body::empty())).await.unwrap()).await });
        futures::future::join_all(calls).await;
        assert!(room.most.load(Ordering::SeqCst) <= 2);
    }
}

#[tokio::test]
async fn a_waiter_that_gives_up_takes_no_place() {
    let tasks = Tasks::new();
    let room = Room::default();
    let visited = room.clone();
    let port = serve(&tasks, move |request| {
        let room = visited.clone();
        async move { room.visit(request).await }
    })
    .await;
    let mut config = AppConfig::new(Protocol::Http, port);
    config.max_concurrency = NonZeroUsize::new(1);
    let app = app(&config, &tasks);
    let holding = app.clone();
    let hold = tokio::task::JoinSet::from_iter([async move {
        read(holding.call(post("/hold", body::empty())).await.unwrap()).await
    }]);
    room.entered.notified().await;
    let waiter = tokio::time::timeout(Duration::from_millis(20), app.call(post("/", body::empty())));
    assert!(waiter.await.is_err());
    room.release.notify_one();
    assert_eq!(hold.join_all().await, ["done"]);
    assert_eq!(read(app.call(post("/", body::empty())).await.unwrap()).await, "done");
}

#[tokio::test]
async fn a_place_is_taken_until_the_response_has_ended() {
    let tasks = Tasks::new();
    let port = serve(&tasks, |_| async {
        let endless = futures::stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[0; 1024]))));
        Response::new(body::boxed(StreamBody::new(endless.map(|frame: Result<_, std::io::Error>| frame))))
    })
    .await;
    let mut config = AppConfig::new(Protocol::Http, port);
    config.max_concurrency = NonZeroUsize::new(1);
    let app = app(&config, &tasks);
    let first = app.call(post("/", body::empty())).await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(20), app.call(post("/", body::empty())));
    assert!(second.await.is_err());
    drop(first);
    app.call(post("/", body::empty())).await.unwrap();
}

#[tokio::test]
async fn dropping_the_response_cancels_the_call() {
    let tasks = Tasks::new();
    let gone = Arc::new(Notify::new());
    let notice = gone.clone();
    let port = serve(&tasks, move |_| {
        let notice = OnDrop(notice.clone());
        async move {
            let endless = futures::stream::repeat_with(move || {
                let _ = &notice;
                Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(&[0; 16 << 10])))
            });
            Response::new(body::boxed(StreamBody::new(endless)))
        }
    })
    .await;
    for protocol in [Protocol::Http, Protocol::H2c] {
        let app = app(&AppConfig::new(protocol, port), &tasks);
        let mut response = app.call(post("/", body::empty())).await.unwrap();
        response.body_mut().frame().await.unwrap().unwrap();
        drop(response);
        gone.notified().await;
    }
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn request_and_response_stream_at_the_same_time() {
    let tasks = Tasks::new();
    let port = serve(&tasks, echo).await;
    for protocol in [Protocol::Http, Protocol::H2c] {
        let app = app(&AppConfig::new(protocol, port), &tasks);
        let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(1);
        let stream = futures::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|frame| (frame, receiver))
        });
        let request = post("/", body::boxed(StreamBody::new(Box::pin(stream))));
        let mut response = app.call(request).await.unwrap().into_body();
        for word in ["one", "two", "three"] {
            sender.send(Ok(Frame::data(Bytes::from(word)))).await.unwrap();
            let frame = response.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), word, "{protocol}");
        }
        drop(sender);
        assert!(response.frame().await.is_none());
    }
}

#[tokio::test]
async fn an_unhealthy_app_is_not_called_until_it_is_well() {
    let tasks = Tasks::new();
    let is_well = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let state = is_well.clone();
    let port = serve(&tasks, move |request: Request<Incoming>| {
        let is_well = state.load(Ordering::SeqCst);
        async move {
            let mut response = text(request.uri().path().to_owned());
            if !is_well {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            response
        }
    })
    .await;
    let app = App::new(&AppConfig::new(Protocol::Http, port), &tasks).unwrap();
    let config = HealthConfig {
        path: "health".to_owned(),
        interval: Duration::from_millis(10),
        timeout: Duration::from_millis(10),
        threshold: 1,
    };
    let health = AppHealth::start(app.clone(), config, &tasks).unwrap();
    let App::Http(app) = app.with_health(&health) else { panic!("must be an HTTP app") };
    assert!(matches!(app.call(post("/", body::empty())).await, Err(CallError::Unhealthy)));
    is_well.store(true, Ordering::SeqCst);
    health.subscribe().wait_for(|healthy| *healthy).await.unwrap();
    assert_eq!(read(app.call(post("/a", body::empty())).await.unwrap()).await, "/a");
    is_well.store(false, Ordering::SeqCst);
    health.subscribe().wait_for(|healthy| !*healthy).await.unwrap();
    assert!(matches!(app.call(post("/", body::empty())).await, Err(CallError::Unhealthy)));
}

#[tokio::test]
async fn waiting_ends_when_the_app_listens() {
    let tasks = Tasks::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config = AppConfig::new(Protocol::Http, address.port());
    let waiting = tokio::time::timeout(Duration::from_millis(150), wait_until_listening(&config));
    assert!(waiting.await.is_err());
    let _listener = TcpListener::bind(address).await.unwrap();
    wait_until_listening(&config).await.unwrap();
    let tls = AppConfig::new(Protocol::Https, serve_tls(&tasks, b"http/1.1", echo).await);
    wait_until_listening(&tls).await.unwrap();
}
