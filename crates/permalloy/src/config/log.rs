//! Section `log`: what is logged, how, and where traces go.

use super::reader::{Reader, web_base};
use super::settings::Setting;

#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// A filter in the syntax of tracing's `EnvFilter`, already found readable.
    pub(crate) filter: String,
    pub(crate) format: Format,
    pub(crate) otlp_endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    /// Text on a terminal, JSON otherwise.
    Auto,
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new(
        "log.filter",
        "PERMALLOY_LOG",
        "a filter such as info or warn,permalloy=debug",
        "info",
        "What is logged. `info,permalloy::request=off` leaves out the line of each request.",
    )
    .with_flag("--log"),
    Setting::new(
        "log.format",
        "PERMALLOY_LOG_FORMAT",
        "text, json or auto",
        "auto",
        "How log lines look. `auto` is text on a terminal and JSON otherwise.",
    )
    .with_flag("--log-format"),
    Setting::new(
        "log.otlp_endpoint",
        "PERMALLOY_LOG_OTLP_ENDPOINT",
        "an http or https URL",
        "",
        "Where OpenTelemetry traces go. Not used yet.",
    ),
];

pub(super) fn read(reader: &mut Reader<'_>) -> Log {
    Log {
        filter: reader.value("log.filter", filter),
        format: reader.value("log.format", format),
        otlp_endpoint: reader.optional("log.otlp_endpoint", web_base),
    }
}

fn filter(text: &str) -> Option<String> {
    tracing_subscriber::EnvFilter::builder().parse(text).ok().map(|_| text.to_owned())
}

fn format(text: &str) -> Option<Format> {
    match text {
        "text" => Some(Format::Text),
        "json" => Some(Format::Json),
        "auto" => Some(Format::Auto),
        _other => None,
    }
}
