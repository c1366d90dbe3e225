//! The provider role: providers write documents and send them.

mod client_api;
pub mod flows;
pub mod jobs;
pub mod letter;
mod metrics;
pub mod openapi;
pub mod routes;
mod store;
mod web;

use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use diesel::PgConnection;
use diesel::result::QueryResult;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use crate::config::{self, ClientRole, Config, Sender};
use crate::domain::standing::Told;
use crate::domain::target::Reach;
use crate::domain::timestamp::Timestamp;
use crate::platform::audit::Audit;
use crate::platform::clock::Monotonic;
use crate::platform::db::fence::Rights;
use crate::platform::db::{Db, Owner, Together};
use crate::platform::http::{Guard, docs};
use crate::platform::http_client::{GuardedClient, HttpClient};
use crate::platform::idempotency::Idempotency;
use crate::platform::identity::{Identity, ServiceTokens, Sessions};
use crate::platform::limits::Limits;
use crate::platform::metrics::Observer;
use crate::platform::outbox::{self, Depths, Dispatcher, Gates, Wake};
use crate::platform::secrets::SecretKeys;
use crate::platform::server::{self, RoleApp, Running};
use crate::platform::telemetry;
use crate::platform::tenants::Tenants;
use crate::platform::tenants::tables::SealedTable;
use crate::platform::web::{Assets, Pages};
use client_api::ClientApi;
use flows::operations::Promising;
use flows::reserve::Level;
use flows::searches::Searches;
use jobs::deliver::ToClient;
use jobs::webhooks::ToWebhooks;

pub use openapi::api;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations_provider");

fn migrations() -> EmbeddedMigrations {
    MIGRATIONS
}

/// The role's name and migrations.
pub const OWNER: Owner = Owner { role: "provider", migrations, rights: RIGHTS };

/// Histories are only ever added to; that of a draft goes with it. What a practice is known
/// as is replaced, never removed.
const RIGHTS: &[Rights] =
    &[("document_events", "DELETE, INSERT, SELECT"), ("senders", "INSERT, SELECT, UPDATE")];

/// The sealed columns that are this role's own.
pub const SEALED: &[SealedTable] = store::rows::SEALED;

/// Places at one webhook, of which three quarters are used: there may be hundreds of them.
const WEBHOOK_CALLS: usize = 8;

/// What all threads share.
#[derive(Clone)]
pub struct Shared {
    /// The role's database.
    pub db: Db,
    /// Look-ups of single documents.
    documents: Together<store::documents::Key, store::rows::DocumentRow>,
    /// Whose documents these are, and what they are sealed with.
    pub tenants: Tenants,
    /// Whose turn it is to search.
    searches: Searches,
    /// Requests that happen once.
    pub idempotency: Idempotency,
    /// How much anybody may ask for.
    pub limits: Limits,
    /// Who did what.
    pub audit: Audit,
    /// The way to the client role.
    pub client: ClientRole,
    /// What is shown to the client role.
    tokens: Option<ServiceTokens>,
    /// The ways to the destinations of messages.
    pub gates: Gates,
    /// Rings for whoever brings messages to the client role.
    pub wake: Wake,
    /// Rings for whoever brings messages to webhooks.
    pub webhook_wake: Wake,
    /// How full the reserves of codes are.
    pub reserve: Level,
    /// How messages go out.
    pub outbox: config::Outbox,
    /// What goes on without being asked.
    pub upkeep: config::Upkeep,
    /// Life of an access where nobody says otherwise.
    pub access_life: Duration,
    /// How far webhooks may lead.
    pub webhook_reach: Reach,
    /// What the pages have in common.
    pages: Pages,
    /// What the pages load.
    assets: Assets,
    /// Who is signed in at the pages.
    sessions: Sessions,
    /// Whether nobody is asked who they are.
    is_open: bool,
    /// Where people sign in with an account.
    account: Option<config::Account>,
    /// Whom letters come from.
    pub sender: Sender,
}

/// What the handlers and jobs of one thread share: what is [`Shared`], and an HTTP
/// client, which belongs to its thread.
#[derive(Clone)]
pub struct State {
    shared: Shared,
    /// Calls to the client role.
    client_api: ClientApi,
    /// Messages to the client role.
    pub deliveries: Dispatcher<ToClient>,
}

impl Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl State {
    /// Prepares the first thread.
    pub fn new(config: &Config) -> io::Result<Self> {
        let db = Db::new(&config.database, OWNER);
        let masters = Arc::new(SecretKeys::new(&config.field_encryption_keys).map_err(io::Error::other)?);
        let (pages, assets) = Pages::new(&config.sender, &web::SCRIPT, config.web.is_https);
        let (pages, assets) = pages.with_style(&web::STYLE, assets);
        Self::for_thread(Shared {
            documents: Together::of_tenants(db.clone(), |(tenant, _)| tenant, store::documents::find_many),
            tenants: Tenants::new(db.clone(), Arc::clone(&masters), config.tenancy),
            searches: Searches::new(config.database.pool_wait),
            idempotency: Idempotency::new(db.clone(), config.idempotency_retention),
            audit: Audit::new(db.clone(), Arc::clone(&masters), config.audit),
            sessions: Sessions::new(Arc::clone(&masters), config.workspace.session),
            account: config.workspace.account.clone(),
            is_open: config.identity.auth == config::Auth::None,
            pages,
            assets,
            limits: Limits::new(&config.limits, masters, Monotonic::default())?,
            db,
            client: config.client.clone(),
            tokens: ServiceTokens::new(&config.identity),
            gates: Gates::new(&config.outbox),
            wake: Wake::default(),
            webhook_wake: Wake::default(),
            reserve: Level::default(),
            outbox: config.outbox.clone(),
            upkeep: config.upkeep.clone(),
            access_life: config.access.life,
            webhook_reach: Reach::of(config.webhook_allow_private),
            sender: config.sender.clone(),
        })
    }

