//! Column types that diesel does not bring.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Timestamptz};

use crate::domain::timestamp::Timestamp;

/// 2000-01-01T00:00:00Z in microseconds since 1970: where PostgreSQL starts to count.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A `timestamptz` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamptz)]
pub struct PgTimestamp(pub Timestamp);

impl From<Timestamp> for PgTimestamp {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}

impl From<PgTimestamp> for Timestamp {
    fn from(column: PgTimestamp) -> Self {
        column.0
    }
}

impl FromSql<Timestamptz, Pg> for PgTimestamp {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(bytes)?;
        let millis = (micros + POSTGRES_EPOCH_MICROS).div_euclid(1_000);
        Timestamp::from_millis(millis).map(Self).ok_or_else(|| "a time out of range".into())
    }
}

impl ToSql<Timestamptz, Pg> for PgTimestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let micros = self.0.as_millis() * 1_000 - POSTGRES_EPOCH_MICROS;
        <i64 as ToSql<BigInt, Pg>>::to_sql(&micros, &mut out.reborrow())
    }
}
