//! Connections change hands: whatever one tenant left behind, the next one sees its
//! own rows only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::Connection as _;
use diesel::pg::PgConnection;
use futures_util::future::join_all;
use oc::domain::ids::TenantId;
use oc::platform::db::{Db, DbError, Together};
use uuid::Uuid;

use super::{ALL, execute, message, tenant, texts, with_connections};
use crate::support::any_role;
use crate::support::database::TestDatabase;

/// Tenants that take turns on a few connections.
const TENANTS: usize = 7;

fn nth(i: usize) -> TenantId {
    tenant(&format!("tenant-{}", i % TENANTS))
}

/// A database in which every tenant has a row, and the way to it.
fn shared() -> (TestDatabase, Db) {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let rows: Vec<_> = (0..TENANTS).map(|i| message(nth(i).as_str(), "seed")).collect();
    database.execute(&rows.join("; "));
    let db = Db::new(&with_connections(&database, 6), role.owner());
    (database, db)
}

/// Whose rows a statement without a condition sees.
fn seen(conn: &mut PgConnection) -> Result<Vec<String>, DbError> {
    texts(conn, "SELECT DISTINCT tenant_id AS text FROM outbox")
}

/// The same numbers on every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides).unwrap()
    }
}

/// What a tenant does with its turn, well or badly. `None` if the connection broke
/// before anything could be seen.
async fn turn(db: &Db, own: &TenantId, kind: usize) -> Option<Vec<String>> {
    let id = Uuid::from_u128(kind as u128);
    let failing = "SELECT 1 / 0";
    match kind {
        0 => Some(db.of(own).read(seen).await.unwrap()),
        1 => Some(db.of(own).run(seen).await.unwrap()),
        2 => Some(db.of(own).transaction(id, seen).await.unwrap()),
        3 => {
            // Rolled back after it has seen its rows.
            let fail = move |conn: &mut PgConnection| {
                let seen = seen(conn)?;
                execute(conn, failing).map(|_| ()).map_err(|_| DbError::Shared(seen.join(" ")))
            };
            let Err(DbError::Shared(seen)) = db.of(own).transaction(id, fail).await else {
                panic!("it failed")
            };
            Some(vec![seen])
        }
        4 => {
            let fail = |conn: &mut PgConnection| conn.transaction(|conn| execute(conn, failing));
            assert!(db.of(own).run(fail).await.is_err());
            None
        }
        5 => {
            // A savepoint that fails within a transaction that goes on.
            let nested = |conn: &mut PgConnection| {
                let failed: Result<usize, DbError> = conn.transaction(|conn| execute(conn, failing));
                assert!(failed.is_err());
                seen(conn)
            };
            Some(db.of(own).run_alone(nested).await.unwrap())
        }
        6 => {
            let die = |_: &mut PgConnection| -> Result<(), DbError> { panic!("on purpose") };
            assert!(matches!(db.of(own).run(die).await, Err(DbError::Panicked)));
            None
        }
        7 => {
            let die = |conn: &mut PgConnection| -> Result<(), DbError> {
                conn.transaction(|conn| {
                    seen(conn)?;
                    panic!("on purpose")
                })
            };
            assert!(matches!(db.of(own).read(die).await, Err(DbError::Panicked)));
            None
        }
        _ => {
            let cut =
                |conn: &mut PgConnection| execute(conn, "SELECT pg_terminate_backend(pg_backend_pid())");
            assert!(db.of(own).run(cut).await.is_err());
            None
        }
    }
}

#[actix_web::test]
async fn whatever_happened_on_a_connection_the_next_tenant_sees_its_own_rows() {
    let (_database, db) = shared();
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let turns: Vec<_> = (0..150).map(|_| (nth(dice.throw(7)), dice.throw(9))).collect();
        let taken = join_all(turns.iter().map(async |(own, kind)| {
            let seen = turn(&db, own, *kind).await;
            if let Some(seen) = &seen {
                assert_eq!(seen, &[own.to_string()], "turn {kind} of seed {seed}");
            }
            seen.is_some()
        }));
        assert!(taken.await.iter().filter(|seen| **seen).count() > 50);
    }
}

#[actix_web::test]
async fn tenants_whose_commits_are_shared_write_and_see_their_own_rows() {
    let (database, db) = shared();
    let runs = Arc::new(AtomicUsize::new(0));
    let writes = join_all((0..280).map(|i| {
        let (own, runs) = (nth(i), Arc::clone(&runs));
        let subject = Uuid::from_u128(i as u128 % 13);
        let rows = db.of(&own);
        let write = move |conn: &mut PgConnection| {
            runs.fetch_add(1, Ordering::Relaxed);
            execute(conn, &message(own.as_str(), "shared"))?;
            if i % 40 == 0 {
                // Somebody else's row spoils the whole batch.
                execute(conn, &message(nth(i + 1).as_str(), "planted"))?;
            }
            seen(conn)
        };
        rows.transaction(subject, write)
    }));
    for (i, outcome) in writes.await.into_iter().enumerate() {
        match outcome {
            Ok(seen) => assert_eq!(seen, [nth(i).to_string()]),
            Err(error) => {
                assert!(i % 40 == 0 && error.to_string().contains("row-level security"), "{i}: {error}");
            }
        }
    }
    assert!(runs.load(Ordering::Relaxed) > 280, "batches were run once more without the one that failed");
    assert_eq!(database.count("outbox WHERE topic = 'shared'"), 273);
    assert_eq!(database.count("outbox WHERE topic = 'planted'"), 0);
    for i in 0..TENANTS {
        let rows = db.of(&nth(i)).read(|conn| texts(conn, ALL)).await.unwrap();
        assert_eq!(rows.len(), 40);
        assert!(rows.iter().all(|row| row.starts_with(nth(i).as_str())), "{rows:?}");
    }
}

/// Whose rows it sees, whatever the keys say.
fn careless(
    conn: &mut PgConnection,
    keys: &[(TenantId, usize)],
) -> diesel::QueryResult<Vec<((TenantId, usize), String)>> {
    let seen = seen(conn).map_err(|_| diesel::NotFound)?.join(" ");
    Ok(keys.iter().map(|key| (key.clone(), seen.clone())).collect())
}

#[actix_web::test]
async fn look_ups_of_many_tenants_at_once_see_each_its_own_rows() {
    let (_database, db) = shared();
    let of_tenants = Together::of_tenants(db.clone(), |(tenant, _)| tenant, careless);
    let found = join_all((0..200).map(|i| of_tenants.find((nth(i), i)))).await;
    for (i, seen) in found.into_iter().enumerate() {
        assert_eq!(seen.unwrap(), Some(nth(i).to_string()));
    }
    let of_everybody = Together::of_everybody(db, careless);
    let seen = of_everybody.find((nth(0), 0)).await.unwrap().unwrap();
    assert_eq!(seen.split(' ').count(), TENANTS, "{seen}");
}
