//! Private ports.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A port of the loopback interface that was free a moment ago. Another process may take it before a server does, so
/// who starts a server on it must be ready to try another.
pub(crate) fn free() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
