//! Redis: state and pub/sub by streams.
