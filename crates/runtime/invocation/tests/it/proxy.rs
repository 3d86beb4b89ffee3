//! gRPC calls that only pass through.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use tender_channel::Protocol;
use tender_core::body::{self, Body};
use tender_proto::scheduler::v1 as scheduler;
use tender_tasks::TaskKind;
use tokio::net::TcpListener;
use tonic::{Code, Status};

use crate::apps;
use crate::world::{World, chunked, request};

fn call(path: &str, body: Body) -> Request<Body> {
    let mut request = request("POST", path, body);
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("dapr-app-id", "callee"),
        ("dapr-api-token", "secret"),
        ("x-custom", "kept"),
        ("x-data-bin", "AAE"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

/// The status of a call, wherever it is.
async fn status(response: Response<Body>) -> Status {
    let (head, body) = response.into_parts();
    let trailers = body.collect().await.unwrap().trailers().cloned().unwrap_or_default();
    Status::from_header_map(&trailers).or_else(|| Status::from_header_map(&head.headers)).unwrap()
}

#[tokio::test]
async fn a_call_passes_to_the_app_with_metadata_and_trailers() {
    let world = World::new();
    let port = apps::echo(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for (sidecar, by) in [(&callee, None), (&caller, Some("caller"))] {
        let response = sidecar.call(call("/test.Service/Echo", body::full(&b"\0\0\0\0\x05hello"[..]))).await;
        let headers = response.headers().clone();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("x-got-x-custom"), Some("kept"));
        assert_eq!(header("x-got-x-data-bin"), Some("AAE"));
        assert_eq!(header("x-got-dapr-app-id"), None);
        assert_eq!(header("x-got-dapr-api-token"), None);
        assert_eq!(header("x-got-dapr-caller-app-id"), by);
        assert_eq!(header("x-got-dapr-callee-app-id"), by.map(|_| "callee"));
        let collected = response.into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(collected.trailers().unwrap()["x-last"], "word");
        assert_eq!(collected.to_bytes(), &b"\0\0\0\0\x05hello"[..]);

        let failed = status(sidecar.call(call("/test.Service/Fail", body::empty())).await).await;
        assert_eq!((failed.code(), failed.message()), (Code::NotFound, "not here"));
    }
}

#[tokio::test]
async fn messages_pass_both_ways_at_the_same_time() {
    let world = World::new();
    let port = apps::echo(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
        let stream = futures::stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|data| (data, receiver))
        });
        let response = sidecar.call(call("/test.Service/Echo", chunked(Box::pin(stream)))).await;
        let mut body = response.into_body();
        for word in ["one", "two", "three"] {
            sender.send(Bytes::from(word)).await.unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), word);
        }
        drop(sender);
        let trailers = body.frame().await.unwrap().unwrap().into_trailers().unwrap();
        assert_eq!(trailers["x-last"], "word");
    }
}

#[tokio::test]
async fn a_call_that_names_no_app_fails() {
    let world = World::new();
    let caller = world.caller("caller").await;
    let mut nameless = call("/test.Service/Echo", body::empty());
    nameless.headers_mut().remove("dapr-app-id");
    let failed = status(caller.call(nameless).await).await;
    assert_eq!(failed.code(), Code::Unknown);
    assert_eq!(
        failed.message(),
        "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found"
    );
    let failed = status(caller.call(call("/test.Service/Echo", body::empty())).await).await;
    assert_eq!(failed.message(), "couldn't find service: callee");

    let mut page = call("/test.Service/Echo", body::empty());
    page.headers_mut().insert("content-type", "text/html".parse().unwrap());
    assert_eq!(caller.call(page).await.status(), 415);
}

