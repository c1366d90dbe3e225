//! What the fuzzer calls: functions that take any bytes and panic when a rule is
//! broken. Each has a target of its name in `fuzz_targets/` and a corpus of its name
//! in `corpus/`, which `cargo test` replays too.

pub mod access_code;
pub mod bodies;
pub mod cursor;
pub mod documents;
pub mod markdown;
pub mod token;
pub mod webhooks;

/// A function that the fuzzer calls.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("access_code", access_code::access_code),
    ("change_access", documents::change_access),
    ("change_expiry", bodies::change_expiry),
    ("code_form", bodies::code_form),
    ("create_document", documents::create_document),
    ("create_webhook", webhooks::create_webhook),
    ("cursor", cursor::cursor),
    ("key_set", token::key_set),
    ("markdown", markdown::markdown),
    ("public_access", bodies::public_access),
    ("query", cursor::query),
    ("receive_document", documents::receive_document),
    ("replay_webhook", webhooks::replay_webhook),
    ("reserve_codes", bodies::reserve_codes),
    ("send_document", bodies::send_document),
    ("token", token::token),
    ("update_document", documents::update_document),
    ("update_webhook", webhooks::update_webhook),
];
