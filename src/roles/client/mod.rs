//! The client role: takes documents in and shows them to whoever has the code.

pub mod codes;
mod flows;
pub mod jobs;
pub mod openapi;
pub mod routes;
mod store;
mod web;

use std::io;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::config::{Config, Retention};
use crate::platform::db::{Db, Owner, Together};
use crate::platform::http::docs;
use crate::platform::idempotency::Idempotency;
use crate::platform::identity::{Identity, ServiceTokens};
use crate::platform::secrets::SecretKeys;
use crate::platform::server::{self, RoleApp, Running};

pub use openapi::api;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations_client");

fn migrations() -> EmbeddedMigrations {
    MIGRATIONS
}

/// The role's name and migrations.
pub const OWNER: Owner = Owner { role: "client", migrations };

/// Bytes that a delivery may have more than a document has where it was written:
/// ids, numbers and the end of access.
const ENVELOPE: usize = 65_536;

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    /// The role's database.
    pub db: Db,
    /// Look-ups of documents by the selector of their code.
    candidates: Together<Vec<u8>, store::access_codes::Candidate>,
    /// `ACCESS_CODE_KEY`.
    pub keys: Arc<SecretKeys>,
    /// Requests that happen once.
    pub idempotency: Idempotency,
    /// `CLIENT_PUBLIC_URL`.
    pub public_url: String,
    /// How long is kept what.
    pub retention: Retention,
}

impl State {
    /// Prepares the role.
    pub fn new(config: &Config) -> io::Result<Self> {
        let db = Db::new(&config.database, OWNER);
        let keys = Arc::new(SecretKeys::new(&config.access_code_keys).map_err(io::Error::other)?);
        Ok(Self {
            candidates: Together::new(db.clone(), store::access_codes::candidates),
            idempotency: Idempotency::new(db.clone(), Arc::clone(&keys), config.idempotency_retention),
            db,
            keys,
            public_url: config.client.public_url.clone(),
            retention: config.retention,
        })
    }

    /// Where a client types a code, with the code in it.
    fn link(&self, access_code: &str) -> String {
        format!("{}/view/{access_code}", self.public_url)
    }
}

/// The role's application.
pub fn app(
    config: &Config,
    state: &State,
) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let state = Data::new(state.clone());
    Ok(RoleApp {
        role: OWNER.role,
        db: state.db.clone(),
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes.saturating_add(ENVELOPE),
        identity: Identity::new(&config.identity, ServiceTokens::new(&config.identity)),
        configure: move |cfg: &mut ServiceConfig| {
            routes::configure(cfg, state.clone());
            web::configure(cfg);
        },
    })
}

/// Opens the socket and starts what goes on by itself.
pub fn start(config: &Config) -> io::Result<Running> {
    let state = State::new(config)?;
    let running = server::bind(app(config, &state)?, &config.http)?;
    jobs::start(&state, config.housekeeping);
    Ok(running)
}
