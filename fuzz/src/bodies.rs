//! Bodies of requests, read as the handlers read them.

use std::time::Duration;

use oc::domain::access_code::AccessCode;
use oc::domain::bodies::{
    DOCUMENT_ID_MAX, PublicAccess, codes_to_reserve, document_to_send, field_of_form, new_expiry,
};
use oc::domain::document::{EXPIRES_IN_MAX, EXPIRES_IN_MIN};
use oc::domain::fields::Invalid;
use oc::domain::wire::RESERVATIONS_MAX;
use oc::platform::http::{ErrorCode, parse_json};
use serde_json::Value;

/// Rules that an error may name.
const RULES: [&str; 10] = [
    "required",
    "type",
    "minLength",
    "maxLength",
    "format",
    "enum",
    "minimum",
    "maximum",
    "characters",
    "maxDepth",
];

/// What `parse` makes of a body. A refusal names at least one of `fields`, each at
/// most once for each rule, and says in short what to do.
pub fn accepted<T>(
    data: &[u8],
    fields: &[&str],
    parse: impl FnOnce(Value) -> Result<T, Invalid>,
) -> Option<T> {
    let body = match parse_json(data) {
        Ok(body) => body,
        Err(error) => {
            assert!(error.code == ErrorCode::ValidationFailed);
            return None;
        }
    };
    let Invalid(broken) = match parse(body) {
        Ok(read) => return Some(read),
        Err(invalid) => invalid,
    };
    assert!(!broken.is_empty());
    for (i, error) in broken.iter().enumerate() {
        let known = error.field == "body" || fields.contains(&error.field.as_str());
        assert!(known, "{} is no field", error.field);
        assert!(RULES.contains(&error.rule), "{} is no rule", error.rule);
        assert!(!error.message.is_empty() && error.message.len() < 500, "{}", error.message);
        assert!(!broken[..i].contains(error), "{} is named twice", error.field);
    }
    None
}

/// Asserts that a text is trimmed, has 1 to `max` characters, and no U+0000.
pub fn assert_text(text: &str, max: usize) {
    assert!((1..=max).contains(&text.chars().count()) && text.trim() == text && !text.contains('\0'));
}

/// `POST /api/send`.
pub fn send_document(data: &[u8]) {
    if let Some(id) = accepted(data, &["documentId"], document_to_send) {
        assert_text(&id, DOCUMENT_ID_MAX);
    }
}

/// `POST /api/documents/{id}/expiry`.
pub fn change_expiry(data: &[u8]) {
    if let Some(life) = accepted(data, &["expiresIn"], new_expiry) {
        let seconds = |seconds: i64| Duration::from_secs(seconds.unsigned_abs());
        assert!((seconds(EXPIRES_IN_MIN)..=seconds(EXPIRES_IN_MAX)).contains(&life));
    }
}

/// `POST /v1/access-codes/reservations`.
pub fn reserve_codes(data: &[u8]) {
    if let Some(count) = accepted(data, &["count"], codes_to_reserve) {
        assert!((1..=RESERVATIONS_MAX).contains(&count));
    }
}

/// `POST /api/public/access`.
pub fn public_access(data: &[u8]) {
    if let Some(access) = accepted(data, &PublicAccess::NAMES, PublicAccess::parse) {
        let typed = access.code.as_deref().unwrap_or_default();
        if let Ok(code) = AccessCode::parse(typed) {
            assert_eq!(AccessCode::parse(&code.to_string()), Ok(code));
        }
    }
}

/// The form of the pages.
pub fn code_form(data: &[u8]) {
    if let Some(typed) = field_of_form(data, "code") {
        // Whatever was typed is one code or none, here as in JSON.
        let body = serde_json::json!({ "accessCode": typed }).to_string();
        let again = accepted(body.as_bytes(), &PublicAccess::NAMES, PublicAccess::parse);
        let again = again.and_then(|access| access.code).unwrap_or_default();
        assert_eq!(AccessCode::parse(&again), AccessCode::parse(&typed));
    }
}
