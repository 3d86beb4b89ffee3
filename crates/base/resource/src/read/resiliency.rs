//! Resiliency.

use std::time::Duration;

use super::metadata;
use crate::decode::{Fields, Item, PolicyKind};
use crate::resiliency::{
    ActorTarget, AppTarget, BreakerScope, BuiltInRetry, CircuitBreaker, CodeRange, ComponentTarget, Policies,
    PolicyNames, Retry, RetryBackoff, RetryMatching, Targets,
};
use crate::{GoDuration, ObjectMeta, Resiliency, Source};

pub(super) fn read(root: &Fields<'_>, meta: ObjectMeta, source: Source) -> Resiliency {
    let spec = root.fields("spec");
    let resiliency = Resiliency {
        meta,
        source,
        policies: policies(spec.fields("policies")),
        targets: targets(spec.fields("targets")),
        scopes: metadata::scopes(root),
    };
    spec.finish();
    resiliency
}

fn policies(policies: Fields<'_>) -> Policies {
    let timeout = |item: &Item<'_>| item.duration_or_millis().map(GoDuration::to_std_or_zero);
    let read = Policies {
        timeouts: policies.item("timeouts").and_then(|item| item.scalars(timeout)).unwrap_or_default(),
        retries: policies.named("retries", retry),
        circuit_breakers: policies.named("circuitBreakers", |_, breaker| circuit_breaker(breaker)),
    };
    policies.finish();
    read
}

/// A duration that is not negative; an empty text says nothing.
fn duration(fields: &Fields<'_>, name: &'static str) -> Option<Duration> {
    let item = fields.item(name)?;
    if item.text()?.is_empty() { None } else { item.duration_or_millis().map(GoDuration::to_std_or_zero) }
}

fn retry(name: &str, retry: Fields<'_>) -> Retry {
    let backoff = match retry.text_or_empty("policy") {
        policy if policy.is_empty() || policy.eq_ignore_ascii_case("constant") => RetryBackoff::Constant,
        policy if policy.eq_ignore_ascii_case("exponential") => RetryBackoff::Exponential,
        policy => {
            retry.refuse("policy", format!("unexpected back off policy type: {policy}"));
            RetryBackoff::Constant
        }
    };
    let mut read = Retry {
        backoff,
        duration: duration(&retry, "duration").unwrap_or(Retry::DEFAULT_DURATION),
        max_interval: duration(&retry, "maxInterval").unwrap_or(Retry::DEFAULT_MAX_INTERVAL),
        // A negative number means without end, as does none.
        max_retries: retry.integer("maxRetries").and_then(|number: i64| u64::try_from(number).ok()),
        matching: matching(retry.fields("matching")),
    };
    match BuiltInRetry::named(name) {
        Some(BuiltInRetry::ActorNotFound) => {
            retry.warn_of_all("this policy cannot be replaced, the built-in one stays");
        }
        Some(_) if read.max_retries.is_none_or(|retries| retries < BuiltInRetry::LEAST_RETRIES) => {
            retry.warn("maxRetries", "a built-in policy needs 3 retries at least, 3 are taken");
            read.max_retries = Some(BuiltInRetry::LEAST_RETRIES);
        }
        _ => {}
    }
    retry.finish();
    read
}

fn matching(matching: Fields<'_>) -> RetryMatching {
    let read = RetryMatching {
        http: code_ranges(&matching, "httpStatusCodes", 100..=599),
        grpc: code_ranges(&matching, "gRPCStatusCodes", 0..=16),
    };
    matching.finish();
    read
}

/// Codes and ranges of them, parted by commas: `429,500-599`.
fn code_ranges(
    matching: &Fields<'_>,
    name: &'static str,
    valid: std::ops::RangeInclusive<u16>,
) -> Option<Vec<CodeRange>> {
    let patterns = matching.non_empty(name)?;
    let ranges = patterns.split(',').filter(|pattern| !pattern.is_empty());
    let ranges = ranges.map(|pattern| code_range(pattern, &valid)).collect::<Result<Vec<_>, _>>();
    ranges.map_err(|message| matching.refuse(name, message)).ok()
}

