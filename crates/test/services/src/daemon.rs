//! A server process: started, waited for, stopped.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a server may take to become ready, and to stop. A slow machine under load stays well below.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a server is asked.
const INTERVAL: Duration = Duration::from_millis(5);
/// How much of a log an error shows.
const LOG_END: usize = 2000;

/// A running process, which is killed when this is dropped. What it prints goes to a file.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command`, which must stay in the foreground, with its output in `directory`.
    pub(crate) fn start(command: &mut Command, directory: &Path) -> io::Result<Self> {
        let log = directory.join("server.log");
        let output = File::create(&log)?;
        let child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        Ok(Self { child, log })
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `is_ready`. The error says why it never was.
    pub(crate) fn wait_until(&mut self, mut is_ready: impl FnMut() -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => return Err(format!("it ended with {status}: {}", self.log_end())),
                Err(error) => return Err(format!("it cannot be waited for: {error}")),
            }
            if is_ready() {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("it was not ready after {PATIENCE:?}: {}", self.log_end()));
            }
            sleep(INTERVAL);
        }
    }

    /// Asks it to end, as `systemctl stop` would, and waits until it has. One that does not is killed.
    pub(crate) fn stop(&mut self) {
        let Ok(number) = i32::try_from(self.child.id()) else { return self.kill() };
        // The child was not waited for yet, so its number cannot be another process's.
        if self.ended().is_some() || kill(Pid::from_raw(number), Signal::SIGTERM).is_err() {
            return self.kill();
        }
        let deadline = Instant::now() + PATIENCE;
        while self.ended().is_none() && Instant::now() < deadline {
            sleep(INTERVAL);
        }
        self.kill();
    }

    /// Ends it without a warning, as a crash would, and waits until it has ended.
    pub(crate) fn kill(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn log_end(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let end = log.get(log.len().saturating_sub(LOG_END)..).unwrap_or_default();
        String::from_utf8_lossy(end).into_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (Daemon, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let daemon = Daemon::start(Command::new("sh").args(["-c", script]), directory.path()).unwrap();
        (daemon, directory)
    }

    #[test]
    fn a_server_that_ends_early_is_reported_with_its_log() {
        let (mut daemon, _directory) = shell("echo cannot bind; exit 3");
        let error = daemon.wait_until(|| false).unwrap_err();
        assert!(error.contains("exit status: 3") && error.contains("cannot bind"), "{error}");
    }

    #[test]
    fn stop_lets_a_server_finish() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command
            .current_dir(directory.path())
            .args(["-c", "trap 'touch finished; exit' TERM; touch ready; while :; do sleep 0.01; done"]);
        let mut daemon = Daemon::start(&mut command, directory.path()).unwrap();
        daemon.wait_until(|| directory.path().join("ready").exists()).unwrap();
        daemon.stop();
        assert!(directory.path().join("finished").exists());
    }

    #[test]
    fn a_dropped_server_is_gone() {
        let (daemon, _directory) = shell("exec sleep 1000");
        let process = PathBuf::from(format!("/proc/{}", daemon.id()));
        assert!(process.exists());
        drop(daemon);
        assert!(!process.exists());
    }
}
