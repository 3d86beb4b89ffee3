//! Where calls go.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use tender_channel::App;
use tender_component::name_resolution::NameResolver;
use tender_core::ApiError;
use tender_core::body::Body;
use tender_core::error::codes;
use tender_tasks::Tasks;
use tonic::{Code, Status};

use crate::app;
use crate::config::InvocationConfig;
use crate::entry::{Destination, find_destination};
use crate::headers::{CALLEE_APP_ID, CALLER_APP_ID, CALLER_NAMESPACE, DESTINATION_APP_ID};
use crate::method;
use crate::outgoing::Content;
use crate::peers::Peers;
use crate::remote::{self, Prepared};
use crate::request::{InvokeRequest, Origin};
use crate::response::InvokeResponse;
use crate::status::Described;
use crate::target::Target;
use crate::wire::{entry, request_head};

/// How often a call is repeated when the other sidecar cannot be reached, and the pause before each: the peer's
/// `DaprBuiltInServiceRetries`.
const RETRIES: (u32, Duration) = (3, Duration::from_secs(1));
/// Above a message of the largest allowed size: what else is in it.
const MESSAGE_OVERHEAD: usize = 64 << 10;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Service invocation of one sidecar.
pub struct Invocation {
    pub(crate) config: InvocationConfig,
    pub(crate) app: Option<App>,
    pub(crate) peers: Peers,
    /// What is said of this sidecar in each call, ready to be sent.
    stamps: Stamps,
}

/// Headers that each call of this sidecar carries.
struct Stamps {
    caller: Bytes,
    forwarded: Bytes,
    /// The same one by one, for callers that have such headers already.
    forwarded_values: Vec<(HeaderName, HeaderValue)>,
}

/// A call that failed on the way.
pub(crate) struct Failure {
    text: String,
    code: Code,
}

impl Failure {
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
    fn text(text: impl ToString) -> Self {
        Self { text: text.to_string(), code: Code::Unknown }
    }

    fn status(status: &Status) -> Self {
        Self { text: Described(status).to_string(), code: status.code() }
    }

    /// As the APIs tell it. A policy of the called side that says no is not an internal error.
    pub(crate) fn into_api_error(self, target: &str) -> ApiError {
        let error = ApiError::new(
            &codes::DIRECT_INVOKE,
            format!("failed to invoke, id: {target}, err: {}", self.text),
        );
        if self.code == Code::PermissionDenied {
            error.with_status(StatusCode::FORBIDDEN, Code::Internal)
        } else {
            error
        }
    }
}

impl Invocation {
    /// Invocation for a sidecar. `app` is its own app, if it has one; what connections need runs in `tasks`.
    pub fn new(
        config: InvocationConfig,
        app: Option<App>,
        resolver: Arc<dyn NameResolver>,
        tasks: &Tasks,
    ) -> Self {
        let peers = Peers::new(&config, resolver, tasks);
        let stamps = Stamps::new(&config);
        Self { config, app, peers, stamps }
    }

    /// Invokes a method of an app, this sidecar's own or another's.
    ///
    /// The error is `ERR_DIRECT_INVOKE`. An app's own failure is not an error but a response.
    pub async fn invoke(&self, mut request: InvokeRequest) -> Result<InvokeResponse, ApiError> {
        let target = std::mem::take(&mut request.target);
        self.dispatch(&target, request).await.map_err(|failure| failure.into_api_error(&target))
    }

    /// Serves an HTTP request that invokes a method: finds out whom it is for, and answers with the app's response.
    ///
    /// Errors: 404 if no app is named, otherwise `ERR_DIRECT_INVOKE`.
    pub async fn invoke_http(
        &self,
        mut request: http::Request<Body>,
    ) -> Result<http::Response<Body>, ApiError> {
        let path = request.uri().path().to_owned();
        let Destination { target, method } = find_destination(&path, request.headers_mut())?;
        self.invoke(InvokeRequest::from_http(target, method, request)).await?.into_http()
    }

    async fn dispatch(&self, text: &str, mut request: InvokeRequest) -> Result<InvokeResponse, Failure> {
        normalize(&mut request.method).map_err(|status| Failure::status(&status))?;
        let target = Target::parse(text, &self.config.namespace).map_err(Failure::text)?;
        if self.is_self(&target) {
            self.invoke_self(request).await
        } else {
            self.invoke_remote(text, &target, request).await
        }
    }

    pub(crate) fn is_self(&self, target: &Target) -> bool {
        target.app_id == self.config.app_id && target.namespace == self.config.namespace
    }

    async fn invoke_self(&self, mut request: InvokeRequest) -> Result<InvokeResponse, Failure> {
        let Some(app) = &self.app else {
            return Err(Failure::text("cannot invoke local endpoint: app channel not initialized"));
        };
        let caller = [
            (CALLER_NAMESPACE, &self.config.namespace),
            (CALLER_APP_ID, &self.config.app_id),
            (CALLEE_APP_ID, &self.config.app_id),
        ];
        for (name, value) in caller {
            request.headers.remove(&name);
            if let Ok(value) = HeaderValue::from_str(value) {
                request.headers.insert(name, value);
            }
        }
        app::call(app, request).await.map_err(Failure::text)
    }

