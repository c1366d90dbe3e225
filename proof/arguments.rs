//! The command line: words that choose proofs as in any Rust test, our own
//! options, and those of the usual test harness, which are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// Our options with a value.
const VALUES: [&str; 21] = [
    "sends",
    "writers",
    "seed",
    "faults",
    "kill-every-ms",
    "kills",
    "restarts",
    "disk-mb",
    "queue",
    "rounds",
    "millis",
    "connections",
    "probe-rate",
    "direct-connections",
    "documents",
    "spare",
    "off",
    "out",
    "small-disk",
    "send-timeout-ms",
    "pause-ms",
];
/// Our options without one.
const FLAGS: [&str; 3] = ["long", "no-kill", "no-faults"];
/// What the usual harness knows.
const HARNESS_VALUES: [&str; 5] = ["test-threads", "format", "color", "logfile", "shuffle-seed"];
const HARNESS_FLAGS: [&str; 10] = [
    "nocapture",
    "no-capture",
    "show-output",
    "quiet",
    "include-ignored",
    "report-time",
    "ensure-time",
    "shuffle",
    "test",
    "force-run-in-process",
];

/// The command line, read.
#[derive(Debug)]
pub struct Arguments {
    words: Vec<String>,
    skip: Vec<String>,
    values: BTreeMap<String, String>,
    flags: BTreeSet<String>,
    seed: u64,
}

impl Arguments {
    /// Reads the arguments after the program's name.
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self {
            words: Vec::new(),
            skip: Vec::new(),
            values: BTreeMap::new(),
            flags: BTreeSet::new(),
            seed: 1,
        };
        while let Some(argument) = arguments.next() {
            let Some(option) = argument.strip_prefix('-') else {
                read.words.push(argument);
                continue;
            };
            let option = option.trim_start_matches('-');
            let (name, mut value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, None),
            };
            let takes_value = VALUES.contains(&name) || HARNESS_VALUES.contains(&name);
            if (takes_value || name == "skip" || name == "Z") && value.is_none() {
                value = Some(arguments.next().ok_or_else(|| format!("--{name} needs a value"))?);
            }
            read.take(name, value)?;
        }
        read.seed = match read.values.get("seed") {
            Some(text) => text.parse().map_err(|_| "--seed is a number".to_owned())?,
            None if read.is_long() => seed_of_the_moment(),
            None => 1,
        };
        Ok(read)
    }

    fn take(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        match (name, value) {
            ("skip", Some(word)) => self.skip.push(word),
            (_, Some(value)) if VALUES.contains(&name) => {
                self.values.insert(name.to_owned(), value);
            }
            ("list" | "exact" | "ignored", _) => {
                self.flags.insert(name.to_owned());
            }
            (_, None) if FLAGS.contains(&name) => {
                self.flags.insert(name.to_owned());
            }
            ("q" | "Z", _) => {}
            _ if HARNESS_VALUES.contains(&name) || HARNESS_FLAGS.contains(&name) => {}
            _ => return Err(format!("--{name} is not known")),
        }
        Ok(())
    }

    /// Whether a flag was given.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    /// Whether the long versions were asked for.
    pub fn is_long(&self) -> bool {
        self.has("long")
    }

    /// Where every random decision comes from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// An option in words.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A number, or what is usual in the short and in the long version.
    pub fn number(&self, name: &str, short: u64, long: u64) -> u64 {
        let usual = if self.is_long() { long } else { short };
        self.text(name).map_or(usual, |text| {
            text.replace('_', "").parse().unwrap_or_else(|_| panic!("--{name} {text} is no number"))
        })
    }

    /// Whether the words choose this proof. None is ever ignored, so nothing is
    /// left where only ignored ones are asked for.
    pub fn selects(&self, name: &str) -> bool {
        let fits =
            |word: &String| if self.has("exact") { name == word } else { name.contains(word.as_str()) };
        let wanted = self.words.is_empty() || self.words.iter().any(fits);
        wanted && !self.skip.iter().any(fits) && !self.has("ignored")
    }

    /// Our own options, as they were given, and the seed.
    pub fn options(&self) -> Vec<String> {
        let flags = FLAGS.iter().filter(|flag| self.has(flag)).map(|flag| format!("--{flag}"));
        let values = self.values.iter().filter(|(name, _)| *name != "seed");
        let values = values.map(|(name, value)| format!("--{name}={value}"));
        flags.chain(values).chain([format!("--seed={}", self.seed)]).collect()
    }

    /// The command that does the same again.
    pub fn again(&self, name: &str) -> String {
        let words = self.options();
        let profile = if cfg!(debug_assertions) { "" } else { " --release" };
        format!("cargo test{profile} --test proof -- {name} {}", words.join(" "))
    }
}

fn seed_of_the_moment() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::from(since.subsec_nanos())
}
