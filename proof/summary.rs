//! What a proof prints at its end, and its verdict.

use crate::Outcome;
use crate::roles::Role;
use crate::run::Run;
use crate::sql;
use crate::verify::{FAULTS, verify};

/// Waits until everything is delivered, compares, prints, judges. `more` are
/// lines of the proof's own.
pub fn conclude(run: &Run<'_>, more: impl FnOnce() -> Vec<String>) -> Outcome {
    let waited = run.wait_until_delivered();
    let elapsed = run.elapsed();
    run.stage.roles().filter(|role| !role.has_ended_by_itself()).for_each(Role::wait_until_ready);
    let findings = match verify(run) {
        Ok(findings) => findings,
        Err(error) => {
            run.stage.keep_logs();
            return Outcome::Broken(format!("the comparison was not possible: {error}"));
        }
    };
    let (plan, ledger) = (&run.plan, &run.ledger);
    let mut lines = vec![
        format!(
            "seed {}, {} sends by {} writers, {:.0} s",
            plan.seed,
            plan.sends,
            plan.writers,
            elapsed.as_secs_f64()
        ),
        format!("accepted {}, given up without an answer {}", ledger.count(), ledger.unsure().len()),
        format!(
            "answers to sends: {}; tries answered 5xx: {}",
            listed(&ledger.answers()),
            listed(&ledger.refusals())
        ),
        format!("attempts of deliveries: {}", attempts(run)),
    ];
    lines.extend(more());
    let count = |fault: &&str| format!("{fault} {}", findings.count(fault));
    let (first, rest) = FAULTS.split_at(4);
    lines.push(first.iter().map(count).collect::<Vec<_>>().join(", "));
    lines.push(rest.iter().map(count).collect::<Vec<_>>().join(", "));
    lines.extend(findings.examples());
    println!("\n{}\n  {}", plan.name, lines.join("\n  "));
    let broken = FAULTS.iter().filter(|fault| findings.count(fault) > 0).map(count);
    let mut broken: Vec<String> = broken.collect();
    broken.extend(waited.err());
    if ledger.count() == 0 {
        broken.push("nothing was accepted".to_owned());
    }
    if broken.is_empty() {
        return Outcome::Held;
    }
    run.stage.keep_logs();
    Outcome::Broken(broken.join(", "))
}

fn attempts(run: &Run<'_>) -> String {
    let counted = sql::connect(&run.stage.provider_url).and_then(|mut conn| sql::attempts(&mut conn));
    counted.map_or_else(|_| "not known".to_owned(), |pairs| listed(&pairs))
}

/// `200: 17, 202: 4`.
pub fn listed(pairs: &[(String, u64)]) -> String {
    pairs.iter().map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", ")
}
