//! The app channel against real servers.

#[cfg(test)]
mod grpc;
#[cfg(test)]
mod http;
#[cfg(test)]
mod server;
