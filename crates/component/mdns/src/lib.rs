//! Name resolution by multicast DNS, as the peer does it.
