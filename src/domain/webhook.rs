//! A webhook endpoint: where the provider's own systems are told what happened
//! to its documents, and what they are told.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::fields::{Fields, Given, Invalid};
use super::ids::{DocumentId, TenantId, WebhookId};
use super::target::{Reach, URL_MAX};
use super::timestamp::Timestamp;
use super::words::EventKind;

/// Longest description in characters.
pub const DESCRIPTION_MAX: usize = 200;
/// Most endpoints of a tenant.
pub const ENDPOINTS_MAX: i64 = 20;

/// An endpoint, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name for ever.
    pub id: WebhookId,
    /// Where it is called.
    pub url: String,
    /// What the provider calls it; 1 to [`DESCRIPTION_MAX`] characters.
    pub description: Option<String>,
    /// What it is told about; everything if empty.
    pub events: Vec<EventKind>,
    /// Whether it is called at all.
    pub enabled: bool,
    /// Why it is not, if nobody asked for that.
    pub disabled_reason: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Webhook {
    /// Reads the body of `POST /api/webhooks`.
    pub fn parse(body: Value, id: WebhookId, reach: Reach, now: Timestamp) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        let webhook = Self {
            id,
            url: required_url(&mut fields, reach),
            description: fields.text("description", DESCRIPTION_MAX).value(),
            events: fields.choices("events", EventKind::WORDS).value().unwrap_or_default(),
            enabled: fields.boolean("enabled").value().unwrap_or(true),
            disabled_reason: None,
            created_at: now,
            updated_at: now,
        };
        fields.finish().map(|()| webhook)
    }

    /// The endpoint after a change. Whoever says `enabled` settles the reason
    /// that was there.
    #[must_use]
    pub fn changed(self, change: WebhookChange, now: Timestamp) -> Self {
        let disabled_reason = if change.enabled.is_some() { None } else { self.disabled_reason.clone() };
        let changed = Self {
            url: change.url.unwrap_or_else(|| self.url.clone()),
            description: change.description.over(self.description.clone()),
            events: change.events.unwrap_or_else(|| self.events.clone()),
            enabled: change.enabled.unwrap_or(self.enabled),
            disabled_reason,
            ..self
        };
        if changed == self { self } else { Self { updated_at: now, ..changed } }
    }

    /// Whether it wants to be told about this.
    #[must_use]
    pub fn wants(&self, kind: EventKind) -> bool {
        self.enabled && (self.events.is_empty() || self.events.contains(&kind))
    }
}

/// What `PUT /api/webhooks/{id}` asks for; absent fields stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookChange {
    url: Option<String>,
    description: Given<String>,
    events: Option<Vec<EventKind>>,
    enabled: Option<bool>,
}

impl WebhookChange {
    /// Fields, at least one of which has to be there.
    pub const NAMES: [&'static str; 4] = ["url", "description", "events", "enabled"];

    /// Reads the body of `PUT /api/webhooks/{id}`.
    pub fn parse(body: Value, reach: Reach) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        if !Self::NAMES.iter().any(|name| fields.has(name)) {
            let message = format!("must hold at least one of {}", Self::NAMES.join(", "));
            return Err(Invalid::field("body", "required", message));
        }
        let change = Self {
            url: fields.has("url").then(|| required_url(&mut fields, reach)),
            description: fields.text("description", DESCRIPTION_MAX),
            events: fields.choices("events", EventKind::WORDS).value(),
            enabled: fields.boolean("enabled").value(),
        };
        fields.finish().map(|()| change)
    }
}

fn required_url(fields: &mut Fields, reach: Reach) -> String {
    let text = fields.required_text("url", URL_MAX);
    if text.is_empty() {
        return text;
    }
    match reach.read(&text) {
        Ok(url) => url.into(),
        Err(why) => {
            fields.refuse("url", "format", why);
            String::new()
        }
    }
}

/// What a receiver is told: that something happened to a document, never what
/// stands in it, whom it is for, or how it is opened. It may read the rest over
/// the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The event; the same again means the same event.
    pub id: Uuid,
    /// Whose document.
    pub tenant: &'a TenantId,
    /// The document.
    pub document: DocumentId,
    /// What happened.
    pub kind: EventKind,
    /// When it happened.
    pub at: Timestamp,
    /// The version of the document that it concerns.
    pub version: Option<i32>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    id: Uuid,
    document_id: DocumentId,
    tenant: &'a str,
    at: Timestamp,
    version: Option<i32>,
}

