use super::*;
use crate::{ClientTls, ComponentType, DEFAULT_INIT_TIMEOUT, Scopes, SecretKeyRef, Source};

fn item(
    name: &str,
    value: Option<&str>,
    secret: Option<(&str, &str)>,
    env_ref: Option<&str>,
) -> MetadataItem {
    MetadataItem {
        name: name.into(),
        value: value.map(Secret::from),
        secret_key_ref: secret.map(|(name, key)| SecretKeyRef { name: name.into(), key: key.into() }),
        env_ref: env_ref.map(Into::into),
        source: Source::new("a.yaml", 1),
    }
}

fn component(secret_store: Option<&str>, metadata: Vec<MetadataItem>) -> Component {
    Component {
        meta: ObjectMeta { name: "store".into(), namespace: None },
        source: Source::new("a.yaml", 1),
        component_type: ComponentType::new("state.redis"),
        version: "v1".into(),
        ignore_errors: false,
        init_timeout: DEFAULT_INIT_TIMEOUT,
        metadata,
        secret_store: secret_store.map(Into::into),
        scopes: Scopes::default(),
    }
}

fn reference(name: &str, key: &str) -> SecretRef {
    SecretRef { store: "vault".into(), name: name.into(), key: key.into() }
}

fn environment(name: &str) -> Option<String> {
    (name == "HOST").then(|| "redis:6379".to_owned())
}

fn resolve(
    component: &Component,
    secrets: &[(SecretRef, &str)],
    pod_name: &str,
) -> Result<Resolved, ResolveError> {
    let secrets =
        secrets.iter().map(|(reference, value)| (reference.clone(), Secret::from(*value))).collect();
    component.resolve(&Values {
        secrets: &secrets,
        environment: &environment,
        app_id: "shop",
        namespace: "prod",
        pod_name,
    })
}

fn values(resolved: &Resolved) -> Vec<(&str, &str)> {
    resolved.items.iter().map(|(name, value)| (name.as_str(), value.expose())).collect()
}

#[test]
fn values_come_from_the_file_the_store_and_the_environment() {
    let component = component(
        Some("vault"),
        vec![
            item("plain", Some("x"), None, None),
            item("empty", Some(""), None, Some("HOST")),
            item("host", None, Some(("ignored", "")), Some("HOST")),
            item("unset", None, None, Some("NOT_SET")),
            item("password", None, Some(("redis", "password")), None),
            item("same-name", None, Some(("token", "")), None),
            item("again", Some("fallback"), Some(("redis", "password")), None),
            item("no-reference", Some("y"), Some(("", "key")), None),
        ],
    );
    assert_eq!(component.secret_refs(), [reference("redis", "password"), reference("token", "token")]);
    let found = [(reference("redis", "password"), "hunter2"), (reference("token", "token"), "\"t\"")];
    let resolved = resolve(&component, &found, "").unwrap();
    assert_eq!(
        values(&resolved),
        [
            ("plain", "x"),
            ("empty", ""),
            ("host", "redis:6379"),
            ("unset", ""),
            ("password", "hunter2"),
            ("same-name", "t"),
            ("again", "hunter2"),
            ("no-reference", "y"),
        ]
    );
    assert_eq!(resolved.warnings, []);
    assert!(!format!("{component:?}{resolved:?}").contains("hunter2"));
}

#[test]
fn what_is_missing_is_a_warning_and_the_written_value_stays() {
    let component = component(
        Some("vault"),
        vec![
            item("token", None, None, Some("APP_API_TOKEN")),
            item("password", Some("fallback"), Some(("redis", "password")), None),
            item("empty", Some("fallback"), Some(("redis", "empty")), None),
        ],
    );
    let resolved = resolve(&component, &[(reference("redis", "empty"), "")], "").unwrap();
    assert_eq!(values(&resolved), [("token", ""), ("password", "fallback"), ("empty", "fallback")]);
    let warnings: Vec<String> = resolved.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "Component store references an env variable that isn't allowed: APP_API_TOKEN",
            r#"Component store references the key "password" of the secret "redis", which is not in the store "vault""#,
            r#"Component store references the key "empty" of the secret "redis", which is not in the store "vault""#,
        ]
    );
}

#[test]
fn without_a_secret_store_there_is_nothing_to_look_up() {
    let component = component(None, vec![item("password", None, Some(("redis", "")), None)]);
    assert_eq!(component.secret_refs(), []);
    let resolved = resolve(&component, &[], "").unwrap();
    assert_eq!(values(&resolved), [("password", "")]);
    assert_eq!(
        resolved.warnings.first().unwrap().to_string(),
        r#"Component store references the secret "redis" but has no auth.secretStore to read it from"#
    );
}

#[test]
fn placeholders_are_replaced_in_every_value() {
    let component = component(
        Some("vault"),
        vec![
            item("id", Some("{appID}-{namespace}-{podName}"), None, None),
            item("uuids", Some("{uuid} {uuid}"), None, None),
            item("secret", None, Some(("s", "")), None),
        ],
    );
    let resolved = resolve(&component, &[(reference("s", "s"), "{appID}")], "pod-1").unwrap();
    let [id, uuids, secret] = values(&resolved).try_into().unwrap();
    assert_eq!(id.1, "shop-prod.shop-pod-1");
    assert_eq!(secret.1, "shop");
    let (first, second) = uuids.1.split_once(' ').unwrap();
    assert_ne!(first, second);
    assert!(uuid::Uuid::parse_str(first).is_ok() && uuid::Uuid::parse_str(second).is_ok());
}

#[test]
fn a_pod_name_that_is_not_there_is_an_error() {
    let component = component(None, vec![item("id", Some("{podName}"), None, None)]);
    assert_eq!(
        resolve(&component, &[], "").unwrap_err().to_string(),
        "failed to parse metadata: property id refers to {podName} but podName is not set"
    );
}

#[test]
fn an_endpoint_has_secrets_in_headers_and_tls_documents() {
    let document = |value: Option<&str>, secret: Option<&str>| {
        Some(TlsDocument {
            value: value.map(Secret::from),
            secret_key_ref: secret.map(|name| SecretKeyRef { name: name.into(), key: String::new() }),
        })
    };
    let endpoint = HttpEndpoint {
        meta: ObjectMeta { name: "api".into(), namespace: None },
        source: Source::new("a.yaml", 1),
        base_url: "https://example.com".into(),
        headers: vec![
            item("authorization", None, Some(("token", "")), None),
            item("x", Some("{appID}"), None, None),
        ],
        client_tls: Some(ClientTls {
            root_ca: document(Some("pem"), None),
            certificate: None,
            private_key: document(None, Some("key")),
            ..ClientTls::default()
        }),
        secret_store: Some("vault".into()),
        scopes: Scopes::default(),
    };
    assert_eq!(endpoint.secret_refs(), [reference("token", "token"), reference("key", "key")]);
    let secrets = HashMap::from([
        (reference("token", "token"), "Bearer t".into()),
        (reference("key", "key"), "k".into()),
    ]);
    let known =
        Values { secrets: &secrets, environment: &environment, app_id: "shop", namespace: "", pod_name: "" };
    assert_eq!(values(&endpoint.resolve_headers(&known)), [("authorization", "Bearer t"), ("x", "{appID}")]);
    let tls = endpoint.resolve_tls(&known);
    assert_eq!(tls.root_ca, Some("pem".into()));
    assert_eq!(tls.certificate, None);
    assert_eq!(tls.private_key, Some("k".into()));
    assert_eq!(tls.warnings, []);
}
