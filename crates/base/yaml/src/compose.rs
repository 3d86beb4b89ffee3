//! From the parser's events to nodes: aliases, merge keys, keys that stand twice.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, StrInput, Tag};

use crate::scalar::{self, Notation};
use crate::{Content, Document, Duplicate, Entry, Error, Mapping, Node, Position, Value};

/// Which of Go's libraries is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// sigs.k8s.io/yaml, which builds on yaml.v2.
    K8s,
    /// gopkg.in/yaml.v3.
    V3,
}

/// How deep nodes may be nested, aliases included; the parser has the same limit for what is written out.
const MAX_DEPTH: usize = 255;

/// How many nodes may be copied for anchors and aliases in one document.
const MAX_COPIES: usize = 200_000;

/// The first document of `text`, if it says anything. `lines_before` stand before the text in its file.
pub(crate) fn first_document(
    text: &str,
    lines_before: usize,
    dialect: Dialect,
) -> Result<Option<Document>, Error> {
    match Composer::new(text, lines_before, dialect).next()? {
        Next::Document(document) => Ok(Some(document)),
        Next::Nothing | Next::End => Ok(None),
    }
}

/// Every document of `text` that says anything, up to the first error.
pub(crate) fn all_documents(text: &str, dialect: Dialect) -> Vec<Result<Document, Error>> {
    let mut composer = Composer::new(text, 0, dialect);
    let mut documents = Vec::new();
    loop {
        match composer.next() {
            Ok(Next::End) => return documents,
            Ok(Next::Nothing) => {}
            Ok(Next::Document(document)) => documents.push(Ok(document)),
            Err(error) => {
                documents.push(Err(error));
                return documents;
            }
        }
    }
}

/// What comes next in a text.
enum Next {
    Document(Document),
    /// A document that says nothing.
    Nothing,
    End,
}

struct Composer<'a> {
    parser: Parser<'a, StrInput<'a>>,
    dialect: Dialect,
    lines_before: usize,
    /// Nodes that aliases may stand for.
    anchors: HashMap<usize, Anchored>,
    /// Collections that are begun and not ended, outermost first.
    open: Vec<Open>,
    copies: usize,
}

#[derive(Clone)]
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

/// A collection that is begun and not ended.
struct Open {
    position: Position,
    anchor: usize,
    kind: OpenKind,
    size: usize,
    height: usize,
}

enum OpenKind {
    List(Vec<Node>),
    Map { map: OpenMap, key: Option<OpenKey> },
}

enum OpenKey {
    Name(String, Position),
    Merge,
}

#[derive(Default)]
struct OpenMap {
    map: Mapping,
    /// The keys and their places in the mapping.
    index: HashMap<String, usize>,
    /// What merge keys bring in once the written keys are known (yaml.v3).
    merges: Vec<Node>,
}

/// What an event adds.
struct Added {
    node: Node,
    size: usize,
    height: usize,
    /// Whether it may be the key `<<` that merges.
    merges: bool,
}

impl<'a> Composer<'a> {
    fn new(text: &'a str, lines_before: usize, dialect: Dialect) -> Self {
        let options = granit_parser::options! {
            emit_comments: false,
            // As libyaml and its Go ports.
            bom_inside_document_as_content: true,
            block_scalar_eof_without_line_feed: true,
        };
        Self {
            parser: Parser::new_from_str_with_options(text, options),
            dialect,
            lines_before,
            anchors: HashMap::new(),
            open: Vec::new(),
            copies: 0,
        }
    }

