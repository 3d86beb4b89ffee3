//! From a method and a path to what is asked for.

use http::Method;

/// What a request asks for. Names are still encoded, as they stood in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    GetState {
        store: &'a str,
        key: &'a str,
    },
    SaveState {
        store: &'a str,
    },
    DeleteState {
        store: &'a str,
        key: &'a str,
    },
    GetBulkState {
        store: &'a str,
    },
    ExecuteStateTransaction {
        store: &'a str,
    },
    QueryState {
        store: &'a str,
    },
    PublishEvent {
        pubsub: &'a str,
        topic: &'a str,
    },
    BulkPublishEvent {
        pubsub: &'a str,
        topic: &'a str,
    },
    InvokeBinding {
        name: &'a str,
    },
    GetSecret {
        store: &'a str,
        key: &'a str,
    },
    GetBulkSecret {
        store: &'a str,
    },
    GetMetadata,
    SetMetadata {
        key: &'a str,
    },
    Healthz,
    HealthzOutbound,
    Shutdown,
    /// Exists at the peer and is not built here yet.
    Unbuilt {
        name: &'static str,
    },
}

/// A route, and the API that it belongs to in access rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) route: Route<'a>,
    /// Such as `v1.0`.
    pub(crate) version: &'a str,
    /// Such as `state`.
    pub(crate) api: &'a str,
}

impl Route<'_> {
    /// The name in obfuscated API logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GetState { .. } => "GetState",
            Self::SaveState { .. } => "SaveState",
            Self::DeleteState { .. } => "DeleteState",
            Self::GetBulkState { .. } => "GetBulkState",
            Self::ExecuteStateTransaction { .. } => "ExecuteStateTransaction",
            Self::QueryState { .. } => "QueryStateAlpha1",
            Self::PublishEvent { .. } => "PublishEvent",
            Self::BulkPublishEvent { .. } => "BulkPublishEvent",
            Self::InvokeBinding { .. } => "InvokeBinding",
            Self::GetSecret { .. } => "GetSecret",
            Self::GetBulkSecret { .. } => "GetBulkSecret",
            Self::GetMetadata => "GetMetadata",
            Self::SetMetadata { .. } => "PutMetadata",
            Self::Healthz => "Healthz",
            Self::HealthzOutbound => "HealthzOutbound",
            Self::Shutdown => "Shutdown",
            Self::Unbuilt { name } => name,
        }
    }

    /// Health checks are allowed whatever the rules say, and need no token.
    pub(crate) fn is_health_check(self) -> bool {
        matches!(self, Self::Healthz | Self::HealthzOutbound)
    }
}

const V1: &str = "v1.0";
const ALPHA1: &str = "v1.0-alpha1";
const ALPHA2: &str = "v1.0-alpha2";
const BETA1: &str = "v1.0-beta1";

/// Finds the route of a cleaned path (see [`crate::path::clean`]); nothing means that the request is an invocation.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Option<Found<'a>> {
    let (version, rest) = path.split_once('/')?;
    let (api, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let route = match (version, api) {
        (V1, "state") => state(method, rest),
        (ALPHA1, "state") => match (is_write(method), rest.split_once('/')) {
            (true, Some((store, "query"))) => Some(Route::QueryState { store }),
            _ => None,
        },
        (V1 | ALPHA1, "publish") => publish(method, version, rest),
        (V1, "bindings") => {
            (is_write(method) && is_name(rest)).then_some(Route::InvokeBinding { name: rest })
        }
        (V1, "secrets") => match (method, rest.split_once('/')) {
            (&Method::GET, Some((store, "bulk"))) => Some(Route::GetBulkSecret { store }),
            (&Method::GET, Some((store, key))) if is_name(key) => Some(Route::GetSecret { store, key }),
            _ => None,
        },
        (V1, "metadata") => match *method {
            Method::GET if rest.is_empty() => Some(Route::GetMetadata),
            Method::PUT if is_name(rest) => Some(Route::SetMetadata { key: rest }),
            _ => None,
        },
        (V1, "healthz") if method == Method::GET => match rest {
            "" => Some(Route::Healthz),
            "outbound" => Some(Route::HealthzOutbound),
            _ => None,
        },
        (V1, "shutdown") if method == Method::POST && rest.is_empty() => Some(Route::Shutdown),
        _ => unbuilt(version, api, rest),
    }?;
    Some(Found { route, version, api })
}

fn state<'a>(method: &Method, rest: &'a str) -> Option<Route<'a>> {
    match rest.split_once('/') {
        None if is_write(method) && is_name(rest) => Some(Route::SaveState { store: rest }),
        Some((store, "bulk")) if is_write(method) => Some(Route::GetBulkState { store }),
        Some((store, "transaction")) if is_write(method) => Some(Route::ExecuteStateTransaction { store }),
        Some((store, key)) if is_name(key) => match *method {
            Method::GET => Some(Route::GetState { store, key }),
            Method::DELETE => Some(Route::DeleteState { store, key }),
            _ => None,
        },
        _ => None,
    }
}

