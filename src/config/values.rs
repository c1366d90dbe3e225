//! Values of settings before they are checked, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::settings::SETTINGS;

/// A value that must not be shown: `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a value.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Secret keys of 32 bytes: the first makes, all check. `Debug` prints `***`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(pub Vec<[u8; 32]>);

impl Keys {
    /// Reads a comma-separated list of base64.
    fn parse(text: &str) -> Option<Self> {
        let keys = text.split(',').map(|key| STANDARD.decode(key.trim()).ok()?.try_into().ok());
        keys.collect::<Option<_>>().map(Self)
    }

    /// Whether each key could have been drawn at random. Zeroes, a repeated or a
    /// counted-up pattern, and words out of a manual or of a keyboard could not: of
    /// a billion random keys, not one is refused.
    fn look_random(&self) -> bool {
        self.0.iter().all(looks_random)
    }
}

fn looks_random(key: &[u8; 32]) -> bool {
    let different: BTreeSet<_> = key.iter().collect();
    let typed = key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    let steps: BTreeSet<_> = key.iter().zip(key.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a)).collect();
    different.len() >= 16 && steps.len() >= 8 && !typed
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// A file that `<NAME>_FILE` names.
    File,
    /// The table of settings.
    Default,
}

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub struct Value {
    /// The text as given.
    pub text: String,
    /// Where it comes from.
    pub source: Source,
}

/// Values by the name of their setting. An empty value counts as not given.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Puts the defaults of `role` below the values that were given.
    #[must_use]
    pub fn with_defaults(role: &str, given: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            if let Some(text) = setting.default.of(role) {
                values.insert(setting.name, Value { text, source: Source::Default });
            }
        }
        values.extend(given.into_iter().filter(|(_, value)| !value.text.is_empty()));
        Self(values)
    }

    /// The value of a setting and where it comes from.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The value of a setting.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.entry(name).map(|value| value.text.as_str())
    }

    /// A value that must be there; empty when it is not.
    pub(super) fn required(&self, name: &str, problems: &mut Problems) -> String {
        self.get(name).map_or_else(
            || {
                problems.add(name, "is missing");
                String::new()
            },
            str::to_owned,
        )
    }

    /// A value of another type.
    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &str,
        expected: &str,
        problems: &mut Problems,
    ) -> Option<T> {
        let parsed = self.get(name).and_then(|text| text.trim().parse().ok());
        if parsed.is_none() {
            problems.add(name, &format!("must be {expected}"));
        }
        parsed
    }

    /// A whole number within a range; the smallest one when it is broken.
    pub(super) fn number<T>(&self, name: &str, range: RangeInclusive<T>, problems: &mut Problems) -> T
    where
        T: FromStr + PartialOrd + fmt::Display + Copy,
    {
        let parsed = self.get(name).and_then(|text| text.trim().parse().ok());
        parsed.filter(|n| range.contains(n)).unwrap_or_else(|| {
            problems.add(name, &format!("must be a whole number from {} to {}", range.start(), range.end()));
            *range.start()
        })
    }

    /// A list of secret keys.
    pub(super) fn keys(&self, name: &str, problems: &mut Problems) -> Keys {
        let text = self.required(name, problems);
        let keys = Keys::parse(&text);
        if !text.is_empty() && !keys.as_ref().is_some_and(Keys::look_random) {
            problems.add(
                name,
                "must be 32 random bytes in base64, or several separated by commas: openssl rand -base64 32",
            );
        }
        keys.unwrap_or_default()
    }

    /// A URL of http or https.
    pub(super) fn http_url(&self, name: &str, problems: &mut Problems) -> String {
        let text = self.get(name).unwrap_or_default();
        let parsed = url::Url::parse(text).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            problems.add(name, "must be a URL that starts with http:// or https://");
        }
        text.to_owned()
    }
}

/// Everything that is wrong with the settings, told in one message.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Notes a problem of a setting. Never repeats the value: it may be a secret.
    pub fn add(&mut self, name: &str, what: &str) {
        let flag = SETTINGS.iter().find(|s| s.name == name).map(super::Setting::flag);
        self.0.push(match flag {
            Some(flag) => format!("{name} (--{flag}) {what}"),
            None => format!("{name} {what}"),
        });
    }

    /// Each problem.
    pub fn each(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// `value` if nothing is wrong.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} to mend before this can run:",
            if self.0.len() == 1 { "one setting" } else { "settings" }
        )?;
        for problem in &self.0 {
            writeln!(f, "  - {problem}")?;
        }
        write!(
            f,
            "Give a setting as an environment variable or as a flag; .env.example explains each of them."
        )
    }
}

impl std::error::Error for Problems {}
