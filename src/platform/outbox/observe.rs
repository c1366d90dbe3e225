//! How the outbox stands, for the metrics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::dsl::{count_star, min, sql};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use tokio::sync::Mutex;

use super::Gates;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::{Db, PgTimestamp};
use crate::platform::http::ApiError;
use crate::platform::metrics::{self, Depth, Way};
use crate::platform::schema::outbox;
use crate::platform::{clock, metrics::outbox as measured};

/// Counting a long queue takes a while: however many scrape, it is counted no more often.
const KEPT: Duration = Duration::from_secs(5);

/// Counts what waits, when somebody asks.
#[derive(Clone, Default)]
pub struct Depths(Arc<Mutex<Option<Instant>>>);

impl Depths {
    /// Tells the metrics what waits in `db`, unless they were told a moment ago.
    pub async fn observe(&self, db: &Db) {
        let mut last = Arc::clone(&self.0).lock_owned().await;
        if last.is_some_and(|at| at.elapsed() < KEPT) {
            return;
        }
        let db = db.clone();
        // Goes on when the scraper hangs up, so that there is never more than one.
        let counted = actix_web::rt::spawn(async move {
            let now = clock::now();
            let count = move |conn: &mut PgConnection| depths(conn, now).map_err(ApiError::from);
            match db.of_everybody().read(count).await {
                Ok(depths) => {
                    Way::ALL.into_iter().zip(depths).for_each(|(way, depth)| measured().stands(way, depth));
                }
                Err(error) => log::debug!("the outbox can't be counted: {error}"),
            }
            *last = Some(Instant::now());
        });
        drop(counted.await);
    }
}

impl Gates {
    /// Tells the metrics how the circuit breakers stand.
    pub fn observe(&self) {
        let states = self.states();
        metrics::outbox().breakers(states.iter().map(|(name, state)| (name.as_str(), *state)));
    }
}

/// What waits of all tenants, in the order of [`Way::ALL`].
fn depths(conn: &mut PgConnection, now: Timestamp) -> QueryResult<[Depth; 2]> {
    let mut depths = [Depth::default(); 2];
    let mut at = |destination: &str, tell: &mut dyn FnMut(&mut Depth)| {
        let way = Way::to(destination);
        depths.iter_mut().zip(Way::ALL).filter(|(_, other)| *other == way).for_each(|(depth, _)| tell(depth));
    };
    let open: Vec<(String, i64, Option<PgTimestamp>)> = outbox::table
        .filter(sql::<Bool>("state IN ('pending', 'leased')"))
        .group_by(outbox::destination)
        .select((outbox::destination, count_star(), min(outbox::created_at)))
        .load(conn)?;
    for (destination, count, oldest) in open {
        let age = oldest.map_or(Duration::ZERO, |oldest| now.since(oldest.0));
        at(&destination, &mut |depth| {
            depth.waiting += count;
            depth.oldest = depth.oldest.max(age);
        });
    }
    let failed: Vec<(String, i64)> = outbox::table
        .filter(sql::<Bool>("state = 'failed'"))
        .group_by(outbox::destination)
        .select((outbox::destination, count_star()))
        .load(conn)?;
    for (destination, count) in failed {
        at(&destination, &mut |depth| depth.failed += count);
    }
    Ok(depths)
}
