//! The providers' database breaks down in the middle of sends, several times.

use crate::Outcome;
use crate::arguments::Arguments;
use crate::random::Random;
use crate::run::{self, Run};
use crate::stage::{Plan, Stage};
use crate::summary::conclude;

/// The proof.
pub fn prove(arguments: &Arguments) -> Outcome {
    let name = "database-restart";
    let plan = run::Plan::new(name, arguments, (150, 6_000), (8, 16));
    let restarts = arguments.number("restarts", 2, 6);
    let stage = Stage::set_up(&Plan::new(name, arguments.is_long()), |clients| clients[0]);
    let run = Run::new(plan, &stage, String::new);
    let mut random = Random::of(run.plan.seed, "restarts");
    run.send_all(|| {
        for number in 1..=restarts {
            run.wait_for_share(number * 100 / (restarts + 1));
            std::thread::sleep(random.millis(0, 50));
            let mut server = stage.provider_server.lock().unwrap();
            server.break_down();
            let pause = random.millis(0, 2_000);
            run.say(&format!(
                "the database broke down, number {number}; away for {} ms more",
                pause.as_millis()
            ));
            std::thread::sleep(pause);
            server.start_again().unwrap();
            run.say("the database is back");
        }
    });
    conclude(&run, || vec![format!("the providers' database broke down {restarts} times")])
}
