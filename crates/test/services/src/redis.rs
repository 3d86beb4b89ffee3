//! Redis.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::missing::Missing;
use crate::{port, program};

const PROGRAM: &str = "redis-server";
/// How many ports are tried.
const ATTEMPTS: usize = 20;
/// How long one question may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// A Redis server without a password. What it has acknowledged is on disk, so it survives [`restart`](Self::restart)
/// even after [`kill`](Self::kill).
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    options: Vec<String>,
    port: u16,
    // Declared before the directory, so that the server has ended before its directory goes.
    daemon: Option<Daemon>,
    directory: TempDir,
}

impl Redis {
    /// A server that answers.
    pub fn start() -> Result<Self, Missing> {
        Self::start_with(&[])
    }

    /// A server with further options, as on its command line: `["--maxmemory", "1mb"]`.
    pub fn start_with(options: &[&str]) -> Result<Self, Missing> {
        let program = program::find(PROGRAM)
            .ok_or(Missing::NotInstalled { program: PROGRAM, package: "redis-server" })?;
        let directory = tempfile::tempdir().map_err(|error| not_started(&error))?;
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { program, options, port: 0, daemon: None, directory };
        let mut tries = 0;
        loop {
            server.port = port::free().map_err(|error| not_started(&error))?;
            tries += 1;
            match server.launch() {
                Err(error) if tries < ATTEMPTS && is_port_taken(&error) => {}
                outcome => return outcome.map(|()| server),
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Where it keeps its files.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends it in an orderly way. Its data stay for [`restart`](Self::restart).
    pub fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.stop();
        }
    }

    /// Ends it as a crash would. Its data stay for [`restart`](Self::restart).
    pub fn kill(&mut self) {
        self.daemon = None;
    }

    /// Starts it again on its port with its data, after stopping it if it runs.
    pub fn restart(&mut self) -> Result<(), Missing> {
        self.stop();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.launch() {
                // Somebody's connection may have been given the port as its own for a while.
                Err(error) if tries < ATTEMPTS && is_port_taken(&error) => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                outcome => return outcome,
            }
        }
    }

    fn launch(&mut self) -> Result<(), Missing> {
        let mut command = Command::new(&self.program);
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
            .arg(self.directory.path())
            .args(&self.options);
        let mut daemon =
            Daemon::start(&mut command, self.directory.path()).map_err(|error| not_started(&error))?;
        let (address, process) = (self.address(), daemon.id());
        daemon
            .wait_until(|| answers(address, process).unwrap_or(false))
            .map_err(|error| not_started(&error))?;
        self.daemon = Some(daemon);
        Ok(())
    }
}

fn not_started(reason: &dyn ToString) -> Missing {
    Missing::NotStarted { program: PROGRAM, reason: reason.to_string() }
}

fn is_port_taken(error: &Missing) -> bool {
    matches!(error, Missing::NotStarted { reason, .. } if reason.contains("Address already in use"))
}

/// Whether the server at `address` is ready, and is the process that was started and none that was faster to the port.
fn answers(address: SocketAddr, process: u32) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect_timeout(&address, ANSWER_TIMEOUT)?;
    connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    connection.write_all(b"INFO server\r\nPING\r\nQUIT\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let has = |wanted: &str| answer.lines().any(|line| line == wanted);
    Ok(has(&format!("process_id:{process}")) && has("+PONG"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(server: &Redis, command: &str) -> String {
        let mut connection = TcpStream::connect(server.address()).unwrap();
        connection.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer.strip_suffix("+OK\r\n").unwrap().trim_end().to_owned()
    }

    #[test]
    fn a_server_keeps_its_port_and_data_over_a_stop_and_a_crash() {
        let Some(mut server) = crate::available(Redis::start()) else { return };
        let address = server.address();
        assert_eq!(ask(&server, "SET a 1"), "+OK");
        assert_eq!(ask(&server, "GET a"), "$1\r\n1");
        server.stop();
        assert!(TcpStream::connect(address).is_err());
        server.restart().unwrap();
        assert_eq!((server.address(), ask(&server, "GET a")), (address, "$1\r\n1".to_owned()));
        ask(&server, "SET a 2");
        server.kill();
        server.restart().unwrap();
        assert_eq!((server.address(), ask(&server, "GET a")), (address, "$1\r\n2".to_owned()));
    }

    #[test]
    fn two_servers_do_not_meet() {
        let Some(first) = crate::available(Redis::start()) else { return };
        let Some(second) = crate::available(Redis::start()) else { return };
        ask(&first, "SET a 1");
        assert_eq!(ask(&second, "GET a"), "$-1");
    }

    #[test]
    fn a_wrong_option_is_reported_with_the_servers_words() {
        let error = Redis::start_with(&["--no-such-option", "1"]).unwrap_err();
        if matches!(error, Missing::NotInstalled { .. }) {
            crate::available::<()>(Err(error));
            return;
        }
        let error = error.to_string();
        assert!(error.contains("no-such-option"), "{error}");
    }

    #[test]
    fn another_servers_answer_on_the_port_does_not_count() {
        let Some(server) = crate::available(Redis::start()) else { return };
        assert!(!answers(server.address(), 1).unwrap());
    }
}
