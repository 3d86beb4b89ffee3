//! SQLite: state, name resolution and a durable local pub/sub.
