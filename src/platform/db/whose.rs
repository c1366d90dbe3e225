//! The two ways to the database: to the rows of one tenant, and to those of all.

use diesel::pg::PgConnection;
use diesel::result::{Error as QueryError, QueryResult};
use uuid::Uuid;

use super::commits::Commit;
use super::gather::Lane;
use super::manager::Connection;
use super::set::Set;
use super::{Db, DbError};
use crate::domain::ids::TenantId;

/// Whose rows a way leads to.
pub trait Whose: Send + 'static {
    /// The connections that show them.
    fn set(db: &Db) -> &Set;
    /// Lets a connection show them.
    fn show(self, conn: &mut Connection) -> QueryResult<&mut PgConnection>;
}

/// Everybody's.
#[derive(Debug)]
pub struct Everybody;

impl Whose for TenantId {
    fn set(db: &Db) -> &Set {
        &db.tenants
    }

    fn show(self, conn: &mut Connection) -> QueryResult<&mut PgConnection> {
        conn.show(&self)
    }
}

impl Whose for Everybody {
    fn set(db: &Db) -> &Set {
        &db.everybody
    }

    fn show(self, conn: &mut Connection) -> QueryResult<&mut PgConnection> {
        Ok(conn.inner())
    }
}

/// The way to rows.
#[derive(Debug)]
pub struct Rows<'a, W> {
    pub(super) db: &'a Db,
    pub(super) whose: W,
}

impl<W: Whose> Rows<'_, W> {
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

    async fn run_on<T, E>(
        self,
        lane: Lane,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let Self { db, whose } = self;
        let work = move |conn: &mut Connection| work(whose.show(conn).map_err(DbError::from)?);
        W::set(db).run(lane, work).await
    }
}

impl Rows<'_, TenantId> {
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
        let (commit, answered) = Commit::new(self.whose, subject, work);
        let committed = self.db.commits.hand_in(self.db, commit, answered).await;
        committed.unwrap_or_else(|error| Err(error.into()))
    }
}
