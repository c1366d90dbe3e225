//! The audit trail: by itself, in both roles, and looked at by a stranger.

mod chaining;
#[cfg(feature = "client")]
mod client_role;
mod offline;
#[cfg(feature = "provider")]
mod provider_role;
mod tampering;

use std::sync::Arc;
use std::time::Duration;

use oc::config::{self, Keys};
use oc::domain::audit::{AuditAction, Entry, Trace};
use oc::domain::ids::TenantId;
use oc::domain::timestamp::Timestamp;
use oc::platform::audit::{self, Audit, Damage, Head, Whole, line_of, verify_stored};
use oc::platform::db::{Db, DbError};
use oc::platform::http::ApiError;
use oc::platform::secrets::SecretKeys;
use uuid::Uuid;

use crate::support::any_role;
use crate::support::database::{TestDatabase, settings};

/// How long a transaction of another test may hold the feed back.
const PATIENCE: Duration = Duration::from_secs(20);

/// An audit trail without a role.
struct Trail {
    database: TestDatabase,
    db: Db,
    keys: Arc<SecretKeys>,
    audit: Audit,
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// So many milliseconds after a fixed moment.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + millis).unwrap()
}

fn entry(target: impl std::fmt::Display, millis: i64) -> Entry {
    Trace::of("anna").did(AuditAction::DocumentSent, target, at(millis))
}

fn keys(seeds: &[u8]) -> Arc<SecretKeys> {
    Arc::new(SecretKeys::new(&Keys(seeds.iter().map(|seed| [*seed; 32]).collect())).unwrap())
}

impl Trail {
    fn new() -> Self {
        let database = TestDatabase::of(any_role().name());
        let db = Db::new(&settings(database.url()), any_role().owner());
        Self::on(database, db, keys(&[7]))
    }

    fn on(database: TestDatabase, db: Db, keys: Arc<SecretKeys>) -> Self {
        let settings = config::Audit {
            reads: true,
            pause: Duration::from_millis(10),
            retention: Duration::from_secs(86_400 * 3_650),
        };
        let audit = Audit::new(db.clone(), Arc::clone(&keys), settings);
        Self { database, db, keys, audit }
    }

    /// Writes entries, each in a transaction of its own.
    async fn write(&self, name: &str, targets: impl IntoIterator<Item = usize>) {
        for target in targets {
            let tenant = tenant(name);
            let note = move |conn: &mut diesel::PgConnection| {
                audit::note(conn, &tenant, &entry(target, 0)).map_err(DbError::from)
            };
            self.db.of(&self::tenant(name)).transaction(Uuid::from_u128(1), note).await.unwrap();
        }
    }

    /// Writes many entries at once, and chains them.
    async fn write_many(&self, name: &str, count: usize) {
        self.database.execute(&format!(
            "INSERT INTO audit_pending (tenant_id, at, who, action, target, outcome) \
             SELECT '{name}', now(), 'anna', 'document.read', i::text, 'done' FROM generate_series(1, {count}) i"
        ));
        self.chain(count).await;
    }

    /// Chains until so many more entries are chained. A transaction of another
    /// test on the same server may hold them back for a moment.
    async fn chain(&self, count: usize) {
        let started = std::time::Instant::now();
        let mut chained = 0;
        while chained < count {
            assert!(started.elapsed() < PATIENCE, "{chained} of {count} entries were chained");
            chained += self.audit.chain_all().await.unwrap();
            tokio::time::sleep(Duration::from_millis(if chained < count { 10 } else { 0 })).await;
        }
        assert_eq!(chained, count);
    }

    async fn verify(&self, name: &str) -> Result<Whole, Damage> {
        self.verify_with(name, &[]).await
    }

    async fn verify_with(&self, name: &str, known: &[Head]) -> Result<Whole, Damage> {
        verify_stored(&self.db, &self.keys, &tenant(name), known.to_vec(), &mut |_| {}).await.unwrap()
    }

    /// Every line of a chain.
    async fn lines(&self, name: &str) -> Vec<String> {
        let tenant = tenant(name);
        let read = move |conn: &mut diesel::PgConnection| {
            audit::page(conn, &tenant, 0, i64::MAX).map_err(ApiError::from)
        };
        let page = self.db.of(&self::tenant(name)).read(read).await.unwrap();
        page.iter().map(|(body, hash)| line_of(body, hash).unwrap()).collect()
    }

    /// What somebody does who owns the database.
    fn tamper(&self, sql: &str) {
        self.database.execute(&format!("SET session_replication_role = replica; {sql}"));
    }
}
