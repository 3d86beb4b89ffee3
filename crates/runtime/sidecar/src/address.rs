//! Where other sidecars reach this one.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use sha2::{Digest, Sha256};

/// The first port that a stable internal port may be, as at the peer.
const FIRST_STABLE_PORT: u16 = 47300;

/// The address to tell others, where none is given: that of the interface which the default route leads through, or
/// loopback on a machine without one. Nothing is sent.
pub(crate) fn host_address() -> IpAddr {
    let found = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        // Any address outside will do: connecting a UDP socket only chooses a route.
        socket.connect(SocketAddr::from((Ipv4Addr::new(203, 0, 113, 1), 80)))?;
        socket.local_addr()
    });
    match found {
        Ok(address) if !address.ip().is_unspecified() => address.ip(),
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

/// A port that is the same each time the same app is run from the same folder by the same user on the same machine.
/// It may be in use; then any other will do.
pub(crate) fn stable_port(app_id: &str) -> u16 {
    let folder =
        std::env::current_dir().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    let host = nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok()).unwrap_or_default();
    let seed = [app_id, &folder, &nix::unistd::getuid().to_string(), &host].join("|");
    let hash = Sha256::digest(seed.as_bytes());
    let random = hash.iter().take(2).rev().fold(0u16, |number, byte| number << 8 | u16::from(*byte));
    FIRST_STABLE_PORT + random % (u16::MAX - FIRST_STABLE_PORT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stable_port_depends_on_the_app_and_lies_in_its_range() {
        assert_eq!(stable_port("a"), stable_port("a"));
        assert_ne!(stable_port("a"), stable_port("b"));
        assert!(stable_port("a") >= FIRST_STABLE_PORT);
    }
}
