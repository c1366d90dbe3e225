//! What is said of a setting.

/// One setting: an environment variable and the flag of the same name.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Name in the environment.
    pub name: &'static str,
    /// Value where none is given.
    pub default: Default,
    /// The only role that reads it; every role if `None`.
    pub role: Option<&'static str>,
    /// Whether its value must never be shown. A secret may also stand in a file
    /// that `<NAME>_FILE` names.
    pub secret: bool,
    /// What it is for, one line.
    pub help: &'static str,
}

/// The value of a setting that nobody gives.
#[derive(Debug, Clone, Copy)]
pub enum Default {
    /// There is none.
    None,
    /// Always the same.
    Is(&'static str),
    /// One for the provider role, one for the client role.
    PerRole(&'static str, &'static str),
    /// The number of processors.
    Processors,
}

impl Default {
    /// The value for a role.
    #[must_use]
    pub fn of(self, role: &str) -> Option<String> {
        match self {
            Self::None => None,
            Self::Is(value) => Some(value.to_owned()),
            Self::PerRole(_, client) if role == "client" => Some(client.to_owned()),
            Self::PerRole(provider, _) => Some(provider.to_owned()),
            Self::Processors => Some(std::thread::available_parallelism().map_or(1, usize::from).to_string()),
        }
    }

    /// The value in words, for help texts.
    #[must_use]
    pub fn describe(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Is(value) => Some(value.to_owned()),
            Self::PerRole(provider, client) => Some(format!("{provider} for provider, {client} for client")),
            Self::Processors => Some("one per processor".to_owned()),
        }
    }
}

impl Setting {
    /// `DATABASE_URL` is `database-url` on the command line.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.to_lowercase().replace('_', "-")
    }

    /// Whether `role` reads it.
    #[must_use]
    pub fn concerns(&self, role: &str) -> bool {
        self.role.is_none_or(|only| only == role)
    }
}

pub(super) const fn setting(name: &'static str, default: Default, help: &'static str) -> Setting {
    Setting { name, default, role: None, secret: false, help }
}

pub(super) const fn of_provider(name: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { role: Some("provider"), ..setting(name, Default::Is(value), help) }
}

pub(super) const fn of_client(name: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { role: Some("client"), ..setting(name, Default::Is(value), help) }
}
