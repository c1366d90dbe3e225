//! Places in lists and feeds, and the query strings that they come in.

use oc::domain::cursor::Cursor;
use oc::domain::fields::Invalid;
use oc::domain::timestamp::Timestamp;
use oc::platform::feed::FeedCursor;
use oc::platform::http::Query;

/// What is taken for a cursor is the one spelling of it.
pub fn cursor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(cursor) = Cursor::decode(text) {
        assert_eq!(cursor.encode(), text);
    }
    if let Some(cursor) = FeedCursor::parse(text) {
        assert!(cursor.txid >= 0 && cursor.position >= 0);
        assert_eq!(FeedCursor::parse(&cursor.to_string()), Some(cursor));
    }
}

/// Parameters are read one by one, and each that is broken is named.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut query = Query::parse(text);
    let limit = query.optional("limit", "limit", |text| text.parse::<i64>().ok());
    let cursor = query.optional("cursor", "cursor", Cursor::decode);
    let since = query.optional("updatedSince", "since", Timestamp::parse);
    let wanted = query.optional("q", "q", |text| Some(text.to_owned()));
    assert!(wanted.is_none_or(|wanted| !wanted.is_empty() && !wanted.contains('\0')));
    if let Some(since) = since {
        assert_eq!(Timestamp::parse(&since.to_string()), Some(since));
    }
    if let Err(Invalid(broken)) = query.finish() {
        assert!(!broken.is_empty() && broken.len() <= 4);
        for error in broken {
            let read = match error.field.as_str() {
                "limit" => limit.is_some(),
                "cursor" => cursor.is_some(),
                "updatedSince" => since.is_some(),
                "q" => false,
                other => panic!("{other} is no parameter"),
            };
            assert!(!read, "{} is broken and was read", error.field);
        }
    }
}
