//! Everything at once: a network that fails in every way, and processes that
//! are killed and come back, while twenty writers send.

mod faults;
mod killer;
mod proxy;

use std::time::Duration;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::run::{self, Run};
use crate::stage::{Plan, Stage};
use crate::summary::{conclude, listed};

use faults::Faults;
use killer::Killer;
use proxy::Proxy;

/// The proof.
pub fn prove(arguments: &Arguments) -> Outcome {
    let plan = run::Plan::new("chaos", arguments, (300, 20_000), (20, 20));
    let share = if arguments.has("no-faults") { 0 } else { arguments.number("faults", 30, 35) };
    let mut faults = Faults::new(plan.seed, share);
    if !arguments.is_long() {
        faults.longest_delay = Duration::from_millis(900);
    }
    let mut staging = Plan::new("chaos", arguments.is_long());
    let timeout = arguments.number("send-timeout-ms", 500, 2_000);
    staging.settings.push(("SEND_TIMEOUT_MS".to_owned(), timeout.to_string()));
    let mut between = None;
    let stage = Stage::set_up(&staging, |clients| between.insert(Proxy::start(clients, faults)).address);
    let proxy = between.unwrap();
    let every = Duration::from_millis(arguments.number("kill-every-ms", 700, 2_500));
    let killer = Killer::new(plan.seed, every, arguments.number("kills", 3, u64::MAX), arguments.is_long());
    let run = Run::new(plan, &stage, || format!("kills {}  faults {}", kills(&stage), proxy.faults()));
    run.send_all(|| {
        if !arguments.has("no-kill") {
            killer.go_about(&run);
        }
    });
    proxy.calm_down();
    conclude(&run, || {
        vec![
            format!("kills: {}", kills(&stage)),
            format!("requests of deliveries through the proxy: {}", listed(&proxy.counts())),
        ]
    })
}

/// `provider-1 4, provider-2 1, …`.
fn kills(stage: &Stage) -> String {
    stage.roles().map(|role| format!("{} {}", role.name, role.kills())).collect::<Vec<_>>().join(", ")
}
