//! Resiliency: timeouts, retries and circuit breakers by name, and which of them apply to what.

mod policy;

pub use policy::{
    BreakerScope, BuiltInRetry, CircuitBreaker, CodeRange, Policies, Retry, RetryBackoff, RetryMatching,
};

use std::collections::BTreeMap;

use crate::{ObjectMeta, Scopes, Source};

/// Timeouts, retries and circuit breakers (`kind: Resiliency`, `dapr.io/v1alpha1`).
///
/// A sidecar may load several; the peer lays them over one another in the order of loading, so a later definition of
/// a name replaces an earlier one, for policies and for targets.
#[derive(Clone, Debug)]
pub struct Resiliency {
    /// Its name and namespace.
    pub meta: ObjectMeta,
    /// Where it stands.
    pub source: Source,
    /// `spec.policies`.
    pub policies: Policies,
    /// `spec.targets`.
    pub targets: Targets,
    /// The applications that it is for.
    pub scopes: Scopes,
}

impl Resiliency {
    /// `metadata.name`.
    pub fn name(&self) -> &str {
        &self.meta.name
    }
}

/// The place in the file does not count.
impl PartialEq for Resiliency {
    fn eq(&self, other: &Self) -> bool {
        let Self { meta, source: _, policies, targets, scopes } = self;
        *meta == other.meta
            && *policies == other.policies
            && *targets == other.targets
            && *scopes == other.scopes
    }
}

impl Eq for Resiliency {}

/// Which policies apply to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// By application ID, or by the name of an HTTP endpoint.
    pub apps: BTreeMap<String, AppTarget>,
    /// By actor type.
    pub actors: BTreeMap<String, ActorTarget>,
    /// By the name of a component.
    pub components: BTreeMap<String, ComponentTarget>,
}

/// The names of the policies that apply to calls; a name that no policy has means none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyNames {
    /// A name of [`Policies::timeouts`].
    pub timeout: Option<String>,
    /// A name of [`Policies::retries`].
    pub retry: Option<String>,
    /// A name of [`Policies::circuit_breakers`].
    pub circuit_breaker: Option<String>,
}

/// The policies of calls to an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppTarget {
    /// The policies.
    pub policies: PolicyNames,
    /// How many circuit breakers, one per method, are kept.
    pub circuit_breaker_cache_size: usize,
}

impl AppTarget {
    /// The cache size of an application that states none.
    pub const DEFAULT_CACHE_SIZE: usize = 100;
}

/// The policies of calls to actors of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActorTarget {
    /// The policies.
    pub policies: PolicyNames,
    /// What a circuit breaker is kept for; always there when a circuit breaker is named.
    pub circuit_breaker_scope: Option<BreakerScope>,
    /// How many circuit breakers are kept.
    pub circuit_breaker_cache_size: usize,
}

impl ActorTarget {
    /// The cache size of an actor type that states none.
    pub const DEFAULT_CACHE_SIZE: usize = 5000;
}

/// The policies of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentTarget {
    /// For what comes from the component to the application.
    pub inbound: PolicyNames,
    /// For calls to the component.
    pub outbound: PolicyNames,
}
