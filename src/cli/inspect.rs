//! Commands that only look: `openapi`, `healthcheck`, `config`, `completions`.

use std::process::ExitCode;
use std::time::Duration;

use awc::http::Method;
use clap::Args;
use clap_complete::Shell;

use super::{FAILED, Failure, Outcome, SettingArgs, block_on, output};
use crate::config::{SETTINGS, Source};
use crate::platform::http::docs;
use crate::platform::http_client::HttpClient;
use crate::roles::Role;

/// Print a role's API description (OpenAPI 3.1, JSON)
#[derive(Args)]
pub struct Openapi {
    /// Which role
    #[arg(long, value_enum)]
    role: Role,
}

impl Openapi {
    pub fn run(self) -> Outcome {
        let api = docs::describe(&self.role.api()).map_err(|e| Failure::new(FAILED, e.to_string()))?;
        output::line(String::from_utf8_lossy(&api.json).trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

/// Ask a running role whether it is ready; for containers without a shell
///
/// Exit codes: 0 ready, 1 not ready or not there.
#[derive(Args)]
pub struct Healthcheck {
    /// Address to ask [default: http://127.0.0.1:PORT/api/ready]
    #[arg(long)]
    url: Option<String>,
    /// Port to ask on this machine
    #[arg(long, env = "PORT", default_value = "3001", value_parser = port)]
    port: u16,
    /// Longest wait in seconds
    #[arg(long, default_value_t = 3)]
    timeout: u64,
}

/// An empty value counts as not given, as everywhere.
fn port(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        Ok(3001)
    } else {
        text.parse().map_err(|_| "must be a port from 0 to 65535".to_owned())
    }
}

impl Healthcheck {
    pub fn run(self) -> Outcome {
        let url = self.url.unwrap_or_else(|| format!("http://127.0.0.1:{}/api/ready", self.port));
        let answer = block_on(async {
            let client = HttpClient::new(&url, Duration::from_secs(self.timeout))?;
            client.send(Method::GET, &url, &[], Vec::new()).await
        });
        match answer {
            Ok(answer) if answer.status == 200 => {
                output::line("ready");
                Ok(ExitCode::SUCCESS)
            }
            Ok(answer) => Err(Failure::new(FAILED, format!("{url} answered with status {}", answer.status))),
            Err(error) => Err(Failure::new(FAILED, format!("{url} {error}"))),
        }
    }
}

/// Print the settings as a role would use them, secrets as ***
///
/// Each with where its value comes from; ends with what is wrong, if anything is.
#[derive(Args)]
pub struct ShowConfig {
    /// Which role
    #[arg(long, value_enum)]
    role: Role,
    #[command(flatten)]
    settings: SettingArgs,
}

impl ShowConfig {
    pub fn run(self) -> Outcome {
        let values = self.settings.values(self.role)?;
        for setting in SETTINGS.iter().filter(|s| s.concerns(self.role.name())) {
            let (value, source) = match values.entry(setting.name) {
                Some(value) if setting.secret => ("***", described(value.source)),
                Some(value) => (value.text.as_str(), described(value.source)),
                None => ("", "not set"),
            };
            output::line(&format!("{}={value}  # {source}", setting.name));
        }
        self.settings.config(self.role)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn described(source: Source) -> &'static str {
    match source {
        Source::Flag => "flag",
        Source::Environment => "environment",
        Source::File => "file",
        Source::Default => "default",
    }
}

/// Print a completion script for a shell
///
/// For example: `oc completions bash`
#[derive(Args)]
pub struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(self, command: &mut clap::Command) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "oc", &mut script);
        output::line(String::from_utf8_lossy(&script).trim_end());
        Ok(ExitCode::SUCCESS)
    }
}
