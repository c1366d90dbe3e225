//! Sends under a disturbance: writers at work, something that disturbs them,
//! a line per second that tells how it goes, and the wait until all is delivered.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::sql;
use crate::stage::Stage;
use crate::writers::{PATIENCE, Writer};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How much is sent.
pub struct Plan {
    /// The proof's name.
    pub name: &'static str,
    /// How many documents.
    pub sends: u64,
    /// How many writers at the same time.
    pub writers: usize,
    /// Where all random decisions come from.
    pub seed: u64,
    /// How long a writer rests between two documents.
    pub pause: Duration,
    /// How long a writer stays with a key that is in use.
    pub key_patience: Duration,
    /// Whether progress is shown.
    pub shows: bool,
    /// How long nothing may be delivered until the wait is given up.
    pub stall: Duration,
}

impl Plan {
    /// What the options say, with what is usual for this proof.
    pub fn new(name: &'static str, arguments: &Arguments, sends: (u64, u64), writers: (u64, u64)) -> Self {
        Self {
            name,
            sends: arguments.number("sends", sends.0, sends.1),
            writers: arguments.number("writers", writers.0, writers.1) as usize,
            seed: arguments.seed(),
            pause: Duration::ZERO,
            key_patience: if arguments.is_long() { PATIENCE } else { Duration::from_secs(1) },
            shows: arguments.is_long(),
            // Longer than the longest pause between two attempts.
            stall: Duration::from_secs(360),
        }
    }
}

/// A run that is under way.
pub struct Run<'a> {
    pub plan: Plan,
    pub stage: &'a Stage,
    pub ledger: Ledger,
    /// Number of the next document.
    pub next: AtomicU64,
    /// What else the line of progress tells.
    pub extra: Box<dyn Fn() -> String + Send + Sync + 'a>,
    started: Instant,
    over: AtomicBool,
}

impl<'a> Run<'a> {
    pub fn new(plan: Plan, stage: &'a Stage, extra: impl Fn() -> String + Send + Sync + 'a) -> Self {
        Self {
            plan,
            stage,
            ledger: Ledger::default(),
            next: AtomicU64::new(0),
            extra: Box::new(extra),
            started: Instant::now(),
            over: AtomicBool::new(false),
        }
    }

    /// Whether everything has been sent.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// How long it has been going on.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sleeps, but not beyond the end of the sending; `false` if that has come.
    pub fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_over() {
            std::thread::sleep(Duration::from_millis(10).min(until - Instant::now()));
        }
        !self.is_over()
    }

    /// Waits until a share of all documents was taken up, in percent; `false`
    /// if everything has been sent before.
    pub fn wait_for_share(&self, percent: u64) -> bool {
        while self.next.load(Ordering::Relaxed) * 100 < self.plan.sends * percent && !self.is_over() {
            std::thread::sleep(Duration::from_millis(5));
        }
        !self.is_over()
    }

    /// Sends everything while `disturb` does its worst; returns when both are done.
    pub fn send_all(&self, disturb: impl FnOnce() + Send) {
        let providers = self.stage.provider_addresses();
        std::thread::scope(|scope| {
            let disturbing = scope.spawn(disturb);
            let writing: Vec<_> = (0..self.plan.writers)
                .map(|number| {
                    let mut writer = Writer::new(self, number, &providers);
                    scope.spawn(move || writer.work())
                })
                .collect();
            let mut progress = Progress::new(self);
            while !writing.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                std::thread::sleep(LOOK);
                progress.show("sending");
            }
            self.over.store(true, Ordering::Relaxed);
            writing.into_iter().for_each(|writer| writer.join().unwrap());
            disturbing.join().unwrap();
        });
    }

    /// Waits until nothing waits to be delivered; says what is left if nothing
    /// moves any more.
    pub fn wait_until_delivered(&self) -> Result<(), String> {
        let mut progress = Progress::new(self);
        let (mut least, mut since) = (u64::MAX, Instant::now());
        loop {
            match progress.show("delivering") {
                Some(0) => return Ok(()),
                Some(waiting) if waiting < least => (least, since) = (waiting, Instant::now()),
                Some(_) | None => {}
            }
            if since.elapsed() > self.plan.stall {
                return Err(format!("{least} sends wait, and none was delivered in {:?}", self.plan.stall));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// A line of its own about something that happens now.
    pub fn say(&self, what: &str) {
        if self.plan.shows {
            eprintln!("{} {:>4} s  {what}", self.plan.name, self.elapsed().as_secs());
        }
    }
}

/// The line of progress, and the connection that it comes from.
struct Progress<'a> {
    run: &'a Run<'a>,
    conn: Option<sql::Connection>,
    shown: Option<u64>,
}

impl<'a> Progress<'a> {
    fn new(run: &'a Run<'a>) -> Self {
        Self { run, conn: None, shown: None }
    }

    /// Shows a line if a second has passed, and returns how many sends wait;
    /// `None` while the database can't be asked.
    fn show(&mut self, phase: &str) -> Option<u64> {
        let second = self.run.elapsed().as_secs();
        if self.shown == Some(second) && phase == "sending" {
            return None;
        }
        let counted = self.count();
        if self.shown != Some(second) {
            self.shown = Some(second);
            let state = match &counted {
                Ok((delivered, waiting)) => format!("delivered {delivered}  queued {waiting}"),
                Err(_) => "the database can't be asked".to_owned(),
            };
            let (plan, accepted) = (&self.run.plan, self.run.ledger.count());
            let extra = (self.run.extra)();
            self.run.say(&format!("{phase:<10}  accepted {accepted}/{}  {state}  {extra}", plan.sends));
        }
        counted.ok().map(|(_, waiting)| waiting)
    }

    fn count(&mut self) -> Result<(u64, u64), String> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => sql::connect(&self.run.stage.provider_url)?,
        };
        let counted = (sql::delivered(&mut conn)?, sql::waiting(&mut conn)?);
        self.conn = Some(conn);
        Ok(counted)
    }
}
