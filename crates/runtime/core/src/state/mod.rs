//! The state building block: keys of apps on top, prefixed keys of stores below.

mod errors;
mod keys;
mod service;

pub use keys::{IllegalKey, KeyPrefix};
pub use service::{BulkEntry, State, StateComponent, TransactionOperation};
