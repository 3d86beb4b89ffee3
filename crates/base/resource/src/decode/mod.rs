//! From nodes to typed values: fields are asked for by name, and what is wrong is noted with its place while reading
//! goes on, so that a file is told all its faults at once.

mod fields;
mod item;
mod nearest;
mod reader;

pub(crate) use fields::{Field, Fields};
pub(crate) use item::Item;
pub(crate) use nearest::nearest;
pub(crate) use reader::{PolicyKind, PolicyReference, Reader, Report, Rules};
