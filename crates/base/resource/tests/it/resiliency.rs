use std::time::Duration;

use tender_resource::resiliency::{
    AppTarget, BreakerScope, CircuitBreaker, CodeRange, PolicyNames, Retry, RetryBackoff, RetryMatching,
};

use crate::{faults_of, load_clean, load_files};

#[test]
fn policies_and_targets_are_typed() {
    let resources = load_clean(
        "
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: myresiliency
spec:
  policies:
    timeouts:
      general: 5s
      short: 250
      none: 0s
    retries:
      plain: {}
      pubsubRetry:
        policy: Exponential
        maxInterval: 15s
        maxRetries: 10
        matching:
          httpStatusCodes: 429,500-599
          gRPCStatusCodes: 4
      never:
        policy: constant
        duration: 100
        maxRetries: 0
      forever:
        maxRetries: -1
      DaprBuiltInServiceRetries:
        duration: 2s
        maxRetries: 5
    circuitBreakers:
      simpleCB:
        maxRequests: 2
        interval: 8s
        timeout: 45s
        trip: consecutiveFailures > 8
      default: {}
  targets:
    apps:
      appB:
        timeout: general
        retry: DaprBuiltInServiceRetries
        circuitBreaker: simpleCB
      endpoint:
        circuitBreakerCacheSize: 7
    actors:
      myActorType:
        timeout: general
        circuitBreaker: simpleCB
        circuitBreakerScope: both
      other:
        circuitBreakerScope: nonsense is not looked at without a circuit breaker
    components:
      statestore:
        outbound: {timeout: general, retry: pubsubRetry}
        inbound: {retry: never}
",
    );
    let [resiliency] = resources.resiliencies.try_into().unwrap();
    assert_eq!(resiliency.name(), "myresiliency");
    let policies = resiliency.policies;
    let timeouts: Vec<_> =
        policies.timeouts.iter().map(|(name, timeout)| (name.as_str(), *timeout)).collect();
    assert_eq!(
        timeouts,
        [
            ("general", Duration::from_secs(5)),
            ("none", Duration::ZERO),
            ("short", Duration::from_millis(250))
        ]
    );
    assert_eq!(policies.retries["plain"], Retry::default());
    assert_eq!(
        policies.retries["pubsubRetry"],
        Retry {
            backoff: RetryBackoff::Exponential,
            max_interval: Duration::from_secs(15),
            max_retries: Some(10),
            matching: RetryMatching {
                http: Some(vec![CodeRange { first: 429, last: 429 }, CodeRange { first: 500, last: 599 }]),
                grpc: Some(vec![CodeRange { first: 4, last: 4 }]),
            },
            ..Retry::default()
        }
    );
    let matching = &policies.retries["pubsubRetry"].matching;
    assert!(matching.retries_http(429) && matching.retries_http(503) && !matching.retries_http(404));
    assert!(matching.retries_grpc(4) && !matching.retries_grpc(14));
    assert!(policies.retries["plain"].matching.retries_http(404));
    assert_eq!(policies.retries["never"].max_retries, Some(0));
    assert_eq!(policies.retries["never"].duration, Duration::from_millis(100));
    assert_eq!(policies.retries["forever"].max_retries, None);
    assert_eq!(policies.circuit_breakers["default"], CircuitBreaker::default());
    assert_eq!(
        policies.circuit_breakers["simpleCB"],
        CircuitBreaker {
            max_requests: 2,
            interval: Duration::from_secs(8),
            timeout: Duration::from_secs(45),
            trip: Some("consecutiveFailures > 8".into()),
        }
    );
    let targets = resiliency.targets;
    assert_eq!(
        targets.apps["appB"],
        AppTarget {
            policies: PolicyNames {
                timeout: Some("general".into()),
                retry: Some("DaprBuiltInServiceRetries".into()),
                circuit_breaker: Some("simpleCB".into()),
            },
            circuit_breaker_cache_size: 100,
        }
    );
    assert_eq!(targets.apps["endpoint"].circuit_breaker_cache_size, 7);
    let actor = &targets.actors["myActorType"];
    assert_eq!(
        (actor.circuit_breaker_scope, actor.circuit_breaker_cache_size),
        (Some(BreakerScope::Both), 5000)
    );
    assert_eq!(targets.actors["other"].circuit_breaker_scope, None);
    assert_eq!(targets.components["statestore"].inbound.retry.as_deref(), Some("never"));
    assert_eq!(targets.components["statestore"].outbound.retry.as_deref(), Some("pubsubRetry"));
}

#[test]
fn what_is_wrong_with_policies_is_told() {
    insta::assert_snapshot!(faults_of(
        "kind: Resiliency
metadata: {name: wrong}
spec:
  policies:
    timeouts: {a: soon, b: [1]}
    retries:
      a: {policy: linear, duration: 5 s}
      b: {matching: {httpStatusCodes: 50-60}}
      c: {matching: {httpStatusCodes: 500-400, gRPCStatusCodes: 1-2-3}}
      d: {matching: {httpStatusCodes: 4xx}}
    circuitBreakers:
      a: {maxRequests: -1, timeout: x}
  targets:
    apps:
      a: {circuitBreakerCacheSize: -5}
    actors:
      a: {circuitBreaker: a}
      b: {circuitBreaker: a, circuitBreakerScope: world}
---
kind: Resiliency
metadata: {name: odd}
spec:
  policies:
    retries:
      DaprBuiltInActorRetries: {maxRetries: 1}
      DaprBuiltInActorNotFoundRetries: {maxRetries: 9}
      fine: {maxretries: 2, initialInterval: 1s}
  targets:
    apps:
      a: {retry: fine, timeout: nowhere, circuitBreaker: nobody}
    components:
      c: {outbound: {retry: nothing}, inbund: {}}
"
    ));
}

#[test]
fn a_policy_may_be_in_another_file_but_not_in_one_for_others() {
    let policies = "kind: Resiliency\nmetadata: {name: p}\nspec: {policies: {timeouts: {slow: 9s}}}\n";
    let targets = "kind: Resiliency\nmetadata: {name: t}\nspec: {targets: {apps: {a: {timeout: slow}}}}\n";
    let resources = load_files(&[("a.yaml", targets), ("b.yaml", policies)], None).unwrap();
    assert_eq!((resources.resiliencies.len(), resources.warnings.len()), (2, 0));
    let elsewhere = format!("{policies}scopes: [other]\n");
    let resources = load_files(&[("a.yaml", targets), ("b.yaml", &elsewhere)], None).unwrap();
    assert_eq!(resources.resiliencies.len(), 1);
    let warnings: Vec<_> = resources.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["a.yaml:3: spec.targets.apps.a.timeout: there is no timeout \"slow\", ignored"]);
}
