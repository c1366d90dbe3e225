//! Which program this is, and which state of the sources it was built from.

/// As in `Cargo.toml`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, where the build was told it by the variable `OC_REVISION`; the container
/// image is. Builds of developers are not: a file that changes with every commit would
/// be compiled anew each time.
pub const REVISION: Option<&str> = known(option_env!("OC_REVISION"));

/// An empty value counts as not given, as everywhere.
const fn known(revision: Option<&'static str>) -> Option<&'static str> {
    match revision {
        Some(text) if text.is_empty() => None,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn an_empty_revision_is_none() {
        assert_eq!(known(Some("")), None);
        assert_eq!(known(None), None);
        assert_eq!(known(Some("3f2a91c")), Some("3f2a91c"));
    }
}
