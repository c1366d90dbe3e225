//! Settings on the command line and in the environment, out of the one table.

use std::fs;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};

use super::{Failure, USAGE};
use crate::config::{Config, SETTINGS, Setting, Source, Value, Values};
use crate::roles::Role;

/// The settings that were given, before they are checked.
#[derive(Debug, Clone, Default)]
pub struct SettingArgs {
    given: Vec<(&'static str, Value)>,
}

impl Args for SettingArgs {
    fn augment_args(command: Command) -> Command {
        command.next_help_heading("Settings").args(SETTINGS.iter().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &Setting) -> Arg {
    let role = setting.role.map_or(String::new(), |role| format!(" (role {role})"));
    let default = setting.default.describe().map_or(String::new(), |text| format!(" [default: {text}]"));
    Arg::new(setting.name)
        .long(setting.flag())
        .env(setting.name)
        .hide_env_values(true)
        .value_name("VALUE")
        .help(format!("{}{role}{default}", setting.help))
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let text = matches.get_one::<String>(setting.name)?.clone();
            let source = match matches.value_source(setting.name)? {
                ValueSource::CommandLine => Source::Flag,
                _ => Source::Environment,
            };
            Some((setting.name, Value { text, source }))
        });
        Ok(Self { given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl SettingArgs {
    /// The values for a role: what was given, else secrets from files, else the defaults.
    pub fn values(&self, role: Role) -> Result<Values, Failure> {
        let mut given = self.given.clone();
        for setting in SETTINGS.iter().filter(|s| s.secret && s.concerns(role.name())) {
            if !given.iter().any(|(name, value)| *name == setting.name && !value.text.is_empty()) {
                given.extend(from_file(setting)?);
            }
        }
        Ok(Values::with_defaults(role.name(), given))
    }

    /// The checked settings of a role.
    pub fn config(&self, role: Role) -> Result<Config, Failure> {
        let values = self.values(role)?;
        Config::load(role.name(), &values).map_err(|problems| Failure::new(USAGE, problems.to_string()))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where files of secrets are looked up")]
fn from_file(setting: &Setting) -> Result<Option<(&'static str, Value)>, Failure> {
    let variable = format!("{}_FILE", setting.name);
    let Some(path) = std::env::var_os(&variable).filter(|path| !path.is_empty()) else { return Ok(None) };
    let text = fs::read_to_string(&path).map_err(|e| {
        Failure::new(USAGE, format!("{variable} names {}, which can't be read: {e}", path.display()))
    })?;
    Ok(Some((setting.name, Value { text: text.trim_end().to_owned(), source: Source::File })))
}
