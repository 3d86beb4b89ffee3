//! The wire against facts from outside: bytes that another implementation wrote, and calls through the
//! generated clients and servers.

#![cfg(test)]

mod bytes;
mod descriptors;
mod services;