fn code_range(pattern: &str, valid: &std::ops::RangeInclusive<u16>) -> Result<CodeRange, String> {
    let code = |text: &str, end: &str| {
        let number: i64 = text
            .parse()
            .map_err(|_| format!("failed to parse {end} code {text} from pattern {pattern} to int"))?;
        let code = u16::try_from(number).ok().filter(|code| valid.contains(code));
        code.ok_or_else(|| format!("invalid pattern {pattern}, {end} code {number} is not valid"))
    };
    let (first, last) = pattern.split_once('-').map_or((pattern, None), |(first, last)| (first, Some(last)));
    if last.is_some_and(|last| last.contains('-')) {
        return Err(format!("invalid pattern {pattern}, more than one '-' exists"));
    }
    let first = code(first, "start")?;
    let last = last.map_or(Ok(first), |last| code(last, "end"))?;
    if last < first {
        return Err(format!("invalid pattern {pattern}, start value should not bigger than end value"));
    }
    Ok(CodeRange { first, last })
}

fn circuit_breaker(breaker: Fields<'_>) -> CircuitBreaker {
    let read = CircuitBreaker {
        max_requests: breaker.integer("maxRequests").unwrap_or_default(),
        interval: duration(&breaker, "interval").unwrap_or_default(),
        timeout: duration(&breaker, "timeout").unwrap_or_default(),
        trip: breaker.non_empty("trip"),
    };
    breaker.finish();
    read
}

fn targets(targets: Fields<'_>) -> Targets {
    let read = Targets {
        apps: targets.named("apps", |_, target| app_target(target)),
        actors: targets.named("actors", |_, target| actor_target(target)),
        components: targets.named("components", |_, target| component_target(target)),
    };
    targets.finish();
    read
}

fn policy_names(fields: &Fields<'_>) -> PolicyNames {
    let name = |field: &'static str, kind| {
        let item = fields.item(field)?;
        let name = item.text().filter(|name| !name.is_empty())?;
        item.refer(kind, &name);
        Some(name)
    };
    PolicyNames {
        timeout: name("timeout", PolicyKind::Timeout),
        retry: name("retry", PolicyKind::Retry),
        circuit_breaker: name("circuitBreaker", PolicyKind::CircuitBreaker),
    }
}

fn cache_size(fields: &Fields<'_>, default: usize) -> usize {
    match fields.integer::<i64>("circuitBreakerCacheSize") {
        None | Some(0) => default,
        Some(size) => usize::try_from(size).unwrap_or_else(|_| {
            fields.refuse("circuitBreakerCacheSize", "must provide a positive size");
            default
        }),
    }
}

fn app_target(fields: Fields<'_>) -> AppTarget {
    let read = AppTarget {
        policies: policy_names(&fields),
        circuit_breaker_cache_size: cache_size(&fields, AppTarget::DEFAULT_CACHE_SIZE),
    };
    fields.finish();
    read
}

fn actor_target(fields: Fields<'_>) -> ActorTarget {
    let policies = policy_names(&fields);
    let scope = fields.text_or_empty("circuitBreakerScope");
    let circuit_breaker_scope = match (scope.as_str(), policies.circuit_breaker.is_some()) {
        // The peer does not look at the scope without a circuit breaker.
        (_, false) => None,
        ("type", true) => Some(BreakerScope::Type),
        ("id", true) => Some(BreakerScope::Id),
        ("both", true) => Some(BreakerScope::Both),
        ("", true) => {
            fields.refuse("circuitBreakerScope", "actor circuit breakers must include scope");
            None
        }
        (other, true) => {
            fields.refuse("circuitBreakerScope", format!("unknown circuit breaker scope {other:?}"));
            None
        }
    };
    let circuit_breaker_cache_size = cache_size(&fields, ActorTarget::DEFAULT_CACHE_SIZE);
    fields.finish();
    ActorTarget { policies, circuit_breaker_scope, circuit_breaker_cache_size }
}

fn component_target(fields: Fields<'_>) -> ComponentTarget {
    let names = |name| {
        let direction = fields.fields(name);
        let read = policy_names(&direction);
        direction.finish();
        read
    };
    let read = ComponentTarget { inbound: names("inbound"), outbound: names("outbound") };
    fields.finish();
    read
}
