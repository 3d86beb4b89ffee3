use std::time::Duration;

use tender_resource::{Category, ObjectMeta, Secret, SecretKeyRef};

use crate::{load_clean, load_files};

#[test]
fn a_component_has_all_that_is_written() {
    let resources = load_clean(
        "
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: statestore
  namespace: prod
  labels: {team: a}
auth:
  secretStore: vault
spec:
  type: state.redis
  version: v1
  ignoreErrors: true
  initTimeout: 1m30s
  metadata:
  - name: redisHost
    value: localhost:6379
  - name: redisPassword
    secretKeyRef:
      name: redis
      key: password
  - name: redisUsername
    envRef: REDIS_USER
scopes:
- app
- other
",
    );
    let [component] = resources.components.try_into().unwrap();
    assert_eq!(component.meta, ObjectMeta { name: "statestore".into(), namespace: Some("prod".into()) });
    assert_eq!(component.source.to_string(), "a.yaml:2");
    assert_eq!(component.log_name(), "statestore (state.redis/v1)");
    assert_eq!(component.component_type.category(), Some(Category::State));
    assert!(component.ignore_errors);
    assert_eq!(component.init_timeout, Duration::from_secs(90));
    assert_eq!(component.secret_store.as_deref(), Some("vault"));
    assert_eq!(component.scopes.apps(), ["app", "other"]);
    let [host, password, user] = component.metadata.try_into().unwrap();
    assert_eq!((host.name.as_str(), host.value), ("redisHost", Some(Secret::from("localhost:6379"))));
    assert_eq!(host.source.to_string(), "a.yaml:16");
    assert_eq!(password.value, None);
    assert_eq!(password.secret_key_ref, Some(SecretKeyRef { name: "redis".into(), key: "password".into() }));
    assert_eq!(user.env_ref.as_deref(), Some("REDIS_USER"));
}

#[test]
fn any_value_becomes_the_text_that_a_component_of_the_peer_gets() {
    // What sigs.k8s.io/yaml 1.4.0 and the peer's rule for values (unquote the JSON) gave for the same texts.
    let cases = [
        ("text", Some("text")),
        ("\"\"", Some("")),
        ("", None),
        ("null", None),
        ("5", Some("5")),
        ("1.10", Some("1.1")),
        ("1e21", Some("1e+21")),
        ("0777", Some("511")),
        ("yes", Some("true")),
        ("\"yes\"", Some("yes")),
        ("false", Some("false")),
        ("2001-12-14", Some("2001-12-14")),
        ("[1, a, null]", Some(r#"[1,"a",null]"#)),
        ("{b: \"<&>\", a: [x]}", Some(r#"{"a":["x"],"b":"\u003c\u0026\u003e"}"#)),
        ("\"<a & b>\"", Some("<a & b>")),
        ("|\n      two\n      lines\n", Some("two\nlines\n")),
    ];
    for (written, expected) in cases {
        let text = format!(
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: c}}\nspec:\n  type: state.x\n  \
             metadata:\n  - name: key\n    value: {written}\n"
        );
        let [component] = load_clean(&text).components.try_into().unwrap();
        let [item] = component.metadata.try_into().unwrap();
        assert_eq!(item.value.as_ref().map(Secret::expose), expected, "{written}");
    }
}

#[test]
fn names_and_versions_may_be_written_as_numbers_and_fields_in_any_case() {
    let resources = load_clean(
        "APIVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n name: 123\nspec:\n type: state.x\n VERSION: 1\n IgnoreErrors: true\n",
    );
    let [component] = resources.components.try_into().unwrap();
    assert_eq!((component.name(), component.version.as_str(), component.ignore_errors), ("123", "1", true));
}

#[test]
fn an_init_timeout_that_cannot_be_waited_for_is_the_default() {
    for (written, warning) in [
        ("2", "time: missing unit in duration \"2\", 5s is taken"),
        ("-1s", "-1s is not positive, 5s is taken"),
        ("soon", "time: invalid duration \"soon\", 5s is taken"),
    ] {
        let text = format!(
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: c\nspec:\n  initTimeout: {written}\n"
        );
        let resources = load_files(&[("a.yaml", &text)], None).unwrap();
        assert_eq!(resources.components[0].init_timeout, Duration::from_secs(5));
        assert_eq!(resources.warnings[0].to_string(), format!("a.yaml:6: spec.initTimeout: {warning}"));
    }
}

#[test]
fn where_a_component_stands_does_not_make_it_another() {
    let text = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: c\nspec:\n  metadata:\n  - {name: a, value: b}\n";
    let one = load_clean(text).components;
    let moved = load_files(&[("b.yaml", &format!("# moved\n---\n{text}"))], None).unwrap().components;
    assert_eq!(one, moved);
    assert_eq!(moved[0].source.to_string(), "b.yaml:3");
    assert_ne!(one, load_clean(&text.replace("value: b", "value: c")).components);
    assert!(!format!("{one:?}").contains("\"b\""), "values are not shown");
}

#[test]
fn the_same_document_may_be_json() {
    let json = r#"{"apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "c"},
	"spec": {"type": "state.x", "version": "v1", "metadata": [{"name": "a", "value": {"b": 1}}]}}"#;
    let [component] = load_clean(json).components.try_into().unwrap();
    assert_eq!(component.log_name(), "c (state.x/v1)");
    assert_eq!(component.metadata[0].value.as_ref().map(Secret::expose), Some(r#"{"b":1}"#));
}
