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
use crate::platform::db::{Db, Owner};
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
    /// The way to the client role.
    pub client: ClientRole,
    /// Calls to the client role.
    pub http: HttpClient,
}

impl State {
    /// Prepares a thread; the database pool is shared between threads.
    pub fn new(db: Db, client: &ClientRole) -> io::Result<Self> {
        let http = HttpClient::new(&client.base_url, client.send_timeout).map_err(io::Error::other)?;
        Ok(Self { db, client: client.clone(), http })
    }
}

/// The role's application.
pub fn app(config: &Config) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let db = Db::new(&config.database, OWNER);
    let (for_threads, client) = (db.clone(), config.client.clone());
    // Fails here, once, if it is going to fail in the worker threads.
    State::new(db.clone(), &config.client)?;
    Ok(RoleApp {
        role: OWNER.role,
        db,
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes,
        configure: move |cfg: &mut ServiceConfig| match State::new(for_threads.clone(), &client) {
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
