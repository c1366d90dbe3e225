//! Log lines. Never logged: bodies, access codes, tokens, passwords, names of
//! people.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use env_logger::Target;
use log::kv::{Error, Key, Value, VisitSource};

/// How long lines are gathered before they are written together. One system
/// call per request would cost more than the request's own work.
const GATHER: Duration = Duration::from_millis(20);

static LINES: OnceLock<Arc<Lines>> = OnceLock::new();

/// Starts logging to standard error; `RUST_LOG` chooses the levels, `info` by default.
pub fn init() {
    let filter = env_logger::Env::default().default_filter_or("info,actix_server=warn");
    let mut builder = env_logger::Builder::from_env(filter);
    if !io::stderr().is_terminal() {
        let lines = Arc::clone(LINES.get_or_init(Lines::start));
        builder.target(Target::Pipe(Box::new(Gathered(lines))));
    }
    let started = builder
        .format(|out, record| {
            if !may_be_told(record.level(), record.target()) {
                return Ok(());
            }
            let mut line = format!("{} {:<5} {}", super::clock::now(), record.level(), record.args());
            record.key_values().visit(&mut Fields(&mut line)).map_err(io::Error::other)?;
            writeln!(out, "{line}")
        })
        .try_init();
    if started.is_err() {
        log::debug!("logging runs already");
    }
}

/// Libraries that speak HTTP tell whole heads and bodies below `info`; no
/// `RUST_LOG` brings these lines out.
fn may_be_told(level: log::Level, target: &str) -> bool {
    level <= log::Level::Info || target.split("::").next() == Some("oc")
}

/// Writes what is still gathered; for the end of the program.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        lines.write_out();
    }
}

struct Fields<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        use std::fmt::Write as _;
        write!(self.0, " {key}={value}").map_err(|_| Error::msg("a field can't be written"))
    }
}

/// Lines that wait to be written by a thread of their own.
#[derive(Default)]
struct Lines {
    waiting: Mutex<Vec<u8>>,
    some: Condvar,
}

impl Lines {
    fn start() -> Arc<Self> {
        let lines = Arc::new(Self::default());
        let writer = Arc::clone(&lines);
        std::thread::spawn(move || {
            while let Ok(waiting) = writer.waiting.lock() {
                // Poisoned only if a writer panicked; then nothing is logged any more.
                let Ok(guard) = writer.some.wait_while(waiting, |waiting| waiting.is_empty()) else { return };
                drop(guard);
                std::thread::sleep(GATHER);
                writer.write_out();
            }
        });
        lines
    }

    fn write_out(&self) {
        let Ok(mut waiting) = self.waiting.lock() else { return };
        let bytes = std::mem::take(&mut *waiting);
        drop(waiting);
        // Nobody is left to be told that standard error is gone.
        drop(io::stderr().write_all(&bytes));
    }
}

struct Gathered(Arc<Lines>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Ok(mut waiting) = self.0.waiting.lock() {
            let was_empty = waiting.is_empty();
            waiting.extend_from_slice(bytes);
            if was_empty {
                self.0.some.notify_one();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log::Level::{Debug, Info, Trace};

    use super::may_be_told;

    #[test]
    fn libraries_are_silent_below_info_and_only_they() {
        assert!(may_be_told(Info, "actix_http::h1") && may_be_told(Trace, "oc::platform::http"));
        assert!(may_be_told(Debug, "oc") && may_be_told(Debug, "oc::access"));
        assert!(!may_be_told(Trace, "actix_http::h1") && !may_be_told(Debug, "octopus"));
    }
}
