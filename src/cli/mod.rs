//! The commands. Each file is one command; this one is their table of contents.

mod api;
mod audit;
mod check;
mod custody;
mod dev;
mod doctor;
mod inspect;
mod keys;
mod migrate;
mod open;
mod outbox;
mod output;
mod receipt;
mod reconcile;
mod send;
mod serve;
mod settings;
mod tenant;
mod token;

use std::process::ExitCode;
use std::sync::mpsc;

use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::platform::telemetry;
use crate::platform::version::REVISION;
use crate::roles::Role;
pub use settings::SettingArgs;

/// Hands documents from a care provider to its clients, and never loses one.
#[derive(Parser)]
#[command(name = "oc", version = version(), max_term_width = 100, arg_required_else_help = true,
    after_help = "Start here:\n  oc dev                        both roles and their databases, nothing to set up\n  oc send FILE --to NAME        send a document\n  oc open CODE                  read it\n  oc outbox list                what waits to be delivered\n  oc token --tenant NAME        a token for a role that asks for one\n\nEvery setting is a flag and an environment variable; .env.example explains them.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Serve),
    Migrate(migrate::Migrate),
    Dev(dev::Dev),
    Send(send::Send),
    Open(open::Open),
    Check(check::Check),
    Doctor(doctor::Doctor),
    Outbox(outbox::Outbox),
    Token(token::Token),
    Tenant(tenant::Tenant),
    Keys(keys::Keys),
    Audit(audit::Audit),
    Receipt(receipt::Receipt),
    Reconcile(reconcile::Reconcile),
    Openapi(inspect::Openapi),
    Healthcheck(inspect::Healthcheck),
    Config(inspect::ShowConfig),
    Completions(inspect::Completions),
}

/// Runs the command line and returns the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Dev(command) => command.run(),
        Command::Send(command) => command.run(),
        Command::Open(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Outbox(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Tenant(command) => command.run(),
        Command::Keys(command) => command.run(),
        Command::Audit(command) => command.run(),
        Command::Receipt(command) => command.run(),
        Command::Reconcile(command) => command.run(),
        Command::Openapi(command) => command.run(),
        Command::Healthcheck(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::Completions(command) => command.run(&mut Cli::command()),
    };
    telemetry::flush();
    result.unwrap_or_else(|failure| {
        output::error(&failure.message);
        failure.code.into()
    })
}

/// The command line, for tests and documentation.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// `0.1.0 (roles: provider, client)`, and the revision where it is known.
fn version() -> &'static str {
    static VERSION: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| version_of(REVISION));
    VERSION.as_str()
}

fn version_of(revision: Option<&str>) -> String {
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
    let revision = revision.map(|revision| format!("revision {revision}, ")).unwrap_or_default();
    format!("{} ({revision}roles: {})", env!("CARGO_PKG_VERSION"), roles.join(", "))
}

/// Why a command failed, in words, and its exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

/// Something went wrong while it ran.
const FAILED: u8 = 1;
/// The input can't be used.
const USAGE: u8 = 2;
/// Accepted, but not delivered yet.
const NOT_YET: u8 = 3;
/// The code opens nothing, or nothing any more.
const REFUSED: u8 = 4;

impl Failure {
    fn new(code: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(FAILED, error.to_string())
    }
}

/// What a command returns.
type Outcome = Result<ExitCode, Failure>;

/// Lets SIGTERM end a command that is the first process of a container, too: such a
/// process is sent no signal that it has not asked for.
fn end_when_told() {
    let (listening, listens) = mpsc::channel::<()>();
    std::thread::spawn(|| {
        let told = block_on(async {
            let mut asked = signal(SignalKind::terminate()).ok()?;
            drop(listening);
            asked.recv().await
        });
        if told.is_some() {
            std::process::exit(128 + SignalKind::terminate().as_raw_value());
        }
    });
    // Ends with the sender: what is told from now on is heard.
    let _ = listens.recv();
}

/// Runs a future on a runtime of this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(future)
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn the_version_names_the_revision_where_it_is_known() {
        assert!(
            version_of(Some("3f2a91c")).contains(" (revision 3f2a91c, roles: "),
            "{}",
            version_of(Some("3f2a91c"))
        );
        assert!(version_of(None).contains(" (roles: "), "{}", version_of(None));
    }
}
