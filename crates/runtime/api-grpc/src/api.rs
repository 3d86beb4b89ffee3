//! One call's way: token, access rules, service or proxy, metrics, log.

use std::sync::Arc;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use tender_api::Blocks;
use tender_api::access::ApiAccess;
use tender_api::listen::Handler;
use tender_core::Body;
use tender_core::body::boxed;
use tender_proto::runtime::v1::dapr_server::DaprServer;
use tokio::time::Instant;
use tonic::{Code, Status};
use tower_service::Service as _;

use crate::access::api_of;
use crate::reflection::Reflection;
use crate::service::Service;

/// The header that carries the token of the API.
const TOKEN: &str = "dapr-api-token";
const DAPR: &str = "/dapr.proto.runtime.v1.Dapr/";
/// The workflow engine's service, which SDKs call on this port.
const TASK_HUB: &str = "/TaskHubSidecarService/";

/// How the gRPC API is served.
#[derive(Clone, Debug, Default)]
pub struct GrpcApiConfig {
    /// What callers must send in `dapr-api-token`; nothing if they need not.
    pub token: Option<HeaderValue>,
    /// Which APIs may be called.
    pub access: ApiAccess,
    /// The largest message, in bytes.
    pub max_body: usize,
    /// Whether calls are logged.
    pub logging: bool,
}

/// The gRPC API. A clone is another handle to the same.
#[derive(Clone)]
pub struct GrpcApi {
    inner: Arc<Inner>,
}

struct Inner {
    blocks: Arc<Blocks>,
    config: GrpcApiConfig,
    dapr: DaprServer<Service>,
    reflection: Reflection,
}

impl GrpcApi {
    /// The API over `blocks`.
    pub fn new(blocks: Arc<Blocks>, config: GrpcApiConfig) -> Self {
        let dapr = DaprServer::new(Service { blocks: blocks.clone() })
            .max_decoding_message_size(config.max_body)
            .max_encoding_message_size(config.max_body);
        Self { inner: Arc::new(Inner { blocks, config, dapr, reflection: Reflection::new() }) }
    }
}

impl Handler for GrpcApi {
    async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        let started = Instant::now();
        let method = request.uri().path().to_owned();
        let response = match self.inner.check(&request) {
            Ok(()) => self.inner.answer(request, &method).await,
            Err(status) => status.into_http(),
        };
        // The status of a call that has a body is in its trailers, which pass later: such a call counts as OK here.
        let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
        let elapsed = started.elapsed();
        self.inner.blocks.metrics.grpc.server_call(&method, code_name(code), elapsed);
        if self.inner.config.logging {
            tracing::info!(
                target: "dapr.runtime.grpc.api-info", method, code = code_name(code), duration = %elapsed.as_millis(),
                "gRPC API Called"
            );
        }
        response
    }
}

impl Inner {
    fn check(&self, request: &Request<Incoming>) -> Result<(), Status> {
        if let Some(token) = &self.config.token {
            match request.headers().get(TOKEN) {
                None => return Err(Status::unauthenticated("missing api token in request metadata")),
                Some(given) if given != token => {
                    return Err(Status::unauthenticated("authentication error: api token mismatch"));
                }
                Some(_) => {}
            }
        }
        let api = request.uri().path().strip_prefix(DAPR).and_then(api_of);
        match api {
            Some((version, api)) if !self.config.access.allows(version, api) => {
                Err(Status::unimplemented("requested endpoint is not available"))
            }
            _ => Ok(()),
        }
    }

    async fn answer(&self, mut request: Request<Incoming>, method: &str) -> Response<Body> {
        request.headers_mut().remove(TOKEN);
        if method.starts_with(DAPR) {
            let mut dapr = self.dapr.clone();
            return match dapr.call(request).await {
                Ok(response) => response.map(boxed),
                Err(never) => match never {},
            };
        }
        if let Some(serve) = self.reflection.serving(method) {
            return serve(request).await;
        }
        if let Some(name) = method.strip_prefix(TASK_HUB) {
            let message =
                format!("method {name} not implemented: workflows are not built into this version of tender");
            return Status::unimplemented(message).into_http();
        }
        self.blocks.invocation.proxy(request).await
    }
}

/// The name of a code, as the peer's metrics and logs write it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}
