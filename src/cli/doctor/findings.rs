//! What was found, and what to do.

use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use crate::cli::output;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Ok,
    Warning,
    Problem,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One check.
#[derive(Debug, Clone)]
pub struct Finding {
    pub group: &'static str,
    pub check: &'static str,
    pub state: State,
    /// One line.
    pub found: String,
    /// One line.
    pub advice: Option<String>,
}

impl Finding {
    pub fn print(&self) {
        output::line(&format!("{:<8} {}: {}: {}", self.state.as_str(), self.group, self.check, self.found));
        if let Some(advice) = &self.advice {
            output::line(&format!("         -> {advice}"));
        }
    }

    pub fn json(&self) -> Value {
        json!({"group": self.group, "check": self.check, "state": self.state.as_str(),
               "found": self.found, "advice": self.advice})
    }
}

/// Where findings go. Nobody listens any more once it took too long.
pub struct Tell(pub Sender<Finding>);

impl Tell {
    pub fn group(&self, name: &'static str) -> Group<'_> {
        Group { tell: self, name }
    }
}

/// Findings of one kind.
#[derive(Clone, Copy)]
pub struct Group<'a> {
    tell: &'a Tell,
    name: &'static str,
}

impl Group<'_> {
    pub fn ok(&self, check: &'static str, found: impl Into<String>) {
        self.say(check, State::Ok, &found.into(), None);
    }

    pub fn warning(&self, check: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.say(check, State::Warning, &found.into(), Some(advice.into()));
    }

    pub fn problem(&self, check: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.say(check, State::Problem, &found.into(), Some(advice.into()));
    }

    fn say(&self, check: &'static str, state: State, found: &str, advice: Option<String>) {
        // What others say may have several lines.
        let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
        drop(self.tell.0.send(Finding { group: self.name, check, state, found, advice }));
    }
}
