use tender_resource::configuration::{
    Action, ApiProtocol, ConfigurationErrors, Loaded, Metric, OtelProtocol, SelectorField,
};
use tender_resource::{Configuration, GoDuration, Secret};

fn environment(name: &str) -> Option<String> {
    (name == "TOKEN").then(|| "t0k3n".to_owned())
}

fn load(files: &[&str]) -> Result<Loaded, ConfigurationErrors> {
    let files = files
        .iter()
        .enumerate()
        .map(|(index, text)| (format!("config{}.yaml", index + 1).into(), Ok(text.as_bytes().to_vec())));
    Configuration::load_read(files, &environment)
}

fn load_clean(files: &[&str]) -> Configuration {
    let Loaded { configuration, warnings } = load(files).unwrap();
    assert_eq!(warnings, []);
    configuration
}

#[test]
fn without_files_it_is_the_peer_s_default() {
    let spec = Configuration::load(&[], &environment).unwrap().configuration.spec;
    assert!(spec.metric.enabled && spec.tracing.otel.is_secure && !spec.mtls.enabled);
    assert_eq!(spec.access_control.default_action, Some(Action::Allow));
    assert_eq!(spec.access_control.trust_domain, "public");
    assert_eq!(spec, Configuration::default().spec);
}

const EVERYTHING: &str = r#"
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: everything
  namespace: prod
spec:
  appHttpPipeline:
    handlers:
    - {name: first, type: middleware.http.uppercase}
  httpPipeline:
    handlers:
    - name: oauth2
      type: middleware.http.oauth2
      version: v1
      selector:
        fields:
        - {field: hostname, value: example.com}
  tracing:
    samplingRate: 0.50
    stdout: yes
    zipkin: {endpointAddress: "http://localhost:9411/api/v2/spans"}
    otel:
      protocol: grpc
      endpointAddress: localhost:4317
      isSecure: off
      headers: ["authorization=Bearer ${TOKEN}", {name: x, value: y}]
      timeout: 5s
  metric:
    enabled: false
    recordErrorCodes: true
    rules:
    - name: dapr_runtime_service_invocation_req_sent_total
      labels:
      - name: method
        regex: {"orders/": "orders/.+"}
    latencyDistributionBuckets: [1, 2.9, 0x10]
    http: {pathMatching: ["/a/{id}"]}
  metrics:
    enabled: true
    http: {increasedCardinality: false, excludeVerbs: true}
    workflow: {latencyDistributionBuckets: [5], latencyDistributionUnits: 1s}
  mtls:
    enabled: true
    workloadCertTTL: 24h
    allowedClockSkew: 15m
    sentryAddress: localhost:50001
    controlPlaneTrustDomain: cluster.local
    tokenValidators: [{name: jwks, options: {source: "https://x", n: 1}}]
  secrets:
    scopes:
    - storeName: vault
      defaultAccess: Deny
      allowedSecrets: [b, a]
    - storeName: file
      deniedSecrets: [x]
  accessControl:
    defaultAction: deny
    trustDomain: mine
    policies:
    - appId: caller
      defaultAction: allow
      trustDomain: public
      namespace: default
      operations:
      - {name: /op, httpVerb: [POST, GET], action: DENY}
  nameResolution:
    component: sqlite
    version: v1
    configuration: {connectionString: x.db, interval: 5}
  features:
  - {name: HotReload, enabled: false}
  - {name: ActorStateTTL, enabled: true}
  api:
    allowed:
    - {name: state, version: v1.0, protocol: HTTP}
    - {name: invoke, version: v1, protocol: grpc}
    denied:
    - {name: bindings, version: v1.0, protocol: http}
  components:
    deny: [bindings.smtp, state.redis/v1]
  logging:
    apiLogging: {enabled: true, obfuscateURLs: true, omitHealthChecks: true}
  wasm: {strictSandbox: true}
  workflow:
    maxConcurrentWorkflowInvocations: 10
    maxConcurrentActivityInvocations: -1
    globalMaxConcurrentWorkflowInvocations: 100
    workflowConcurrencyLimits: [{name: w, maxConcurrent: 2}]
    stateRetentionPolicy: {anyTerminal: 72h, completed: 0s}
"#;

