//! `oc dev`: both roles and their databases in one process tree.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use awc::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::api::{Api, Credentials};
use super::{FAILED, Failure, Outcome, block_on, output};
use crate::local::examples::{EXAMPLES, content_type_of, title_of};
use crate::local::{Cluster, Options};
use crate::platform::random;
use crate::roles::Role;

/// How many ports above a taken one are looked at.
const PORTS_TO_TRY: u16 = 50;

/// Run both roles with a private database, examples included
///
/// Starts a private PostgreSQL under .oc/ and both roles, and loads the examples.
/// Nothing has to be set up; what was written is kept until --reset. Ctrl-C
/// stops everything.
#[derive(Args)]
pub struct Dev {
    /// Throw the private databases away and start over
    #[arg(long)]
    reset: bool,
    /// Where the databases are kept
    #[arg(long, default_value = ".oc", value_name = "FOLDER")]
    folder: PathBuf,
    /// Port of the provider role; if it is taken, the next free one
    #[arg(long, default_value_t = 3001, value_name = "PORT")]
    provider_port: u16,
    /// Port of the client role; if it is taken, the next free one
    #[arg(long, default_value_t = 3000, value_name = "PORT")]
    client_port: u16,
    /// Folder of the PostgreSQL programs [default: the newest installed]
    #[arg(long, env = "OC_POSTGRES", value_name = "FOLDER")]
    postgres: Option<PathBuf>,
}

struct Ports {
    provider: u16,
    client: u16,
}

impl Dev {
    pub fn run(self) -> Outcome {
        for name in ["provider", "client"] {
            if Role::named(name).is_none() {
                let message = format!(
                    "oc dev runs both roles, but this program was built without role {name}; build it with --features provider,client"
                );
                return Err(Failure::new(FAILED, message));
            }
        }
        block_on(self.run_both())
    }

    async fn run_both(self) -> Outcome {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        output::note("oc dev: starting a private PostgreSQL ...");
        let cluster = self.start_cluster()?;
        let ports = self.choose_ports()?;
        let mut client = self.start_role("client", &cluster, &ports)?;
        let mut provider = self.start_role("provider", &cluster, &ports)?;
        // Closing standard input is what tells a role to stop. It is held apart
        // from the process, because waiting for a process closes it.
        let lifelines = (client.stdin.take(), provider.stdin.take());
        let ended = tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            _ = hangup.recv() => Ok(()),
            status = client.wait() => Err(format!("the client role ended early ({})", status?)),
            status = provider.wait() => Err(format!("the provider role ended early ({})", status?)),
            failed = welcome(&ports) => Err(failed.message),
        };
        output::note("\noc dev: stopping ...");
        drop(lifelines);
        for role in [&mut client, &mut provider] {
            if tokio::time::timeout(Duration::from_secs(10), role.wait()).await.is_err() {
                role.kill().await?;
            }
        }
        cluster.stop();
        output::note(
            "oc dev: stopped; your documents are kept in the private databases until `oc dev --reset`",
        );
        ended.map(|()| ExitCode::SUCCESS).map_err(|why| Failure::new(FAILED, why))
    }

    fn start_cluster(&self) -> Result<Cluster, Failure> {
        let folder = self.folder.join("postgres");
        let options = Options { programs: self.postgres.clone(), ..Options::kept(folder, search_path()) };
        let cluster = Cluster::start(&options)?;
        for name in ["provider", "client"] {
            if self.reset {
                cluster.drop_database(&database(name))?;
            }
            cluster.create_database(&database(name), None)?;
        }
        Ok(cluster)
    }

    fn choose_ports(&self) -> Result<Ports, Failure> {
        let client = free_port(self.client_port, &[])?;
        let provider = free_port(self.provider_port, &[client])?;
        Ok(Ports { provider, client })
    }

    /// The keys stay with the databases: codes that were handed out go on
    /// working, and what was encrypted can be read.
    fn kept_key(folder: &Path, file: &str) -> Result<String, Failure> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = folder.join(file);
        if let Ok(key) = std::fs::read_to_string(&path) {
            return Ok(key);
        }
        let key = STANDARD.encode(random::bytes::<32>()?);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(key.as_bytes())?;
        Ok(key)
    }

    fn start_role(&self, role: &'static str, cluster: &Cluster, ports: &Ports) -> Result<Child, Failure> {
        let (port, field_key) = match role {
            "client" => (ports.client, "client-field-encryption.key"),
            _ => (ports.provider, "field-encryption.key"),
        };
        let field_key = Self::kept_key(cluster.folder(), field_key)?;
        let code_key = Self::kept_key(cluster.folder(), "access-code.key")?;
        let receipts = Self::kept_key(cluster.folder(), "receipt-signing.key")?;
        let client = format!("http://127.0.0.1:{}", ports.client);
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--role", role, "--auth", "none", "--migrate", "--stop-with-stdin"])
            .env("HOST", "127.0.0.1")
            .env("PORT", port.to_string())
            .env("DATABASE_URL", cluster.url(&database(role)))
            .env("CLIENT_BASE_URL", format!("{client}/api/"))
            .env("CLIENT_PUBLIC_URL", client)
            .env("FIELD_ENCRYPTION_KEY", field_key)
            .env("ACCESS_CODE_KEY", code_key)
            .env("RECEIPT_SIGNING_KEY", receipts)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the parent, which stops the roles before the database.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(out) = child.stdout.take() {
            actix_web::rt::spawn(with_prefix(role, out));
        }
        if let Some(err) = child.stderr.take() {
            actix_web::rt::spawn(with_prefix(role, err));
        }
        Ok(child)
    }
}

