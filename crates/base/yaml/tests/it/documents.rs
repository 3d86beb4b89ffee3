use tender_yaml::{Document, Duplicate, Error, Position, json_as_go_writes_it, parse_k8s, parse_v3, text};

fn show(documents: Vec<Result<Document, Error>>) -> Vec<String> {
    let show = |document: Document| {
        format!("{}: {}", document.line(), json_as_go_writes_it(&document.root).unwrap())
    };
    documents.into_iter().map(|document| document.map_or_else(|error| error.to_string(), show)).collect()
}

#[test]
fn an_error_in_one_document_leaves_the_others_whole_in_k8s_only() {
    let several = "# first\na: 1\n---\nb: [\n--- # third\nc: 3\n---\n\n---\n# nothing\n---\r\nd: 4\n";
    assert_eq!(
        show(parse_k8s(several)),
        [r#"2: {"a":1}"#, "line 4: unclosed bracket '['", r#"6: {"c":3}"#, r#"12: {"d":4}"#]
    );
    assert_eq!(show(parse_v3(several)).len(), 2);
    let whole = "---\na: 1\n---\n---\nb: 2\n...\n---\nc: 3";
    assert_eq!(show(parse_k8s(whole)), [r#"2: {"a":1}"#, r#"5: {"b":2}"#, r#"8: {"c":3}"#]);
    assert_eq!(show(parse_v3(whole)), [r#"2: {"a":1}"#, r#"5: {"b":2}"#, r#"8: {"c":3}"#]);
}

#[test]
fn nothing_is_no_document() {
    for nothing in ["", "\n", "# only this\n", "---\n", "---", "\n---\n---\n", "~\n", "\u{feff}"] {
        assert_eq!(show(parse_k8s(nothing)), <[&str; 0]>::default(), "{nothing:?}");
        assert_eq!(show(parse_v3(nothing)), <[&str; 0]>::default(), "{nothing:?}");
    }
}

#[test]
fn a_key_that_stands_twice_is_noted_or_an_error() {
    let twice = "a: 1\nb: 2\na: 3\n";
    assert_eq!(show(parse_k8s(twice)), [r#"1: {"a":3,"b":2}"#]);
    assert_eq!(show(parse_v3(twice)), [r#"line 3: mapping key "a" already defined at line 1"#]);
    let document = parse_k8s(twice).remove(0).unwrap();
    assert_eq!(
        document.root.as_map().unwrap().duplicates(),
        [Duplicate {
            key: "a".into(),
            position: Position { line: 3, column: 1 },
            earlier: Position { line: 1, column: 1 },
        }]
    );
    assert_eq!(show(parse_v3("1: a\n\"1\": b\n")), [r#"line 2: mapping key "1" already defined at line 1"#]);
}

#[test]
fn merge_keys_give_way_to_written_keys_except_in_k8s_when_they_come_later() {
    let cases = [
        ("{<<: {a: 1, b: 2}, a: 3}", r#"{"a":3,"b":2}"#, r#"{"a":3,"b":2}"#),
        ("{a: 3, <<: {a: 1, b: 2}}", r#"{"a":1,"b":2}"#, r#"{"a":3,"b":2}"#),
        ("{<<: [{a: 1}, {a: 2, c: 3}]}", r#"{"a":1,"c":3}"#, r#"{"a":1,"c":3}"#),
        ("{\"<<\": {a: 1}}", r#"{"\u003c\u003c":{"a":1}}"#, r#"{"\u003c\u003c":{"a":1}}"#),
        ("{x: &x {a: 1}, z: {<<: *x}}", r#"{"x":{"a":1},"z":{"a":1}}"#, r#"{"x":{"a":1},"z":{"a":1}}"#),
    ];
    for (text, k8s, v3) in cases {
        assert_eq!(show(parse_k8s(text)), [format!("1: {k8s}")], "{text}");
        assert_eq!(show(parse_v3(text)), [format!("1: {v3}")], "{text}");
    }
    let refused = "a: 1\n<<: [5]\n";
    let message = "line 2: map merge requires map or sequence of maps as the value";
    assert_eq!(show(parse_k8s(refused)), [message]);
    assert_eq!(show(parse_v3(refused)), [message]);
    assert_eq!(show(parse_v3("<<: {a: 1}\n<<: {b: 2}\n")), [r#"line 2: mapping key "<<" already defined"#]);
}

#[test]
fn keys_become_texts() {
    assert_eq!(show(parse_k8s("1: a\nyes: b\n1.50: c\n")), [r#"1: {"1":"a","1.5":"c","true":"b"}"#]);
    assert_eq!(show(parse_v3("1: a\nyes: b\n")), [r#"1: {"1":"a","yes":"b"}"#]);
    assert_eq!(show(parse_k8s("null: a\n")), ["line 1: nothing cannot be a mapping key"]);
    assert_eq!(show(parse_k8s("[a]: b\n")), ["line 1: a list cannot be a mapping key"]);
    assert_eq!(show(parse_v3("{a: b}: c\n")), ["line 1: a mapping cannot be a mapping key"]);
}

#[test]
fn every_field_can_be_found_in_the_text() {
    let text = "kind: A\n---\nspec:\n  metadata:\n  - name: x\n    value: \"a\n      b\"\n  - {name: y, value: 2}\n  é/~: !!str |\n    t\n";
    let document = parse_k8s(text).remove(1).unwrap();
    let cases = [
        ("", 3, 1),
        ("/spec", 4, 3),
        ("/spec/metadata", 5, 5),
        ("/spec/metadata/0/name", 5, 11),
        ("/spec/metadata/0/value", 6, 12),
        ("/spec/metadata/1/value", 8, 22),
        ("/spec/é~1~0", 10, 5),
    ];
    for (pointer, line, column) in cases {
        assert_eq!(document.locate(pointer), Some(Position { line, column }), "{pointer}");
    }
    for nowhere in
        ["spec", "/spec/nothing", "/spec/metadata/2", "/spec/metadata/x", "/spec/metadata/0/name/0"]
    {
        assert_eq!(document.locate(nowhere), None, "{nowhere}");
    }
    let entry = document.root.find("/spec").unwrap().as_map().unwrap().entry("metadata").unwrap();
    assert_eq!(entry.position, Position { line: 4, column: 3 });
}

#[test]
fn json_is_read_too() {
    let json = "{\n\t\"b\": [1, 2.5, null, true, \"\\ud83d\\ude00\\/\"],\r\n\t\"a\": {\"c\": \"d\"}\n}\n";
    for document in [parse_k8s(json), parse_v3(json)] {
        assert_eq!(show(document), [r#"1: {"a":{"c":"d"},"b":[1,2.5,null,true,"😀/"]}"#]);
    }
    let value = parse_v3(json).remove(0).unwrap().to_json().unwrap();
    assert_eq!(value, serde_json::from_str::<serde_json::Value>(json).unwrap());
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a"], "the order is kept");
}

#[test]
fn block_scalars_end_as_in_libyaml() {
    let cases = [
        ("a: |\n  t", r#"{"a":"t"}"#),
        ("a: |\n  t\n", r#"{"a":"t\n"}"#),
        ("a: |+\n  t\n\n", r#"{"a":"t\n\n"}"#),
        ("a: >-\n  x\n  y\n", r#"{"a":"x y"}"#),
        ("a: 'x\n\n  y'\n", r#"{"a":"x\ny"}"#),
        ("a: x\r\nb: z\r\n", r#"{"a":"x","b":"z"}"#),
    ];
    for (text, json) in cases {
        assert_eq!(show(parse_k8s(text)), [format!("1: {json}")], "{text:?}");
        assert_eq!(show(parse_v3(text)), [format!("1: {json}")], "{text:?}");
    }
}

#[test]
fn what_is_not_utf_8_is_told_with_its_place() {
    assert_eq!(text("é".as_bytes()), Ok("é"));
    let error = text(b"a: 1\n\xc3\xa9\xff").unwrap_err();
    assert_eq!((error.to_string().as_str(), error.position.column), ("line 2: the text is not UTF-8", 2));
}

#[test]
fn errors_say_the_line() {
    let cases = [
        ("a: b: c\n", "line 1: mapping values are not allowed in this context"),
        ("x: 1\na: [1, 2\n", "line 2: unclosed bracket '['"),
        ("a:\n\t- 1\n", "line 2: tabs disallowed within this context (block indentation)"),
        ("a: 1\nb: *nobody\n", "line 2: while parsing node, found unknown anchor"),
    ];
    for (text, message) in cases {
        assert_eq!(show(parse_k8s(text)), [message]);
        assert_eq!(show(parse_v3(text)), [message]);
    }
}
