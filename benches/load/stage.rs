//! Everything that has to be there before something can be measured.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use oc::local::{Cluster, Options};

use crate::operations::{Operation, Requests};
use crate::preload;
use crate::processor::{self, Ticks};
use crate::scripts;

/// Documents that wait to be sent.
pub const SENDABLE: u64 = 150_000;
/// The key of access codes.
pub const CODE_KEY: [u8; 32] = [
    0x3d, 0xc7, 0x18, 0xe4, 0x52, 0x9f, 0x06, 0xba, 0x71, 0x2c, 0xd8, 0x45, 0xf3, 0x8a, 0x60, 0x1e, 0xb9,
    0x07, 0x94, 0x5b, 0xce, 0x33, 0xa1, 0x7f, 0xe0, 0x4d, 0x86, 0x2a, 0xdb, 0x69, 0x15, 0xf8,
];
/// The key of both roles for what is sealed.
pub const KEY: [u8; 32] = [
    0xab, 0x42, 0x66, 0x77, 0x89, 0x85, 0x1b, 0x14, 0x34, 0x4f, 0x65, 0xea, 0xf6, 0x8e, 0x4d, 0x7f, 0x5c,
    0x81, 0xee, 0xe2, 0x99, 0xdd, 0x6a, 0xd6, 0x70, 0x95, 0x6d, 0x2e, 0x11, 0xe6, 0x29, 0x4a,
];

/// Memory and start-up of the roles.
pub struct Processes {
    /// Resident memory of each role at rest, in kB.
    pub idle_kb: Vec<(String, u64)>,
    /// Resident memory of each role after the load, in kB.
    pub loaded_kb: Vec<(String, u64)>,
    /// Milliseconds from start to the first 200 of `/api/ready`, median.
    pub start_ms: Vec<(String, f64)>,
}

/// A database server with both databases, and both roles in front of it.
pub struct Stage {
    folder: PathBuf,
    port: u16,
    pub documents: u64,
    /// Tenants that take turns in requests.
    pub tenants: u64,
    codes: Arc<Vec<String>>,
    to_send: Arc<AtomicU64>,
    last_to_send: u64,
    runs: AtomicU64,
    seeds: AtomicU64,
    client: Role,
    provider: Role,
    cluster: Cluster,
}

struct Role {
    name: &'static str,
    address: String,
    process: Child,
}

