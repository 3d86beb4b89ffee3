//! The parts of a document.

use std::fmt;

use crate::{Scalar, Value};

/// A place in a text; lines and columns count from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A scalar, list or mapping, and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub content: Content,
    /// Where it starts. What an alias stands for keeps the place at which it is written.
    pub position: Position,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A single value.
    Scalar(Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// Keys with values.
    Map(Mapping),
}

/// Keys with values in the order of the text, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    entries: Vec<Entry>,
    duplicates: Vec<Duplicate>,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as text: `1`, `true` and the like become texts.
    pub key: String,
    /// Where the key is.
    pub position: Position,
    /// The value.
    pub value: Node,
}

/// A key that stood before in the same mapping. The later value counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: String,
    /// Where it is that counts.
    pub position: Position,
    /// Where it stood before.
    pub earlier: Position,
}

impl Mapping {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All entries in the order of the text; those of merge keys come last.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The keys that stand more than once; only [`parse_k8s`](crate::parse_k8s) lets them pass.
    pub fn duplicates(&self) -> &[Duplicate] {
        &self.duplicates
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(crate) fn replace(&mut self, index: usize, entry: Entry) {
        if let Some(place) = self.entries.get_mut(index) {
            *place = entry;
        }
    }

    pub(crate) fn note_duplicate(&mut self, duplicate: Duplicate) {
        self.duplicates.push(duplicate);
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl Node {
    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        if let Content::Scalar(scalar) = &self.content { Some(scalar) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        if let Content::List(items) = &self.content { Some(items) } else { None }
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Mapping> {
        if let Content::Map(map) = &self.content { Some(map) } else { None }
    }

    /// The text, if it is a scalar that is a text.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().filter(|scalar| scalar.value == Value::Text).map(|scalar| scalar.text.as_str())
    }

    /// Whether it is null: nothing at all, `~` or `null`.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.value == Value::Null)
    }

    /// What it is, for messages: `a string`, `a number`, `a list`, ….
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar(scalar) => scalar.kind(),
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// The node that a JSON pointer (`/spec/metadata/0/name`) leads to from here; the empty one leads nowhere else.
    pub fn find(&self, pointer: &str) -> Option<&Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, part| match &node.content {
            Content::Map(map) => map.get(&part.replace("~1", "/").replace("~0", "~")),
            Content::List(items) => items.get(part.parse::<usize>().ok()?),
            Content::Scalar(_) => None,
        })
    }
}
