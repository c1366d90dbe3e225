//! The provider role: providers write documents and send them.

pub mod flows;
pub mod jobs;
pub mod openapi;
pub mod routes;
mod store;

use std::io;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::config::{self, ClientRole, Config};
use crate::domain::document::Document;
use crate::domain::target::Reach;
use crate::platform::db::{Db, Owner, Together};
use crate::platform::http::docs;
use crate::platform::http_client::HttpClient;
use crate::platform::idempotency::Idempotency;
use crate::platform::outbox::{self, Dispatcher, Gates, Wake};
use crate::platform::secrets::SecretKeys;
use crate::platform::server::{self, RoleApp, Running};
use flows::operations::Promising;
use flows::reserve::Level;
use jobs::deliver::ToClient;

pub use openapi::api;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations_provider");

fn migrations() -> EmbeddedMigrations {
    MIGRATIONS
}

/// The role's name and migrations.
pub const OWNER: Owner = Owner { role: "provider", migrations };

/// What the handlers and jobs of one thread share.
#[derive(Clone)]
pub struct State {
    /// The role's database.
    pub db: Db,
    /// Look-ups of single documents.
    documents: Together<store::documents::Key, Document>,
    /// Requests that happen once.
    pub idempotency: Idempotency,
    /// The way to the client role.
    pub client: ClientRole,
    /// Calls to the client role.
    pub http: HttpClient,
    /// Messages to the client role.
    pub deliveries: Dispatcher<ToClient>,
    /// The ways to the destinations of messages.
    pub gates: Gates,
    /// Rings for the workers.
    pub wake: Wake,
    /// How full the reserves of codes are.
    pub reserve: Level,
    /// `FIELD_ENCRYPTION_KEY`.
    pub keys: Arc<SecretKeys>,
    /// How messages go out.
    pub outbox: config::Outbox,
    /// What goes on without being asked.
    pub upkeep: config::Upkeep,
    /// How far webhooks may lead.
    pub webhook_reach: Reach,
}

impl State {
    /// Prepares the first thread.
    pub fn new(config: &Config) -> io::Result<Self> {
        let db = Db::new(&config.database, OWNER);
        let keys = Arc::new(SecretKeys::new(&config.field_encryption_keys).map_err(io::Error::other)?);
        Self::for_thread(Shared {
            documents: Together::new(db.clone(), store::documents::find_many),
            idempotency: Idempotency::new(db.clone(), Arc::clone(&keys), config.idempotency_retention),
            db,
            client: config.client.clone(),
            gates: Gates::new(&config.outbox),
            wake: Wake::default(),
            reserve: Level::default(),
            keys,
            outbox: config.outbox.clone(),
            upkeep: config.upkeep.clone(),
            webhook_reach: Reach::of(config.webhook_allow_private),
        })
    }

    fn for_thread(shared: Shared) -> io::Result<Self> {
        let Shared {
            db,
            documents,
            client,
            gates,
            wake,
            reserve,
            keys,
            idempotency,
            outbox,
            upkeep,
            webhook_reach,
        } = shared;
        let http = HttpClient::new(&client.base_url, outbox.call_timeout).map_err(io::Error::other)?;
        let courier = ToClient { http: http.clone(), base_url: client.base_url.clone() };
        let deliveries = Dispatcher::new(db.clone(), courier, gates.clone(), wake.clone(), outbox.clone());
        Ok(Self {
            db,
            documents,
            client,
            http,
            deliveries,
            gates,
            wake,
            reserve,
            keys,
            idempotency,
            outbox,
            upkeep,
            webhook_reach,
        })
    }

    fn shared(&self) -> Shared {
        let Self {
            db,
            documents,
            client,
            gates,
            wake,
            reserve,
            keys,
            idempotency,
            outbox,
            upkeep,
            webhook_reach,
            ..
        } = self.clone();
        Shared {
            db,
            documents,
            client,
            gates,
            wake,
            reserve,
            keys,
            idempotency,
            outbox,
            upkeep,
            webhook_reach,
        }
    }

    /// What a transaction that promises an operation needs to know.
    fn promising(&self) -> Promising {
        Promising {
            keys: Arc::clone(&self.keys),
            level: self.reserve.clone(),
            reserve_size: self.upkeep.reserve_size,
            max_age: self.outbox.retry.max_age,
        }
    }
}

/// What all threads share; an HTTP client belongs to one.
#[derive(Clone)]
struct Shared {
    db: Db,
    documents: Together<store::documents::Key, Document>,
    idempotency: Idempotency,
    client: ClientRole,
    gates: Gates,
    wake: Wake,
    reserve: Level,
    keys: Arc<SecretKeys>,
    outbox: config::Outbox,
    upkeep: config::Upkeep,
    webhook_reach: Reach,
}

/// The role's application.
pub fn app(
    config: &Config,
    state: &State,
) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let shared = state.shared();
    Ok(RoleApp {
        role: OWNER.role,
        db: state.db.clone(),
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes,
        configure: move |cfg: &mut ServiceConfig| match State::for_thread(shared.clone()) {
            Ok(state) => routes::configure(cfg, Data::new(state)),
            Err(error) => log::error!("a worker thread can't start: {error}"),
        },
    })
}

/// Opens the socket and starts what goes on by itself.
pub fn start(config: &Config) -> io::Result<Running> {
    let state = State::new(config)?;
    let running = server::bind(app(config, &state)?, &config.http)?;
    outbox::listen(&config.database, &state.wake)?;
    actix_web::rt::spawn(state.deliveries.clone().run());
    jobs::start(&state);
    Ok(running)
}
