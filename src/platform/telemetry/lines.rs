//! Log lines, written to standard error.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use env_logger::Target;

use super::log_format;
use crate::config::LogFormat;

/// How long lines are gathered before they are written together. One system
/// call per request would cost more than the request's own work.
const GATHER: Duration = Duration::from_millis(20);

static LINES: OnceLock<Arc<Lines>> = OnceLock::new();

/// Starts logging to standard error; `RUST_LOG` chooses the levels, `info` by default.
pub fn init(format: LogFormat) {
    let filter = env_logger::Env::default().default_filter_or("info,actix_server=warn");
    let mut builder = env_logger::Builder::from_env(filter);
    let is_terminal = io::stderr().is_terminal();
    if !is_terminal {
        let lines = Arc::clone(LINES.get_or_init(Lines::start));
        builder.target(Target::Pipe(Box::new(Gathered(lines))));
    }
    let is_json = match format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let started = builder
        .format(move |out, record| {
            if !may_be_told(record.level(), record.target()) {
                return Ok(());
            }
            let line = match is_json {
                true => log_format::json(record)?,
                false => log_format::text(record).map_err(io::Error::other)?,
            };
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
