//! Pictures that are part of a text, as `data:` URIs: which of them a page shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagesize::ImageType;

/// Widest and highest picture that is shown, in pixels: a few bytes may unpack to gigabytes.
pub const SIDE_MAX: usize = 10_000;

/// Kinds of pictures that every browser shows and that hold no script.
const KINDS: [(&str, ImageType); 4] = [
    ("image/png", ImageType::Png),
    ("image/jpeg", ImageType::Jpeg),
    ("image/gif", ImageType::Gif),
    ("image/webp", ImageType::Webp),
];

/// A picture that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its URI, which holds nothing that means something in HTML.
    pub uri: String,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
}

/// Reads `data:image/png;base64,…`, if the picture begins as pictures of its kind do and is not too
/// large. `None` for everything else, such as addresses of other services, which would tell them who
/// reads, and SVG, which may hold scripts.
#[must_use]
pub fn read(url: &str) -> Option<Picture> {
    let (head, data) = url.split_once(',')?;
    let (kind, encoding) = strip_word(head, "data:")?.split_once(';')?;
    let (kind, is) = KINDS.iter().find(|(known, _)| kind.eq_ignore_ascii_case(known))?;
    if !encoding.eq_ignore_ascii_case("base64") {
        return None;
    }
    let bytes = STANDARD.decode(data).ok()?;
    if imagesize::image_type(&bytes).ok()? != *is {
        return None;
    }
    let size = imagesize::blob_size(&bytes).ok()?;
    let fits = |side: usize| (1..=SIDE_MAX).contains(&side);
    (fits(size.width) && fits(size.height)).then(|| Picture {
        uri: format!("data:{kind};base64,{data}"),
        width: size.width,
        height: size.height,
    })
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn uri(kind: &str, bytes: &[u8]) -> String {
        format!("data:{kind};base64,{}", STANDARD.encode(bytes))
    }

    /// The beginning of a PNG picture of this size.
    pub fn png(width: u32, height: u32) -> String {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        uri("image/png", &[b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", &size[..]].concat())
    }

    #[test]
    fn pictures_of_the_four_kinds_are_shown() {
        for (kind, bytes) in [
            ("image/jpeg", &b"\xff\xd8\xff\xc0\0\x0b\x08\0\x02\0\x03\x01\x01\x11\0"[..]),
            ("image/gif", b"GIF89a\x03\0\x02\0\x80\0\0"),
            ("image/webp", b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x02\x40\0\0\0\0\0\0\0\0"),
        ] {
            let picture = Picture { uri: uri(kind, bytes), width: 3, height: 2 };
            assert_eq!(read(&picture.uri), Some(picture.clone()), "{kind}");
            let loud = uri(&kind.to_uppercase(), bytes).replace("data:", "DATA:");
            assert_eq!(read(&loud), Some(picture));
        }
        assert_eq!(read(&png(3, 2)), Some(Picture { uri: png(3, 2), width: 3, height: 2 }));
    }

    #[test]
    fn everything_else_is_not() {
        let good = png(3, 2);
        for other in [
            String::new(),
            "data:".to_owned(),
            "https://elsewhere.example/p.png".to_owned(),
            uri("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            uri("text/html", b"<script>alert(1)</script>"),
            uri("image/png", b"GIF89a\x03\0\x02\0\x80\0\0"),
            uri("image/png", b"<svg/>"),
            uri("image/png", b"\x89PNG\r\n\x1a\n"),
            good.replace("image/png", "image/png;charset=utf-8"),
            good.replace(";base64", ""),
            good.replace("base64,", "base64,!"),
            format!("{good}\"onerror=alert(1)"),
            format!("{good} "),
            "data:image/png;base64,".to_owned(),
            png(0, 2),
            png(3, 10_001),
            png(u32::MAX, u32::MAX),
        ] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
