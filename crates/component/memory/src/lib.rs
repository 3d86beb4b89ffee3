//! In-memory state, pub/sub and name resolution.
