//! YAML as the peers read it.
//!
//! The peers read YAML with two libraries of Go that disagree: Dapr reads resources with sigs.k8s.io/yaml (`yes` is
//! true, a key may stand twice), its configuration, and the Score tools everything, with gopkg.in/yaml.v3 (`yes` is a
//! text, a key that stands twice is an error). [`parse_k8s`] and [`parse_v3`] read a text of one or more documents
//! each way. JSON is read as well, since it is YAML.
//!
//! A [`Document`] is a tree of [`Node`]s, each with its line and column and, for scalars, the text as it is written,
//! so that an error can say where it is and a number that should be a text can be taken for one. [`Document::to_json`]
//! gives the value alone. The parser itself comes from a library that this crate alone names.
//!
//! ```
//! let document = tender_yaml::parse_k8s("spec:\n  enabled: yes\n  version: 1.10\n").remove(0)?;
//! assert_eq!(document.to_json()?, serde_json::json!({"spec": {"enabled": true, "version": 1.1}}));
//! let version = document.root.find("/spec/version").and_then(|node| node.as_scalar());
//! assert_eq!(version.map(|scalar| scalar.text.as_str()), Some("1.10"));
//! assert_eq!(document.locate("/spec/version").map(|place| place.line), Some(3));
//! # Ok::<(), tender_yaml::Error>(())
//! ```

mod compose;
mod document;
mod error;
mod gotext;
mod node;
mod scalar;
mod timestamp;

pub use document::{Document, parse_k8s, parse_v3, text};
pub use error::Error;
pub use gotext::{float_as_go_prints_it, json_as_go_writes_it};
pub use node::{Content, Duplicate, Entry, Mapping, Node, Position};
pub use scalar::{Scalar, Value};
