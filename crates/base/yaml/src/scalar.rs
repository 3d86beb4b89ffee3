//! What a scalar is: the rules of Go's YAML libraries, which differ from each other in the words for true and false.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granit_parser::Tag;

use crate::compose::Dialect;
use crate::{float_as_go_prints_it, timestamp};

/// A single value and the text that it was written as.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// What it is.
    pub value: Value,
    /// The text as written, quotes and escapes undone.
    pub text: String,
}

/// What a scalar is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond [`Value::Int`].
    Uint(u64),
    /// Any other number, infinite and undefined ones included.
    Float(f64),
    /// A date or time, as RFC 3339 writes it. Only [`parse_v3`](crate::parse_v3) makes these; to
    /// [`parse_k8s`](crate::parse_k8s) they are texts.
    Timestamp(String),
    /// A text, which is the scalar's own.
    Text,
}

impl Scalar {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "a number",
            Value::Timestamp(_) => "a date",
            Value::Text => "a string",
        }
    }

    /// The text that sigs.k8s.io/yaml makes of it where a text is wanted: `1.10` becomes `1.1` and `yes` becomes
    /// `true`. There is none for null.
    pub fn coerced(&self) -> Option<String> {
        Some(match &self.value {
            Value::Null => return None,
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Uint(value) => value.to_string(),
            Value::Float(value) => float_as_go_prints_it(*value),
            Value::Timestamp(_) | Value::Text => self.text.clone(),
        })
    }
}

/// How a scalar is written.
#[derive(Clone, Copy)]
pub(crate) struct Notation<'a> {
    pub(crate) plain: bool,
    pub(crate) tag: Option<&'a Tag>,
}

/// The namespace of YAML's own tags.
pub(crate) const CORE: &str = "tag:yaml.org,2002:";

/// What the text is, or why it cannot be what its tag says.
pub(crate) fn resolve(text: &str, notation: Notation<'_>, dialect: Dialect) -> Result<Scalar, String> {
    let scalar = |value| Scalar { value, text: text.to_owned() };
    // The bare `!` asks for a text, but not of yaml.v3.
    let tag = notation.tag.filter(|tag| dialect == Dialect::K8s || tag.parts() != ("", "!"));
    let Some(tag) = tag else {
        return Ok(scalar(if notation.plain { plain(text, dialect) } else { Value::Text }));
    };
    let name = tag.suffix_in_namespace(CORE);
    let refuse = |found: &Value| {
        let name = name.as_deref().unwrap_or_default();
        Err(format!("cannot decode !!{} `{text}` as a !!{name}", tag_name(found)))
    };
    match name.as_deref() {
        Some("binary") => {
            let compact: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
            let bytes = STANDARD
                .decode(compact)
                .map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
            Ok(Scalar { value: Value::Text, text: String::from_utf8_lossy(&bytes).into_owned() })
        }
        Some("float") => match plain(text, dialect) {
            Value::Int(value) => Ok(scalar(Value::Float(value as f64))),
            Value::Uint(value) => Ok(scalar(Value::Float(value as f64))),
            value @ Value::Float(_) => Ok(scalar(value)),
            other => refuse(&other),
        },
        Some("int" | "bool" | "null") => match plain(text, dialect) {
            value if Some(tag_name(&value)) == name.as_deref() => Ok(scalar(value)),
            other => refuse(&other),
        },
        Some("timestamp") => match timestamp::normalised(text) {
            Some(normalised) if dialect == Dialect::V3 => Ok(scalar(Value::Timestamp(normalised))),
            Some(_) => Ok(scalar(Value::Text)),
            None => refuse(&plain(text, dialect)),
        },
        // `!!str`, the bare `!`, and tags that mean nothing here.
        _ => Ok(scalar(Value::Text)),
    }
}

fn tag_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Uint(_) => "int",
        Value::Float(_) => "float",
        Value::Timestamp(_) => "timestamp",
        Value::Text => "str",
    }
}

/// What a scalar without quotes and tag is.
fn plain(text: &str, dialect: Dialect) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::K8s => {
            return Value::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::K8s => {
            return Value::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.bytes().next() {
        Some(b'.') => decimal(text).map_or(Value::Text, Value::Float),
        Some(b'0'..=b'9' | b'+' | b'-') => {
            if let Some(normalised) = timestamp::normalised(text) {
                return if dialect == Dialect::V3 { Value::Timestamp(normalised) } else { Value::Text };
            }
            number(&text.replace('_', "")).unwrap_or(Value::Text)
        }
        _ => Value::Text,
    }
}

/// A number, underscores taken out: `0x`, `0o` and `0b` are prefixes, and so is a leading zero, for eight.
fn number(text: &str) -> Option<Value> {
    let (sign, digits) = match text.split_at_checked(1)? {
        (sign @ ("-" | "+"), digits) => (sign, digits),
        _ => ("", text),
    };
    let lower = digits.get(..2).unwrap_or_default().to_ascii_lowercase();
    let (radix, body) = match lower.as_str() {
        "0x" => (16, digits.get(2..)?),
        "0o" => (8, digits.get(2..)?),
        "0b" => (2, digits.get(2..)?),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // A sign in the middle would pass Rust's parser.
    if body.chars().next().is_some_and(|c| c.is_digit(radix))
        && let Ok(magnitude) = i128::from_str_radix(body, radix)
    {
        let value = if sign == "-" { -magnitude } else { magnitude };
        if let Ok(value) = i64::try_from(value) {
            return Some(Value::Int(value));
        }
        if let (Ok(value), "") = (u64::try_from(value), sign) {
            return Some(Value::Uint(value));
        }
    }
    decimal(text).map(Value::Float)
}

/// A decimal number with a point or an exponent. What is too large for a float is none.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    text.parse().ok().filter(|number: &f64| well_formed && number.is_finite())
}
