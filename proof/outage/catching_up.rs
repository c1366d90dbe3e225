//! A long outage ends: how fast the queue is worked off, and how the provider
//! role answers meanwhile, compared with the same light load before and after.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::load::{Load, Pace, Sample};
use super::requests::Operation;
use super::rounds::wait_until_empty;
use super::{STALL, Scene};
use crate::sql;

/// Operations that are asked meanwhile.
pub const PROBES: [Operation; 3] = [Operation::Create, Operation::Read, Operation::List];

/// What was measured.
pub struct CatchingUp {
    /// Sends that were waiting.
    pub queue: u64,
    /// Sends per second that were accepted while the queue grew.
    pub accepted_per_second: f64,
    /// Seconds from the client role being ready to the first delivery.
    pub first_after: f64,
    /// Seconds from the client role being ready to the last delivery.
    pub last_after: f64,
    /// Documents per second from the first delivery until 99 % were delivered.
    pub per_second: f64,
    /// Each probe before and after, when nothing waits.
    pub calm: [Sample; 3],
    /// Each probe while the queue was worked off.
    pub meanwhile: [Sample; 3],
}

/// Lets the queue grow, brings the client role back and watches.
pub fn measure(scene: &Scene<'_>) -> Result<CatchingUp, String> {
    let length = scene.measure.length * 3;
    let before = probe_for(scene, length);
    scene.switch_off();
    let accepted_per_second = grow(scene);
    scene.measure.say(&format!("{} sends wait; the client role comes back", scene.measure.queue));
    let mut conn = sql::connect(&scene.stage.provider_url)?;
    let queue = sql::open_messages(&mut conn)?;
    scene.switch_on();
    let over = AtomicBool::new(false);
    let (watched, meanwhile) = std::thread::scope(|scope| {
        let probing = scope.spawn(|| probe(scene, &|| !over.load(Ordering::Relaxed)));
        let watched = watch(scene, &mut conn, queue);
        over.store(true, Ordering::Relaxed);
        (watched, probing.join().unwrap())
    });
    let [first, most, last] = watched?;
    wait_until_empty(scene)?;
    let [one, two, three] = before;
    let [four, five, six] = probe_for(scene, length);
    Ok(CatchingUp {
        queue,
        accepted_per_second,
        first_after: first,
        last_after: last,
        per_second: queue as f64 * 0.99 / (most - first).max(0.001),
        calm: [one.and(four), two.and(five), three.and(six)],
        meanwhile,
    })
}

/// Sends until as many wait as are wanted; returns how many were accepted per second.
fn grow(scene: &Scene<'_>) -> f64 {
    let (from, queue) = (scene.supply.accepted(), scene.measure.queue);
    let load = Load {
        address: scene.stage.providers[0].address,
        connections: scene.measure.direct_connections,
        pace: Pace::Closed,
    };
    std::thread::scope(|scope| {
        let growing = scope.spawn(|| {
            let wanted = || scene.supply.accepted() - from < queue;
            load.run(&wanted, &|random| scene.supply.request(Operation::Send, random), &|_| {
                scene.supply.accept();
            })
        });
        while !growing.is_finished() {
            std::thread::sleep(Duration::from_millis(if scene.measure.shows { 1_000 } else { 20 }));
            scene.measure.say(&format!("the queue grows: {}", scene.supply.accepted() - from));
        }
        growing.join().unwrap().rate()
    })
}

/// Seconds until the first delivery, until 99 % of them, and until the last.
fn watch(scene: &Scene<'_>, conn: &mut sql::Connection, queue: u64) -> Result<[f64; 3], String> {
    let started = Instant::now();
    let (mut first, mut most) = (None, None);
    let (mut least, mut since, mut told) = (queue, started, started);
    loop {
        let look = Instant::now();
        let waiting = sql::open_messages(conn)?;
        // Looking must cost next to nothing of what is being measured.
        let pause = (look.elapsed() * 30).max(Duration::from_millis(50));
        let now = started.elapsed().as_secs_f64();
        if waiting < least {
            (least, since) = (waiting, Instant::now());
            first = first.or(Some(now));
        }
        if waiting <= queue / 100 {
            most = most.or(Some(now));
        }
        if waiting == 0 {
            return Ok([first.unwrap_or(0.0), most.unwrap_or(now), now]);
        }
        if since.elapsed() > STALL {
            return Err(format!("{waiting} sends wait, and none was delivered in {STALL:?}"));
        }
        if told.elapsed() > Duration::from_secs(1) {
            told = Instant::now();
            scene.measure.say(&format!("{now:.0} s  {waiting} sends wait to be delivered"));
        }
        std::thread::sleep(pause);
    }
}

fn probe_for(scene: &Scene<'_>, length: Duration) -> [Sample; 3] {
    let until = Instant::now() + length;
    probe(scene, &|| Instant::now() < until)
}

/// The light load: every probe at its rate, at the same time.
fn probe(scene: &Scene<'_>, goes_on: &(impl Fn() -> bool + Sync)) -> [Sample; 3] {
    let pace = Pace::Open(scene.measure.probe_rate);
    let load = Load { address: scene.stage.providers[0].address, connections: 4, pace };
    std::thread::scope(|scope| {
        PROBES
            .map(|operation| {
                scope.spawn(move || {
                    load.run(goes_on, &|random| scene.supply.request(operation, random), &|_| ())
                })
            })
            .map(|thread| thread.join().unwrap())
    })
}
