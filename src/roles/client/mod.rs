//! The client role: takes documents in and shows them to whoever has the code.

pub mod codes;
mod flows;
pub mod jobs;
mod metrics;
pub mod openapi;
pub mod routes;
mod store;
pub mod web;

use std::io;
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use diesel::PgConnection;
use diesel::result::QueryResult;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use tokio::sync::Semaphore;

use crate::config::{AccessCodes, Config, Messages, Retention};
use crate::domain::standing::Told;
use crate::domain::timestamp::Timestamp;
use crate::platform::audit::Audit;
use crate::platform::clock::Monotonic;
use crate::platform::db::fence::Rights;
use crate::platform::db::{Db, Owner, Rounds};
use crate::platform::http::{Guard, docs};
use crate::platform::idempotency::Idempotency;
use crate::platform::identity::{Identity, ServiceTokens};
use crate::platform::limits::Limits;
use crate::platform::messages::Messenger;
use crate::platform::metrics::Observer;
use crate::platform::receipts::SigningKeys;
use crate::platform::secrets::SecretKeys;
use crate::platform::server::{self, RoleApp, Running};
use crate::platform::tenants::Tenants;
use crate::platform::tenants::tables::SealedTable;
use crate::platform::web::{Assets, Pages};
use codes::Codes;
use flows::guesses::{self, Guess, Verdict};

pub use openapi::api;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations_client");

fn migrations() -> EmbeddedMigrations {
    MIGRATIONS
}

/// The role's name and migrations.
pub const OWNER: Owner = Owner { role: "client", migrations, rights: RIGHTS };

/// Receipts are only ever added to, and a session that was ended stays so. What a practice is
/// known as is replaced, never removed.
const RIGHTS: &[Rights] = &[
    ("receipts", "INSERT, SELECT"),
    ("ended_sessions", "INSERT, SELECT"),
    ("senders", "INSERT, SELECT, UPDATE"),
];

/// The sealed columns that are this role's own.
pub const SEALED: &[SealedTable] = store::documents::SEALED;

/// Bytes that a delivery may have more than a document has where it was written:
/// ids, numbers and the end of access.
const ENVELOPE: usize = 65_536;

/// Slow checks of codes that may run at the same time, for each processor.
const CHECKS_PER_PROCESSOR: usize = 2;

/// Routes that ask nobody who they are.
const PUBLIC: &[&str] = &[
    "/",
    "/view/{code}",
    "/d/{token}",
    "/p/{tenant}",
    "/p/{tenant}/logo/{version}",
    "/document",
    "/finish",
    "/assets/{file}",
    "/otp",
    "/otp/verify",
    "/api/public/access",
    "/api/public/otp",
    "/api/public/otp/verify",
    "/api/public/{accessCode}",
];

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    /// The role's database.
    pub db: Db,
    /// Whose documents these are, and what they are sealed with.
    pub tenants: Tenants,
    /// Guesses of codes, judged round by round.
    guesses: Rounds<Guess, Verdict>,
    /// Slow checks of codes that may begin now.
    checks: Arc<Semaphore>,
    /// What makes and checks codes.
    pub codes: Codes,
    /// How documents are opened.
    pub access: AccessCodes,
    /// Requests that happen once.
    pub idempotency: Idempotency,
    /// How much anybody may ask for, and how often anybody may guess.
    pub limits: Limits,
    /// Who did what.
    pub audit: Audit,
    /// `RECEIPT_SIGNING_KEY`.
    pub signing: Arc<SigningKeys>,
    /// `CLIENT_PUBLIC_URL`.
    pub public_url: String,
    /// The host in it.
    pub host: String,
    /// Which messages can be sent to recipients.
    pub messages: Messages,
    /// How long is kept what.
    pub retention: Retention,
    /// What its pages have in common.
    pages: Pages,
    /// What they load.
    assets: Assets,
}

