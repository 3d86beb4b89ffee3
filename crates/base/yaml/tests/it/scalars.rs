use tender_yaml::{Document, Error, json_as_go_writes_it, parse_k8s, parse_v3};

fn only(documents: Vec<Result<Document, Error>>) -> Result<Document, Error> {
    let [document] = <[_; 1]>::try_from(documents).unwrap();
    document
}

/// The JSON of the scalar `v`, or the error.
fn read(parse: fn(&str) -> Vec<Result<Document, Error>>, scalar: &str) -> String {
    let text = format!("v: {scalar}\n");
    let json =
        only(parse(&text)).and_then(|document| json_as_go_writes_it(document.root.find("/v").unwrap()));
    json.unwrap_or_else(|error| format!("error: {}", error.message))
}

#[test]
fn scalars_are_what_go_s_libraries_take_them_for() {
    // As written, as sigs.k8s.io/yaml, as yaml.v3.
    let cases = [
        ("yes", "true", r#""yes""#),
        ("No", "false", r#""No""#),
        ("on", "true", r#""on""#),
        ("OFF", "false", r#""OFF""#),
        ("y", "true", r#""y""#),
        ("n", "false", r#""n""#),
        ("true", "true", "true"),
        ("FALSE", "false", "false"),
        ("tRue", r#""tRue""#, r#""tRue""#),
        ("~", "null", "null"),
        ("Null", "null", "null"),
        ("", "null", "null"),
        (r#""null""#, r#""null""#, r#""null""#),
        ("'yes'", r#""yes""#, r#""yes""#),
        (r#""12""#, r#""12""#, r#""12""#),
        ("0777", "511", "511"),
        ("0o777", "511", "511"),
        ("0O17", "15", "15"),
        ("-0o17", "-15", "-15"),
        ("08", "8", "8"),
        ("00", "0", "0"),
        ("0_", "0", "0"),
        ("0x1F", "31", "31"),
        ("-0x10", "-16", "-16"),
        ("0x_1F", "31", "31"),
        ("0xg", r#""0xg""#, r#""0xg""#),
        ("0x", r#""0x""#, r#""0x""#),
        ("0b101", "5", "5"),
        ("0b2", r#""0b2""#, r#""0b2""#),
        ("1_000", "1000", "1000"),
        ("_1", r#""_1""#, r#""_1""#),
        ("+5", "5", "5"),
        ("+", r#""+""#, r#""+""#),
        ("1e3", "1000", "1000"),
        ("1.10", "1.1", "1.1"),
        (".5", "0.5", "0.5"),
        ("-.5", "-0.5", "-0.5"),
        ("5.", "5", "5"),
        (".", r#"".""#, r#"".""#),
        (".e5", r#"".e5""#, r#"".e5""#),
        ("1e", r#""1e""#, r#""1e""#),
        ("0.1.2", r#""0.1.2""#, r#""0.1.2""#),
        ("1,000", r#""1,000""#, r#""1,000""#),
        ("1e21", "1e+21", "1e+21"),
        ("1e20", "100000000000000000000", "100000000000000000000"),
        ("1e-7", "1e-7", "1e-7"),
        ("1e400", r#""1e400""#, r#""1e400""#),
        ("9223372036854775808", "9223372036854775808", "9223372036854775808"),
        ("18446744073709551616", "18446744073709552000", "18446744073709552000"),
        ("-9223372036854775808", "-9223372036854775808", "-9223372036854775808"),
        (".inf", "error: .inf is not a number in JSON", "error: .inf is not a number in JSON"),
        (".NaN", "error: .NaN is not a number in JSON", "error: .NaN is not a number in JSON"),
        ("12:30", r#""12:30""#, r#""12:30""#),
        ("2001-12-14", r#""2001-12-14""#, r#""2001-12-14T00:00:00Z""#),
        ("2001-2-3", r#""2001-2-3""#, r#""2001-02-03T00:00:00Z""#),
        ("2001-13-01", r#""2001-13-01""#, r#""2001-13-01""#),
        ("1900-02-29", r#""1900-02-29""#, r#""1900-02-29""#),
        (
            "2001-12-14t21:59:43.10-05:00",
            r#""2001-12-14t21:59:43.10-05:00""#,
            r#""2001-12-14T21:59:43.1-05:00""#,
        ),
        ("2001-12-14 21:59:43", r#""2001-12-14 21:59:43""#, r#""2001-12-14T21:59:43Z""#),
        ("2001-12-14T21:59:43", r#""2001-12-14T21:59:43""#, r#""2001-12-14T21:59:43""#),
        ("!!str 12", r#""12""#, r#""12""#),
        (r#"!!int "12""#, "12", "12"),
        ("!!float 3", "3", "3"),
        ("!!binary aGVsbG8=", r#""hello""#, r#""hello""#),
        ("!foo 3", r#""3""#, r#""3""#),
        ("! 12", r#""12""#, "12"),
        (
            "!!int abc",
            "error: cannot decode !!str `abc` as a !!int",
            "error: cannot decode !!str `abc` as a !!int",
        ),
        ("!!bool yes", "true", "error: cannot decode !!str `yes` as a !!bool"),
        (r#""<&>""#, r#""\u003c\u0026\u003e""#, r#""\u003c\u0026\u003e""#),
        (r#""\u00e9\x41\t""#, r#""éA\t""#, r#""éA\t""#),
        ("'it''s'", r#""it's""#, r#""it's""#),
        ("<<", r#""\u003c\u003c""#, r#""\u003c\u003c""#),
        ("{b: 1, a: [x, 2]}", r#"{"a":["x",2],"b":1}"#, r#"{"a":["x",2],"b":1}"#),
    ];
    for (scalar, k8s, v3) in cases {
        assert_eq!(read(parse_k8s, scalar), k8s, "{scalar} with sigs.k8s.io/yaml");
        assert_eq!(read(parse_v3, scalar), v3, "{scalar} with yaml.v3");
    }
}

#[test]
fn a_text_is_made_of_a_scalar_where_one_is_wanted() {
    // As written, and the text that a string field gets from sigs.k8s.io/yaml and from yaml.v3.
    let cases = [
        ("yes", "true", "yes"),
        ("0777", "511", "0777"),
        ("1.10", "1.1", "1.10"),
        ("1_000", "1000", "1_000"),
        ("16777217.0", "1.6777216e+07", "16777217.0"),
        ("1000000.0", "1e+06", "1000000.0"),
        ("100000.0", "100000", "100000.0"),
        ("0.00001", "1e-05", "0.00001"),
        ("1e20", "1e+20", "1e20"),
        ("18446744073709551615", "18446744073709551615", "18446744073709551615"),
        (".inf", "+Inf", ".inf"),
        ("-.INF", "-Inf", "-.INF"),
        (".nan", "NaN", ".nan"),
        ("2001-2-3", "2001-2-3", "2001-2-3"),
        ("'x'", "x", "x"),
    ];
    for (written, k8s, v3) in cases {
        let text = format!("v: {written}\n");
        let document = only(parse_k8s(&text)).unwrap();
        assert_eq!(document.root.find("/v").unwrap().as_scalar().unwrap().coerced().as_deref(), Some(k8s));
        let document = only(parse_v3(&text)).unwrap();
        assert_eq!(document.root.find("/v").unwrap().as_scalar().unwrap().text, v3);
    }
}
