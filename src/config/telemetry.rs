//! Settings of what a process tells about itself.

use super::values::{Problems, Secret, Values};

/// What a process tells about itself.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// `METRICS_PORT`: a port for scrapers alone.
    pub metrics_port: Option<u16>,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// Where traces go; nowhere if `None`.
    pub traces: Option<Traces>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Words in a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Where traces go, and how many.
#[derive(Debug, Clone)]
pub struct Traces {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` with the path of traces.
    pub url: String,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: names and values.
    pub headers: Vec<(String, Secret)>,
    /// `OTEL_TRACES_SAMPLER_ARG`: the part of traces that begin here and are kept.
    pub ratio: f64,
    /// `OTEL_SERVICE_NAME`.
    pub service: String,
}

impl Telemetry {
    pub(super) fn load(role: &str, values: &Values, problems: &mut Problems) -> Self {
        Self {
            metrics_port: metrics_port(values, problems),
            log_format: Self::log_format(values, problems),
            traces: traces(role, values, problems),
        }
    }

    /// `LOG_FORMAT` alone, for what is logged before anything else is known.
    fn log_format(values: &Values, problems: &mut Problems) -> LogFormat {
        match values.get("LOG_FORMAT") {
            Some("auto") => LogFormat::Auto,
            Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            _ => {
                problems.add("LOG_FORMAT", "must be auto, text or json");
                LogFormat::Auto
            }
        }
    }
}

fn metrics_port(values: &Values, problems: &mut Problems) -> Option<u16> {
    values.get("METRICS_PORT")?;
    let port = values.number("METRICS_PORT", 0..=u16::MAX, problems);
    if port != 0 && Some(port) == values.get("PORT").and_then(|text| text.trim().parse().ok()) {
        problems.add("METRICS_PORT", "must be another port than PORT: who scrapes is asked nothing there");
    }
    Some(port)
}

fn traces(role: &str, values: &Values, problems: &mut Problems) -> Option<Traces> {
    let ratio: f64 = values.parsed("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", problems)?;
    if !(0.0..=1.0).contains(&ratio) {
        problems.add("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1");
    }
    let headers = headers(values, problems);
    values.get("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let endpoint = values.http_url("OTEL_EXPORTER_OTLP_ENDPOINT", problems);
    let service = values.get("OTEL_SERVICE_NAME").map_or_else(|| format!("oc-{role}"), str::to_owned);
    Some(Traces { url: format!("{}/v1/traces", endpoint.trim_end_matches('/')), headers, ratio, service })
}

/// `name=value`, separated by commas, as OpenTelemetry writes them.
fn headers(values: &Values, problems: &mut Problems) -> Vec<(String, Secret)> {
    let Some(text) = values.get("OTEL_EXPORTER_OTLP_HEADERS") else { return Vec::new() };
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let is_value = value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        (is_name && is_value).then(|| (name.to_ascii_lowercase(), Secret::new(value.trim().to_owned())))
    };
    let read: Option<Vec<_>> = text.split(',').map(header).collect();
    if read.is_none() {
        problems.add("OTEL_EXPORTER_OTLP_HEADERS", "must be name=value, several separated by commas");
    }
    read.unwrap_or_default()
}
