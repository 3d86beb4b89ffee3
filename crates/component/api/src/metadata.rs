//! A component's metadata, and the typed struct that each backend makes of it.
//!
//! [`metadata_fields!`](crate::metadata_fields) declares a struct once: its fields are decoded from the metadata items
//! of a component file, and the same declaration is what `docs/components/` is written from.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::error::Error;

/// The metadata items of one component: name to value, names compared without regard to case. References to secrets
/// and to the environment are resolved already, so `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The component's name.
    pub component: String,
    items: HashMap<String, String>,
}

impl Metadata {
    /// Metadata of the component `component`. Of two items whose names differ in case only, the last is kept.
    pub fn new<N: AsRef<str>, V: Into<String>>(
        component: impl Into<String>,
        items: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let items =
            items.into_iter().map(|(name, value)| (name.as_ref().to_lowercase(), value.into())).collect();
        Self { component: component.into(), items }
    }

    /// The value of an item, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.items.get(name) {
            Some(value) => Some(value),
            None => self.items.get(&name.to_lowercase()).map(String::as_str),
        }
    }

    /// Whether the value of any item satisfies `predicate`.
    pub fn any_value(&self, predicate: impl Fn(&str) -> bool) -> bool {
        self.items.values().any(|value| predicate(value))
    }

    /// The names, in lower case and in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("component", &self.component)
            .field("items", &self.items.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// One field of a component's metadata, for its documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name in component files.
    pub name: &'static str,
    /// Other names that are taken too.
    pub aliases: &'static [&'static str],
    /// The kind of value: `string`, `bool`, `number`, `duration`.
    pub kind: &'static str,
    /// The default as one would write it; `None` if the field has none.
    pub default: Option<&'static str>,
    /// Whether a component without it is refused.
    pub required: bool,
    /// What it does.
    pub doc: &'static str,
}

/// A typed metadata struct, as [`metadata_fields!`](crate::metadata_fields) makes it.
pub trait MetadataFields: Sized {
    /// Every field, in the order of declaration.
    const FIELDS: &'static [Field];

    /// Decodes the struct. The error names the component and the field, never the value.
    fn decode(metadata: &Metadata) -> Result<Self, Error>;
}

/// A value that a metadata item can be decoded to. An empty item counts as absent.
pub trait FieldValue: Sized {
    /// The kind of value, for documentation and errors.
    const KIND: &'static str;

    /// Reads the text of an item; nothing if it is not of this kind.
    fn read(text: &str) -> Option<Self>;
}

impl FieldValue for String {
    const KIND: &'static str = "string";
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// As the peer: `1`, `t`, `true`, `y`, `yes` and `on` in any case are true, everything else is false.
impl FieldValue for bool {
    const KIND: &'static str = "bool";
    fn read(text: &str) -> Option<Self> {
        Some(is_truthy(text))
    }
}

/// Whether the peer takes `text` for true: `1`, `t`, `true`, `y`, `yes`, `on`, in any case.
pub fn is_truthy(text: &str) -> bool {
    ["1", "t", "true", "y", "yes", "on"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

macro_rules! number_values {
    ($($number:ty)*) => {$(
        impl FieldValue for $number {
            const KIND: &'static str = "number";
            fn read(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }
        }
    )*};
}
number_values!(u8 u16 u32 u64 usize i32 i64 f64);

/// A Go duration such as `1m30s`; a bare number counts seconds.
impl FieldValue for Duration {
    const KIND: &'static str = "duration";
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        text.parse().map(Duration::from_secs).ok().or_else(|| parse_go_duration(text))
    }
}

/// Reads a non-negative Go duration: numbers with the units `ns`, `us`, `µs`, `ms`, `s`, `m` and `h`, as `1h2.5s`.
pub fn parse_go_duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanoseconds = 0f64;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let factor = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        nanoseconds += number.parse::<f64>().ok()? * factor;
        rest = next;
    }
    // Go's durations end at about 292 years.
    (nanoseconds < i64::MAX as f64).then(|| Duration::from_nanos(nanoseconds as u64))
}

impl<T: FieldValue> FieldValue for Option<T> {
    const KIND: &'static str = T::KIND;
    fn read(text: &str) -> Option<Self> {
        T::read(text).map(Some)
    }
}

/// Looks an item up under its name and then its aliases; what is empty counts as absent.
#[doc(hidden)]
pub fn read_field<T: FieldValue>(
    metadata: &Metadata,
    name: &'static str,
    aliases: &[&str],
) -> Result<Option<T>, Error> {
    let value =
        std::iter::once(&name).chain(aliases).find_map(|name| metadata.get(name).filter(|v| !v.is_empty()));
    match value {
        None => Ok(None),
        Some(text) => T::read(text).map(Some).ok_or_else(|| {
            Error::config(format!(
                "metadata field {name:?} of {:?} must be a {}",
                metadata.component,
                T::KIND
            ))
        }),
    }
}