    fn next(&mut self) -> Result<Next, Error> {
        self.anchors.clear();
        self.open.clear();
        self.copies = 0;
        let mut root = None;
        while let Some(event) = self.parser.next_event() {
            let (event, span) =
                event.map_err(|error| Error::new(self.position(error.marker()), error.info()))?;
            let position = self.position(&span.start);
            match event {
                Event::StreamEnd => return Ok(Next::End),
                Event::DocumentEnd => {
                    let root = root.filter(|root: &Node| !root.is_null());
                    return Ok(root.map_or(Next::Nothing, |root| Next::Document(Document { root })));
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let added = self.scalar(&text, style, tag.as_deref(), position)?;
                    self.complete(added, anchor, &mut root)?;
                }
                Event::Alias(id) => {
                    let added = self.alias(id, position)?;
                    self.complete(added, 0, &mut root)?;
                }
                Event::SequenceStart(_, anchor, _) => {
                    self.begin(position, anchor, OpenKind::List(Vec::new()))?;
                }
                Event::MappingStart(_, anchor, _) => {
                    self.begin(position, anchor, OpenKind::Map { map: OpenMap::default(), key: None })?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(open) = self.open.pop() {
                        let anchor = open.anchor;
                        let added = self.end(open)?;
                        self.complete(added, anchor, &mut root)?;
                    }
                }
                _ => {}
            }
        }
        Ok(Next::End)
    }

