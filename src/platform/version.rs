//! Which program this is.

/// As in `Cargo.toml`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The revision of the source that it was built from, where the build said so
/// (`OC_REVISION`).
pub const REVISION: &str = match option_env!("OC_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};
