//! Settings: one table that is the manual, and the typed structs that the rest
//! of the program reads. Nothing else in the program reads the environment.

mod access;
mod audit;
mod client_role;
mod delivery;
mod identity;
mod limits;
mod messages;
mod network;
mod receipts;
mod sender;
mod setting;
mod settings;
mod telemetry;
mod tenants;
mod values;
mod workspace;

use std::net::IpAddr;
use std::time::Duration;

pub use crate::domain::sender::Sender;
pub use access::{AccessCodes, CodeHash};
pub use audit::Audit;
pub use client_role::ClientRole;
pub use delivery::{Breaker, Outbox, Retention, Retry, Upkeep};
pub use identity::{Auth, Identity, Jwks, Jwt};
pub use limits::{GuessLimits, Limits, TlsFiles, Web};
pub use messages::{MailProtection, MailServer, Messages, SmsGateway};
pub use network::{Network, is_this_machine};
pub use setting::Setting;
pub use settings::SETTINGS;
pub use telemetry::{LogFormat, Telemetry, Traces};
pub use tenants::{Custody, Provisioning, Tenancy};
pub use values::{Keys, Problems, Secret, Source, Value, Values};
pub use workspace::{Account, Workspace};

/// Everything that a role needs to know to run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The role, as in `--role`.
    pub role: String,
    /// How requests are authenticated.
    pub identity: Identity,
    /// The HTTP server.
    pub http: Http,
    /// How much anybody may ask for.
    pub limits: Limits,
    /// What the web server takes from whom.
    pub web: Web,
    /// The database.
    pub database: Database,
    /// The way to the client role.
    pub client: ClientRole,
    /// Who stands behind the pages.
    pub sender: Sender,
    /// How messages go out.
    pub outbox: Outbox,
    /// What the provider role does without being asked.
    pub upkeep: Upkeep,
    /// How long the client role keeps what.
    pub retention: Retention,
    /// How documents are opened.
    pub access: AccessCodes,
    /// What goes into the audit trail.
    pub audit: Audit,
    /// How messages go to recipients.
    pub messages: Messages,
    /// `HOUSEKEEPING_SECONDS`.
    pub housekeeping: Duration,
    /// `ACCESS_CODE_KEY`; empty for every role but the client role.
    pub access_code_keys: Keys,
    /// `FIELD_ENCRYPTION_KEY`.
    pub field_encryption_keys: Keys,
    /// How tenants come to be, and how long they are remembered.
    pub tenancy: Tenancy,
    /// `RECEIPT_SIGNING_KEY`; empty where receipts are not signed.
    pub receipt_signing_keys: Keys,
    /// `IDEMPOTENCY_RETENTION_SECONDS`.
    pub idempotency_retention: Duration,
    /// `WEBHOOK_ALLOW_PRIVATE`.
    pub webhook_allow_private: bool,
    /// The pages of the provider role.
    pub workspace: Workspace,
    /// What the process tells about itself.
    pub telemetry: Telemetry,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`; 0 takes a free one.
    pub port: u16,
    /// `HTTP_WORKERS`.
    pub workers: usize,
    /// `MAX_BODY_BYTES`.
    pub max_body_bytes: usize,
    /// `SHUTDOWN_DRAIN_MS`.
    pub drain: Duration,
    /// `SHUTDOWN_TIMEOUT_SECONDS`.
    pub shutdown_timeout: Duration,
}

/// The database of one role.
#[derive(Debug, Clone)]
pub struct Database {
    /// `DATABASE_URL`.
    pub url: Secret,
    /// `DATABASE_POOL_SIZE`.
    pub pool_size: u32,
    /// `DATABASE_POOL_WAIT_MS`.
    pub pool_wait: Duration,
    /// `DATABASE_CONNECT_TIMEOUT_SECONDS`.
    pub connect_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_MS`.
    pub statement_timeout: Duration,
    /// `DATABASE_LOCK_TIMEOUT_MS`.
    pub lock_timeout: Duration,
}

impl Config {
    /// Checks every setting of `role` and gathers all that is wrong.
    pub fn load(role: &str, values: &Values) -> Result<Self, Problems> {
        let (config, problems) = Self::examine(role, values);
        problems.or(config)
    }

