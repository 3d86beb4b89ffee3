//! The value of a field.

use std::collections::BTreeMap;

use tender_yaml::{Content, Node, Scalar, Value};

use super::{Fields, Reader, Rules};
use crate::{GoDuration, Secret};

/// A value that is there, and the path to it. The readers note a problem and give nothing when it is of another kind.
pub(crate) struct Item<'a> {
    reader: &'a Reader,
    node: &'a Node,
    path: String,
}

impl<'a> Item<'a> {
    pub(crate) fn new(reader: &'a Reader, node: &'a Node, path: String) -> Self {
        Self { reader, node, path }
    }

    /// Whether it is a mapping.
    pub(crate) fn is_map(&self) -> bool {
        self.node.as_map().is_some()
    }

    /// Notes what makes the document unusable.
    pub(crate) fn refuse(&self, message: impl Into<String>) {
        self.reader.refuse(self.node.position, &self.path, message);
    }

    /// Notes what is passed over.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.reader.warn(self.node.position, &self.path, message);
    }

    /// Notes that it names a policy.
    pub(crate) fn refer(&self, kind: super::PolicyKind, name: &str) {
        self.reader.refer(kind, name, self.node.position, &self.path);
    }

    /// A text; numbers and booleans become one.
    pub(crate) fn text(&self) -> Option<String> {
        let scalar = self.scalar("a string")?;
        self.written();
        match self.reader.rules {
            Rules::K8s => scalar.coerced(),
            Rules::V3 => Some(scalar.text.clone()),
        }
    }

    /// A boolean.
    pub(crate) fn boolean(&self) -> Option<bool> {
        let scalar = self.scalar("true or false")?;
        self.written();
        match (&scalar.value, self.reader.rules) {
            (Value::Bool(value), _) => Some(*value),
            // The words of YAML 1.1, quoted or not.
            (Value::Text, Rules::V3) => match scalar.text.as_str() {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
                _ => self.expected("true or false"),
            },
            _ => self.expected("true or false"),
        }
    }

    /// A whole number in the range of `N`.
    pub(crate) fn integer<N: TryFrom<i64>>(&self) -> Option<N> {
        let scalar = self.scalar("a whole number")?;
        self.written();
        let number = match scalar.value {
            Value::Int(number) => number,
            // yaml.v3 cuts fractions off, JSON does not have them in whole numbers.
            Value::Float(number) if self.reader.rules == Rules::V3 || number.fract() == 0.0 => {
                if !(-9.2e18..9.2e18).contains(&number) {
                    return self.expected("a smaller number");
                }
                number as i64
            }
            Value::Float(_) => {
                self.refuse(format!("expected a whole number, found {}", scalar.text));
                return None;
            }
            Value::Uint(_) => return self.expected("a smaller number"),
            _ => return self.expected("a whole number"),
        };
        match N::try_from(number) {
            Ok(number) => Some(number),
            Err(_) => {
                self.refuse(format!("{number} is out of range"));
                None
            }
        }
    }

    /// A duration in Go's form.
    pub(crate) fn duration(&self) -> Option<GoDuration> {
        self.duration_by(str::parse)
    }

    /// A duration in Go's form, or a bare number of milliseconds.
    pub(crate) fn duration_or_millis(&self) -> Option<GoDuration> {
        self.duration_by(GoDuration::parse_or_millis)
    }

    fn duration_by(
        &self,
        parse: impl Fn(&str) -> Result<GoDuration, crate::InvalidDuration>,
    ) -> Option<GoDuration> {
        let text = self.text()?;
        parse(&text).map_err(|error| self.refuse(error.to_string())).ok()
    }

    /// Any value as the text that a component gets: a string as it is, anything else as its JSON.
    pub(crate) fn any_text(&self) -> Option<Secret> {
        if let Some(text) = self.node.as_str() {
            return Some(text.into());
        }
        let json = tender_yaml::json_as_go_writes_it(self.node);
        json.map(Secret::new).map_err(|error| self.refuse(error.message)).ok()
    }

    /// Any value.
    pub(crate) fn any(&self) -> Option<serde_json::Value> {
        self.written();
        self.node
            .to_json()
            .map_err(|error| self.reader.refuse(error.position, &self.path, error.message))
            .ok()
    }

    /// A list of texts.
    pub(crate) fn texts(&self) -> Option<Vec<String>> {
        let items = self.items()?;
        self.written();
        Some(items.into_iter().filter_map(|item| self.element(&item, Self::text, String::new)).collect())
    }

    /// A list of whole numbers.
    pub(crate) fn integers(&self) -> Option<Vec<i64>> {
        let items = self.items()?;
        self.written();
        Some(items.into_iter().filter_map(|item| self.element(&item, Self::integer, || 0)).collect())
    }

    /// A list of mappings, each read by `read`.
    pub(crate) fn list<T>(&self, read: impl Fn(Fields<'_>) -> T) -> Option<Vec<T>> {
        let items = self.items()?;
        if items.is_empty() {
            self.written();
        }
        let leave_out_null = self.reader.rules == Rules::V3;
        let items = items.iter().filter(|item| !(leave_out_null && item.node.is_null()));
        Some(items.map(|item| read(item.fields())).collect())
    }

    /// A mapping of any names to mappings, each read by `read`.
    pub(crate) fn named<T>(&self, read: impl Fn(&str, Fields<'_>) -> T) -> Option<BTreeMap<String, T>> {
        let map = self.map()?;
        let fields = map.entries().iter().map(|entry| {
            let item = Self::new(self.reader, &entry.value, format!("{}.{}", self.path, entry.key));
            (entry.key.clone(), read(&entry.key, item.fields()))
        });
        Some(fields.collect())
    }

    /// A mapping of any names to any scalars; null is as good as nothing.
    pub(crate) fn scalars<T>(&self, read: impl Fn(&Item<'a>) -> Option<T>) -> Option<BTreeMap<String, T>> {
        let map = self.map()?;
        self.written();
        let fields = map.entries().iter().filter(|entry| !entry.value.is_null()).filter_map(|entry| {
            let item = Self::new(self.reader, &entry.value, format!("{}.{}", self.path, entry.key));
            Some((entry.key.clone(), read(&item)?))
        });
        Some(fields.collect())
    }

    /// The fields of a mapping. What is no mapping is noted and has none; null has none either.
    pub(crate) fn fields(&self) -> Fields<'a> {
        let (path, position) = (self.path.clone(), self.node.position);
        if self.node.is_null() {
            return Fields::new(self.reader, None, path, position);
        }
        match self.map() {
            Some(map) => Fields::new(self.reader, Some(map), path, position),
            None => Fields::of_none(self.reader, path, position),
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<Vec<Item<'a>>> {
        let Content::List(items) = &self.node.content else { return self.expected("a list") };
        let item = |(index, node)| Item::new(self.reader, node, format!("{}[{index}]", self.path));
        Some(items.iter().enumerate().map(item).collect())
    }

    /// One item of a list of scalars. yaml.v3 leaves out those that are null, JSON makes the zero value of them.
    fn element<T>(
        &self,
        item: &Item<'a>,
        read: impl Fn(&Item<'a>) -> Option<T>,
        zero: impl Fn() -> T,
    ) -> Option<T> {
        match (item.node.is_null(), self.reader.rules) {
            (false, _) => read(item),
            (true, Rules::K8s) => Some(zero()),
            (true, Rules::V3) => None,
        }
    }

    fn map(&self) -> Option<&'a tender_yaml::Mapping> {
        self.node.as_map().or_else(|| self.expected("a mapping"))
    }

    fn scalar(&self, expected: &str) -> Option<&'a Scalar> {
        self.node.as_scalar().or_else(|| self.expected(expected))
    }

    fn expected<T>(&self, expected: &str) -> Option<T> {
        self.refuse(format!("expected {expected}, found {}", self.node.kind()));
        None
    }

    fn written(&self) {
        self.reader.written(self.node.position, &self.path);
    }
}
