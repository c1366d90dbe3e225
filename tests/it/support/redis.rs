//! A Redis of a test's own, where one is installed.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::scratch::Scratch;
use super::waiting::until;

/// A `redis-server` that keeps nothing on disk; killed with the test.
pub struct Redis {
    port: u16,
    process: Child,
    folder: Scratch,
}

impl Redis {
    /// Starts one. `None`, and a loud line, where none is installed.
    pub fn start() -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!(
                "\nSKIPPED !!! redis-server is missing: sharing limits over Redis was NOT tested !!!\n"
            );
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = Scratch::new("redis");
        let redis = Self { port, process: launch(port, &folder), folder };
        redis.wait();
        Some(redis)
    }

    /// As `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).unwrap();
    }

    /// Makes it stand still with its connections open, or go on.
    pub fn freeze(&self, frozen: bool) {
        let signal = if frozen { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.process), signal).unwrap();
    }

    /// Starts it again, empty, at the same place.
    pub fn start_again(&mut self) {
        self.process = launch(self.port, &self.folder);
        self.wait();
    }

    /// The names of all keys.
    pub fn keys(&self) -> Vec<String> {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd("KEYS").arg("*").query(&mut connection).unwrap()
    }

    fn wait(&self) {
        until("Redis", Duration::from_secs(20), || {
            let mut connection = redis::Client::open(self.url()).ok()?.get_connection().ok()?;
            redis::cmd("PING").query::<String>(&mut connection).ok()
        });
    }
}

fn launch(port: u16, folder: &Scratch) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--dir").arg(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

impl Drop for Redis {
    fn drop(&mut self) {
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}
