//! What becomes of a test whose server is not there.

use std::ffi::OsStr;

/// Why a server is not there.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// The machine does not have it.
    #[error("{program} is not installed (Debian package {package})")]
    NotInstalled {
        /// What was looked for on `PATH`.
        program: &'static str,
        /// What to install.
        package: &'static str,
    },
    /// The machine has it, but it does not come up.
    #[error("{program} does not start: {reason}")]
    NotStarted {
        /// What was started.
        program: &'static str,
        /// What went wrong, with the end of the server's log.
        reason: String,
    },
}

/// The server, or nothing if its tests are to be left out, which is then said on standard error.
///
/// # Panics
///
/// If the server is there but does not start; and if it is not there, where `TENDER_REQUIRE_SERVICES` is `1`.
#[track_caller]
pub fn available<T>(server: Result<T, Missing>) -> Option<T> {
    decide(server, std::env::var_os("TENDER_REQUIRE_SERVICES").as_deref() == Some(OsStr::new("1")))
}

#[track_caller]
#[expect(clippy::panic, reason = "it fails the test that calls it")]
#[expect(clippy::print_stderr, reason = "it is the test's own output")]
fn decide<T>(server: Result<T, Missing>, is_required: bool) -> Option<T> {
    match server {
        Ok(server) => Some(server),
        Err(missing @ Missing::NotInstalled { .. }) if !is_required => {
            eprintln!("left out: {missing}");
            None
        }
        Err(missing) => panic!("{missing}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_installed() -> Result<(), Missing> {
        Err(Missing::NotInstalled { program: "nosuchd", package: "nosuch" })
    }

    #[test]
    fn a_test_without_its_server_is_left_out() {
        assert_eq!(decide(not_installed(), false), None);
        assert_eq!(decide(Ok(1), false), Some(1));
    }

    #[test]
    #[should_panic(expected = "nosuchd is not installed (Debian package nosuch)")]
    fn a_test_without_its_server_fails_where_servers_are_required() {
        decide(not_installed(), true);
    }

    #[test]
    #[should_panic(expected = "nosuchd does not start: it is broken")]
    fn a_server_that_does_not_start_fails_its_test() {
        let broken: Result<(), _> =
            Err(Missing::NotStarted { program: "nosuchd", reason: "it is broken".to_owned() });
        decide(broken, false);
    }
}
