//! The only place that writes to the terminal.

use std::io::{self, Write as _};

/// A line of a result, to standard output. A reader that went away is no error of ours.
pub fn line(text: &str) {
    let written = writeln!(io::stdout(), "{text}");
    if written.is_err_and(|e| e.kind() != io::ErrorKind::BrokenPipe) {
        log::debug!("standard output can't be written");
    }
}

/// A line for the person who watches, to standard error.
pub fn note(text: &str) {
    let written = writeln!(io::stderr(), "{text}");
    if written.is_err() {
        log::debug!("standard error can't be written");
    }
}

/// Why a command failed.
pub fn error(text: &str) {
    note(&format!("oc: {text}"));
}
