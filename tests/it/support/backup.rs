//! Backups of a test's database, with the programs that an operator uses.

use std::path::PathBuf;
use std::process::Command;

use super::database::TestDatabase;
use super::scratch::Scratch;

/// A file of `pg_dump`.
pub struct Backup(Scratch);

impl Backup {
    /// Writes what is in a database now, while others go on.
    pub fn of(url: &str) -> Self {
        let backup = Self(Scratch::new("backup"));
        run(program("pg_dump").args(["--format=custom", "--file"]).arg(backup.file()).arg(url));
        backup
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("database.dump")
    }

    /// Reads it back into an empty database.
    pub fn restore_to(&self, url: &str) {
        run(program("pg_restore").args(["--exit-on-error", "--no-owner", "--dbname", url]).arg(self.file()));
    }

    /// Reads as much of it back as can be, and tells what was refused.
    pub fn restore_what_can_be(&self, url: &str) -> String {
        let restored = program("pg_restore").args(["--no-owner", "--dbname", url]).arg(self.file()).output();
        String::from_utf8_lossy(&restored.unwrap().stderr).into_owned()
    }

    /// Destroys a database and puts the backup in its place. Whoever was connected has to
    /// connect anew.
    pub fn put_back(&self, database: &TestDatabase) {
        database.clear();
        self.restore_to(database.url());
    }
}

fn program(name: &str) -> Command {
    Command::new(super::database::program(name))
}

fn run(command: &mut Command) {
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
}