/// Declares the metadata struct of a component.
///
/// Each field is `name: type, "wireName" [| "alias"]… [= default]`. A field with `required` in place of a default
/// must be there; without either it must be an `Option` and is `None` when absent.
///
/// ```
/// use tender_component::metadata::{Metadata, MetadataFields};
///
/// tender_component::metadata_fields! {
///     /// How to reach the server.
///     pub struct Config {
///         /// Address, as `host:port`.
///         pub host: String, "redisHost", required;
///         /// Number of the database.
///         pub db: u32, "redisDB" | "database" = "0";
///         /// Name of the user.
///         pub username: Option<String>, "redisUsername";
///     }
/// }
///
/// let metadata = Metadata::new("store", [("REDISHOST", "localhost:6379"), ("database", "3")]);
/// let config = Config::decode(&metadata).unwrap();
/// assert_eq!((config.host.as_str(), config.db, config.username), ("localhost:6379", 3, None));
/// assert_eq!(Config::FIELDS[1].default, Some("0"));
/// ```
#[macro_export]
macro_rules! metadata_fields {
    (
        $(#[doc = $struct_doc:expr])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:expr])*
                $field_visibility:vis $field:ident : $type:ty, $wire:literal $(| $alias:literal)*
                    $(= $default:literal)? $(, $required:ident)?;
            )*
        }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Clone)]
        $visibility struct $name {
            $( $(#[doc = $doc])* $field_visibility $field: $type, )*
        }

        impl $crate::metadata::MetadataFields for $name {
            const FIELDS: &'static [$crate::metadata::Field] = &[
                $( $crate::metadata::Field {
                    name: $wire,
                    aliases: &[$($alias),*],
                    kind: <$type as $crate::metadata::FieldValue>::KIND,
                    default: $crate::metadata_fields!(@default_text $($default)?),
                    required: $crate::metadata_fields!(@is_required $($required)?),
                    doc: concat!($($doc, "\n"),*),
                }, )*
            ];

            fn decode(metadata: &$crate::metadata::Metadata) -> Result<Self, $crate::Error> {
                Ok(Self {
                    $( $field: {
                        let value = $crate::metadata::read_field::<$type>(metadata, $wire, &[$($alias),*])?;
                        $crate::metadata_fields!(@value value, metadata, $type, $wire $(, = $default)? $(, $required)?)
                    }, )*
                })
            }
        }
    };
    (@default_text) => { None };
    (@default_text $default:literal) => { Some($default) };
    (@is_required) => { false };
    (@is_required required) => { true };
    (@value $value:ident, $metadata:ident, $type:ty, $wire:literal) => { $value.unwrap_or_default() };
    (@value $value:ident, $metadata:ident, $type:ty, $wire:literal, = $default:literal) => {
        match $value {
            Some(value) => value,
            None => <$type as $crate::metadata::FieldValue>::read($default).ok_or_else(|| {
                $crate::Error::config(concat!("the default of ", $wire, " cannot be read"))
            })?,
        }
    };
    (@value $value:ident, $metadata:ident, $type:ty, $wire:literal, required) => {
        $value.ok_or_else(|| {
            $crate::Error::config(format!(concat!("metadata field \"", $wire, "\" of {:?} is missing"), $metadata.component))
        })?
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    metadata_fields! {
        /// A test's own.
        struct Config {
            /// How long.
            timeout: Duration, "timeout" = "5s";
            /// Whether.
            enabled: bool, "enabled" | "on" = "true";
            /// Needed.
            host: String, "host", required;
        }
    }

    #[test]
    fn a_missing_required_field_is_named() {
        let error = Config::decode(&Metadata::new("store", [("timeout", "1s")])).err().expect("must fail");
        assert_eq!(error.to_string(), r#"metadata field "host" of "store" is missing"#);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_without_its_value() {
        let error =
            Config::decode(&Metadata::new("store", [("timeout", "s3cret")])).err().expect("must fail");
        assert_eq!(error.to_string(), r#"metadata field "timeout" of "store" must be a duration"#);
    }

    #[test]
    fn aliases_defaults_and_case_are_honoured() {
        let config =
            Config::decode(&Metadata::new("store", [("ON", "no"), ("Host", "h"), ("timeout", "")])).unwrap();
        assert_eq!(
            (config.timeout, config.enabled, config.host.as_str()),
            (Duration::from_secs(5), false, "h")
        );
    }

    #[test]
    fn go_durations_are_read() {
        for (text, expected) in [
            ("5s", Some(Duration::from_secs(5))),
            ("1m30s", Some(Duration::from_secs(90))),
            ("1.5h", Some(Duration::from_mins(90))),
            ("100ms", Some(Duration::from_millis(100))),
            ("10us", Some(Duration::from_micros(10))),
            ("0", Some(Duration::ZERO)),
            ("5", None),
            ("s", None),
            ("1x", None),
            ("", None),
            ("9999999999999h", None),
        ] {
            assert_eq!(parse_go_duration(text), expected, "{text}");
        }
    }
}
