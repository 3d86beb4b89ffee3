//! Input bindings: which of them the application wants, and handing it their events.
//!
//! An app wants a binding if the component says that its direction is `input`, or if the app says so itself: by
//! answering an `OPTIONS` request to the binding's route (HTTP), or in `ListInputBindings` (gRPC).

mod app;
mod deliver;
mod inputs;

pub use inputs::{InputBinding, InputBindings, StartError};
