//! A private PostgreSQL: started by whoever needs it, stopped with it.
//!
//! A small guard process holds the other end of a pipe. When this process ends,
//! however it ends, the pipe closes and the guard stops the server, so that not
//! even `kill -9` leaves one behind.

use std::fs::{self, File, TryLockError};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::{Connection as _, RunQueryDsl as _};
use rustix::process::{Pid, Signal};

use super::programs::{self, Account};

/// Longest path of a Unix socket on every system we know, less the file's name.
const SOCKET_FOLDER_MAX: usize = 80;
/// Longest wait for a server to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// What kind of cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder that holds everything.
    pub folder: PathBuf,
    /// Folder of the PostgreSQL programs, if it is not to be searched for.
    pub programs: Option<PathBuf>,
    /// Folders of the PATH.
    pub path: Vec<PathBuf>,
    /// Delete the folder at the end, and don't wait for the disk.
    pub throw_away: bool,
    /// Listen on this port of 127.0.0.1 too; otherwise only on a Unix socket.
    pub tcp_port: Option<u16>,
    /// More settings, each `name=value`.
    pub settings: Vec<String>,
}

impl Options {
    /// A cluster in `folder` that is kept between runs.
    #[must_use]
    pub fn kept(folder: PathBuf, path: Vec<PathBuf>) -> Self {
        Self { folder, programs: None, path, throw_away: false, tcp_port: None, settings: Vec::new() }
    }
}

/// Why there is no cluster.
#[derive(Debug)]
pub enum ClusterError {
    /// PostgreSQL is not installed.
    NotInstalled,
    /// Another process uses the folder; its id, if it left one.
    InUse(String),
    /// Something else.
    Failed(String),
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "PostgreSQL is not installed. Install it with `apt-get install postgresql` (Debian, Ubuntu) or \
                 `brew install postgresql@17` (macOS), or name the folder of its programs with --postgres",
            ),
            Self::InUse(pid) => write!(f, "another oc (process {pid}) uses this folder; stop it, or choose another with --folder"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ClusterError {}

impl From<io::Error> for ClusterError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A running server. Dropping it stops the server.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    data: PathBuf,
    sockets: PathBuf,
    account: Option<Account>,
    port: u16,
    server: Option<Child>,
    guard: Option<Child>,
    _lock: File,
}

impl Cluster {
    /// Starts the server, making the cluster first if there is none.
    pub fn start(options: &Options) -> Result<Self, ClusterError> {
        let programs =
            programs::find(options.programs.as_deref(), &options.path).ok_or(ClusterError::NotInstalled)?;
        let account = programs::server_account();
        let folder = reachable_folder(&options.folder, account.is_some())?;
        fs::create_dir_all(&folder)?;
        let lock = lock(&folder)?;
        let (data, sockets) = (folder.join("data"), socket_folder(&folder));
        for made in [&folder, &data, &sockets] {
            fs::create_dir_all(made)?;
            own_folder(made, account)?;
            fs::set_permissions(made, fs::Permissions::from_mode(0o700))?;
            if let Some((user, group)) = account {
                chown(made, Some(user), Some(group))?;
            }
        }
        let mut cluster = Self {
            folder: folder.clone(),
            programs,
            data,
            sockets,
            account,
            port: options.tcp_port.unwrap_or(5432),
            server: None,
            guard: None,
            _lock: lock,
        };
        cluster.initialise()?;
        let pid = cluster.launch(options)?;
        let doomed = options.throw_away.then_some(folder.as_path());
        cluster.guard = Some(guard(pid, doomed)?);
        Ok(cluster)
    }

