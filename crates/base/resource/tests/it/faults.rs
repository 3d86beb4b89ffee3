//! What people read when their files are wrong.

use proptest::prelude::*;

use crate::{faults_of, load_files};

#[test]
fn every_fault_of_every_document_is_told_with_file_line_and_field() {
    insta::assert_snapshot!(faults_of(
        "apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: store/one
spec:
  type: [state.redis]
  version: {v: 1}
  ignoreErrors: \"true\"
  metadata:
  - name: a
    value: .inf
  - just text
  - name: [x]
    secretKeyRef: vault
scopes: app
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: two
spec:
  metadata: {redisHost: localhost}
---
kind: Component
spec: [
---
just text
---
apiVersion: dapr.io/v1alpha1
kind: Component
spec:
  type: state.redis
---
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: sub}
spec:
  bulkSubscribe:
    enabled: maybe
    maxMessagesCount: 3000000000
    maxAwaitDurationMs: 1.5
---
apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: {name: ..}
spec:
  baseUrl: http://x
  clientTLS:
    renegotiation: Always
"
    ));
}

#[test]
fn what_is_passed_over_is_told_too() {
    insta::assert_snapshot!(faults_of(
        "apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: store
  nmae: store
spec:
  type: state.redis
  type: state.sqlite
  verison: v1
  metadata:
  - name: a
    valeu: b
  - value: nameless
  - name: empty
    secretKeyRef: {key: x}
auth:
  secretstore: vault
  user: me
status: {}
---
apiVersion: dapr.io/v1
kind: Component
metadata: {name: old}
---
apiVersion: dapr.io/v1alpha1
kind: MCPServer
metadata: {name: tools}
---
apiVersion: dapr.io/v1alpha1
kind: HTTPEndpoint
metadata: {name: nowhere}
---
apiVersion: dapr.io/v1alpha1
kind: Subscription
metadata: {name: sub}
spec:
  topic: t
  routes: {default: /x}
"
    ));
}

#[test]
fn documents_of_others_are_passed_over_in_silence() {
    let text = "
apiVersion: v1
kind: Secret
metadata: {name: a}
---
apiVersion: example.com/v1
kind: Component
spec: nonsense
---
apiVersion: dapr.io/v1alpha1
kind: Configuration
spec: {tracing: {samplingRate: '1'}}
---
version: 3
services: {}
---
# nothing
";
    assert_eq!(faults_of(text), "");
    assert_eq!(load_files(&[("a.yaml", text)], None).unwrap(), tender_resource::Resources::default());
}

proptest! {
    #[test]
    fn no_file_panics(
        kind in prop::sample::select(vec!["Component", "Subscription", "HTTPEndpoint", "Resiliency"]),
        version in prop::sample::select(vec!["dapr.io/v1alpha1", "dapr.io/v2alpha1"]),
        body in "[-:#&*!|>'\"%{}\\[\\],?~<a-c0-9. \n\t]{0,60}",
        keys in prop::collection::vec(prop_oneof![
            "spec", "metadata", "policies", "targets", "retries", "apps", "headers", "scopes", "matching",
            "httpStatusCodes", "clientTLS", "name", "value", "[-0-9a,]{1,6}",
        ], 0..5),
    ) {
        let nested: String = keys.iter().enumerate().fold(String::new(), |text, (depth, key)| {
            text + &"  ".repeat(depth) + key + ":\n"
        });
        let text = format!("apiVersion: {version}\nkind: {kind}\n{nested}{}{body}\n", "  ".repeat(keys.len()));
        if let Ok(resources) = load_files(&[("a.yaml", &text)], Some("ns")) {
            for problem in resources.problems.iter().chain(&resources.warnings) {
                prop_assert!(problem.to_string().starts_with("a.yaml:"), "{}", problem);
                prop_assert!(problem.source.line() as usize <= text.lines().count() + 1, "{}", problem);
            }
        }
    }
}