/// A topic may hold slashes; `bulk` as the first part is the bulk API, and there is no other in `v1.0-alpha1`.
fn publish<'a>(method: &Method, version: &str, rest: &'a str) -> Option<Route<'a>> {
    if !is_write(method) {
        return None;
    }
    let split = |rest: &'a str| rest.split_once('/').unwrap_or((rest, ""));
    match rest.split_once('/') {
        Some(("bulk", rest)) => {
            let (pubsub, topic) = split(rest);
            Some(Route::BulkPublishEvent { pubsub, topic })
        }
        Some((pubsub, topic)) if version == V1 => Some(Route::PublishEvent { pubsub, topic }),
        _ => None,
    }
}

/// APIs of the peer that a later version brings. They answer with their name, so that nobody takes silence for success.
fn unbuilt<'a>(version: &str, api: &str, rest: &str) -> Option<Route<'a>> {
    let name = match (version, api) {
        (V1 | ALPHA1, "configuration") => "configuration",
        (V1, "actors") => "actors",
        (ALPHA1, "lock") => "lock",
        (ALPHA1, "unlock") => "unlock",
        (ALPHA1, "crypto") => "crypto",
        (ALPHA1, "subtlecrypto") => "subtlecrypto",
        (V1 | BETA1 | ALPHA1, "workflows") => "workflows",
        (V1 | ALPHA1, "jobs") => "jobs",
        (ALPHA1 | ALPHA2, "conversation") => "conversation",
        _ => return None,
    };
    (!rest.is_empty()).then_some(Route::Unbuilt { name })
}

fn is_write(method: &Method) -> bool {
    method == Method::POST || method == Method::PUT
}

/// Whether the rest of a path is a single part.
fn is_name(rest: &str) -> bool {
    !rest.is_empty() && !rest.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found() {
        let cases: [(&str, &str, Option<Route<'_>>); 25] = [
            ("GET", "v1.0/state/s/k", Some(Route::GetState { store: "s", key: "k" })),
            ("GET", "v1.0/state/s/bulk", Some(Route::GetState { store: "s", key: "bulk" })),
            ("POST", "v1.0/state/s", Some(Route::SaveState { store: "s" })),
            ("PUT", "v1.0/state/s/bulk", Some(Route::GetBulkState { store: "s" })),
            ("POST", "v1.0/state/s/transaction", Some(Route::ExecuteStateTransaction { store: "s" })),
            ("DELETE", "v1.0/state/s/k", Some(Route::DeleteState { store: "s", key: "k" })),
            ("POST", "v1.0/state/s/k", None),
            ("GET", "v1.0/state/s/a/b", None),
            ("POST", "v1.0-alpha1/state/s/query", Some(Route::QueryState { store: "s" })),
            ("POST", "v1.0/publish/p/t", Some(Route::PublishEvent { pubsub: "p", topic: "t" })),
            ("POST", "v1.0/publish/p/a/b", Some(Route::PublishEvent { pubsub: "p", topic: "a/b" })),
            ("POST", "v1.0/publish/bulk/p/t", Some(Route::BulkPublishEvent { pubsub: "p", topic: "t" })),
            (
                "POST",
                "v1.0-alpha1/publish/bulk/p/t",
                Some(Route::BulkPublishEvent { pubsub: "p", topic: "t" }),
            ),
            ("POST", "v1.0-alpha1/publish/p/t", None),
            ("GET", "v1.0/publish/p/t", None),
            ("POST", "v1.0/bindings/b", Some(Route::InvokeBinding { name: "b" })),
            ("GET", "v1.0/secrets/s/bulk", Some(Route::GetBulkSecret { store: "s" })),
            ("GET", "v1.0/secrets/s/k", Some(Route::GetSecret { store: "s", key: "k" })),
            ("GET", "v1.0/metadata", Some(Route::GetMetadata)),
            ("PUT", "v1.0/metadata/k", Some(Route::SetMetadata { key: "k" })),
            ("GET", "v1.0/healthz/outbound", Some(Route::HealthzOutbound)),
            ("POST", "v1.0/shutdown", Some(Route::Shutdown)),
            ("GET", "v1.0/configuration/c", Some(Route::Unbuilt { name: "configuration" })),
            ("POST", "v1.0/invoke/app/method/x", None),
            ("GET", "orders/1", None),
        ];
        for (method, path, expected) in cases {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(find(&method, path).map(|found| found.route), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_route_knows_its_api() {
        let found = find(&Method::GET, "v1.0/state/s/k").unwrap();
        assert_eq!((found.version, found.api), ("v1.0", "state"));
    }
}
