//! An answer as it is kept: its head like in HTTP, then its body.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};

/// Header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// What stands between head and body.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Head and body of an answer. Only headers that belong to the answer are
/// kept; the others belong to a request and are made anew.
pub(super) fn write(response: &HttpResponse<()>, body: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(body.len() + 256);
    for name in [CONTENT_TYPE, ETAG, LOCATION] {
        if let Some(value) = response.headers().get(&name) {
            kept.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
    }
    kept.extend_from_slice(b"\r\n");
    kept.extend_from_slice(body);
    kept
}

/// The answer that was kept; `None` if it can't be read.
pub(super) fn read(status: i16, kept: &[u8]) -> Option<HttpResponse> {
    let status = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let mut answer = HttpResponse::build(status);
    answer.insert_header((REPLAYED, HeaderValue::from_static("true")));
    // Without any header, the head is an empty line alone.
    let (head, body) = match kept.strip_prefix(b"\r\n") {
        Some(body) => (&[][..], body),
        None => {
            let end = kept.windows(END_OF_HEAD.len()).position(|part| part == END_OF_HEAD)?;
            let (head, rest) = kept.split_at_checked(end)?;
            (head, rest.strip_prefix(END_OF_HEAD)?)
        }
    };
    for line in std::str::from_utf8(head).ok()?.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ")?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        answer.insert_header((name, HeaderValue::from_str(value).ok()?));
    }
    Some(answer.body(body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_and_read(response: &HttpResponse<()>, body: &[u8]) -> HttpResponse {
        let status = i16::try_from(response.status().as_u16()).unwrap();
        read(status, &write(response, body)).unwrap()
    }

    #[actix_web::test]
    async fn status_headers_and_body_come_back() {
        let mut response = HttpResponse::Created().insert_header((LOCATION, "/d/1")).finish().drop_body();
        response.headers_mut().insert(ETAG, HeaderValue::from_static("\"1\""));
        response.headers_mut().insert(HeaderName::from_static("x-other"), HeaderValue::from_static("gone"));
        let answer = kept_and_read(&response, b"a\r\n\r\nb");
        assert_eq!((answer.status(), answer.headers().len()), (StatusCode::CREATED, 3));
        assert_eq!(answer.headers().get(ETAG).unwrap(), "\"1\"");
        assert_eq!(answer.headers().get(LOCATION).unwrap(), "/d/1");
        assert_eq!(answer.headers().get(REPLAYED).unwrap(), "true");
        assert_eq!(actix_web::body::to_bytes(answer.into_body()).await.unwrap(), "a\r\n\r\nb");
    }

    #[actix_web::test]
    async fn an_answer_may_have_neither_headers_nor_body() {
        let answer = kept_and_read(&HttpResponse::NoContent().finish().drop_body(), b"");
        assert_eq!((answer.status(), answer.headers().len()), (StatusCode::NO_CONTENT, 1));
        assert_eq!(actix_web::body::to_bytes(answer.into_body()).await.unwrap(), "");
        assert!(read(201, b"no head").is_none());
    }
}
