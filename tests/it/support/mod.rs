//! What the tests share: databases, the application without a socket, real
//! processes, a receiver that misbehaves on demand.
#![allow(dead_code, reason = "a build with one role uses a part of this")]

pub mod app;
pub mod backup;
pub mod bad_input;
pub mod browser;
pub mod child;
pub mod database;
pub mod http;
pub mod mail;
pub mod pdf;
pub mod process;
pub mod receiver;
pub mod redis;
pub mod scratch;
pub mod tokens;
pub mod vault;
pub mod waiting;

use oc::config::{Config, Source, Value, Values};
use oc::roles::Role;

use database::TestDatabase;

/// A key for access codes; 32 bytes without a pattern.
pub const CODE_KEY: &str = "Vn3sKd8Qy2LxRf7TgPb0WmHc5JzUe9AoXi4NqBt6GvE=";
/// A key for what is sealed.
pub const KEY: &str = "q0Jmd4mFGxQ0T2Xq9o5Nf1yB7uKZ3rWcVtLhAeYpSgE=";
/// Another one.
pub const NEW_KEY: &str = "b7SxwJ3nq5Rk8ZyVtPfM2dLhG0aCeUoXiT1vN6rWQ4s=";

/// Settings by name.
pub type Settings<'a> = &'a [(&'static str, &'a str)];

/// The settings of a role under test: few connections, any port, no authentication.
pub fn config(role: &str, database: &TestDatabase, given: Settings<'_>) -> Config {
    let base = [
        ("AUTH", "none"),
        ("PORT", "0"),
        ("HTTP_WORKERS", "1"),
        ("DATABASE_POOL_SIZE", "6"),
        ("DATABASE_URL", database.url()),
        ("ACCESS_CODE_KEY", CODE_KEY),
        ("FIELD_ENCRYPTION_KEY", KEY),
        ("REFUSAL_FLOOR_MS", "5"),
        // Every test comes from the same address, and many guess.
        ("WRONG_CODES_PER_CODE", "0"),
        ("WRONG_CODES_PER_ADDRESS", "0"),
        ("WRONG_CODES_PER_ADDRESS_DAY", "0"),
        ("WRONG_CODES_PER_TENANT", "0"),
    ];
    let value = |(name, text): &(&'static str, &str)| {
        (*name, Value { text: (*text).to_owned(), source: Source::Flag })
    };
    let values = Values::with_defaults(role, base.iter().chain(given).map(value));
    Config::load(role, &values).unwrap()
}

/// A role that is compiled in, whichever.
pub fn any_role() -> Role {
    Role::ALL[0]
}

/// A path of the role that reads its tables, and the status that an empty database gives.
pub fn reading_path(role: Role) -> (&'static str, u16) {
    match role.name() {
        "provider" => ("/api/documents", 200),
        _ => ("/api/public/0000-0000-0000", 404),
    }
}

/// A path of the role that takes a document, and a body that it accepts.
pub fn writing_path(role: Role) -> &'static str {
    match role.name() {
        "provider" => "/api/documents",
        _ => "/v1/documents",
    }
}

/// Does the same for every role at once: where a test waits, one waits for all.
pub fn for_each_role(check: impl Fn(Role) + Sync) {
    std::thread::scope(|scope| {
        let check = &check;
        let running: Vec<_> = Role::ALL.iter().map(|role| scope.spawn(move || check(*role))).collect();
        let ended: Vec<_> = running.into_iter().map(|thread| thread.join()).collect();
        ended.into_iter().for_each(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    });
}
