//! gRPC reflection: which services and messages there are, for tools that ask.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use http::{Request, Response};
use hyper::body::Incoming;
use tender_core::Body;
use tender_core::body::boxed;
use tender_proto::FILE_DESCRIPTOR_SET;
use tonic::Status;
use tonic_reflection::server::Builder;
use tower_service::Service;

type Answer = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
/// Answers one call.
pub(crate) type Serve = Box<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// Reflection in both versions that tools speak.
pub(crate) struct Reflection {
    v1: Serve,
    alpha: Serve,
}

const V1: &str = "/grpc.reflection.v1.ServerReflection/";
const ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/";

impl Reflection {
    /// Reflection over everything that this build knows.
    pub(crate) fn new() -> Self {
        let builder = || {
            Builder::configure()
                .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
                .with_service_name("dapr.proto.runtime.v1.Dapr")
        };
        Self { v1: serve(builder().build_v1()), alpha: serve(builder().build_v1alpha()) }
    }

    /// What answers a method of the reflection service; nothing if it is another's.
    pub(crate) fn serving(&self, method: &str) -> Option<&Serve> {
        if method.starts_with(V1) {
            Some(&self.v1)
        } else if method.starts_with(ALPHA) {
            Some(&self.alpha)
        } else {
            None
        }
    }
}

/// Boxes a service, so that its type need not be named. One that could not be built says so when it is called.
fn serve<S, E>(service: Result<S, E>) -> Serve
where
    S: Service<Request<Incoming>, Response = Response<tonic::body::Body>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    E: std::fmt::Display,
{
    match service {
        Ok(service) => Box::new(move |request| {
            let answer = service.clone().call(request);
            Box::pin(async move {
                match answer.await {
                    Ok(response) => response.map(boxed),
                    Err(never) => match never {},
                }
            })
        }),
        Err(error) => {
            let reason = format!("reflection is not available: {error}");
            Box::new(move |_| {
                let response = Status::internal(reason.clone()).into_http();
                Box::pin(async move { response })
            })
        }
    }
}
