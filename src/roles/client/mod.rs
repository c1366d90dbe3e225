//! The client role: takes documents in and shows them to whoever has the code.

pub mod codes;
mod flows;
pub mod openapi;
pub mod routes;
mod store;
mod web;

use std::io;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::config::Config;
use crate::platform::db::{Db, Owner, Together};
use crate::platform::http::docs;
use crate::platform::secrets::SecretKeys;
use crate::platform::server::{self, RoleApp, Running};

pub use openapi::api;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations_client");

fn migrations() -> EmbeddedMigrations {
    MIGRATIONS
}

/// The role's name and migrations.
pub const OWNER: Owner = Owner { role: "client", migrations };

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    /// The role's database.
    pub db: Db,
    /// Look-ups of documents by the selector of their code.
    candidates: Together<Vec<u8>, store::access_codes::Candidate>,
    /// `ACCESS_CODE_KEY`.
    pub keys: Arc<SecretKeys>,
    /// `CLIENT_PUBLIC_URL`.
    pub public_url: String,
}

/// The role's application.
pub fn app(config: &Config) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let db = Db::new(&config.database, OWNER);
    let keys = SecretKeys::new(&config.access_code_keys).map_err(io::Error::other)?;
    let state = Data::new(State {
        db: db.clone(),
        candidates: Together::new(db.clone(), store::access_codes::candidates),
        keys: Arc::new(keys),
        public_url: config.client.public_url.clone(),
    });
    Ok(RoleApp {
        role: OWNER.role,
        db,
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes,
        configure: move |cfg: &mut ServiceConfig| {
            routes::configure(cfg, state.clone());
            web::configure(cfg);
        },
    })
}

/// Opens the socket.
pub fn start(config: &Config) -> io::Result<Running> {
    server::bind(app(config)?, &config.http)
}
