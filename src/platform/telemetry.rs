//! Log lines: for people on a terminal and in files alike. Never logged: bodies,
//! access codes, tokens, names, database addresses.

use std::io::Write as _;

use log::kv::{Error, Key, Value, VisitSource};

/// Starts logging to standard error; `RUST_LOG` chooses the levels, `info` by default.
pub fn init() {
    let filter = env_logger::Env::default().default_filter_or("info,actix_server=warn");
    let started = env_logger::Builder::from_env(filter)
        .format(|out, record| {
            let mut line = format!("{} {:<5} {}", super::clock::now(), record.level(), record.args());
            record.key_values().visit(&mut Fields(&mut line)).map_err(std::io::Error::other)?;
            writeln!(out, "{line}")
        })
        .try_init();
    if started.is_err() {
        log::debug!("logging runs already");
    }
}

struct Fields<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        use std::fmt::Write as _;
        write!(self.0, " {key}={value}").map_err(|_| Error::msg("a field can't be written"))
    }
}
