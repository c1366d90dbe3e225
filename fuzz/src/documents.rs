//! Bodies that hold documents: written, changed, handed over.

use oc::domain::document::{
    CONTENT_MAX, Change, Document, EXPIRES_IN_MAX, EXPIRES_IN_MIN, METADATA_MAX, TITLE_MAX, Written,
};
use oc::domain::ids::DocumentId;
use oc::domain::recipient::Recipient;
use oc::domain::timestamp::Timestamp;
use oc::domain::wire::{AccessChanged, ChangeAccess, DeliverDocument, Delivered, Ordering, Protection};

use super::bodies::{accepted, assert_text};

const FIELDS: [&str; 15] = [
    "protection",
    "protection.secondFactor",
    "protection.codeFormat",
    "protection.linkRequired",
    "title",
    "content",
    "contentType",
    "status",
    "recipient",
    "recipient.name",
    "recipient.email",
    "recipient.phone",
    "recipient.language",
    "metadata",
    "expiresIn",
];
const ORDERING: [&str; 4] = ["sequence", "generation", "reservedCode", "expiresAt"];
const DELIVERY: [&str; 2] = ["id", "version"];

/// `POST /api/documents`. What is accepted keeps its bounds, and the client role
/// takes it as it is.
pub fn create_document(data: &[u8]) {
    if let Some(written) = accepted(data, &FIELDS, Written::parse) {
        assert_bounds(&written);
        assert_handed_over(&written);
    }
}

/// `PUT /api/documents/{id}`. What comes of a change keeps the bounds, too.
pub fn update_document(data: &[u8]) {
    if let Some(change) = accepted(data, &FIELDS, Change::parse) {
        let written = Written::parse(serde_json::json!({"title": "T", "content": "C"}));
        let document = Document::create(id(), written.expect("a document"), Timestamp::EPOCH);
        let changed = document.changed(change, Timestamp::EPOCH).expect("a draft takes every change");
        if let Some(changed) = changed {
            assert_eq!(changed.version, 2);
            assert_bounds(&changed.written);
        }
    }
}

/// `POST /v1/documents`, `PUT /v1/documents/{id}`.
pub fn receive_document(data: &[u8]) {
    let fields = [&FIELDS[..], &ORDERING, &DELIVERY].concat();
    if let Some(delivered) = accepted(data, &fields, Delivered::parse) {
        assert!(delivered.version >= 1);
        assert_ordering(&delivered.ordering);
        assert_bounds(&delivered.written);
        delivered.expires_at.into_iter().for_each(assert_moment);
    }
}

/// `PUT /v1/documents/{id}/access`. What is read is what the provider role writes.
pub fn change_access(data: &[u8]) {
    if let Some(changed) = accepted(data, &ORDERING, AccessChanged::parse) {
        assert_ordering(&changed.ordering);
        assert_moment(changed.expires_at);
        let Ordering { sequence, generation, reserved_code, reserved_link } = &changed.ordering;
        let (sequence, generation, reserved_code) = (*sequence, *generation, reserved_code.as_deref());
        let reserved_link = reserved_link.as_deref();
        let expires_at = changed.expires_at;
        let wire = ChangeAccess { sequence, generation, reserved_code, reserved_link, expires_at };
        let read = AccessChanged::parse(serde_json::to_value(wire).expect("JSON"));
        assert_eq!(read, Ok(changed));
    }
}

fn id() -> DocumentId {
    "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d".parse().expect("an id")
}

fn assert_ordering(ordering: &Ordering) {
    assert!(ordering.sequence >= 1 && ordering.generation >= 1);
    let code = ordering.reserved_code.as_deref();
    assert!(code.is_none_or(|code| (1..=64).contains(&code.chars().count())));
}

fn assert_moment(moment: Timestamp) {
    assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
}

fn assert_bounds(written: &Written) {
    assert_text(&written.title, TITLE_MAX);
    assert_text(&written.content, CONTENT_MAX);
    assert!(written.expires_in.is_none_or(|life| (EXPIRES_IN_MIN..=EXPIRES_IN_MAX).contains(&life)));
    if let Some(metadata) = &written.metadata {
        assert!(metadata.is_object() && metadata.to_string().len() <= METADATA_MAX);
    }
    if let Some(Recipient { name, email, phone, language }) = &written.recipient {
        let parts = [(name, 200), (email, 254), (phone, 40), (language, 35)];
        for (text, max) in parts.iter().filter_map(|(part, max)| Some((part.as_ref()?, max))) {
            assert_text(text, *max);
        }
    }
}

/// As bytes on the wire and back.
fn assert_handed_over(written: &Written) {
    let wire = DeliverDocument {
        id: id(),
        sequence: 1,
        generation: 1,
        reserved_code: None,
        reserved_link: None,
        version: 1,
        title: &written.title,
        content: &written.content,
        content_type: written.content_type,
        recipient: written.recipient.as_ref(),
        metadata: written.metadata.as_ref(),
        expires_at: Timestamp::EPOCH,
        protection: Protection { second_factor: written.second_factor },
    };
    let bytes = serde_json::to_vec(&wire).expect("JSON");
    let delivered = accepted(&bytes, &[], Delivered::parse).expect("the client role takes it");
    assert_eq!(delivered.written, Written { expires_in: None, ..written.clone() });
}
