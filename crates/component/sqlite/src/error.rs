//! SQLite's errors as those of a component.

use rusqlite::ErrorCode;
use tender_component::{Error, ErrorKind};

/// A failed statement. One that met a lock may succeed later.
pub(crate) fn failed(error: rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen) => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Failed,
    };
    Error::new(kind, "database error").with_source(error)
}

/// The database's thread is gone: the component is closed.
pub(crate) fn closed() -> Error {
    Error::failed("the component is closed")
}
