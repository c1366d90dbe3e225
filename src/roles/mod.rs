//! The roles, and the only file that knows which of them are compiled in.

#[cfg(not(any(feature = "provider", feature = "client")))]
compile_error!("oc needs at least one role: build with --features provider or --features client");

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "provider")]
pub mod provider;

use std::io;

use diesel::PgConnection;
use diesel::result::QueryResult;

use crate::config::Config;
use crate::domain::standing::Told;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::Owner;
use crate::platform::server::Running;
use crate::platform::tenants::tables::{self, SealedTable};

/// What one process can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Providers write documents and send them.
    #[cfg(feature = "provider")]
    Provider,
    /// Clients open documents with a code.
    #[cfg(feature = "client")]
    Client,
}

impl Role {
    /// Every role that is compiled in.
    pub const ALL: &'static [Self] = &[
        #[cfg(feature = "provider")]
        Self::Provider,
        #[cfg(feature = "client")]
        Self::Client,
    ];

    /// The role of this name, if it is compiled in.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// As in `--role`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.owner().role
    }

    /// The role's name and migrations.
    #[must_use]
    pub fn owner(self) -> Owner {
        match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::OWNER,
            #[cfg(feature = "client")]
            Self::Client => client::OWNER,
        }
    }

    /// The role's API description.
    #[must_use]
    pub fn api(self) -> utoipa::openapi::OpenApi {
        match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::api(),
            #[cfg(feature = "client")]
            Self::Client => client::api(),
        }
    }

    /// The tables with sealed columns, those of the platform first.
    #[must_use]
    pub fn sealed(self) -> Vec<SealedTable> {
        let own = match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::SEALED,
            #[cfg(feature = "client")]
            Self::Client => client::SEALED,
        };
        [tables::PLATFORM, own].concat()
    }

    /// Compares every document with what the other role has, and mends what differs if
    /// `mend` says so. The provider role alone can: it knows what the client role should have.
    pub async fn reconcile(
        self,
        config: &Config,
        mend: bool,
        tell: &mut dyn FnMut(Told),
    ) -> Result<(), String> {
        match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::reconcile(config, mend, tell).await,
            #[cfg(feature = "client")]
            Self::Client => client::reconcile(config, mend, tell),
        }
    }

    /// How many access codes each key has made; of a role without codes, nothing.
    pub fn codes_by_key(self, conn: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
        match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::codes_by_key(conn),
            #[cfg(feature = "client")]
            Self::Client => client::codes_by_key(conn),
        }
    }

    /// Of each tenant that sends, codes in reserve that last until `lasts_until`, and up to
    /// where its receipts were taken over; of a role that sends nothing, nothing.
    pub fn reserves(
        self,
        conn: &mut PgConnection,
        lasts_until: Timestamp,
    ) -> QueryResult<Vec<(String, i64, Option<String>)>> {
        match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::reserves(conn, lasts_until),
            #[cfg(feature = "client")]
            Self::Client => client::reserves(conn, lasts_until),
        }
    }

    /// Opens the socket and prepares the role.
    pub fn start(self, config: &Config) -> io::Result<Running> {
        match self {
            #[cfg(feature = "provider")]
            Self::Provider => provider::start(config),
            #[cfg(feature = "client")]
            Self::Client => client::start(config),
        }
    }
}
