//! The two ways to the database: to the rows of one tenant, and to those of all.

use diesel::pg::PgConnection;
use diesel::result::Error as QueryError;
use uuid::Uuid;

use super::commits::Commit;
use super::gather::Lane;
use super::manager::Connection;
use super::{Db, DbError};
use crate::domain::ids::TenantId;

/// The way to the rows of one tenant.
#[derive(Debug)]
pub struct OfTenant<'a> {
    pub(super) db: &'a Db,
    pub(super) tenant: TenantId,
}

impl OfTenant<'_> {
    /// Runs `work` that only reads.
    pub async fn read<T, E>(
        self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run_on(Lane::Reading, work).await
    }

    /// Runs `work` that may write, each statement for itself.
    pub async fn run<T, E>(
        self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run_on(Lane::Writing, work).await
    }

    /// Runs `work` in a transaction of its own, which shares its commit with nobody:
    /// for work with many statements.
    pub async fn run_alone<T, E>(
        self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<QueryError> + Send + 'static,
    {
        self.run(move |conn| diesel::Connection::transaction(conn, work)).await
    }

    /// Runs `work` in a transaction: all of it happens or nothing. Transactions
    /// that come at the same time may share one, so `work` may be run twice.
    /// `subject` is what it locks first, usually the document.
    pub async fn transaction<T, E>(
        self,
        subject: Uuid,
        work: impl FnMut(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (commit, answered) = Commit::new(self.tenant, subject, work);
        let committed = self.db.commits.hand_in(self.db, commit, answered).await;
        committed.unwrap_or_else(|error| Err(error.into()))
    }

    async fn run_on<T, E>(
        self,
        lane: Lane,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let Self { db, tenant } = self;
        let work = move |conn: &mut Connection| work(conn.show(&tenant).map_err(DbError::from)?);
        db.tenants.run(lane, work).await
    }
}

/// The way to the rows of all tenants.
#[derive(Debug)]
pub struct OfEverybody<'a> {
    pub(super) db: &'a Db,
}

impl OfEverybody<'_> {
    /// Runs `work` that only reads.
    pub async fn read<T, E>(
        self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.db.everybody.run(Lane::Reading, |conn| work(conn.inner())).await
    }

    /// Runs `work` that may write, each statement for itself.
    pub async fn run<T, E>(
        self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.db.everybody.run(Lane::Writing, |conn| work(conn.inner())).await
    }

    /// Runs `work` in a transaction of its own.
    pub async fn run_alone<T, E>(
        self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<QueryError> + Send + 'static,
    {
        self.run(move |conn| diesel::Connection::transaction(conn, work)).await
    }
}