#[test]
fn every_field_is_read() {
    let configuration = load_clean(&[EVERYTHING]);
    assert_eq!((configuration.name.as_str(), configuration.namespace.as_str()), ("everything", "prod"));
    let spec = configuration.spec;
    assert_eq!(spec.app_http_pipeline[0].log_name(), "first (middleware.http.uppercase)");
    assert_eq!(spec.http_pipeline[0].log_name(), "oauth2 (middleware.http.oauth2/v1)");
    assert_eq!(
        spec.http_pipeline[0].selector,
        [SelectorField { field: "hostname".into(), value: "example.com".into() }]
    );
    assert_eq!((spec.tracing.sampling_rate.as_str(), spec.tracing.stdout), ("0.50", true));
    assert_eq!(spec.tracing.zipkin_endpoint, "http://localhost:9411/api/v2/spans");
    let otel = spec.tracing.otel;
    assert_eq!((otel.protocol, otel.endpoint_address.as_str()), (OtelProtocol::Grpc, "localhost:4317"));
    assert!(!otel.is_secure);
    let headers: Vec<_> = otel.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(headers, [("authorization", "Bearer t0k3n"), ("x", "y")]);
    assert_eq!(otel.timeout, Some(GoDuration::from_millis(5000)));
    let metric = spec.metric;
    assert!(metric.enabled && metric.record_error_codes && metric.http.exclude_verbs);
    assert_eq!(metric.rules[0].labels[0].regex["orders/"], "orders/.+");
    assert_eq!(metric.latency_distribution_buckets, [1, 2, 16]);
    assert_eq!(metric.http.increased_cardinality, Some(false));
    assert_eq!(
        metric.http.path_matching,
        <[String; 0]>::default(),
        "metrics.http stands in place of metric.http"
    );
    assert_eq!(metric.workflow.latency_distribution_buckets, [5]);
    assert_eq!(metric.workflow.latency_distribution_units, Some(GoDuration::from_millis(1000)));
    assert!(spec.mtls.enabled);
    assert_eq!(spec.mtls.workload_cert_ttl, "24h".parse().ok());
    assert_eq!(spec.mtls.token_validators[0].options, serde_json::json!({"source": "https://x", "n": 1}));
    assert!(spec.secret_scopes[0].allows("a") && !spec.secret_scopes[0].allows("c"));
    assert!(spec.secret_scopes[1].allows("a") && !spec.secret_scopes[1].allows("x"));
    let policy = &spec.access_control.policies[0];
    assert_eq!(spec.access_control.default_action, Some(Action::Deny));
    assert_eq!((policy.app_id.as_str(), policy.default_action), ("caller", Some(Action::Allow)));
    assert_eq!(policy.operations[0].http_verbs, ["POST", "GET"]);
    assert_eq!(policy.operations[0].action, Some(Action::Deny));
    assert_eq!(spec.name_resolution.component.as_deref(), Some("sqlite"));
    assert_eq!(
        spec.name_resolution.configuration,
        serde_json::json!({"connectionString": "x.db", "interval": 5})
    );
    assert_eq!(spec.features.len(), 2);
    assert_eq!(spec.api.allowed_in(ApiProtocol::Http).collect::<Vec<_>>(), ["v1.0/state"]);
    assert_eq!(spec.api.allowed_in(ApiProtocol::Grpc).collect::<Vec<_>>(), ["v1/invoke"]);
    assert_eq!(spec.api.denied_in(ApiProtocol::Http).collect::<Vec<_>>(), ["v1.0/bindings"]);
    assert_eq!(spec.denied_components, ["bindings.smtp", "state.redis/v1"]);
    assert!(
        spec.api_logging.enabled && spec.api_logging.obfuscate_urls && spec.api_logging.omit_health_checks
    );
    assert!(spec.wasm_strict_sandbox);
    let workflow = spec.workflow;
    assert_eq!(workflow.max_concurrent_workflow_invocations.map(u32::from), Some(10));
    assert_eq!(workflow.max_concurrent_activity_invocations, None);
    assert_eq!(workflow.global_max_concurrent_workflow_invocations.map(u32::from), Some(100));
    assert_eq!(workflow.workflow_concurrency_limits[0].max_concurrent, Some(2));
    let retention = workflow.state_retention.unwrap();
    assert_eq!(retention.any_terminal, "72h".parse().ok());
    assert_eq!((retention.completed, retention.failed), (Some(GoDuration::ZERO), None));
}

