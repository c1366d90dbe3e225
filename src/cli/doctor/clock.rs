//! Whether the clocks of everybody agree.

use std::time::Duration;

use diesel::PgConnection;

use super::failed;
use super::findings::Group;
use crate::domain::timestamp::Timestamp;
use crate::platform::clock;
use crate::platform::db::inspect;

/// More is worth a look.
const CLOSE: Duration = Duration::from_secs(2);
/// More lets tokens between the roles be refused.
const FAR: Duration = Duration::from_secs(30);

/// Compares with the clock of the database server.
pub fn of_database(conn: &mut PgConnection, group: &Group<'_>) {
    let before = clock::now();
    match inspect::time(conn) {
        Ok(there) => compare("database server", (before, there, clock::now()), group),
        Err(error) => failed(group, "database server", &error),
    }
}

/// Compares a moment there with the moments here between which it was read.
pub fn compare(
    whose: &'static str,
    (before, there, after): (Timestamp, Timestamp, Timestamp),
    group: &Group<'_>,
) {
    let ahead = if there > after { there.since(after) } else { Duration::ZERO };
    let off = ahead.max(if before > there { before.since(there) } else { Duration::ZERO });
    let found = format!("the clock of the {whose} differs by {} ms from the one here", off.as_millis());
    let advice = "let both follow the same time servers (NTP): access, leases and tokens end by the clock";
    match off {
        off if off > FAR => group.problem(whose, found, advice),
        off if off > CLOSE => group.warning(whose, found, advice),
        _ => group.ok(whose, found),
    }
}