    /// The same for somebody who goes on whatever is wrong: what is broken has its
    /// smallest or its emptiest value.
    #[must_use]
    pub fn examine(role: &str, values: &Values) -> (Self, Problems) {
        let mut problems = Problems::default();
        let config = Self {
            role: role.to_owned(),
            identity: Identity::load(role, values, &mut problems),
            http: http(values, &mut problems),
            limits: limits::limits(values, &mut problems),
            web: limits::web(role, values, &mut problems),
            database: Database::load(values, &mut problems),
            client: client_role::client_role(role, values, &mut problems),
            sender: sender::load(values, &mut problems),
            outbox: delivery::outbox(values, &mut problems),
            upkeep: delivery::upkeep(values, &mut problems),
            retention: delivery::retention(values, &mut problems),
            access: access::access_codes(values, &mut problems),
            audit: Audit::load(values, &mut problems),
            messages: Messages::load(role, values, &mut problems),
            housekeeping: Duration::from_secs(values.number(
                "HOUSEKEEPING_SECONDS",
                1..=86_400,
                &mut problems,
            )),
            access_code_keys: match role {
                "client" => values.keys("ACCESS_CODE_KEY", &mut problems),
                _ => Keys::default(),
            },
            field_encryption_keys: values.keys("FIELD_ENCRYPTION_KEY", &mut problems),
            tenancy: Tenancy::load(values, &mut problems),
            receipt_signing_keys: receipts::signing_keys(role, values, &mut problems),
            idempotency_retention: Duration::from_secs(values.number(
                "IDEMPOTENCY_RETENTION_SECONDS",
                300..=31_536_000,
                &mut problems,
            )),
            webhook_allow_private: values
                .parsed("WEBHOOK_ALLOW_PRIVATE", "true or false", &mut problems)
                .unwrap_or(false),
            workspace: Workspace::load(role, values, &mut problems),
            telemetry: Telemetry::load(role, values, &mut problems),
        };
        if config.access_code_keys.0.iter().any(|key| config.field_encryption_keys.0.contains(key)) {
            problems.add(
                "ACCESS_CODE_KEY",
                "must have no key in common with FIELD_ENCRYPTION_KEY: whoever learns one would have both",
            );
        }
        if config.web.only_this_machine {
            config.stays_on_this_machine(&mut problems);
        }
        (config, problems)
    }

    /// Whoever is asked nothing must not come from elsewhere, neither straight nor
    /// through a proxy.
    fn stays_on_this_machine(&self, problems: &mut Problems) {
        if !self.http.host.is_loopback() {
            problems.add("HOST", "must be a loopback address such as 127.0.0.1 while AUTH is none: nobody else may come in unchecked");
        }
        if !self.web.trusted_proxies.is_empty() {
            problems.add(
                "TRUSTED_PROXIES",
                "must be empty while AUTH is none: whoever came through a proxy would come in unchecked",
            );
        }
    }
}

impl Database {
    /// Checks the settings of the database alone, for commands that need nothing else.
    pub fn load(values: &Values, problems: &mut Problems) -> Self {
        let url = values.required("DATABASE_URL", problems);
        if !url.is_empty() && !["postgres://", "postgresql://"].iter().any(|s| url.starts_with(s)) {
            problems.add("DATABASE_URL", "must start with postgres:// or postgresql://");
        }
        let authority = url.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or("");
        if authority.matches('@').count() > 1 {
            problems.add("DATABASE_URL", "must write an @ in its password as %40");
        }
        Self {
            url: Secret::new(url),
            pool_size: values.number("DATABASE_POOL_SIZE", 2..=1_000, problems),
            pool_wait: Duration::from_millis(values.number("DATABASE_POOL_WAIT_MS", 1..=60_000, problems)),
            connect_timeout: Duration::from_secs(values.number(
                "DATABASE_CONNECT_TIMEOUT_SECONDS",
                2..=60,
                problems,
            )),
            statement_timeout: Duration::from_millis(values.number(
                "DATABASE_STATEMENT_TIMEOUT_MS",
                10..=600_000,
                problems,
            )),
            lock_timeout: Duration::from_millis(values.number(
                "DATABASE_LOCK_TIMEOUT_MS",
                10..=600_000,
                problems,
            )),
        }
    }
}

fn http(values: &Values, problems: &mut Problems) -> Http {
    Http {
        host: values
            .parsed("HOST", "an IP address such as 127.0.0.1", problems)
            .unwrap_or(IpAddr::from([127, 0, 0, 1])),
        port: values.number("PORT", 0..=65_535, problems),
        workers: values.number("HTTP_WORKERS", 1..=1_024, problems),
        max_body_bytes: values.number("MAX_BODY_BYTES", 1_024..=64 * 1_048_576, problems),
        drain: Duration::from_millis(values.number("SHUTDOWN_DRAIN_MS", 0..=600_000, problems)),
        shutdown_timeout: Duration::from_secs(values.number("SHUTDOWN_TIMEOUT_SECONDS", 1..=3_600, problems)),
    }
}
