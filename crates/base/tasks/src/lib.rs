//! Task ownership and drain.
//!
//! Every background task belongs to a [`Tasks`], which can stop it and wait for it. Owners form a tree: stopping one
//! stops its children. A task that ends by panicking, or an essential one that ends at all, is reported to the root,
//! so that a sidecar goes down loudly and never limps on.

mod owner;
mod report;

pub use owner::{TaskKind, Tasks};
pub use report::Failure;
pub use tokio_util::sync::CancellationToken;
