//! Bodies that stream, and callers that go away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tender_channel::Protocol;
use tender_core::body::{self, Body};
use tokio::sync::{Notify, mpsc};

use crate::apps;
use crate::world::{World, chunked, request, serve};

const MIB: usize = 1 << 20;
const PIECES: usize = 256;

/// What this process holds in memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Something of 256 MiB, in pieces of 1 MiB, and how many pieces were taken.
fn large(taken: &Arc<AtomicUsize>) -> Body {
    let taken = taken.clone();
    let piece = Bytes::from(vec![7; MIB]);
    chunked(Box::pin(futures::stream::iter(0..PIECES).map(move |_| {
        taken.fetch_add(1, Ordering::SeqCst);
        piece.clone()
    })))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_bodies_in_either_direction() {
    let world = World::new();
    for protocol in [Protocol::Http, Protocol::H2c] {
        let port = apps::http(&world.tasks).await;
        let _callee = world.sidecar("callee", protocol, port).await;
        let caller = world.caller("caller").await;
        let taken = Arc::new(AtomicUsize::new(0));
        let before = resident();
        let call = request("POST", "/v1.0/invoke/callee/method/echo", large(&taken));
        let mut response = caller.send(call).await.into_body();
        let (mut length, mut most) = (0, 0);
        while let Some(frame) = response.frame().await {
            length += frame.unwrap().into_data().unwrap().len();
            most = most.max(resident());
        }
        assert_eq!(length, PIECES * MIB);
        let grown = most.saturating_sub(before) / MIB;
        assert!(grown < 96, "{grown} MiB more were held while 256 MiB passed through");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_slowly_slows_the_sender_down() {
    let world = World::new();
    for protocol in [Protocol::Http, Protocol::H2c] {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let port = serve(&world.tasks, move |_| {
            let body = large(&counted);
            async move { Response::new(body) }
        })
        .await
        .port();
        let _callee = world.sidecar("callee", protocol, port).await;
        let caller = world.caller("caller").await;
        let mut response =
            caller.send(request("GET", "/v1.0/invoke/callee/method/large", body::empty())).await;
        response.body_mut().frame().await.unwrap().unwrap();
        // It comes to rest when all that is between is full.
        let mut last = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = taken.load(Ordering::SeqCst);
            if now == last {
                break;
            }
            last = now;
        }
        assert!(last < 64, "{last} of 256 MiB were sent to a reader that took nothing");
        let rest = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(taken.load(Ordering::SeqCst), 256);
        assert!(rest.len() > 255 * MIB);
    }
}

#[tokio::test]
async fn pieces_are_passed_on_as_they_come_in_both_directions() {
    let world = World::new();
    for protocol in [Protocol::Http, Protocol::H2c] {
        let port = apps::http(&world.tasks).await;
        let callee = world.sidecar("callee", protocol, port).await;
        let caller = world.caller("caller").await;
        for sidecar in [&callee, &caller] {
            let (sender, receiver) = mpsc::channel::<Bytes>(1);
            let pieces = futures::stream::unfold(receiver, |mut receiver| async {
                receiver.recv().await.map(|data| (data, receiver))
            });
            let call = request("POST", "/v1.0/invoke/callee/method/echo", chunked(Box::pin(pieces)));
            let mut response = sidecar.send(call).await.into_body();
            for word in ["one", "two", "three"] {
                sender.send(Bytes::from(word)).await.unwrap();
                assert_eq!(response.frame().await.unwrap().unwrap().into_data().unwrap(), word);
            }
            drop(sender);
            assert!(response.frame().await.is_none());
        }
    }
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// An app that never comes to an end, and says when it was given up.
async fn endless(world: &World, answers: bool) -> (u16, Arc<Notify>, Arc<Notify>) {
    let (begun, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, goes) = (begun.clone(), gone.clone());
    let port = serve(&world.tasks, move |_: Request<Incoming>| {
        let (begins, notice) = (begins.clone(), OnDrop(goes.clone()));
        async move {
            begins.notify_one();
            let pieces = futures::stream::repeat_with(move || {
                let _ = &notice;
                Bytes::from_static(&[0; 1024])
            });
            if !answers {
                let _held = pieces;
                return std::future::pending().await;
            }
            Response::new(chunked(Box::pin(pieces)))
        }
    })
    .await
    .port();
    (port, begun, gone)
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_call_in_the_app() {
    let world = World::new();
    for protocol in [Protocol::Http, Protocol::H2c] {
        for answers in [false, true] {
            let (port, begun, gone) = endless(&world, answers).await;
            let callee = world.sidecar("callee", protocol, port).await;
            let caller = world.caller("caller").await;
            for sidecar in [&callee, &caller] {
                let invocation = sidecar.invocation.clone();
                let call = async move {
                    let call = request("GET", "/v1.0/invoke/callee/method/endless", body::empty());
                    let mut response = invocation.invoke_http(call).await.unwrap();
                    while let Some(Ok(_)) = response.body_mut().frame().await {
                        tokio::task::yield_now().await;
                    }
                };
                let calling = tokio::task::JoinSet::from_iter([call]);
                begun.notified().await;
                drop(calling);
                tokio::time::timeout(Duration::from_secs(10), gone.notified()).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_does_not_look_complete() {
    let world = World::new();
    let (sender, mut seen) = mpsc::channel(1);
    let port = serve(&world.tasks, move |request: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let read = request.into_body().collect().await;
            sender.send(read.is_err()).await.unwrap();
            Response::new(body::empty())
        }
    })
    .await
    .port();
    let callee = world.sidecar("callee", Protocol::Http, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        let broken: [Result<_, tender_core::body::BodyError>; 2] =
            [Ok(hyper::body::Frame::data(Bytes::from_static(b"half"))), Err("gone".into())];
        let stream = http_body_util::StreamBody::new(futures::stream::iter(broken).then(|item| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            item
        }));
        let body = body::boxed(http_body_util::StreamBody::new(Box::pin(stream)));
        let call = request("POST", "/v1.0/invoke/callee/method/upload", body);
        let failed = sidecar.invocation.invoke_http(call).await;
        assert!(failed.is_err());
        assert!(seen.recv().await.unwrap(), "the app must not take half of a body for all of it");
    }
}
