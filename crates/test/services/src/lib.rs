//! Real servers from Debian's packages, for tests: each on a private port of the loopback interface, in a directory
//! that goes away, stopped when its value is dropped.
//!
//! A server is one file here: its options, how it is asked whether it is ready, and what its clients need to know.
//! Everything else ([`daemon`], [`program`], [`port`]) is shared.
//!
//! A machine need not have a server. Its tests are then left out, and say so; where the environment has
//! `TENDER_REQUIRE_SERVICES=1` they fail instead. [`available`] expresses this:
//!
//! ```no_run
//! let Some(redis) = tender_services::available(tender_services::Redis::start()) else { return };
//! println!("{}", redis.address());
//! ```

mod daemon;
mod missing;
mod port;
mod program;
mod redis;

pub use missing::{Missing, available};
pub use redis::Redis;
