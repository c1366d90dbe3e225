//! What every proof plays on: databases, provider processes, client processes.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use crate::roles::{Role, oc};
use crate::servers::Server;

/// What a stage consists of.
pub struct Plan {
    /// The proof's name.
    pub name: &'static str,
    /// How many processes of each role.
    pub each: usize,
    /// Folder of the provider's database server; in the stage's folder if `None`.
    pub provider_folder: Option<PathBuf>,
    /// Settings of the database servers, each `name=value`.
    pub server_settings: Vec<&'static str>,
    /// Whether the databases wait for the disk.
    pub to_disk: bool,
    /// Settings of every process.
    pub settings: Vec<(String, String)>,
    /// Further settings of one role: which, name, value.
    pub settings_of: Vec<(&'static str, String, String)>,
}

impl Plan {
    /// Two processes of each role.
    pub fn new(name: &'static str, is_long: bool) -> Self {
        let few = [("DATABASE_POOL_SIZE", "8"), ("HTTP_WORKERS", "2")];
        // A short proof has no time for the pauses that suit a real outage.
        let hasty = [("DELIVERY_TIMEOUT_MS", "1000"), ("RETRY_MAX_MS", "3000"), ("BREAKER_OPEN_MS", "500")];
        let settings = few.into_iter().chain(hasty.into_iter().filter(|_| !is_long));
        Self {
            name,
            each: 2,
            provider_folder: None,
            server_settings: Vec::new(),
            to_disk: is_long,
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            settings_of: Vec::new(),
        }
    }
}

/// Everything that runs; gone with it, but for the logs of a proof that failed.
pub struct Stage {
    /// Where logs are.
    pub folder: PathBuf,
    /// Address of the providers' database.
    pub provider_url: String,
    /// Address of the clients' database.
    pub client_url: String,
    /// The processes of the provider role.
    pub providers: Vec<Role>,
    /// The processes of the client role.
    pub clients: Vec<Role>,
    /// The server of the providers' database.
    pub provider_server: Mutex<Server>,
    client_server: Server,
    keeps: Mutex<bool>,
}

impl Stage {
    /// Builds the stage. `route` is told where the clients will be, and tells
    /// where the providers reach them: a client, or something in between.
    pub fn set_up(plan: &Plan, route: impl FnOnce(&[SocketAddr]) -> SocketAddr) -> Self {
        let folder = std::env::temp_dir().join(format!("oc-proof-{}-{}", plan.name, std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let at = plan.provider_folder.clone().unwrap_or_else(|| folder.join("provider-postgres"));
        let server = |at: PathBuf| Server::start(at, plan.to_disk, &plan.server_settings);
        let (provider_server, client_server) = std::thread::scope(|scope| {
            let provider = scope.spawn(|| server(at));
            let client = server(folder.join("client-postgres"));
            (provider.join().unwrap(), client)
        });
        let provider_url = migrated(&provider_server, "provider", "oc_provider");
        let client_url = migrated(&client_server, "client", "oc_client");
        let roles = |role: &'static str, url: &str| {
            let all = (1..=plan.each).map(|number| Role::new(role, format!("{role}-{number}"), &folder));
            let set = all.map(|mut one| {
                one.settings.clone_from(&plan.settings);
                one.settings.push(("DATABASE_URL".to_owned(), url.to_owned()));
                let own = plan.settings_of.iter().filter(|(whose, _, _)| *whose == role);
                one.settings.extend(own.map(|(_, name, value)| (name.clone(), value.clone())));
                one
            });
            set.collect::<Vec<_>>()
        };
        let (mut providers, clients) = (roles("provider", &provider_url), roles("client", &client_url));
        let to = route(&clients.iter().map(|client| client.address).collect::<Vec<_>>());
        for provider in &mut providers {
            provider.settings.push(("CLIENT_BASE_URL".to_owned(), format!("http://{to}/api/")));
        }
        let stage = Self {
            folder,
            provider_url,
            client_url,
            providers,
            clients,
            provider_server: Mutex::new(provider_server),
            client_server,
            keeps: Mutex::new(false),
        };
        stage.roles().for_each(Role::start);
        stage.roles().for_each(Role::wait_until_ready);
        stage
    }

    /// Every process.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.providers.iter().chain(&self.clients)
    }

    /// Where the providers are.
    pub fn provider_addresses(&self) -> Vec<SocketAddr> {
        self.providers.iter().map(|provider| provider.address).collect()
    }

    /// Another process of the client role with a database of its own.
    pub fn separate_client(&self, plan: &Plan) -> Role {
        let url = migrated(&self.client_server, "client", "oc_client_direct");
        let mut role = Role::new("client", "client-direct".to_owned(), &self.folder);
        role.settings.clone_from(&plan.settings);
        role.settings.push(("DATABASE_URL".to_owned(), url));
        role.start();
        role.wait_until_ready();
        role
    }

    /// Leaves the logs behind, for whoever looks for the cause.
    pub fn keep_logs(&self) -> &Path {
        *self.keeps.lock().unwrap() = true;
        &self.folder
    }
}

fn migrated(server: &Server, role: &str, database: &str) -> String {
    let url = server.create(database);
    let mut migrate = oc();
    migrate.args(["migrate", "--role", role]).env("DATABASE_URL", &url).stdout(Stdio::null());
    assert!(migrate.status().unwrap().success(), "the migrations of {role} failed");
    url
}

impl Drop for Stage {
    fn drop(&mut self) {
        let keeps = *self.keeps.lock().unwrap() || std::thread::panicking();
        for role in self.providers.drain(..).chain(self.clients.drain(..)) {
            drop(role);
        }
        if keeps {
            println!("the logs are in {}", self.folder.display());
            return;
        }
        self.provider_server.lock().unwrap().remove();
        self.client_server.remove();
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays behind: {error}", self.folder.display());
        }
    }
}