    /// Address of a database, over the Unix socket.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?user=oc&port={}&host={}", self.port, self.sockets.display())
    }

    /// Where it is kept; not where it was asked for, if the server's user can't enter there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the PostgreSQL programs.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Makes a database if it is not there, empty or as a copy of another.
    pub fn create_database(&self, name: &str, template: Option<&str>) -> Result<(), ClusterError> {
        let mut conn = self.connect("postgres")?;
        let exists: Vec<Found> = diesel::sql_query("SELECT 1 AS found FROM pg_database WHERE datname = $1")
            .bind::<diesel::sql_types::Text, _>(name)
            .load(&mut conn)
            .map_err(|e| ClusterError::Failed(e.to_string()))?;
        if exists.is_empty() {
            let template =
                template.map_or(String::new(), |t| format!(" TEMPLATE \"{t}\" STRATEGY file_copy"));
            conn.batch_execute(&format!("CREATE DATABASE \"{name}\"{template}"))
                .map_err(|e| ClusterError::Failed(e.to_string()))?;
        }
        Ok(())
    }

    /// Removes a database and everything that is connected to it.
    pub fn drop_database(&self, name: &str) -> Result<(), ClusterError> {
        let mut conn = self.connect("postgres")?;
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))
            .map_err(|e| ClusterError::Failed(e.to_string()))
    }

    /// Stops the server.
    pub fn stop(mut self) {
        self.end();
    }

    fn connect(&self, database: &str) -> Result<PgConnection, ClusterError> {
        PgConnection::establish(&self.url(database)).map_err(|e| ClusterError::Failed(e.to_string()))
    }

    fn initialise(&mut self) -> Result<(), ClusterError> {
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        let mut initdb = self.command("initdb");
        initdb.args([
            "-U",
            "oc",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
            "-D",
        ]);
        let output = initdb.arg(&self.data).output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(ClusterError::Failed(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr))))
    }

    /// Starts the server, or takes over one that lost its owner, and returns its process id.
    fn launch(&mut self, options: &Options) -> Result<u32, ClusterError> {
        if let (Some(pid), Ok(_)) =
            (self.pid_on_file(), UnixStream::connect(self.sockets.join(format!(".s.PGSQL.{}", self.port))))
            && self.is_ready()
        {
            return Ok(pid);
        }
        let started = Instant::now();
        let mut pid = self.spawn(options)?;
        loop {
            let ended = self.server.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() && started.elapsed() < Duration::from_secs(5) {
                // The backends of a server that was killed may hold the folder for a moment.
                thread::sleep(Duration::from_millis(100));
                pid = self.spawn(options)?;
            } else if ended.is_some() || started.elapsed() > START_TIMEOUT {
                return Err(ClusterError::Failed(format!("PostgreSQL did not start: {}", self.end_of_log())));
            }
            if self.pid_on_file() == Some(pid) && self.is_ready() {
                return Ok(pid);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn spawn(&mut self, options: &Options) -> Result<u32, ClusterError> {
        let log = File::create(self.sockets.join("postgres.log"))?;
        let mut server = self.command("postgres");
        server.arg("-D").arg(&self.data).arg("-k").arg(&self.sockets);
        let port = self.port.to_string();
        let addresses =
            if options.tcp_port.is_some() { "listen_addresses=127.0.0.1" } else { "listen_addresses=" };
        server.args([
            "-p",
            &port,
            "-c",
            addresses,
            "-c",
            "max_connections=200",
            "-c",
            "lc_messages=C",
            "-c",
            "track_activity_query_size=4096",
        ]);
        if options.throw_away {
            server.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
        }
        for setting in &options.settings {
            server.args(["-c", setting]);
        }
        let child = server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let pid = child.id();
        self.server = Some(child);
        Ok(pid)
    }

    /// A PostgreSQL program, in a process group of its own: Ctrl-C is for us,
    /// and we stop the server last.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.sockets).process_group(0);
        if let Some((user, group)) = self.account {
            command.uid(user).gid(group);
        }
        command
    }

    fn pid_on_file(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    fn is_ready(&self) -> bool {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        text.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    }

    fn end_of_log(&self) -> String {
        let text = fs::read_to_string(self.sockets.join("postgres.log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    fn end(&mut self) {
        let mut guard = self.guard.take();
        drop(guard.as_mut().and_then(|guard| guard.stdin.take()));
        // The guard waits for the server to be gone, and a child is gone only when it was waited for.
        if let Some(mut server) = self.server.take() {
            if guard.is_none() {
                // It did not come so far as to be guarded.
                let told = rustix::process::kill_process(Pid::from_child(&server), Signal::INT);
                log::debug!("the database was told to stop: {told:?}");
            }
            let ended = server.wait();
            log::debug!("the database ended: {ended:?}");
        }
        if let Some(mut guard) = guard {
            let ended = guard.wait();
            log::debug!("the database's guard ended: {ended:?}");
        }
    }
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    #[expect(dead_code, reason = "only its presence counts")]
    found: i32,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// Waits until the pipe closes, then stops the server and cleans up.
fn guard(pid: u32, doomed: Option<&Path>) -> io::Result<Child> {
    let script = r#"cat >/dev/null; kill -INT "$1" 2>/dev/null
        n=0; while kill -0 "$1" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.05; n=$((n+1)); done
        kill -QUIT "$1" 2>/dev/null; [ -z "$2" ] || rm -rf "$2""#;
    Command::new("/bin/sh")
        .args(["-c", script, "oc-postgres-guard", &pid.to_string()])
        .arg(doomed.unwrap_or(Path::new("")))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

/// Refuses a folder that somebody else put there, such as a link to another place.
fn own_folder(folder: &Path, account: Option<Account>) -> Result<(), ClusterError> {
    let meta = fs::symlink_metadata(folder)?;
    let own = rustix::process::geteuid().as_raw();
    let ours = meta.uid() == own || account.is_some_and(|(user, _)| meta.uid() == user);
    if meta.is_dir() && ours {
        return Ok(());
    }
    Err(ClusterError::Failed(format!("{} is not a folder of ours; remove it", folder.display())))
}

fn lock(folder: &Path) -> Result<File, ClusterError> {
    let path = folder.join("lock");
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            write!(file, "{}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid)?;
            Err(ClusterError::InUse(pid))
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Root's server runs as another user, who can't enter every folder of root's:
/// then the cluster goes to a folder under /var/tmp that is named after it.
fn reachable_folder(folder: &Path, foreign_user: bool) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(folder)?;
    let closed = |dir: &Path| fs::metadata(dir).is_ok_and(|meta| meta.permissions().mode() & 0o001 == 0);
    if foreign_user && absolute.ancestors().skip(1).any(closed) {
        return Ok(PathBuf::from(format!("/var/tmp/oc-{:016x}", hash_of(&absolute))));
    }
    Ok(absolute)
}

fn socket_folder(folder: &Path) -> PathBuf {
    let near = folder.join("run");
    if near.as_os_str().len() <= SOCKET_FOLDER_MAX {
        return near;
    }
    std::env::temp_dir().join(format!("oc-{:016x}", hash_of(folder)))
}

fn hash_of(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}
