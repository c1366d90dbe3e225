//! `oc serve`: one role, until it is told to stop.

use std::io::Read as _;
use std::process::ExitCode;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::{FAILED, Failure, Outcome, SettingArgs, block_on, output};
use crate::config::Config;
use crate::platform::db::migrations::{self, MigrateError};
use crate::platform::server::Running;
use crate::platform::{telemetry, version};
use crate::roles::Role;

/// Run one role
///
/// Runs until SIGTERM or Ctrl-C, then stops gracefully: not ready, no
/// new connections, requests in flight finish, database pool closed.
#[derive(Args)]
pub struct Serve {
    /// Which role
    #[arg(long, value_enum)]
    role: Role,
    /// Run pending migrations first
    #[arg(long)]
    migrate: bool,
    /// Stop when standard input closes, so that no process outlives its parent
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
    #[command(flatten)]
    settings: SettingArgs,
}

impl Serve {
    pub fn run(self) -> Outcome {
        let config = self.settings.config(self.role)?;
        telemetry::init(config.telemetry.log_format);
        if let Some(traces) = &config.telemetry.traces {
            telemetry::trace::start(traces)?;
        }
        allow_many_files();
        if self.migrate {
            self.role.owner().up(&config.database, &mut |name| log::info!("migration {name} applied"))?;
        } else {
            self.check_database(&config)?;
        }
        let served = block_on(self.serve(&config));
        telemetry::trace::stop();
        served?;
        log::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }

    /// A database of another role ends the program; one that is away or not yet
    /// migrated may come, so the role starts and is not ready until then.
    fn check_database(&self, config: &Config) -> Result<(), Failure> {
        match migrations::check(self.role.owner(), &config.database) {
            Err(error @ (MigrateError::OtherRole { .. } | MigrateError::Foreign)) => Err(error.into()),
            Err(error) => {
                log::warn!("not ready yet: {error}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn serve(&self, config: &Config) -> Result<(), Failure> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stdin = self.stop_with_stdin.then(stdin_closed);
        let running = self.role.start(config)?;
        output::note(&banner(self.role, config, &running));
        let longest = config.http.drain + config.http.shutdown_timeout + std::time::Duration::from_secs(5);
        running
            .until(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    () = async { match stdin { Some(closed) => { let _closed = closed.await; }, None => std::future::pending().await } } => {}
                }
                // Whatever hangs, the process ends in time.
                std::thread::spawn(move || {
                    std::thread::sleep(longest);
                    output::error("requests did not finish in time; stopping without them");
                    std::process::exit(i32::from(FAILED));
                });
            })
            .await?;
        Ok(())
    }
}

/// `oc 0.1.0 provider on http://127.0.0.1:3001 (auth none, 2 workers, 16 connections)`.
fn banner(role: Role, config: &Config, running: &Running) -> String {
    let url = format!("{}://{}", running.scheme, running.address);
    let scraped = running.scraped.map(|at| format!("; metrics at http://{at}/metrics")).unwrap_or_default();
    format!(
        "oc {} {} on {url} (auth {}, {} workers, at most {} database connections); API at {url}/docs{scraped}",
        version::VERSION,
        role.name(),
        config.identity.auth.as_str(),
        config.http.workers,
        config.database.pool_size,
    )
}

/// Each connection is an open file, and many systems allow a process 1,024 of them
/// unless it asks for what it may have.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(error) = raised {
        log::warn!("the number of open files can't be raised: {error}");
    }
}

fn stdin_closed() -> tokio::sync::oneshot::Receiver<()> {
    let (closed, when_closed) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let read = std::io::stdin().read_to_end(&mut rest);
        log::debug!("standard input closed: {}", read.is_ok());
        let told = closed.send(());
        log::debug!("told to stop: {}", told.is_ok());
    });
    when_closed
}
