//! The real program.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use oc::config::SETTINGS;
use oc::roles::Role;

pub use super::child::{PATIENCE, Process};
use super::database::TestDatabase;
use super::http::{self, Answer, Call};
use super::{CODE_KEY, KEY, Settings};

/// The program, knowing nothing of the settings of whoever runs the tests.
pub fn oc() -> Command {
    program(NEW)
}

/// This version of the program.
pub const NEW: &str = env!("CARGO_BIN_EXE_oc");

/// Any version of the program, knowing nothing of the settings of whoever runs the tests.
pub fn program(path: &str) -> Command {
    let mut command = Command::new(path);
    for setting in SETTINGS {
        command.env_remove(setting.name).env_remove(format!("{}_FILE", setting.name));
    }
    for name in ["OC_PROVIDER_URL", "OC_CLIENT_URL", "OC_TENANT", "OC_TOKEN", "OC_POSTGRES", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// What a command that ended has left.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a command to its end.
pub fn run(args: &[&str]) -> Ended {
    run_with(args, &[])
}

/// Runs a command to its end with these variables in its environment.
pub fn run_with(args: &[&str], variables: &[(&str, &str)]) -> Ended {
    oc().args(args).envs(variables.iter().copied()).output().unwrap().into()
}

/// Runs a command that reads `input`.
pub fn run_reading(args: &[&str], input: &[u8]) -> Ended {
    let mut command = oc();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// `oc serve` of a role.
pub struct Served {
    pub process: Process,
    pub address: SocketAddr,
}

impl Served {
    /// Starts the role on a free port and waits until it listens.
    pub fn start(role: Role, database: &TestDatabase, given: Settings<'_>) -> Self {
        Self::start_at(role, database.url(), given)
    }

    /// Like [`Served::start`], for a database at any address.
    pub fn start_at(role: Role, url: &str, given: Settings<'_>) -> Self {
        Self::start_of(NEW, role, url, given)
    }

    /// Like [`Served::start_at`], of another version.
    pub fn start_of(version: &str, role: Role, url: &str, given: Settings<'_>) -> Self {
        let mut command = program(version);
        command.args(["serve", "--role", role.name(), "--port", "0"]);
        command
            .env("AUTH", "none")
            .env("DATABASE_URL", url)
            .env("DATABASE_POOL_SIZE", "6")
            .env("HTTP_WORKERS", "1");
        command
            .env("ACCESS_CODE_KEY", CODE_KEY)
            .env("FIELD_ENCRYPTION_KEY", KEY)
            .env("REFUSAL_FLOOR_MS", "5");
        command.envs(given.iter().copied());
        let mut process = Process::start(command);
        let address = process.wait_for("the banner", |said| address_in(said, role));
        Self { process, address }
    }

    /// Sends a request.
    pub fn call(&self, call: &Call) -> Answer {
        http::call(self.address, call)
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// `oc 0.1.0 provider on http://127.0.0.1:40123 (…`.
fn address_in(said: &str, role: Role) -> Option<SocketAddr> {
    let start = format!(" {} on ", role.name());
    let rest =
        said.lines().filter(|line| line.starts_with("oc ")).find_map(|line| line.split_once(&start))?;
    let rest = rest.1.split_once("://")?.1;
    rest.split_whitespace().next()?.parse().ok()
}

/// Every process that bears `mark` in its command, its environment or its folder.
pub fn processes_with(mark: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        let listed = Command::new("ps").args(["-axww", "-E", "-o", "pid=,command="]).output().unwrap();
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        return text.lines().filter(|line| line.contains(mark)).map(str::to_owned).collect();
    };
    let own = std::process::id().to_string();
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let marked = folders.filter(|folder| !folder.ends_with(&own)).filter_map(|folder| {
        let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        let environment = String::from_utf8_lossy(&read("environ")).into_owned();
        let place = std::fs::read_link(folder.join("cwd")).unwrap_or_default();
        let bears =
            [command.as_str(), &environment, &place.to_string_lossy()].iter().any(|t| t.contains(mark));
        bears.then(|| format!("{} {command}", folder.display()))
    });
    marked.collect()
}