fn database(role: &str) -> String {
    format!("oc_{role}")
}

#[expect(clippy::disallowed_methods, reason = "the PATH is where programs are looked for")]
fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

fn free_port(wanted: u16, taken: &[u16]) -> Result<u16, Failure> {
    let free = |port: &u16| !taken.contains(port) && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let found = (wanted..wanted.saturating_add(PORTS_TO_TRY)).find(free);
    let port = found
        .ok_or_else(|| Failure::new(FAILED, format!("no port from {wanted} on is free; choose another")))?;
    if port != wanted {
        output::note(&format!(
            "oc dev: port {wanted} is taken by another program, so {port} is used instead"
        ));
    }
    Ok(port)
}

async fn with_prefix(role: &str, stream: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        output::note(&format!("{role:>8} | {line}"));
    }
}

/// Waits until both roles are ready, loads the examples, prints what to do. Only
/// returns if that fails.
async fn welcome(ports: &Ports) -> Failure {
    match greet(ports).await {
        Ok(()) => std::future::pending().await,
        Err(failure) => failure,
    }
}

async fn greet(ports: &Ports) -> Result<(), Failure> {
    let provider = format!("http://127.0.0.1:{}", ports.provider);
    let client = format!("http://127.0.0.1:{}", ports.client);
    let api = Api::new(&provider, &Credentials::default())?;
    wait_until_ready(&api).await?;
    wait_until_ready(&Api::new(&client, &Credentials::default())?).await?;
    let first = load_examples(&api).await?;
    output::note(&format!(
        "\n  oc is ready.\n\n  provider  {provider}/   the workspace of those who write\n  client    {client}/   the page of those who read\n"
    ));
    if let Some(Example { title, link, code }) = first {
        output::note(&format!(
            "  Read one now     {link}\n  with the code    {code}\n                   ({title})"
        ));
    }
    let example = Path::new("examples/01-exercise-plan.en.md");
    let file = if example.exists() { example } else { Path::new("FILE.md") };
    let program = std::env::current_exe()?;
    let (mut send, mut open) = (String::new(), String::new());
    if ports.provider != 3001 {
        send = format!(" --provider {provider}");
    }
    if ports.client != 3000 {
        open = format!(" --client {client}");
    }
    let program = program.display();
    output::note(&format!(
        "  Send your own    {program} send {} --to \"Anna Muster\"{send}\n  Open it          {program} open CODE{open}\n  Stop             Ctrl-C\n",
        file.display()
    ));
    Ok(())
}

async fn wait_until_ready(api: &Api) -> Result<(), Failure> {
    let mut last = None;
    for _ in 0..300 {
        match api.call(Method::GET, "/api/ready", None, &[200]).await {
            Ok(_) => return Ok(()),
            Err(failure) => last = Some(failure),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(last.unwrap_or_else(|| Failure::new(FAILED, "a role did not become ready")))
}

/// A document that can be read.
struct Example {
    title: String,
    link: String,
    code: String,
}

/// Loads the examples into an empty database: one draft, one final, the others
/// sent. Returns the newest document that was sent.
async fn load_examples(api: &Api) -> Result<Option<Example>, Failure> {
    let present = api.call(Method::GET, "/api/documents?limit=50", None, &[200]).await?;
    if present.body.pointer("/items/0").is_none() {
        for (i, example) in EXAMPLES.iter().enumerate() {
            let document = json!({
                "title": title_of(example.text).unwrap_or(example.file),
                "content": example.text,
                "contentType": content_type_of(example.file),
                "recipient": {"name": example.recipient},
                "metadata": {"example": example.file},
            });
            match i {
                0 => drop(api.write(&document, false).await?),
                1 => drop(api.write(&document, true).await?),
                _ => drop(api.hand_over(&document).await?),
            }
        }
        output::note(&format!("oc dev: {} example documents loaded", EXAMPLES.len()));
    }
    let newest = api.call(Method::GET, "/api/documents?state=delivered&limit=1", None, &[200]).await?;
    let text = |field: &str| newest.text(&format!("/items/0/{field}")).map(str::to_owned);
    let parts = text("title").zip(text("link")).zip(text("accessCode"));
    Ok(parts.map(|((title, link), code)| Example { title, link, code }))
}
