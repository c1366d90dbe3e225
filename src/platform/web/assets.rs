//! Stylesheets, scripts and images that are part of the program. Their URLs hold a hash
//! of what is in them, so browsers keep them for ever and still get the newest.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data, Path, ServiceConfig, get, head, resource};

use super::brand;
use crate::platform::http::{ApiError, not_found};

/// Where they are mounted.
pub const ROUTE: &str = "/assets/{file}";

const STYLE: &str = "text/css; charset=utf-8";

/// One file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// `oc` of `oc.css`.
    stem: &'static str,
    extension: &'static str,
    bytes: Cow<'static, [u8]>,
    hash: u64,
}

impl Asset {
    /// A file that was compiled in.
    #[must_use]
    pub const fn new(stem: &'static str, extension: &'static str, bytes: &'static [u8]) -> Self {
        Self { stem, extension, bytes: Cow::Borrowed(bytes), hash: hash(bytes) }
    }

    /// A file that was made when the program started.
    #[must_use]
    pub fn made(stem: &'static str, extension: &'static str, bytes: Vec<u8>) -> Self {
        Self { stem, extension, hash: hash(&bytes), bytes: Cow::Owned(bytes) }
    }

    /// `/assets/oc.0123456789abcdef.css`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("/assets/{}.{:016x}.{}", self.stem, self.hash, self.extension)
    }

    /// How many bytes it has.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    fn kind(&self) -> &'static str {
        match self.extension {
            "css" => STYLE,
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            _ => "application/octet-stream",
        }
    }

    /// Whether a name is this file's: `Some(true)` with this hash, `Some(false)` with
    /// another one, which a page of a newer or older process names during an update.
    fn is_named(&self, name: &str) -> Option<bool> {
        let rest = name.strip_prefix(self.stem)?.strip_prefix('.')?;
        let named = rest.strip_suffix(self.extension)?.strip_suffix('.')?;
        (named.len() == 16)
            .then(|| u64::from_str_radix(named, 16).ok())
            .flatten()
            .map(|hash| hash == self.hash)
    }
}

/// FNV-1a, which tells versions of a file apart and protects nothing.
const fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        hash = (hash ^ *first as u64).wrapping_mul(0x0000_0100_0000_01b3);
        rest = after;
    }
    hash
}

/// The files of a role.
#[derive(Debug, Clone, Default)]
pub struct Assets(pub Vec<Asset>);

/// How long a file is kept whose name says what is in it.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";

async fn serve(assets: Data<Assets>, file: Path<String>) -> Result<HttpResponse, ApiError> {
    let named = |asset: &Asset| asset.is_named(&file).map(|newest| (asset.clone(), newest));
    let Some((asset, newest)) = assets.0.iter().find_map(named) else {
        let Some(style) = brand::style(&file) else { return not_found().await };
        let answer =
            HttpResponse::Ok().insert_header((CACHE_CONTROL, FOR_EVER)).content_type(STYLE).body(style);
        return Ok(answer);
    };
    let lasting = if newest { FOR_EVER } else { "no-store" };
    let kind = asset.kind();
    let bytes = match asset.bytes {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Ok(HttpResponse::Ok().content_type(kind).insert_header((CACHE_CONTROL, lasting)).body(bytes))
}

/// Mounts the files of a role at [`ROUTE`].
pub fn configure(cfg: &mut ServiceConfig, assets: Data<Assets>) {
    cfg.service(resource(ROUTE).app_data(assets).route(get().to(serve)).route(head().to(serve)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name_whatever_its_hash() {
        let asset = Asset::new("oc", "css", b"a{}");
        let url = asset.url();
        let name = url.strip_prefix("/assets/").unwrap();
        assert_eq!(asset.is_named(name), Some(true));
        assert_eq!(asset.is_named("oc.0000000000000000.css"), Some(false));
        for other in
            ["oc.css", "oc..css", "oc.xyz.css", "other.0000000000000000.css", "oc.0000000000000000.js"]
        {
            assert_eq!(asset.is_named(other), None, "{other}");
        }
        assert_ne!(Asset::new("oc", "css", b"a{ }").url(), url);
        assert_eq!(Asset::made("oc", "css", b"a{}".to_vec()).url(), url);
    }
}