impl Drop for Role {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Stage {
    pub fn set_up(documents: u64) -> Self {
        let folder = std::env::temp_dir().join(format!("oc-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        println!("starting a database server and loading {documents} documents ...");
        let settings = [
            "fsync=on",
            "full_page_writes=on",
            "synchronous_commit=on",
            "shared_buffers=512MB",
            "max_wal_size=4GB",
        ];
        let cluster = Cluster::start(&Options {
            throw_away: true,
            tcp_port: Some(port),
            settings: settings.map(str::to_owned).to_vec(),
            ..Options::kept(folder.join("postgres"), Vec::new())
        })
        .unwrap();
        for role in ["provider", "client"] {
            cluster.create_database(&format!("oc_{role}"), None).unwrap();
            let mut migrate = oc(role, port);
            assert!(
                migrate.args(["migrate", "--role", role]).stdout(Stdio::null()).status().unwrap().success()
            );
        }
        let codes = preload::load(&cluster, port, &folder, documents);
        let client = Role::start("client", port, &[]);
        let provider = Role::start("provider", port, &[("CLIENT_BASE_URL", &client.api())]);
        Self {
            folder,
            port,
            documents,
            tenants: 1,
            codes: Arc::new(codes),
            to_send: Arc::new(AtomicU64::new(1)),
            last_to_send: SENDABLE,
            runs: AtomicU64::new(1_000),
            seeds: AtomicU64::new(1),
            client,
            provider,
            cluster,
        }
    }

    pub fn requests(&self, operation: Operation) -> Requests {
        Requests {
            operation,
            provider: self.provider.address.clone(),
            client: self.client.address.clone(),
            documents: self.documents,
            tenants: self.tenants,
            codes: Arc::clone(&self.codes),
            to_send: Arc::clone(&self.to_send),
            last_to_send: self.last_to_send,
            random: self.seeds.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x2545_f491_4f6c_dd1d) | 1,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Where the provider role and the client role are.
    pub fn addresses(&self) -> [&str; 2] {
        [&self.provider.address, &self.client.address]
    }

    /// The code of a document.
    pub fn code(&self, number: usize) -> &str {
        &self.codes[number]
    }

    /// Processor time that everything has used so far.
    pub fn processor_time(&self) -> Ticks {
        let file = self.cluster.folder().join("data/postmaster.pid");
        let text = fs::read_to_string(file).unwrap_or_default();
        let postmaster = text.lines().next().and_then(|line| line.trim().parse().ok()).unwrap_or(0);
        processor::used(&[self.provider.process.id(), self.client.process.id()], postmaster)
    }

    /// Transactions per second of pgbench over TCP with 32 clients. Two scripts
    /// one after the other count as one transaction.
    pub fn pgbench(&self, operation: Operation, length: Duration) -> f64 {
        let seconds_each = scripts::of(operation, self.documents).into_iter().map(|(database, script)| {
            let file = self.folder.join(format!("{}-{database}.sql", operation.name()));
            fs::write(&file, script).unwrap();
            let run = self.runs.fetch_add(1, Ordering::Relaxed);
            let mut pgbench = self.program("pgbench", database);
            pgbench.args(["-n", "-M", "prepared", "-c", "32", "-j", "2", "-D", "c=0"]);
            pgbench.args(["-D", &format!("run={run}"), "-T", &length.as_secs().to_string(), "-f"]);
            let output = pgbench.arg(&file).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let line = text.lines().find(|line| line.starts_with("tps = "));
            let rate = line.and_then(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
            1.0 / rate.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
        });
        1.0 / seconds_each.sum::<f64>()
    }

    /// From now on so many documents may be sent.
    pub fn let_send(&mut self, count: u64) {
        self.last_to_send = self.to_send.load(Ordering::Relaxed) + count - 1;
    }

    pub fn kill_client(&mut self) {
        self.client.kill();
    }

    /// Starts the client role again where it was, and waits until it is ready.
    pub fn revive_client(&mut self) {
        let port = self.client.address.rsplit(':').next().unwrap().to_owned();
        self.client = Role::start("client", self.port, &[("PORT", &port)]);
        while !is_ready(&self.client.address) {
            std::thread::yield_now();
        }
    }

    /// Starts the provider role anew, with settings of its own.
    pub fn renew_provider(&mut self, settings: &[(&str, &str)]) {
        self.provider.kill();
        let api = self.client.api();
        let settings = [&[("CLIENT_BASE_URL", api.as_str())], settings].concat();
        self.provider = Role::start("provider", self.port, &settings);
    }

    /// Waits until no message to the client role is left.
    pub fn wait_until_delivered(&self) {
        self.watch_queue(0);
    }

    /// Waits until no more than `left` messages to the client role are left.
    pub fn watch_queue(&self, left: i64) {
        let sql = "SELECT count(*) AS n FROM outbox WHERE destination = 'client' AND state IN ('pending', 'leased')";
        self.wait("oc_provider", sql, |open| open <= left);
    }

    /// Waits until a query gives a number that will do.
    pub fn wait(&self, database: &str, sql: &str, enough: impl Fn(i64) -> bool) {
        let mut conn = self.connect(database);
        let begun = Instant::now();
        let mut look = Instant::now();
        while !enough(number(&mut conn, sql)) {
            assert!(begun.elapsed() < Duration::from_secs(120), "{sql}");
            // Looking must cost next to nothing of what is being measured.
            std::thread::sleep((look.elapsed() * 30).max(Duration::from_millis(5)));
            look = Instant::now();
        }
    }

    /// The number that a query gives as `n`.
    pub fn number(&self, database: &str, sql: &str) -> i64 {
        number(&mut self.connect(database), sql)
    }

    pub fn execute(&self, database: &str, sql: &str) {
        diesel::sql_query(sql).execute(&mut self.connect(database)).unwrap();
    }

    fn connect(&self, database: &str) -> PgConnection {
        PgConnection::establish(&format!("postgres://oc@127.0.0.1:{}/{database}", self.port)).unwrap()
    }

    /// Each role and the processor time that it has used so far, in milliseconds.
    pub fn role_processor_millis(&self) -> [(&'static str, f64); 2] {
        [&self.provider, &self.client].map(|role| (role.name, processor::of_process(role.process.id())))
    }

    fn program(&self, name: &str, database: &str) -> Command {
        program(&self.cluster, self.port, name, database)
    }

    /// Memory after the load, then each role anew: start-up and memory at rest.
    pub fn measure_processes(&self) -> Processes {
        let loaded_kb =
            [&self.provider, &self.client].map(|r| (r.name.to_owned(), resident_kb(r.process.id())));
        let (mut idle_kb, mut start_ms) = (Vec::new(), Vec::new());
        for name in ["provider", "client"] {
            let (mut times, mut memory) = (Vec::new(), Vec::new());
            for _ in 0..9 {
                let started = Instant::now();
                let role = Role::start(name, self.port, &[("CLIENT_BASE_URL", &self.client.api())]);
                while !is_ready(&role.address) {
                    std::thread::yield_now();
                }
                times.push(started.elapsed().as_secs_f64() * 1_000.0);
                memory.push(resident_kb(role.process.id()));
            }
            times.sort_by(f64::total_cmp);
            memory.sort_unstable();
            start_ms.push((name.to_owned(), times[times.len() / 2]));
            idle_kb.push((name.to_owned(), memory[memory.len() / 2]));
        }
        Processes { idle_kb, loaded_kb: loaded_kb.to_vec(), start_ms }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(&self.folder);
        if removed.is_err() {
            println!("{} is removed by the database's guard", self.folder.display());
        }
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(conn: &mut PgConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(conn).unwrap().n
}

fn oc(role: &str, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oc"));
    command
        .env("DATABASE_URL", format!("postgres://oc@127.0.0.1:{port}/oc_{role}"))
        .env("ACCESS_CODE_KEY", STANDARD.encode(CODE_KEY))
        .env("FIELD_ENCRYPTION_KEY", STANDARD.encode(KEY))
        // One tenant and one address ask for more than anybody should get.
        .env("RATE_TENANT_PER_MINUTE", "0")
        .env("RATE_ADDRESS_PER_MINUTE", "0")
        .env("WRONG_CODES_PER_ADDRESS", "0")
        .env("WRONG_CODES_PER_ADDRESS_DAY", "0")
        .env("WRONG_CODES_PER_INSTANCE", "0")
        .env("WRONG_CODES_PER_TENANT", "0")
        .env_remove("RUST_LOG");
    command
}

impl Role {
    fn start(name: &'static str, port: u16, settings: &[(&str, &str)]) -> Self {
        let mut process = oc(name, port)
            .args(["serve", "--role", name, "--auth", "none"])
            .env("PORT", "0")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let banner =
            lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("oc ")).expect("a banner");
        let address = banner.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        // The log is read, as somebody would in earnest, and what is unusual is shown.
        std::thread::spawn(move || {
            let unusual = lines.map_while(Result::ok).filter(|line| !line.contains("\"level\":\"INFO\""));
            unusual.for_each(|line| eprintln!("{name}: {line}"));
        });
        Self { name, address, process }
    }

    fn api(&self) -> String {
        format!("http://{}/api/", self.address)
    }

    fn kill(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).unwrap();
    }
}

/// A PostgreSQL program that works on a database.
pub fn program(cluster: &Cluster, port: u16, name: &str, database: &str) -> Command {
    let mut command = Command::new(cluster.programs().join(name));
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "oc"]).arg(database);
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_ready(address: &str) -> bool {
    use std::io::Read as _;
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.write_all(b"GET /api/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn resident_kb(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
