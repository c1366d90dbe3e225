//! What waits to be delivered, and what it needs.

use std::time::Duration;

use diesel::PgConnection;

use super::findings::Group;
use super::{Patient, failed};
use crate::platform::clock;
use crate::platform::outbox::inspect;

/// Whoever waits longer has been waited for in vain.
const LONG: Duration = Duration::from_secs(3_600);

pub fn look(patient: &Patient, conn: &mut PgConnection, group: &Group<'_>) {
    if !patient.is_provider() {
        return;
    }
    match inspect::queue(conn) {
        Ok(queue) => {
            let age = queue.oldest.map(|at| clock::now().since(at.0)).unwrap_or_default();
            waiting(queue.waiting, age, group);
            gave_up(queue.failed, queue.failed_revocations, group);
        }
        Err(error) => failed(group, "waiting", &error),
    }
    group.ok("breaker", "whether the way to the client role is closed can't be seen from outside; oc_outbox_breakers and the log of each process tell");
    reserve(patient, conn, group);
}

fn waiting(count: i64, age: Duration, group: &Group<'_>) {
    let found = format!("{count} messages wait, the oldest for {} s", age.as_secs());
    match age > LONG {
        true => group.warning(
            "waiting",
            found,
            "oc outbox list --state pending tells why; see whether the client role can be reached",
        ),
        false => group.ok("waiting", found),
    }
}

fn gave_up(failed: i64, revocations: i64, group: &Group<'_>) {
    if failed == 0 {
        return group.ok("failed", "no message has failed");
    }
    let advice = "oc outbox list --state failed and oc outbox show MESSAGE tell why; mend it, then oc outbox retry --all";
    match revocations {
        0 => group.problem("failed", format!("{failed} messages have failed"), advice),
        _ => group.problem(
            "failed",
            format!(
                "{failed} messages have failed, {revocations} of them revocations: these codes STILL OPEN"
            ),
            advice,
        ),
    }
}

fn reserve(patient: &Patient, conn: &mut PgConnection, group: &Group<'_>) {
    let size = i64::try_from(patient.config.upkeep.reserve_size).unwrap_or(i64::MAX);
    let lasts_until = clock::now().plus(patient.config.outbox.retry.max_age);
    let levels = match patient.role.reserves(conn, lasts_until) {
        Ok(levels) => levels,
        Err(error) => return failed(group, "reserve of codes", &error),
    };
    let low = levels.iter().filter(|(_, count, _)| count.saturating_mul(4) < size).count();
    let least = levels.iter().map(|(_, count, _)| *count).min().unwrap_or(size);
    let found = format!("{} tenants send, the smallest reserve has {least} of {size} codes", levels.len());
    match low {
        0 => group.ok("reserve of codes", found),
        _ => group.warning(
            "reserve of codes",
            format!("{found}; {low} are less than a quarter full"),
            "they are filled while role provider runs and reaches the client role; until then some are sent without a code",
        ),
    }
}
