//! Numbers and JSON as Go prints them.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::{Content, Error, Node, Value};

/// A number as Go's `strconv.FormatFloat(value, 'g', -1, 32)`, which is how sigs.k8s.io/yaml makes a text of a number:
/// the fewest digits that a 32-bit float needs, with an exponent from a million on and below a ten-thousandth.
pub fn float_as_go_prints_it(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let exponent: i32 = scientific.split_once('e').and_then(|(_, text)| text.parse().ok()).unwrap_or(0);
    if (-4..6).contains(&exponent) || value == 0.0 { value.to_string() } else { go_exponent(&scientific, 2) }
}

/// A number as Go's `encoding/json` writes it.
fn json_float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        go_exponent(&format!("{value:e}"), 1)
    } else {
        value.to_string()
    }
}

/// Rust's `1e-7` with a sign and at least so many digits in the exponent.
fn go_exponent(scientific: &str, width: usize) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>width$}")
}

/// The JSON text that sigs.k8s.io/yaml makes of a node: keys sorted, no spaces, and `<`, `>`, `&` and the line
/// separators of Unicode escaped. Fails for `.inf` and `.nan`, which JSON does not have.
pub fn json_as_go_writes_it(node: &Node) -> Result<String, Error> {
    let mut text = String::new();
    write_node(node, &mut text)?;
    Ok(text)
}

fn write_node(node: &Node, out: &mut String) -> Result<(), Error> {
    match &node.content {
        Content::Scalar(scalar) => match &scalar.value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => write_display(value, out),
            Value::Int(value) => write_display(value, out),
            Value::Uint(value) => write_display(value, out),
            Value::Float(value) if !value.is_finite() => {
                return Err(Error::new(node.position, format!("{} is not a number in JSON", scalar.text)));
            }
            Value::Float(value) => out.push_str(&json_float(*value)),
            Value::Timestamp(text) => write_string(text, out),
            Value::Text => write_string(&scalar.text, out),
        },
        Content::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_node(item, out)?;
            }
            out.push(']');
        }
        Content::Map(map) => {
            let mut entries: Vec<_> = map.entries().iter().collect();
            entries.sort_by(|one, other| one.key.cmp(&other.key));
            out.push('{');
            for (index, entry) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(&entry.key, out);
                out.push(':');
                write_node(&entry.value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_display(value: &dyn std::fmt::Display, out: &mut String) {
    // Writing to a text cannot fail.
    let _ = write!(out, "{value}");
}

fn write_string(text: &str, out: &mut String) {
    for character in Json::from(text).to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}