    fn position(&self, marker: &Marker) -> Position {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position {
            line: number(marker.line().saturating_add(self.lines_before)),
            column: number(marker.col()).saturating_add(1),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        position: Position,
    ) -> Result<Added, Error> {
        let plain = style == ScalarStyle::Plain;
        let merge_tag =
            tag.is_some_and(|tag| tag.suffix_in_namespace(scalar::CORE).as_deref() == Some("merge"));
        let merges = text == "<<" && (merge_tag || (plain && tag.is_none()));
        let notation = Notation { plain, tag };
        let scalar =
            scalar::resolve(text, notation, self.dialect).map_err(|message| Error::new(position, message))?;
        Ok(Added { node: Node { content: Content::Scalar(scalar), position }, size: 1, height: 0, merges })
    }

    fn alias(&mut self, id: usize, position: Position) -> Result<Added, Error> {
        // The parser knows every anchor that is begun; one that is not ended is being asked for inside itself.
        let Some(anchored) = self.anchors.get(&id).cloned() else {
            return Err(Error::new(position, "an anchor's value contains itself"));
        };
        let Anchored { node, size, height } = anchored;
        self.count_copies(size, position)?;
        self.check_depth(height, position)?;
        Ok(Added { node, size, height, merges: false })
    }

    fn begin(&mut self, position: Position, anchor: usize, kind: OpenKind) -> Result<(), Error> {
        self.check_depth(0, position)?;
        self.open.push(Open { position, anchor, kind, size: 1, height: 0 });
        Ok(())
    }

    fn end(&self, open: Open) -> Result<Added, Error> {
        let Open { position, kind, size, height, anchor: _ } = open;
        let content = match kind {
            OpenKind::List(items) => Content::List(items),
            OpenKind::Map { map, key: _ } => Content::Map(self.merged(map)?),
        };
        Ok(Added { node: Node { content, position }, size, height: height + 1, merges: false })
    }

    /// Puts a node that is whole where it belongs: into the innermost open collection, or at the root.
    fn complete(&mut self, added: Added, anchor: usize, root: &mut Option<Node>) -> Result<(), Error> {
        if anchor != 0 {
            self.count_copies(added.size, added.node.position)?;
            let Added { node, size, height, .. } = &added;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size: *size, height: *height });
        }
        let dialect = self.dialect;
        let Some(open) = self.open.last_mut() else {
            *root = Some(added.node);
            return Ok(());
        };
        open.size += added.size;
        open.height = open.height.max(added.height);
        match &mut open.kind {
            OpenKind::List(items) => items.push(added.node),
            OpenKind::Map { map, key } => match key.take() {
                None if added.merges => *key = Some(OpenKey::Merge),
                None => *key = Some(OpenKey::Name(key_text(&added.node, dialect)?, added.node.position)),
                Some(OpenKey::Name(key, position)) => {
                    map.set(Entry { key, position, value: added.node }, dialect)?;
                }
                Some(OpenKey::Merge) if dialect == Dialect::V3 => map.merges.push(added.node),
                Some(OpenKey::Merge) => map.merge_over(added.node)?,
            },
        }
        Ok(())
    }

    /// The mapping with what yaml.v3 merges after all: only keys that are not there, the first source first.
    fn merged(&self, open: OpenMap) -> Result<Mapping, Error> {
        let OpenMap { mut map, mut index, mut merges } = open;
        debug_assert!(self.dialect == Dialect::V3 || merges.is_empty(), "yaml.v2 merges at once");
        if let [_, second, ..] = merges.as_slice() {
            return Err(Error::new(second.position, "mapping key \"<<\" already defined"));
        }
        if let Some(merge) = merges.pop() {
            for entry in merge_sources(merge)?.into_iter().flatten() {
                if !index.contains_key(&entry.key) {
                    index.insert(entry.key.clone(), map.entries().len());
                    map.push(entry);
                }
            }
        }
        Ok(map)
    }

    fn count_copies(&mut self, size: usize, position: Position) -> Result<(), Error> {
        self.copies = self.copies.saturating_add(size);
        if self.copies > MAX_COPIES {
            return Err(Error::new(position, "document contains excessive aliasing"));
        }
        Ok(())
    }

    fn check_depth(&self, height: usize, position: Position) -> Result<(), Error> {
        if self.open.len() + height >= MAX_DEPTH {
            return Err(Error::new(position, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }
}

impl OpenMap {
    fn set(&mut self, entry: Entry, dialect: Dialect) -> Result<(), Error> {
        let Some(&place) = self.index.get(&entry.key) else {
            self.index.insert(entry.key.clone(), self.map.entries().len());
            self.map.push(entry);
            return Ok(());
        };
        let earlier = self.map.entries().get(place).map(|entry| entry.position).unwrap_or_default();
        if dialect == Dialect::V3 {
            let message = format!("mapping key {:?} already defined at line {}", entry.key, earlier.line);
            return Err(Error::new(entry.position, message));
        }
        let (key, position) = (entry.key.clone(), entry.position);
        self.map.note_duplicate(Duplicate { key, position, earlier });
        self.map.replace(place, entry);
        Ok(())
    }

    /// Merges as yaml.v2 does: at once, over what is already there, the first source last.
    fn merge_over(&mut self, merge: Node) -> Result<(), Error> {
        for entry in merge_sources(merge)?.into_iter().rev().flatten() {
            match self.index.get(&entry.key) {
                Some(&place) => self.map.replace(place, entry),
                None => {
                    self.index.insert(entry.key.clone(), self.map.entries().len());
                    self.map.push(entry);
                }
            }
        }
        Ok(())
    }
}

/// The mappings that the value of a merge key names.
fn merge_sources(merge: Node) -> Result<Vec<Vec<Entry>>, Error> {
    let refuse = |position| Error::new(position, "map merge requires map or sequence of maps as the value");
    match merge.content {
        Content::Map(map) => Ok(vec![map.into_entries()]),
        Content::List(items) => items
            .into_iter()
            .map(|item| match item.content {
                Content::Map(map) => Ok(map.into_entries()),
                _ => Err(refuse(item.position)),
            })
            .collect(),
        Content::Scalar(_) => Err(refuse(merge.position)),
    }
}

/// A key as text.
fn key_text(node: &Node, dialect: Dialect) -> Result<String, Error> {
    let refuse = || Error::new(node.position, format!("{} cannot be a mapping key", node.kind()));
    let scalar = node.as_scalar().ok_or_else(refuse)?;
    match (dialect, &scalar.value) {
        (Dialect::V3, _) => Ok(scalar.text.clone()),
        (Dialect::K8s, Value::Null) => Err(refuse()),
        (Dialect::K8s, Value::Float(value)) if value.is_nan() => Ok(".nan".to_owned()),
        (Dialect::K8s, Value::Float(value)) if value.is_infinite() => {
            Ok(if *value > 0.0 { ".inf" } else { "-.inf" }.to_owned())
        }
        (Dialect::K8s, _) => scalar.coerced().ok_or_else(refuse),
    }
}
