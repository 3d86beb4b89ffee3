//! Apps that are called.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming};
use tender_core::body::{self, Body, BodyError};
use tender_proto::Any;
use tender_proto::common::v1 as common;
use tender_proto::runtime::v1 as runtime;
use tender_proto::runtime::v1::app_callback_server::{AppCallback, AppCallbackServer};
use tender_tasks::{TaskKind, Tasks};
use tokio::net::TcpListener;
use tonic::Status;

use crate::world::serve;

/// An HTTP app:
///
/// - `/echo` answers with the body, and everything it was asked in headers `x-got-…`
/// - `/status/<n>` answers with that status
/// - `/headers` answers with headers that must not go far
/// - `/slow` never answers
/// - `/events` sends three events and waits between them for the request's body to go on
pub(crate) async fn http(tasks: &Tasks) -> u16 {
    serve(tasks, answer).await.port()
}

async fn answer(request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    if let Some(status) = path.strip_prefix("/status/") {
        let body = body::full(format!("this is {status}"));
        return Response::builder()
            .status(status.parse::<u16>().unwrap())
            .header("content-type", "text/plain")
            .header("x-custom", "kept")
            .body(body)
            .unwrap();
    }
    match path.as_str() {
        "/slow" => std::future::pending().await,
        "/headers" => Response::builder()
            .header("connection", "x-private")
            .header("keep-alive", "timeout=5")
            .header("x-private", "1")
            .header("trailer", "x-sum")
            .header("proxy-authenticate", "Basic")
            .header("x-many", "1")
            .header("x-many", "2")
            .header("grpc-odd", "3")
            .body(body::full("headers"))
            .unwrap(),
        "/events" => {
            let events = futures::stream::iter(1..=3).map(|n| Bytes::from(format!("data: {n}\n\n")));
            use futures::StreamExt;
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(crate::world::chunked(Box::pin(events)))
                .unwrap()
        }
        _ => {
            let mut response = Response::builder()
                .header("x-method", request.method().as_str())
                .header("x-path", request.uri().path_and_query().unwrap().as_str());
            for (name, value) in request.headers() {
                response = response.header(format!("x-got-{name}"), value);
            }
            response.body(body::boxed(request.into_body())).unwrap()
        }
    }
}

/// A gRPC app with `OnInvoke`.
pub(crate) struct Callback;

#[tonic::async_trait]
impl AppCallback for Callback {
    async fn on_invoke(
        &self,
        request: tonic::Request<common::InvokeRequest>,
    ) -> Result<tonic::Response<common::InvokeResponse>, Status> {
        let metadata = request.metadata().clone();
        let message = request.into_inner();
        let data = message.data.clone().unwrap_or_default();
        match message.method.as_str() {
            "echo" => {
                let mut response = tonic::Response::new(common::InvokeResponse {
                    data: Some(Any::plain(data.value)),
                    content_type: message.content_type,
                });
                for entry in metadata.iter() {
                    if let tonic::metadata::KeyAndValueRef::Ascii(key, value) = entry {
                        let name = format!("x-got-{key}");
                        let name = tonic::metadata::MetadataKey::from_bytes(name.as_bytes()).unwrap();
                        response.metadata_mut().insert(name, value.clone());
                    }
                }
                Ok(response)
            }
            "typed" => Ok(tonic::Response::new(common::InvokeResponse {
                data: Some(Any {
                    type_url: "mytype".to_owned(),
                    value: format!("{}/{}", String::from_utf8_lossy(&data.value), data.type_url).into(),
                }),
                content_type: "application/json".to_owned(),
            })),
            "extension" => {
                let extension = message.http_extension.unwrap_or_default();
                let text = format!("{}?{}", extension.verb, extension.querystring);
                Ok(tonic::Response::new(common::InvokeResponse {
                    data: Some(Any::plain(text)),
                    content_type: "text/plain".to_owned(),
                }))
            }
            "missing" => {
                let mut status = Status::not_found("no such \"thing\"");
                status.metadata_mut().insert("x-why", "because".parse().unwrap());
                Err(status)
            }
            _ => Err(Status::unknown("invalid method")),
        }
    }

    async fn list_topic_subscriptions(
        &self,
        _request: tonic::Request<()>,
    ) -> Result<tonic::Response<runtime::ListTopicSubscriptionsResponse>, Status> {
        Ok(tonic::Response::new(runtime::ListTopicSubscriptionsResponse::default()))
    }
}

/// Serves [`Callback`] with tonic.
pub(crate) async fn callback(tasks: &Tasks) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let incoming = futures::stream::unfold(listener, |listener| async {
        let accepted = listener.accept().await.map(|(tcp, _)| tcp);
        Some((accepted, listener))
    });
    tasks.spawn(TaskKind::Finite, "tonic app", async move {
        let server = tonic::transport::Server::builder().add_service(AppCallbackServer::new(Callback));
        let _ = server.serve_with_incoming(incoming).await;
    });
    port
}

/// A gRPC app of any service: sends back what it gets, frame by frame, its metadata in `x-got-…`, and then the
/// trailers `x-last` and status 0. `/test.Service/Fail` answers with status 5 alone; `/test.Service/Hang` not at all;
/// `/test.Service/Break` breaks off.
pub(crate) async fn echo(tasks: &Tasks) -> u16 {
    serve(tasks, |request: Request<Incoming>| async move {
        match request.uri().path() {
            "/test.Service/Fail" => {
                let mut response = Response::new(body::empty());
                response.headers_mut().insert("grpc-status", HeaderValue::from_static("5"));
                response.headers_mut().insert("grpc-message", HeaderValue::from_static("not here"));
                return response;
            }
            "/test.Service/Hang" => return std::future::pending().await,
            "/test.Service/Break" => {
                let frames = [Ok(Frame::data(Bytes::from_static(b"\0\0\0\0\x01x"))), Err("broken".into())];
                let body = http_body_util::StreamBody::new(futures::stream::iter(frames));
                let body: http_body_util::StreamBody<
                    Pin<Box<dyn futures::Stream<Item = Result<_, BodyError>> + Send>>,
                > = http_body_util::StreamBody::new(Box::pin(body));
                return Response::new(body::boxed(body));
            }
            _ => {}
        }
        let mut response = Response::new(());
        for (name, value) in request.headers() {
            let name = http::HeaderName::try_from(format!("x-got-{name}")).unwrap();
            response.headers_mut().insert(name, value.clone());
        }
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("x-last", HeaderValue::from_static("word"));
        let body = request.into_body().with_trailers(std::future::ready(Some(Ok(trailers))));
        response.map(|()| body::boxed(body))
    })
    .await
    .port()
}
