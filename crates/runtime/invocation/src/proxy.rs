//! gRPC proxying: calls of services that the sidecar does not know pass through as they are.
//!
//! Messages are not looked at: the frames of one connection are written to another, headers and trailers with them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tender_channel::App;
use tender_core::body::{self, Body, BodyError};
use tokio::time::{Instant, Sleep};
use tonic::Status;

use crate::headers::{API_TOKEN, APP_ID, CALLEE_APP_ID, CALLER_APP_ID};
use crate::invocation::Invocation;
use crate::method;
use crate::status::{self, from_body_error, from_call_error};
use crate::target::Target;

/// Whether a request is a gRPC call.
pub(crate) fn is_grpc<B>(request: &Request<B>) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

impl Invocation {
    /// Passes a gRPC call on: to the app if it is for this sidecar's own, else to the other app's sidecar.
    ///
    /// The app is named by the metadata `dapr-callee-app-id` or `dapr-app-id`. The response is always one of gRPC:
    /// errors are in its trailers. A deadline (`grpc-timeout`) is kept on the way. Dropping the future or the
    /// response's body cancels the call.
    pub async fn proxy<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        if !is_grpc(&request) {
            let mut response = Response::new(body::empty());
            *response.status_mut() = http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return response;
        }
        let deadline = timeout(request.headers()).map(|timeout| Instant::now() + timeout);
        let forwarded = match deadline {
            None => self.forward(request).await,
            Some(deadline) => tokio::time::timeout_at(deadline, self.forward(request))
                .await
                .unwrap_or_else(|_| Err(deadline_exceeded())),
        };
        match forwarded {
            Ok(response) => response.map(|body| {
                if body.is_end_stream() {
                    return body;
                }
                body::boxed(Passing {
                    body: Some(body),
                    deadline: deadline.map(|at| Box::pin(tokio::time::sleep_until(at))),
                })
            }),
            Err(status) => failed(&status),
        }
    }

    async fn forward<B>(&self, mut request: Request<B>) -> Result<Response<Body>, Status>
    where
        B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let text = destination(request.headers())?;
        let target = Target::parse(&text, &self.config.namespace)
            .map_err(|error| Status::unknown(error.to_string()))?;
        let headers = request.headers_mut();
        headers.remove(APP_ID);
        // Those that call this sidecar prove it to this sidecar only.
        headers.remove(API_TOKEN);
        if self.is_self(&target) {
            method::normalize(request.uri().path())
                .map_err(|error| Status::invalid_argument(format!("invalid method: {error}")))?;
            return self.forward_to_app(request).await;
        }
        for (name, value) in [(CALLER_APP_ID, &self.config.app_id), (CALLEE_APP_ID, &target.app_id)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        let route = self.peers.route(&text, &target).await.map_err(Status::unknown)?;
        let no_address = || Status::unavailable("no address");
        let client = self.peers.pick(&route).ok_or_else(no_address)?;
        let (client, connection) = match client.connection().await {
            Ok(connection) => (client, connection),
            Err(_) => {
                // It may be somewhere else by now; nothing of the request is gone yet.
                self.peers.forget(&text);
                let route = self.peers.route(&text, &target).await.map_err(Status::unknown)?;
                let client = self.peers.pick(&route).ok_or_else(no_address)?;
                let connection = client.connection().await.map_err(|error| from_call_error(&error))?;
                (client, connection)
            }
        };
        let response = client.call_on(connection, request).await.map_err(|error| from_call_error(&error))?;
        Ok(response.map(body::boxed))
    }

    async fn forward_to_app<B>(&self, request: Request<B>) -> Result<Response<Body>, Status>
    where
        B: HttpBody<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        match &self.app {
            Some(App::Grpc(app)) => app.proxy().call(request).await.map_err(|error| from_call_error(&error)),
            Some(App::Http(_)) => Err(Status::unavailable(
                "failed to proxy request: the app speaks HTTP: set its protocol to grpc to let it be called by gRPC",
            )),
            None => Err(Status::unavailable("failed to proxy request: app channel is not initialized")),
        }
    }
}

fn destination(headers: &HeaderMap) -> Result<String, Status> {
    let target = headers.get(CALLEE_APP_ID).or_else(|| headers.get(APP_ID)).ok_or_else(|| {
        Status::unknown(format!(
            "failed to proxy request: required metadata {CALLEE_APP_ID} or {APP_ID} not found"
        ))
    })?;
    Ok(String::from_utf8_lossy(target.as_bytes()).into_owned())
}

/// The deadline of a call: at most eight digits and a unit.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("context deadline exceeded")
}

/// A response that is its trailers alone.
fn failed(status: &Status) -> Response<Body> {
    let mut response = Response::new(body::empty());
    *response.headers_mut() = status::trailers(status);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// A response on its way through. If it breaks, or takes longer than the caller allows, trailers say so.
struct Passing {
    body: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl HttpBody for Passing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        let broke = match Pin::new(body).poll_frame(cx) {
            Poll::Ready(Some(Err(error))) => from_body_error(&error),
            Poll::Ready(frame) => return Poll::Ready(frame),
            Poll::Pending => {
                let Some(deadline) = &mut this.deadline else { return Poll::Pending };
                ready!(deadline.as_mut().poll(cx));
                deadline_exceeded()
            }
        };
        this.body = None;
        Poll::Ready(Some(Ok(Frame::trailers(status::trailers(&broke)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_has_digits_and_a_unit() {
        for (text, expected) in [
            ("5S", Some(Duration::from_secs(5))),
            ("99999999H", Some(Duration::from_hours(99_999_999))),
            ("10m", Some(Duration::from_millis(10))),
            ("7u", Some(Duration::from_micros(7))),
            ("7n", Some(Duration::from_nanos(7))),
            ("2M", Some(Duration::from_mins(2))),
            ("123456789S", None),
            ("S", None),
            ("", None),
            ("5x", None),
            ("-5S", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", HeaderValue::from_str(text).unwrap());
            assert_eq!(timeout(&headers), expected, "{text}");
        }
    }
}
