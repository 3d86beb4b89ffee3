use std::fmt::Write as _;

use proptest::prelude::*;
use tender_yaml::{parse_k8s, parse_v3};

fn error(text: &str) -> String {
    let error = parse_v3(text).remove(0).unwrap_err().message;
    assert_eq!(parse_k8s(text).remove(0).unwrap_err().message, error);
    error
}

#[test]
fn nesting_has_an_end() {
    assert_eq!(error(&"[".repeat(20_000)), "recursion limit exceeded");
    assert_eq!(error(&"- ".repeat(20_000)), "recursion limit exceeded");
    let within = format!("{}1{}", "[".repeat(250), "]".repeat(250));
    assert!(parse_v3(&within).remove(0).is_ok());
    // Aliases nest too.
    let half = format!("{}1{}", "[".repeat(150), "]".repeat(150));
    let nested = format!("- &a {half}\n- {}*a{}\n", "[".repeat(150), "]".repeat(150));
    assert_eq!(error(&nested), "nested deeper than 255 levels");
}

#[test]
fn aliases_cannot_blow_a_document_up() {
    let mut bomb = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = format!("*a{}", level - 1);
        writeln!(bomb, "- &a{level} [{}]", [last.as_str(); 10].join(", ")).unwrap();
    }
    assert_eq!(error(&bomb), "document contains excessive aliasing");
    assert_eq!(error("a: &a [*a]\n"), "an anchor's value contains itself");
}

#[test]
fn many_documents_and_keys_are_read_in_one_go() {
    let documents = "a: 1\n---\n".repeat(20_000);
    assert_eq!(parse_k8s(&documents).len(), 20_000);
    let keys = (0..50_000).map(|key| format!("k{key}: {key}")).collect::<Vec<_>>().join("\n");
    let document = parse_v3(&keys).remove(0).unwrap();
    assert_eq!(document.root.as_map().unwrap().entries().len(), 50_000);
}

proptest! {
    #[test]
    fn no_text_panics(text in "[-:#&*!|>'\"%@`{}\\[\\],?~<a-c0-9._ \n\t\u{e9}\u{feff}]{0,80}") {
        for document in parse_k8s(&text).into_iter().chain(parse_v3(&text)).flatten() {
            let _ = document.to_json();
            let _ = tender_yaml::json_as_go_writes_it(&document.root);
        }
    }

    #[test]
    fn any_json_is_read_as_it_is(json in json_values()) {
        for text in [json.to_string(), serde_json::to_string_pretty(&json).unwrap()] {
            let read = parse_v3(&text).into_iter().next().map_or(serde_json::Value::Null, |document| {
                document.unwrap().to_json().unwrap()
            });
            prop_assert_eq!(&read, &json);
        }
    }
}

fn json_values() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[ -~\u{e9}\n\t]{0,12}".prop_map(Into::into),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map("[ -~]{1,8}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