    fn for_thread(shared: Shared) -> io::Result<Self> {
        let base_url = shared.client.base_url.clone();
        let http = HttpClient::new(&base_url, shared.outbox.call_timeout).map_err(io::Error::other)?;
        let client_api = ClientApi { http, base_url, tokens: shared.tokens.clone() };
        let courier = ToClient(client_api.clone());
        let (gates, wake) = (shared.gates.clone(), shared.wake.clone());
        let kept = (shared.db.clone(), shared.tenants.clone());
        let deliveries = Dispatcher::new(kept, courier, gates, wake, shared.outbox.clone());
        Ok(Self { shared, client_api, deliveries })
    }

    /// Messages to webhooks, for the thread that brings them.
    #[must_use]
    pub fn webhooks(&self) -> Dispatcher<ToWebhooks> {
        let http = GuardedClient::new(self.webhook_reach, self.outbox.call_timeout);
        let courier = ToWebhooks { http, db: self.db.clone() };
        let (gates, wake) = (self.gates.clone(), self.webhook_wake.clone());
        let kept = (self.db.clone(), self.tenants.clone());
        let concurrency = self.outbox.concurrency.min(WEBHOOK_CALLS);
        let settings = config::Outbox { concurrency, ..self.outbox.clone() };
        Dispatcher::new(kept, courier, gates, wake, settings)
    }

    /// What a transaction that promises an operation needs to know.
    fn promising(&self) -> Promising {
        Promising {
            level: self.reserve.clone(),
            reserve_size: self.upkeep.reserve_size,
            max_age: self.outbox.retry.max_age,
            trace_parent: telemetry::trace::current_parent(),
        }
    }
}

/// The role's application.
pub fn app(
    config: &Config,
    state: &State,
) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let guard = Guard { limits: state.limits.clone(), web: config.web.clone(), public: web::PUBLIC };
    let shared = state.shared.clone();
    Ok(RoleApp {
        role: OWNER.role,
        db: state.db.clone(),
        observer: observer(state),
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes,
        metrics_port: config.telemetry.metrics_port,
        // Nobody shows this role a token of the other one.
        identity: Identity::new(&config.identity, None).with_sessions(state.sessions.clone()),
        guard,
        configure: move |cfg: &mut ServiceConfig| match State::for_thread(shared.clone()) {
            Ok(state) => {
                let files = Data::new(state.assets.clone());
                routes::configure(cfg, Data::new(state));
                web::configure(cfg, files);
            }
            Err(error) => log::error!("a worker thread can't start: {error}"),
        },
    })
}

/// What is looked at before the metrics are told.
fn observer(state: &State) -> Observer {
    metrics::start();
    let (db, audit, gates) = (state.db.clone(), state.audit.clone(), state.gates.clone());
    let depths = Depths::default();
    Observer::new(db.clone(), move || {
        let (db, audit, gates, depths) = (db.clone(), audit.clone(), gates.clone(), depths.clone());
        async move {
            audit.observe();
            gates.observe();
            depths.observe(&db).await;
        }
    })
}

/// Compares every document with what the client role has, and mends what differs if `mend` says so.
pub async fn reconcile(config: &Config, mend: bool, tell: &mut dyn FnMut(Told)) -> Result<(), String> {
    let state = State::new(config).map_err(|error| error.to_string())?;
    flows::reconcile::run(&state, mend, tell).await.map_err(|trouble| trouble.to_string())
}

/// This role makes no codes.
pub fn codes_by_key(_: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
    Ok(Vec::new())
}

/// Of each tenant that sends, codes in reserve that last until `lasts_until`, and up to
/// where its receipts were taken over.
pub fn reserves(
    conn: &mut PgConnection,
    lasts_until: Timestamp,
) -> QueryResult<Vec<(String, i64, Option<String>)>> {
    store::reserve::levels(conn, lasts_until)
}

/// Opens the socket and starts what goes on by itself.
pub fn start(config: &Config) -> io::Result<Running> {
    let state = State::new(config)?;
    if config.identity.auth == config::Auth::Jwt && state.tokens.is_none() {
        log::warn!("SERVICE_TOKEN_SECRET is not set: a client role that asks for tokens takes nothing");
    }
    let audit = state.audit.clone();
    let running =
        server::bind(app(config, &state)?, &config.http)?.finally(async move { audit.flush().await });
    outbox::listen(&config.database, &[&state.wake, &state.webhook_wake])?;
    actix_web::rt::spawn(state.deliveries.clone().run());
    actix_web::rt::spawn(state.webhooks().run());
    jobs::start(&state, config.housekeeping);
    Ok(running)
}
