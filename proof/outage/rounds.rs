//! On, off, on, off …: each operation alone, in the same run, so that whatever
//! else the machine does hits both alike.

use std::time::{Duration, Instant};

use super::load::{Load, Pace, Sample};
use super::requests::Operation;
use super::{STALL, Scene};
use crate::roles::Role;
use crate::sql;

/// Times that the direct load is measured, before and after everything else.
const DIRECT: usize = 3;

/// One round: each operation with the client role on, then off.
pub type Round = [Pair; 4];

/// An operation with the client role on and off.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    pub on: Sample,
    pub off: Sample,
}

/// Measures all rounds. In the end the client role is on and nothing waits.
pub fn on_and_off(scene: &Scene<'_>) -> Result<Vec<Round>, String> {
    let mut rounds = Vec::new();
    for number in 1..=scene.measure.rounds {
        let mut round = Round::default();
        for (operation, pair) in Operation::ALL.into_iter().zip(&mut round) {
            pair.on = one(scene, operation);
        }
        scene.switch_off();
        for (operation, pair) in Operation::ALL.into_iter().zip(&mut round) {
            pair.off = one(scene, operation);
        }
        scene.switch_on();
        for (operation, pair) in Operation::ALL.into_iter().zip(&round) {
            let p99 = |sample: &Sample| sample.quantile(0.99) / 1_000.0;
            scene.measure.say(&format!(
                "round {number}/{}  {:<6}  on {:>6.0}/s p99 {:>7.2} ms   off {:>6.0}/s p99 {:>7.2} ms   errors {}",
                scene.measure.rounds,
                operation.name(),
                pair.on.rate(),
                p99(&pair.on),
                pair.off.rate(),
                p99(&pair.off),
                pair.on.errors + pair.off.errors
            ));
        }
        wait_until_empty(scene)?;
        rounds.push(round);
    }
    Ok(rounds)
}

fn one(scene: &Scene<'_>, operation: Operation) -> Sample {
    let measure = scene.measure;
    let load = Load {
        address: scene.stage.providers[0].address,
        connections: measure.connections,
        pace: Pace::Closed,
    };
    let for_a_while = |length: Duration| {
        let until = Instant::now() + length;
        let look = |_: &_| {
            if operation == Operation::Send {
                scene.supply.accept();
            }
        };
        load.run(&|| Instant::now() < until, &|random| scene.supply.request(operation, random), &look)
    };
    // What is new to the provider, such as a client role that is away, is learnt before.
    for_a_while(measure.length / 6);
    for_a_while(measure.length)
}

/// Waits until everything is delivered, so that the next round starts like the first.
pub fn wait_until_empty(scene: &Scene<'_>) -> Result<(), String> {
    let mut conn = sql::connect(&scene.stage.provider_url)?;
    let (mut least, mut since, mut told) = (u64::MAX, Instant::now(), Instant::now());
    loop {
        let waiting = sql::open_messages(&mut conn)?;
        if waiting == 0 {
            return Ok(());
        }
        if waiting < least {
            (least, since) = (waiting, Instant::now());
        }
        if since.elapsed() > STALL {
            return Err(format!("{waiting} sends wait, and none was delivered in {STALL:?}"));
        }
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            scene.measure.say(&format!("{waiting} sends wait to be delivered"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Deliveries per second that a client process of its own takes, several times.
pub fn direct(scene: &Scene<'_>, client: &Role) -> Vec<f64> {
    let load =
        Load { address: client.address, connections: scene.measure.direct_connections, pace: Pace::Closed };
    let once = |_| {
        let until = Instant::now() + scene.measure.length;
        let sample =
            load.run(&|| Instant::now() < until, &|random| Some(scene.supply.delivery(random)), &|_| ());
        scene.measure.say(&format!(
            "direct load  {:.0} documents/s, errors {}",
            sample.rate(),
            sample.errors
        ));
        sample.rate()
    };
    (0..DIRECT).map(once).collect()
}
