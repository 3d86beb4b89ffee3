//! An HTTP/2 client for gRPC: one connection per address, nothing between a request and its frames.
//!
//! A [`Client`] keeps one [`Connection`], opens it when it is first needed, and opens another when it broke. Request
//! bodies are sent as fast as the other side takes them, response bodies are received as fast as they are read.

mod client;
mod coalesce;
mod connection;
mod download;
mod payload;
mod upload;

pub use client::Client;
pub use coalesce::{Coalescing, Flusher, coalesce};
pub use connection::{
    CONNECTION_WINDOW, Connection, MAX_FRAME, SEND_BUFFER, STREAM_WINDOW, Settings, keep_alive,
};
pub use download::Download;
pub use payload::Payload;
pub use upload::send_body;
