use tender_resource::{Renegotiation, Rule, Secret, SecretKeyRef};

use crate::{load_clean, load_files};

#[test]
fn both_versions_of_a_subscription_become_one_type() {
    let resources = load_clean(
        "
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: orders
spec:
  pubsubname: pubsub
  topic: orders
  metadata:
    rawPayload: true
    count: 5
  routes:
    rules:
    - match: event.type == \"a\"
      path: /a
    default: /default
  deadLetterTopic: dead
  bulkSubscribe:
    enabled: true
    maxMessagesCount: 100
    maxAwaitDurationMs: 40
scopes: [app]
---
apiVersion: dapr.io/v1alpha1
kind: Subscription
metadata:
  name: orders
spec:
  pubsubname: pubsub
  topic: other
  route: /other
---
apiVersion: dapr.io/v1alpha1
kind: Subscription
metadata:
  name: for-others
spec: {pubsubname: pubsub, topic: other, route: /other}
scopes: [somebody]
",
    );
    let [second, first] = resources.subscriptions.try_into().unwrap();
    assert_eq!((second.pubsub_name.as_str(), second.topic.as_str()), ("pubsub", "orders"));
    assert_eq!(
        second.metadata.into_iter().collect::<Vec<_>>(),
        [("count".into(), "5".into()), ("rawPayload".into(), "true".into())]
    );
    assert_eq!(second.routes.rules, [Rule { matches: "event.type == \"a\"".into(), path: "/a".into() }]);
    assert_eq!(second.routes.default.as_deref(), Some("/default"));
    assert_eq!(second.dead_letter_topic.as_deref(), Some("dead"));
    let bulk = second.bulk_subscribe;
    assert_eq!((bulk.enabled, bulk.max_messages_count, bulk.max_await_duration_ms), (true, 100, 40));
    assert_eq!(first.source.to_string(), "a.yaml:24");
    assert_eq!((first.routes.rules, first.routes.default.as_deref()), (vec![], Some("/other")));
    assert_eq!(first.bulk_subscribe, tender_resource::BulkSubscribe::default());
}

#[test]
fn subscriptions_keep_no_names_and_no_namespaces_apart() {
    let text = "apiVersion: dapr.io/v1alpha1\nkind: Subscription\nmetadata: {name: s, namespace: other}\nspec: {pubsubname: p, topic: t, route: /}\n---\n";
    let resources = load_files(&[("a.yaml", &text.repeat(2))], Some("mine")).unwrap();
    assert_eq!(resources.subscriptions.len(), 2);
}

#[test]
fn an_endpoint_has_headers_and_tls_documents() {
    let resources = load_clean(
        "
apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata:
  name: github
auth: {secretStore: vault}
spec:
  baseUrl: https://api.github.com
  headers:
  - name: Accept
    value: application/json
  - name: Authorization
    secretKeyRef: {name: token}
  clientTLS:
    rootCA:
      value: |
        PEM
    certificate:
      secretKeyRef: {name: tls, key: crt}
    renegotiation: OnceAsClient
",
    );
    let [endpoint] = resources.http_endpoints.try_into().unwrap();
    assert_eq!(endpoint.log_name(), "github (https://api.github.com)");
    assert_eq!(endpoint.headers.len(), 2);
    assert_eq!(endpoint.secret_store.as_deref(), Some("vault"));
    let tls = endpoint.client_tls.unwrap();
    assert_eq!(tls.root_ca.unwrap().value.as_ref().map(Secret::expose), Some("PEM\n"));
    assert_eq!(
        tls.certificate.unwrap().secret_key_ref,
        Some(SecretKeyRef { name: "tls".into(), key: "crt".into() })
    );
    assert_eq!((tls.private_key, tls.renegotiation), (None, Renegotiation::OnceAsClient));
}
