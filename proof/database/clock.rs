//! The clocks of providers and clients jump by an hour, forwards and backwards,
//! each for itself, while sends run (libfaketime). After each jump the client
//! role is away for a moment, so that messages wait while a clock is wrong.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::http::{Connection, Request};
use crate::roles::Role;
use crate::run::{self, Run};
use crate::sql;
use crate::stage::{Plan, Stage};
use crate::summary::conclude;

const NAME: &str = "database-clock";
/// Hours by which the clocks are wrong: of providers, of clients.
const JUMPS: [(i32, i32); 6] = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (0, 0)];
/// How long a clock may take to have jumped.
const PATIENCE: Duration = Duration::from_secs(20);

/// The proof.
pub fn prove(arguments: &Arguments) -> Outcome {
    let Some(library) = library() else {
        return Outcome::Skipped("libfaketime is not installed (apt-get install libfaketime)".to_owned());
    };
    let mut plan = run::Plan::new(NAME, arguments, (400, 6_000), (8, 8));
    // A jump takes a second to be felt, so the sends are spread over some time.
    plan.pause = Duration::from_millis(arguments.number("pause-ms", 150, 30));
    let mut staging = Plan::new(NAME, arguments.is_long());
    let clocks = Clocks::new();
    for (role, file) in [("provider", &clocks.provider), ("client", &clocks.client)] {
        for (name, value) in environment(&library, file) {
            staging.settings_of.push((role, name, value));
        }
    }
    let stage = Stage::set_up(&staging, |clients| clients[0]);
    let traces = Traces(Mutex::new(stage.roles().filter_map(Role::process).collect()));
    let run = Run::new(plan, &stage, String::new);
    let mut felt = true;
    run.send_all(|| {
        for (number, (provider, client)) in (1..).zip(JUMPS) {
            run.wait_for_share(number * 100 / (JUMPS.len() as u64 + 1));
            clocks.set(provider, client);
            run.say(&format!("clocks: providers {provider:+} h, clients {client:+} h"));
            felt &= has_jumped(&stage.providers[0], provider) && has_jumped(&stage.clients[0], client);
            stage.clients[0].kill();
            std::thread::sleep(Duration::from_secs(1));
            stage.clients[0].start();
            stage.clients[0].wait_until_ready();
            traces.0.lock().unwrap().extend(stage.clients[0].process());
        }
    });
    if !felt {
        return Outcome::Skipped("libfaketime has no effect on this machine".to_owned());
    }
    let late = late(&run, Duration::from_secs(if arguments.is_long() { 60 } else { 20 }));
    if late.is_some() {
        // What is planned for an hour that is yet to come goes out when it comes.
        clocks.set(4, 4);
    }
    conclude(&run, || {
        let told = late.map(|(count, seconds)| {
            format!("LATE: {count} sends were planned up to {seconds} s ahead, because a clock had been wrong; the clocks were put forward")
        });
        vec![told.unwrap_or_else(|| "late 0".to_owned())]
    })
}

/// Waits a while; then how many sends still wait, and the seconds until the last of them is due.
fn late(run: &Run<'_>, patience: Duration) -> Option<(u64, u64)> {
    let started = Instant::now();
    let mut conn = sql::connect(&run.stage.provider_url).unwrap();
    loop {
        let waiting = sql::waiting(&mut conn).unwrap();
        if waiting == 0 {
            return None;
        }
        if started.elapsed() > patience {
            return Some((waiting, sql::longest_wait(&mut conn).unwrap()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The files from which the processes learn how wrong their clocks are.
struct Clocks {
    folder: PathBuf,
    provider: PathBuf,
    client: PathBuf,
}

impl Clocks {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("oc-proof-clocks-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (provider, client) = (folder.join("provider"), folder.join("client"));
        let clocks = Self { folder, provider, client };
        clocks.set(0, 0);
        clocks
    }

    fn set(&self, provider: i32, client: i32) {
        for (file, hours) in [(&self.provider, provider), (&self.client, client)] {
            // In one step: a process must never read half a file.
            let new = file.with_extension("new");
            fs::write(&new, format!("{hours:+}h\n")).unwrap();
            fs::rename(&new, file).unwrap();
        }
    }
}

impl Drop for Clocks {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays behind: {error}", self.folder.display());
        }
    }
}

/// Processes whose shared memory libfaketime can't remove, because they are killed.
struct Traces(Mutex<Vec<u32>>);

impl Drop for Traces {
    fn drop(&mut self) {
        for process in self.0.lock().unwrap().iter() {
            for name in ["faketime_shm_", "sem.faketime_sem_"] {
                if let Err(error) = fs::remove_file(format!("/dev/shm/{name}{process}")) {
                    eprintln!("{name}{process}: {error}");
                }
            }
        }
    }
}

fn environment(library: &str, file: &std::path::Path) -> Vec<(String, String)> {
    let file = file.to_str().unwrap();
    let set = [
        ("LD_PRELOAD", library),
        ("FAKETIME_TIMESTAMP_FILE", file),
        ("FAKETIME_CACHE_DURATION", "1"),
        // Waiting is measured with another clock, which never jumps.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    set.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

fn library() -> Option<String> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let more = ["/usr/lib64", "/usr/local/lib", "/usr/lib"].map(PathBuf::from);
    let files = folders.chain(more).map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    files.filter(|file| file.is_file()).find_map(|file| Some(file.to_str()?.to_owned()))
}

/// Whether the clock of a role is wrong by so many hours before long.
fn has_jumped(role: &Role, hours: i32) -> bool {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let answer = Connection::new(role.address, PATIENCE).call(&Request::get("/api/health"));
        let told = answer.ok().and_then(|answer| answer.json()["timestamp"].as_str()?.parse().ok());
        let now = oc::platform::clock::now().to_string().parse::<jiff::Timestamp>();
        if let (Some(told), Ok(now)) = (told, now) {
            let told: jiff::Timestamp = told;
            let wrong_by = told.as_second() - now.as_second();
            if (wrong_by - i64::from(hours) * 3_600).abs() < 60 {
                return true;
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}
