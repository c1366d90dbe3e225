//! What the fence between tenants costs: the same requests with its policies and
//! with policies that let everything pass, and of one tenant and of many.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client;
use crate::operations::Operation;
use crate::report::{self, median};
use crate::stage::Stage;

/// Tenants that take turns.
const TENANTS: u64 = 100;
const CONNECTIONS: usize = 32;
const OWN: &str = "(tenant_id = current_setting('app.tenant_id'::text, true))";

/// Prints for each operation the share of throughput that the fence costs: medians
/// of rounds in which both are measured one after the other.
pub fn measure(stage: &mut Stage, rounds: u64, length: Duration) {
    let mut found = Vec::new();
    println!("\noperation  policies/s  without/s  cost");
    for operation in [Operation::Read, Operation::List, Operation::Create, Operation::Update, Operation::Send]
    {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        client::run(stage, operation, CONNECTIONS, length / 2);
        for round in 0..rounds {
            // Whoever comes second finds a warmer or a fuller database.
            for fenced in [round % 2 == 0, round % 2 == 1] {
                set_policies(stage, if fenced { OWN } else { "true" });
                let sample = client::run(stage, operation, CONNECTIONS, length);
                assert_eq!(sample.errors, 0, "{}", operation.name());
                if fenced { &mut with } else { &mut without }.push(sample.rate());
            }
        }
        found.push(tell(operation.name(), with, without));
    }
    set_policies(stage, OWN);
    println!("\noperation  {TENANTS} tenants/s  one tenant/s  cost");
    let (mut many, mut one) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (tenants, rates) in [(TENANTS, &mut many), (1, &mut one)] {
            stage.tenants = tenants;
            let sample = client::run(stage, Operation::Create, CONNECTIONS, length);
            assert_eq!(sample.errors, 0);
            rates.push(sample.rate());
        }
    }
    let turns = tell("create", many, one);
    report::write("fence", &json!({"rounds": rounds, "policies": found, "tenantsInTurn": turns}));
}

/// Of rates of the same round, the share that is lost.
fn tell(name: &str, fenced: Vec<f64>, free: Vec<f64>) -> Value {
    let lost = median(fenced.iter().zip(&free).map(|(fenced, free)| 100.0 * (1.0 - fenced / free)));
    let (fenced, free) = (median(fenced.into_iter()), median(free.into_iter()));
    println!("{name:<9} {fenced:>11.0} {free:>10.0} {lost:>4.1} %");
    json!({"operation": name, "perSecond": fenced.round(), "withoutPerSecond": free.round(), "costPercent": (lost * 10.0).round() / 10.0})
}

fn set_policies(stage: &Stage, condition: &str) {
    let sql = format!(
        "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT polrelid FROM pg_policy WHERE pg_get_expr(polqual, polrelid) <> 'false' LOOP \
         EXECUTE format('ALTER POLICY tenant_isolation ON %s USING ({}) WITH CHECK ({})', t); END LOOP; END $$",
        condition.replace('\'', "''"),
        condition.replace('\'', "''"),
    );
    ["oc_provider", "oc_client"].iter().for_each(|database| stage.execute(database, &sql));
}
