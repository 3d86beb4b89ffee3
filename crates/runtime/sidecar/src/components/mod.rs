//! Components: from resources to open backends.
//!
//! Secret stores are opened first, because the metadata of others may refer to them; then all others at once, so that
//! one slow backend does not hold up the rest.

mod failure;
mod open;
mod secrets;

pub use failure::ComponentFailure;
pub(crate) use open::{Opened, Opener};