#[test]
fn every_field_that_is_written_can_be_told() {
    let configuration = load_clean(&[EVERYTHING]);
    let told = |supported: &[&str]| {
        let fields = configuration.unsupported(supported);
        fields.iter().map(|field| format!("{}: {}", field.source, field.path)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told(&[]));
    insta::assert_snapshot!(
        "some_supported",
        told(&[
            "spec.tracing.otel.endpointAddress",
            "spec.tracing.otel.headers",
            "spec.tracing.samplingRate",
            "spec.metric",
            "spec.metrics.enabled",
            "spec.httpPipeline.handlers.name",
            "spec.httpPipeline.handlers.type",
            "spec.nameResolution",
            "spec.features",
            "spec.accessControl",
        ])
    );
}

#[test]
fn later_files_are_laid_over_earlier_ones_and_replace_lists() {
    let first = "
kind: Configuration
metadata: {name: first}
spec:
  features: [{name: A, enabled: true}, {name: B, enabled: true}]
  mtls: {enabled: true, workloadCertTTL: 25s}
  tracing: {samplingRate: '1', otel: {isSecure: false, headers: [a=b]}}
  metric: {http: {pathMatching: [/a]}, rules: [{name: r}]}
  accessControl: {defaultAction: deny}
  nameResolution: {component: consul, configuration: {a: 1}}
  wasm: {strictSandbox: true}
";
    let second = "
metadata: {name: second}
spec:
  features: [{name: B, enabled: false}]
  mtls: {enabled: false}
  tracing: {otel: {endpointAddress: 'x:1', headers: }}
  metric: {http: {excludeVerbs: true}}
  accessControl:
  nameResolution: {configuration: {b: 2}}
  wasm: {strictSandbox: }
";
    let configuration = load_clean(&[first, second]);
    assert_eq!(configuration.name, "second");
    let spec = &configuration.spec;
    assert!(
        !spec.is_feature_enabled("A")
            && !spec.is_feature_enabled("B")
            && spec.is_feature_enabled("HotReload")
    );
    assert_eq!((spec.mtls.enabled, spec.mtls.workload_cert_ttl), (false, "25s".parse().ok()));
    assert_eq!(spec.tracing.sampling_rate, "1");
    assert_eq!((spec.tracing.otel.is_secure, spec.tracing.otel.endpoint_address.as_str()), (false, "x:1"));
    assert_eq!(
        spec.tracing.otel.headers,
        <[(String, Secret); 0]>::default(),
        "a field that says nothing empties a list"
    );
    assert_eq!(spec.metric.http.path_matching, ["/a"]);
    assert!(spec.metric.http.exclude_verbs);
    assert_eq!(spec.metric.rules.len(), 1);
    assert_eq!(spec.access_control, tender_resource::configuration::AccessControl::default());
    assert_eq!(spec.name_resolution.component.as_deref(), Some("consul"));
    assert_eq!(spec.name_resolution.configuration, serde_json::json!({"b": 2}));
    assert!(spec.wasm_strict_sandbox, "a plain boolean is not reset");
    let mtls = configuration.written().find(|field| field.path == "spec.mtls.enabled").unwrap();
    assert_eq!(mtls.source.to_string(), "config2.yaml:5");
    assert_ne!(configuration, load_clean(&[second, first]));
}

#[test]
fn metrics_outweighs_metric_by_the_field() {
    let load = |text: &str| load_clean(&[text]).spec.metric;
    assert_eq!(load("spec: {metric: {enabled: false}}"), Metric { enabled: false, ..Metric::default() });
    assert_eq!(load("spec: {metrics: {enabled: false}}"), Metric { enabled: false, ..Metric::default() });
    assert!(load("spec: {metric: {enabled: false}, metrics: {enabled: true}}").enabled);
    assert!(!load("spec: {metric: {enabled: false}, metrics: {recordErrorCodes: true}}").enabled);
    let rules = load("spec: {metric: {rules: [{name: a}]}, metrics: {rules: []}}").rules;
    assert_eq!(rules.len(), 1, "an empty list does not count");
}

#[test]
fn what_is_wrong_is_told_all_at_once() {
    let first = "
spec:
  tracing:
    samplingRate: [1]
    stdout: maybe
    otel: {timeout: 5, isSecure: nope}
  features: {name: a}
  metric: {latencyDistributionBuckets: [x]}
  workflow: {maxConcurrentWorkflowInvocations: 99999999999}
";
    let second = "
spec:
  secrets:
    scopes:
    - {storeName: a, defaultAccess: sometimes}
    - {storeName: b}
    - {storeName: b}
  accessControl:
    policies:
    - {appId: x, namespace: default}
    - {appId: y}
    - {trustDomain: public, namespace: default}
";
    let twice = "spec:\n  mtls: {}\n  mtls: {}\n";
    let errors = load(&[first, second, twice, "- a\n", "a: [\n"]).unwrap_err();
    insta::assert_snapshot!(errors);
    let nowhere = Configuration::load(&["/nowhere/config.yaml".into()], &environment).unwrap_err();
    assert_eq!(
        nowhere.to_string(),
        "/nowhere/config.yaml: cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn what_is_passed_over_is_told() {
    let text = "
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: a, labels: {x: y}, whatever: z}
spec:
  Tracing: {samplingRate: '1'}
  tracing: {sampleRate: '1', otel: {headers: [plain]}}
  mtls: {workloadCertTTL: a while}
  api: {allowed: [{name: state, version: v1.0}]}
  accessControl: {defaultAction: alow}
more: 1
---
spec: {}
";
    let warnings: Vec<_> =
        load(&[text, "# nothing\n"]).unwrap().warnings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"));
}

#[test]
fn headers_are_not_shown() {
    let configuration =
        load_clean(&["spec: {tracing: {otel: {headers: ['authorization=Bearer ${TOKEN}']}}}"]);
    assert!(!format!("{configuration:?}").contains("t0k3n"));
}