impl State {
    /// Prepares the role.
    pub fn new(config: &Config) -> io::Result<Self> {
        let db = Db::new(&config.database, OWNER);
        let keys = Arc::new(SecretKeys::new(&config.access_code_keys).map_err(io::Error::other)?);
        let masters = Arc::new(SecretKeys::new(&config.field_encryption_keys).map_err(io::Error::other)?);
        let codes = Codes::new(Arc::clone(&keys), &config.access);
        let audit = Audit::new(db.clone(), Arc::clone(&masters), config.audit);
        let (pages, assets) = Pages::new(&config.sender, &web::SCRIPT, config.web.is_https);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            tenants: Tenants::new(db.clone(), masters, config.tenancy),
            guesses: Rounds::of_everybody(
                db.clone(),
                guesses::round(codes.clone(), config.access.attempts, audit.clone()),
            ),
            audit,
            checks: Arc::new(Semaphore::new(processors * CHECKS_PER_PROCESSOR)),
            idempotency: Idempotency::new(db.clone(), config.idempotency_retention),
            limits: Limits::new(&config.limits, keys, Monotonic::default())?,
            db,
            codes,
            access: config.access,
            signing: Arc::new(
                SigningKeys::new(&config.receipt_signing_keys, &config.client.public_url)
                    .map_err(io::Error::other)?,
            ),
            public_url: config.client.public_url.clone(),
            host: host_of(&config.client.public_url),
            messages: config.messages.clone(),
            retention: config.retention,
            pages,
            assets,
        })
    }

    /// Where a client types a code.
    fn link(&self, token: &str) -> String {
        format!("{}/d/{token}", self.public_url)
    }
}

fn host_of(url: &str) -> String {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "localhost".to_owned())
}

/// This role can't compare: it does not know what it should have.
pub fn reconcile(_: &Config, _: bool, _: &mut dyn FnMut(Told)) -> Result<(), String> {
    Err("role client does not know what it should have; run this with the settings of role provider"
        .to_owned())
}

/// This role sends nothing, so it holds no reserves.
pub fn reserves(_: &mut PgConnection, _: Timestamp) -> QueryResult<Vec<(String, i64, Option<String>)>> {
    Ok(Vec::new())
}

/// How many codes each key of `ACCESS_CODE_KEY` has made.
pub fn codes_by_key(conn: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
    store::access_codes::count_by_key(conn)
}

/// The role's application.
pub fn app(
    config: &Config,
    state: &State,
) -> io::Result<RoleApp<impl Fn(&mut ServiceConfig) + Clone + Send + 'static>> {
    let guard = Guard { limits: state.limits.clone(), web: config.web.clone(), public: PUBLIC };
    let observer = observer(state);
    let state = Data::new(state.clone());
    Ok(RoleApp {
        role: OWNER.role,
        db: state.db.clone(),
        observer,
        api: docs::describe(&api()).map_err(io::Error::other)?,
        max_body_bytes: config.http.max_body_bytes.saturating_add(ENVELOPE),
        metrics_port: config.telemetry.metrics_port,
        identity: Identity::new(&config.identity, ServiceTokens::new(&config.identity)),
        guard,
        configure: move |cfg: &mut ServiceConfig| match Messenger::new(&state.messages, &state.host) {
            Ok(messenger) => {
                cfg.app_data(Data::new(messenger));
                routes::configure(cfg, state.clone());
                web::configure(cfg, &state);
            }
            Err(error) => log::error!("a worker thread can't start: {error}"),
        },
    })
}

/// What is looked at before the metrics are told.
fn observer(state: &State) -> Observer {
    metrics::start();
    let audit = state.audit.clone();
    Observer::new(state.db.clone(), move || {
        let audit = audit.clone();
        async move { audit.observe() }
    })
}

/// Opens the socket and starts what goes on by itself.
pub fn start(config: &Config) -> io::Result<Running> {
    let state = State::new(config)?;
    if config.receipt_signing_keys.0.is_empty() {
        log::warn!("receipts are not signed: RECEIPT_SIGNING_KEY is not set");
    }
    let audit = state.audit.clone();
    let running =
        server::bind(app(config, &state)?, &config.http)?.finally(async move { audit.flush().await });
    jobs::start(&state, config.housekeeping);
    Ok(running)
}
