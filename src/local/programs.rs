//! Finds an installed PostgreSQL, and the user that may run it.

use std::fs;
use std::path::{Path, PathBuf};

/// Where package managers put PostgreSQL: a folder, and what stands before the major version in it.
const PLACES: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// The folder that holds `initdb` and `postgres`: the one given, the newest of
/// the usual places, or one on the PATH.
pub(super) fn find(given: Option<&Path>, path: &[PathBuf]) -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(given) = given {
        return [given.to_path_buf(), given.join("bin")].into_iter().find(complete);
    }
    let mut installed: Vec<(u32, PathBuf)> =
        PLACES.iter().flat_map(|(root, prefix)| versions(root, prefix)).collect();
    installed.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    let installed = installed.into_iter().map(|(_, folder)| folder);
    let on_path = path
        .iter()
        .filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok()?.parent().map(Path::to_path_buf));
    installed.chain(on_path).find(complete)
}

fn versions(root: &str, prefix: &str) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let version = |entry: fs::DirEntry| {
        let major = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
        Some((major, entry.path().join("bin")))
    };
    entries.filter_map(version).collect()
}

/// Numeric user and group.
pub(super) type Account = (u32, u32);

/// PostgreSQL refuses to run as root, so root runs it as `postgres`, else as `nobody`.
pub(super) fn server_account() -> Option<Account> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let named = |name: &str| {
        accounts.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next()? == name;
            let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            found.then_some((user, group))
        })
    };
    named("postgres").or_else(|| named("nobody"))
}