#[tokio::test]
async fn an_app_that_cannot_be_proxied_to_is_named() {
    let world = World::new();
    let port = apps::http(&world.tasks).await;
    let http = world.sidecar("callee", Protocol::Http, port).await;
    let failed = status(http.call(call("/test.Service/Echo", body::empty())).await).await;
    assert_eq!(failed.code(), Code::Unavailable);
    let none = world.caller("callee").await;
    let failed = status(none.call(call("/test.Service/Echo", body::empty())).await).await;
    assert_eq!(failed.message(), "failed to proxy request: app channel is not initialized");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let down = world.sidecar("callee", Protocol::Grpc, closed).await;
    let failed = status(down.call(call("/test.Service/Echo", body::empty())).await).await;
    assert_eq!(failed.code(), Code::Unavailable);
    assert!(failed.message().contains("connection refused"), "{failed}");
}

#[tokio::test]
async fn a_deadline_ends_the_call_before_and_after_the_response_began() {
    let world = World::new();
    let port = apps::echo(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        for path in ["/test.Service/Hang", "/test.Service/Echo"] {
            let endless = chunked(Box::pin(futures::stream::pending()));
            let mut hurried = call(path, endless);
            hurried.headers_mut().insert("grpc-timeout", "50m".parse().unwrap());
            let failed = status(sidecar.call(hurried).await).await;
            assert_eq!(failed.code(), Code::DeadlineExceeded, "{path}");
        }
    }
}

#[tokio::test]
async fn an_app_that_breaks_off_is_a_status_and_not_a_broken_stream() {
    let world = World::new();
    let port = apps::echo(&world.tasks).await;
    let callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    for sidecar in [&callee, &caller] {
        let failed = status(sidecar.call(call("/test.Service/Break", body::empty())).await).await;
        assert_eq!(failed.code(), Code::Internal, "{failed}");
    }
}

/// A service of tonic's, called by tonic's client.
struct Scheduler;

#[tonic::async_trait]
impl scheduler::scheduler_server::Scheduler for Scheduler {
    async fn get_job(
        &self,
        request: tonic::Request<scheduler::GetJobRequest>,
    ) -> Result<tonic::Response<scheduler::GetJobResponse>, Status> {
        let name = request.into_inner().name;
        if name.is_empty() {
            return Err(Status::invalid_argument("a job has a name"));
        }
        let job = scheduler::Job { schedule: Some(name), ..Default::default() };
        Ok(tonic::Response::new(scheduler::GetJobResponse { job: Some(job) }))
    }
}

#[tokio::test]
async fn tonic_calls_tonic_through_two_sidecars() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let incoming = futures::stream::unfold(listener, |listener| async {
        let accepted = listener.accept().await.map(|(tcp, _)| tcp);
        Some((accepted, listener))
    });
    world.tasks.spawn(TaskKind::Finite, "tonic app", async move {
        let service = scheduler::scheduler_server::SchedulerServer::new(Scheduler);
        let _ = tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming).await;
    });
    let _callee = world.sidecar("callee", Protocol::Grpc, port).await;
    let caller = world.caller("caller").await;
    let channel =
        tonic::transport::Endpoint::try_from(format!("http://{}", caller.grpc)).unwrap().connect_lazy();
    let mut client = scheduler::scheduler_client::SchedulerClient::with_interceptor(
        channel,
        |mut request: tonic::Request<()>| {
            request.metadata_mut().insert("dapr-app-id", "callee".parse().unwrap());
            Ok(request)
        },
    );
    let asked = scheduler::GetJobRequest { name: "daily".to_owned(), metadata: None };
    let job = client.get_job(asked).await.unwrap().into_inner().job.unwrap();
    assert_eq!(job.schedule.as_deref(), Some("daily"));
    let failed = client.get_job(scheduler::GetJobRequest::default()).await.unwrap_err();
    assert_eq!((failed.code(), failed.message()), (Code::InvalidArgument, "a job has a name"));
    let failed = client.delete_job(scheduler::DeleteJobRequest::default()).await.unwrap_err();
    assert_eq!(failed.code(), Code::Unimplemented);
    let mut hurried = tonic::Request::new(scheduler::GetJobRequest::default());
    hurried.set_timeout(Duration::from_secs(5));
    assert_eq!(client.get_job(hurried).await.unwrap_err().code(), Code::InvalidArgument);
}
