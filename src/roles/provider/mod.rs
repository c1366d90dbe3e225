//! The provider role: providers write documents and send them.

pub mod jobs;
pub mod openapi;
pub mod routes;
mod store;

use std::io;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::config::{ClientRole, Config};
use crate::domain::document::Document;
use crate::platform::db::{Db, Owner, Together};
use crate::platform::http::docs;
use crate::platform::http_client::HttpClient;
use crate::platform::outbox::worker;
use crate::platform::server::{self, RoleApp, Running};

pub use openapi::api;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations_provider");

fn migrations() -> EmbeddedMigrations {
    MIGRATIONS
}

/// The role's name and migrations.
pub const OWNER: Owner = Owner { role: "provider", migrations };

/// Pause between two looks for due deliveries.
const IDLE: Duration = Duration::from_secs(1);

/// What the handlers and jobs of one thread share.
#[derive(Clone)]
pub struct State {
    /// The role's database.
    pub db: Db,
    /// Look-ups of single documents.
    documents: Together<store::documents::Key, Document>,
    /// The way to the client role.
    pub client: ClientRole,
    /// Calls to the client role.
    pub http: HttpClient,
}

impl State {
    /// Prepares the first thread.
    pub fn new(db: Db, client: &ClientRole) -> io::Result<Self> {
        let documents = Together::new(db.clone(), store::documents::find_many);
        Self::for_thread(Shared { db, documents, client: client.clone() })
    }

    fn for_thread(Shared { db, documents, client }: Shared) -> io::Result<Self> {
        let http = HttpClient::new(&client.base_url, client.send_timeout).map_err(io::Error::other)?;
        Ok(Self { db, documents, client, http })
    }

    fn shared(&self) -> Shared {
        Shared { db: self.db.clone(), documents: self.documents.clone(), client: self.client.clone() }
    }
}

/// What all threads share; an HTTP client belongs to one.
#[derive(Clone)]
struct Shared {
    db: Db,
    documents: Together<store::documents::Key, Document>,
    client: ClientRole,
}

/// The role's application.
pub fn app(config: &Config) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let db = Db::new(&config.database, OWNER);
    // Fails here, once, if it is going to fail in the worker threads.
    let shared = State::new(db.clone(), &config.client)?.shared();
    Ok(RoleApp {
        role: OWNER.role,
        db,
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes,
        configure: move |cfg: &mut ServiceConfig| match State::for_thread(shared.clone()) {
            Ok(state) => routes::configure(cfg, Data::new(state)),
            Err(error) => log::error!("a worker thread can't start: {error}"),
        },
    })
}

/// Opens the socket and starts to deliver what is due.
pub fn start(config: &Config) -> io::Result<Running> {
    let app = app(config)?;
    let state = State::new(app.db.clone(), &config.client)?;
    let running = server::bind(app, &config.http)?;
    actix_web::rt::spawn(worker::repeat(IDLE, async move || jobs::deliver::run_due(&state).await));
    Ok(running)
}
