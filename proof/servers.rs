//! The database servers of a proof, and how one of them breaks down.

use std::fs;
use std::path::PathBuf;

use oc::local::{Cluster, Options};
use rustix::process::{Pid, Signal, kill_process};

/// A PostgreSQL with one database, of its own or shared with another role.
pub struct Server {
    options: Options,
    /// Where it is kept; for root's server not always where it was asked for.
    folder: PathBuf,
    cluster: Option<Cluster>,
}

impl Server {
    /// Starts a server that keeps every promise that it makes. With `to_disk` it
    /// also waits for the disk, which only the end of the machine could tell.
    pub fn start(folder: PathBuf, to_disk: bool, more: &[&str]) -> Self {
        let disk = if to_disk { "fsync=on" } else { "fsync=off" };
        let path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect());
        let settings = ["synchronous_commit=on", "full_page_writes=on", disk];
        let options = Options {
            settings: settings.iter().chain(more).map(|text| (*text).to_owned()).collect(),
            ..Options::kept(folder, path.unwrap_or_default())
        };
        let cluster = Cluster::start(&options).unwrap();
        Self { options, folder: cluster.folder().to_path_buf(), cluster: Some(cluster) }
    }

    /// Makes a database and returns its address.
    pub fn create(&self, database: &str) -> String {
        let cluster = self.cluster.as_ref().unwrap();
        cluster.create_database(database, None).unwrap();
        cluster.url(database)
    }

    /// Ends the server as `pg_ctl stop -m immediate` does: nothing is finished,
    /// nothing is written.
    pub fn break_down(&mut self) {
        if let Some(pid) = self.pid()
            && kill_process(pid, Signal::QUIT).is_err()
        {
            eprintln!("the database had ended before");
        }
        drop(self.cluster.take());
    }

    /// Ends the server and deletes everything that it has stored.
    pub fn remove(&mut self) {
        self.break_down();
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays behind: {error}", self.folder.display());
        }
    }

    /// Starts it again; it recovers from its log.
    pub fn start_again(&mut self) -> Result<(), String> {
        drop(self.cluster.take());
        self.cluster = Some(Cluster::start(&self.options).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Whether the server's first process is there.
    pub fn is_running(&self) -> bool {
        self.pid().is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid))
    }

    fn pid(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
    }
}

/// Whether a process has ended and its parent, ourselves, has not looked yet.
fn is_zombie(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|text| text.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
}