impl Notice<'_> {
    /// The body of the webhook: `{"type":"document.opened","timestamp":…,"data":{…}}`.
    pub fn body(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Body {
            r#type: format!("document.{}", self.kind.as_str()),
            timestamp: self.at,
            data: Data {
                id: self.id,
                document_id: self.document,
                tenant: self.tenant.as_str(),
                at: self.at,
                version: self.version,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const URL: &str = "https://example.ch/events";

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn webhook(body: Value) -> Result<Webhook, Invalid> {
        Webhook::parse(body, WebhookId(Uuid::from_u128(1)), Reach::Public, at(0))
    }

    fn change(body: Value) -> Result<WebhookChange, Invalid> {
        WebhookChange::parse(body, Reach::Public)
    }

    fn broken(invalid: Invalid) -> Vec<String> {
        invalid.0.into_iter().map(|error| format!("{} {}", error.field, error.rule)).collect()
    }

    #[test]
    fn an_endpoint_needs_nothing_but_its_url() {
        let new = webhook(json!({ "url": URL })).unwrap();
        assert_eq!((new.url.as_str(), new.enabled, new.events.as_slice()), (URL, true, &[][..]));
        assert!(new.wants(EventKind::Opened) && new.wants(EventKind::Deleted));
    }

    #[test]
    fn an_endpoint_is_told_what_it_asked_for_and_nothing_while_it_is_off() {
        let new = webhook(json!({ "url": URL, "events": ["opened", "failed", "opened"] })).unwrap();
        assert_eq!(new.events, [EventKind::Failed, EventKind::Opened]);
        assert!(new.wants(EventKind::Opened) && !new.wants(EventKind::Sent));
        let off = new.changed(change(json!({"enabled": false})).unwrap(), at(1));
        assert!(!off.wants(EventKind::Opened));
    }

    #[test]
    fn every_broken_field_is_named() {
        let all = json!({"url": "http://10.0.0.1/", "events": ["opened", "burnt"], "enabled": "yes", "description": 1});
        let mut names = broken(webhook(all.clone()).unwrap_err());
        names.sort_unstable();
        assert_eq!(names, ["description type", "enabled type", "events enum", "url format"]);
        assert_eq!(broken(change(all).unwrap_err()).len(), 4);
        assert_eq!(broken(webhook(json!({})).unwrap_err()), ["url required"]);
        assert_eq!(broken(change(json!({"colour": 1})).unwrap_err()), ["body required"]);
        assert_eq!(broken(change(json!({"url": null})).unwrap_err()), ["url required"]);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_null_clears_the_description() {
        let stored = webhook(json!({ "url": URL, "description": "CRM", "events": ["sent"] })).unwrap();
        let same = stored.clone().changed(change(json!({"events": ["sent"]})).unwrap(), at(5));
        assert_eq!(same, stored);
        let next = stored.changed(change(json!({"description": null, "events": []})).unwrap(), at(5));
        assert_eq!((next.description.as_deref(), next.events.len(), next.updated_at), (None, 0, at(5)));
    }

    #[test]
    fn whoever_switches_it_on_or_off_settles_the_reason() {
        let failing = Webhook {
            enabled: false,
            disabled_reason: Some("answered with status 410".to_owned()),
            ..webhook(json!({ "url": URL })).unwrap()
        };
        let renamed = failing.clone().changed(change(json!({"description": "CRM"})).unwrap(), at(1));
        assert_eq!(renamed.disabled_reason, failing.disabled_reason);
        for enabled in [true, false] {
            let settled = failing.clone().changed(change(json!({ "enabled": enabled })).unwrap(), at(1));
            assert_eq!((settled.enabled, settled.disabled_reason), (enabled, None));
        }
    }

    #[test]
    fn a_notice_tells_that_something_happened_and_nothing_else() {
        let tenant = TenantId::parse("north").unwrap();
        let notice = Notice {
            id: Uuid::from_u128(1),
            tenant: &tenant,
            document: DocumentId(Uuid::from_u128(2)),
            kind: EventKind::CodeWrong,
            at: at(1_790_000_000_123),
            version: Some(3),
        };
        let body: Value = serde_json::from_slice(&notice.body().unwrap()).unwrap();
        let expected = json!({
            "type": "document.code_wrong",
            "timestamp": "2026-09-21T14:13:20.123Z",
            "data": {
                "id": "00000000-0000-0000-0000-000000000001",
                "documentId": "00000000-0000-0000-0000-000000000002",
                "tenant": "north",
                "at": "2026-09-21T14:13:20.123Z",
                "version": 3,
            },
        });
        assert_eq!(body, expected);
    }
}
