//! `oc serve`, the real program, several times over; killed and started again.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use oc::config::SETTINGS;
use rustix::process::{Pid, Signal, kill_process};

use crate::http::{Connection, Request};

/// Secrets of both roles, 32 bytes in base64 each.
const CODE_KEY: &str = "q0Jmd4mFGxQ0T2Xq9o5Nf1yB7uKZ3rWcVtLhAeYpSgE=";
pub const FIELD_KEY: &str = "b7SxwJ3nq5Rk8ZyVtPfM2dLhG0aCeUoXiT1vN6rWQ4s=";
/// Longest time until a role is ready.
const START: Duration = Duration::from_secs(60);

/// The program, knowing nothing of the settings of whoever runs the proof.
pub fn oc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oc"));
    for setting in SETTINGS {
        command.env_remove(setting.name).env_remove(format!("{}_FILE", setting.name));
    }
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command.env("ACCESS_CODE_KEY", CODE_KEY).env("FIELD_ENCRYPTION_KEY", FIELD_KEY);
    // One tenant and one address do here what a whole practice does in a year.
    command.env("RATE_TENANT_PER_MINUTE", "0").env("RATE_ADDRESS_PER_MINUTE", "0");
    command
}

/// A process of a role, with a fixed address at which it comes back.
pub struct Role {
    /// `provider` or `client`.
    pub role: &'static str,
    /// Its name in messages, such as `client-1`.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its settings.
    pub settings: Vec<(String, String)>,
    log: PathBuf,
    child: Mutex<Option<Child>>,
    kills: AtomicU64,
}

impl Role {
    /// Not started yet. Its log is appended to `<name>.log` in `folder`.
    pub fn new(role: &'static str, name: String, folder: &std::path::Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        Self {
            role,
            name,
            address,
            settings: Vec::new(),
            log,
            child: Mutex::new(None),
            kills: AtomicU64::new(0),
        }
    }

    /// Starts the process, without waiting for it.
    pub fn start(&self) {
        let mut child = self.child.lock().unwrap();
        assert!(child.is_none(), "{} is running", self.name);
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let mut command = oc();
        command.args(["serve", "--role", self.role, "--auth", "none", "--stop-with-stdin"]);
        command.env("PORT", self.address.port().to_string());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        *child = Some(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// Kills the process without a warning (`kill -9`).
    pub fn kill(&self) {
        let mut child = self.child.lock().unwrap().take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.kills.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was killed.
    pub fn kills(&self) -> u64 {
        self.kills.load(Ordering::Relaxed)
    }

    /// Id of the process, if there is one.
    pub fn process(&self) -> Option<u32> {
        self.child.lock().unwrap().as_ref().map(Child::id)
    }

    /// Halts the process or lets it go on: it keeps its connections and says nothing.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.lock().unwrap();
        kill_process(Pid::from_child(child.as_ref().unwrap()), signal).unwrap();
    }

    /// Whether the process is gone although nobody killed it.
    pub fn has_ended_by_itself(&self) -> bool {
        let mut child = self.child.lock().unwrap();
        child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some())
    }

    /// Whether it says that it is ready.
    pub fn is_ready(&self) -> bool {
        let mut connection = Connection::new(self.address, Duration::from_secs(5));
        connection.call(&Request::get("/api/ready")).is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until it is ready.
    pub fn wait_until_ready(&self) {
        let started = Instant::now();
        while !self.is_ready() {
            assert!(!self.has_ended_by_itself(), "{} ended: see {}", self.name, self.log.display());
            assert!(started.elapsed() < START, "{} is not ready: see {}", self.name, self.log.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.lock().unwrap().take()
            && child.kill().is_ok()
        {
            drop(child.wait());
        }
    }
}

/// A free port that no outgoing connection can take while its owner is down:
/// those start at 32768 on Linux and at 49152 on macOS.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 1_000) as u16 * 11;
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
