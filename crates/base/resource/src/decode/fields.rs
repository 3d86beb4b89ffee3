//! The fields of a mapping.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tender_yaml::{Entry, Mapping, Position};

use super::{Item, Reader, Rules, nearest};

/// The fields of a mapping, or of nothing. Every field that is asked for counts as known; [`Fields::finish`] warns of
/// the others.
pub(crate) struct Fields<'a> {
    reader: &'a Reader,
    map: Option<&'a Mapping>,
    path: String,
    position: Position,
    /// Whether something else stands in place of the mapping.
    misplaced: bool,
    known: RefCell<Vec<&'static str>>,
}

/// What a field says.
pub(crate) enum Field<'a> {
    /// It is not there.
    Absent,
    /// It is there and says nothing.
    Null,
    /// It says something.
    Item(Item<'a>),
}

impl<'a> Fields<'a> {
    pub(crate) fn new(
        reader: &'a Reader,
        map: Option<&'a Mapping>,
        path: String,
        position: Position,
    ) -> Self {
        Self { reader, map, path, position, misplaced: false, known: RefCell::default() }
    }

    /// The fields of something that is no mapping, which is noted already.
    pub(crate) fn of_none(reader: &'a Reader, path: String, position: Position) -> Self {
        Self { misplaced: true, ..Self::new(reader, None, path, position) }
    }

    /// Where the mapping starts.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Notes what makes the document unusable, about a field of this mapping, at its value if it has one.
    pub(crate) fn refuse(&self, field: &str, message: impl Into<String>) {
        self.reader.refuse(self.place(field), &self.path_of(field), message);
    }

    /// Notes what is passed over, about the mapping itself.
    pub(crate) fn warn_of_all(&self, message: impl Into<String>) {
        self.reader.warn(self.position, &self.path, message);
    }

    /// Notes what is passed over, about a field of this mapping, at its value if it has one.
    pub(crate) fn warn(&self, field: &str, message: impl Into<String>) {
        self.reader.warn(self.place(field), &self.path_of(field), message);
    }

    /// Notes that a field which should say something does not.
    pub(crate) fn warn_if_empty(&self, field: &str, message: &str) {
        let value = self.entry(field).map(|entry| &entry.value);
        let says_something = value.is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
        if !self.misplaced && !says_something {
            self.warn(field, message);
        }
    }

    /// What the field says.
    pub(crate) fn field(&self, name: &'static str) -> Field<'a> {
        self.known.borrow_mut().push(name);
        match self.entry(name) {
            None => Field::Absent,
            Some(entry) if entry.value.is_null() => Field::Null,
            Some(entry) => Field::Item(Item::new(self.reader, &entry.value, self.path_of(name))),
        }
    }

    /// What the field says, if it says anything.
    pub(crate) fn item(&self, name: &'static str) -> Option<Item<'a>> {
        if let Field::Item(item) = self.field(name) { Some(item) } else { None }
    }

    /// The fields of a field; none when it is not there.
    pub(crate) fn fields(&self, name: &'static str) -> Fields<'a> {
        match self.item(name) {
            Some(item) => item.fields(),
            None => Fields::new(self.reader, None, self.path_of(name), self.position),
        }
    }

    /// A text.
    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        self.item(name)?.text()
    }

    /// A text, empty when the field is not there.
    pub(crate) fn text_or_empty(&self, name: &'static str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// A text that says something.
    pub(crate) fn non_empty(&self, name: &'static str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A boolean.
    pub(crate) fn boolean(&self, name: &'static str) -> Option<bool> {
        self.item(name)?.boolean()
    }

    /// A whole number in the range of `N`.
    pub(crate) fn integer<N: TryFrom<i64>>(&self, name: &'static str) -> Option<N> {
        self.item(name)?.integer()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &'static str) -> Option<Vec<String>> {
        self.item(name)?.texts()
    }

    /// A list of mappings, each read by `read`.
    pub(crate) fn list<T>(&self, name: &'static str, read: impl Fn(Fields<'_>) -> T) -> Option<Vec<T>> {
        self.item(name)?.list(read)
    }

    /// A mapping of any names to mappings, each read by `read`.
    pub(crate) fn named<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str, Fields<'_>) -> T,
    ) -> BTreeMap<String, T> {
        self.item(name).and_then(|item| item.named(read)).unwrap_or_default()
    }

    /// Warns of every field that was not asked for, and of those that are there twice.
    pub(crate) fn finish(self) {
        let Some(map) = self.map else { return };
        let known = self.known.borrow();
        for entry in map.entries() {
            if !known.iter().any(|name| self.means(&entry.key, name)) {
                let meant = nearest(&entry.key, &known);
                let meant = meant.map(|name| format!(", did you mean {name}?")).unwrap_or_default();
                let path = self.path_of(&entry.key);
                self.reader.warn(entry.position, &path, format!("unknown field, ignored{meant}"));
            }
        }
        for duplicate in map.duplicates() {
            let message = format!("stands in line {} too, where it is ignored", duplicate.earlier.line);
            self.reader.warn(duplicate.position, &self.path_of(&duplicate.key), message);
        }
    }

    /// The entry of a field: of the exact name, or else one that differs in case if that does not matter.
    fn entry(&self, name: &str) -> Option<&'a Entry> {
        let map = self.map?;
        map.entry(name).or_else(|| map.entries().iter().find(|entry| self.means(&entry.key, name)))
    }

    fn means(&self, key: &str, name: &str) -> bool {
        match self.reader.rules {
            Rules::K8s => key.eq_ignore_ascii_case(name),
            Rules::V3 => key == name,
        }
    }

    fn place(&self, field: &str) -> Position {
        self.entry(field).map_or(self.position, |entry| entry.position)
    }

    fn path_of(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }
}
