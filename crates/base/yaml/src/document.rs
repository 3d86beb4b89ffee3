//! From a text to its documents.

use serde_json::Value as Json;

use crate::compose::{self, Dialect};
use crate::{Content, Error, Node, Position, Scalar, Value};

/// One document of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub root: Node,
}

impl Document {
    /// The line at which the document's first node is.
    pub fn line(&self) -> u32 {
        self.root.position.line
    }

    /// Where the field is that a JSON pointer leads to. For a field of a mapping that is the place of its value.
    pub fn locate(&self, pointer: &str) -> Option<Position> {
        self.root.find(pointer).map(|node| node.position)
    }

    /// The value alone, keys in the order of the text. Fails where JSON has no such value: `.inf` and `.nan`.
    pub fn to_json(&self) -> Result<Json, Error> {
        self.root.to_json()
    }
}

impl Node {
    /// The value alone, keys in the order of the text. Fails where JSON has no such value: `.inf` and `.nan`.
    pub fn to_json(&self) -> Result<Json, Error> {
        match &self.content {
            Content::Scalar(scalar) => scalar
                .to_json()
                .ok_or_else(|| Error::new(self.position, format!("{} is not a number in JSON", scalar.text))),
            Content::List(items) => {
                items.iter().map(Self::to_json).collect::<Result<_, _>>().map(Json::Array)
            }
            Content::Map(map) => {
                let fields =
                    map.entries().iter().map(|entry| Ok((entry.key.clone(), entry.value.to_json()?)));
                fields.collect::<Result<_, _>>().map(Json::Object)
            }
        }
    }
}

impl Scalar {
    fn to_json(&self) -> Option<Json> {
        Some(match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Uint(value) => (*value).into(),
            Value::Float(value) => serde_json::Number::from_f64(*value)?.into(),
            Value::Timestamp(value) => value.clone().into(),
            Value::Text => self.text.clone().into(),
        })
    }
}

/// The text in bytes that should be UTF-8, which is what the peers take too (a byte order mark may stand in front).
pub fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        let last_line = valid.rsplit('\n').next().unwrap_or_default();
        let position = Position {
            line: one_more_than(valid.matches('\n').count()),
            column: one_more_than(last_line.chars().count()),
        };
        Error::new(position, "the text is not UTF-8")
    })
}

/// Reads a text as sigs.k8s.io/yaml does behind Dapr's disk loader: it is cut at every line that begins with `---`,
/// each part is read on its own, and so an error in one document leaves the others whole. What follows `---` on its
/// line is not read. Documents that say nothing are left out.
pub fn parse_k8s(text: &str) -> Vec<Result<Document, Error>> {
    let mut documents = Vec::new();
    let (mut rest, mut lines_before) = (text, 0);
    loop {
        let (part, next) = match rest.find("\n---") {
            None => (rest, None),
            Some(end) => {
                let (part, separator) = rest.split_at(end);
                let separator = separator.get(1..).unwrap_or_default();
                (part, separator.find('\n').and_then(|end| separator.get(end + 1..)))
            }
        };
        documents.extend(compose::first_document(part, lines_before, Dialect::K8s).transpose());
        let Some(next) = next else { return documents };
        let read = rest.len() - next.len();
        lines_before += rest.get(..read).unwrap_or_default().matches('\n').count();
        rest = next;
    }
}

/// Reads a text as gopkg.in/yaml.v3 does. Nothing follows an error. Documents that say nothing are left out.
pub fn parse_v3(text: &str) -> Vec<Result<Document, Error>> {
    compose::all_documents(text, Dialect::V3)
}

fn one_more_than(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}