    async fn invoke_remote(
        &self,
        text: &str,
        target: &Target,
        mut request: InvokeRequest,
    ) -> Result<InvokeResponse, Failure> {
        let mut route = self.peers.route(text, target).await.map_err(Failure::text)?;
        let body = std::mem::replace(&mut request.body, tender_core::body::empty());
        let content = Content::of(body).await.map_err(Failure::text)?;
        let mut prepared = self.prepare(&request, &route.stamps, content);
        let mut attempt = 0;
        loop {
            let called = match self.peers.pick(&route) {
                Some(client) => {
                    remote::invoke(&client, &mut prepared, &target.app_id, self.message_limit()).await
                }
                None => Err(Status::unavailable("no address")),
            };
            let status = match called {
                Ok(response) => return Ok(response),
                Err(status) => status,
            };
            if !matches!(status.code(), Code::Unavailable | Code::Unauthenticated) {
                return Err(Failure::status(&status));
            }
            self.peers.forget(text);
            if attempt == RETRIES.0 || !prepared.can_send() {
                return Err(Failure {
                    text: format!(
                        "failed to invoke target {} after {attempt} retries. Error: {}",
                        target.app_id,
                        Described(&status)
                    ),
                    code: status.code(),
                });
            }
            attempt += 1;
            tracing::debug!(
                target: "dapr.runtime.direct_messaging",
                "call of {text} failed, trying again ({attempt}/{}): {}",
                RETRIES.0,
                Described(&status)
            );
            tokio::time::sleep(RETRIES.1).await;
            // It may be somewhere else by now.
            if let Ok(other) = self.peers.route(text, target).await {
                route = other;
            }
        }
    }

    fn prepare(&self, request: &InvokeRequest, route: &[u8], content: Content) -> Prepared {
        let has_forwarded =
            self.stamps.forwarded_values.iter().any(|(name, _)| request.headers.contains_key(name));
        let merged = if has_forwarded { self.stamps.merge(request) } else { Bytes::new() };
        let forwarded = if has_forwarded { &merged } else { &self.stamps.forwarded };
        let stamps = [&self.stamps.caller[..], route, forwarded];
        let head =
            request_head(request, &stamps, |name| is_stamp(name) || (has_forwarded && is_forwarded(name)));
        let is_grpc = request.origin == Origin::Grpc;
        let timeout = request.headers.get("grpc-timeout").filter(|_| is_grpc).cloned();
        Prepared::new(head, content, request.wants_events(), timeout)
    }

    /// What a message from another sidecar may have in all.
    pub(crate) fn message_limit(&self) -> usize {
        self.config.max_body.saturating_add(MESSAGE_OVERHEAD)
    }
}

/// Makes a method's name the one that policies and the app see.
pub(crate) fn normalize(name: &mut String) -> Result<(), Status> {
    match method::normalize(name) {
        Ok(std::borrow::Cow::Borrowed(same)) if same.len() == name.len() => Ok(()),
        Ok(normal) => {
            *name = normal.into_owned();
            Ok(())
        }
        Err(error) => Err(Status::invalid_argument(format!("invalid method: {error}"))),
    }
}

/// Headers that only a sidecar may say.
fn is_stamp(name: &HeaderName) -> bool {
    *name == DESTINATION_APP_ID
        || *name == CALLER_APP_ID
        || *name == CALLER_NAMESPACE
        || *name == CALLEE_APP_ID
}

fn is_forwarded(name: &HeaderName) -> bool {
    *name == X_FORWARDED_FOR || *name == X_FORWARDED_HOST || *name == FORWARDED
}

impl Stamps {
    fn new(config: &InvocationConfig) -> Self {
        let mut values = Vec::new();
        let mut forwarded = Vec::new();
        if let Some(address) = config.host_address {
            values.push((X_FORWARDED_FOR, "X-Forwarded-For", address.to_string()));
            // An IPv6 address is quoted and in brackets there (RFC 7239, 6).
            let address = if address.is_ipv6() { format!("\"[{address}]\"") } else { address.to_string() };
            forwarded.push(format!("for={address};by={address}"));
        }
        if let Some(host) = config.host_name.as_ref().filter(|host| !host.is_empty()) {
            values.push((X_FORWARDED_HOST, "X-Forwarded-Host", host.clone()));
            forwarded.push(format!("host={host}"));
        }
        values.push((FORWARDED, "Forwarded", forwarded.join(";")));
        let caller = [
            entry(CALLER_NAMESPACE.as_str(), &config.namespace),
            entry(CALLER_APP_ID.as_str(), &config.app_id),
        ];
        let entries: Vec<Bytes> = values.iter().map(|(_, name, value)| entry(name, value)).collect();
        Self {
            caller: caller.concat().into(),
            forwarded: entries.concat().into(),
            forwarded_values: values
                .into_iter()
                .filter_map(|(name, _, value)| Some((name, HeaderValue::try_from(value).ok()?)))
                .collect(),
        }
    }

    /// This sidecar's values behind those that the request has already.
    fn merge(&self, request: &InvokeRequest) -> Bytes {
        let mut entries = Vec::new();
        for (name, value) in &self.forwarded_values {
            let values: Vec<&[u8]> = request
                .headers
                .get_all(name)
                .iter()
                .chain(std::iter::once(value))
                .map(HeaderValue::as_bytes)
                .collect();
            crate::wire::put_metadata(&mut entries, name, &values);
        }
        entries.into()
    }
}
