//! Bodies of the requests and answers about webhooks.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::webhook::Webhook;

/// A webhook: a URL that is told what happened to documents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Webhook)]
pub struct WebhookView<'a> {
    /// UUID v7.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// Where it is called.
    #[schema(example = "https://practice.example.ch/oc-events")]
    url: &'a str,
    /// What you call it.
    #[schema(example = "Practice software", max_length = 200)]
    description: Option<&'a str>,
    /// What it is told about; everything if empty.
    #[schema(example = json!(["opened", "failed"]))]
    events: Vec<&'static str>,
    /// Whether it is called at all.
    #[schema(example = true)]
    enabled: bool,
    /// Why it was switched off without anybody asking.
    #[schema(example = json!(null))]
    disabled_reason: Option<&'a str>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    updated_at: String,
    /// What its calls are signed with. Shown once, in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", nullable = false)]
    secret: Option<String>,
}

impl<'a> WebhookView<'a> {
    /// The webhook as it is shown.
    #[must_use]
    pub fn of(webhook: &'a Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: &webhook.url,
            description: webhook.description.as_deref(),
            events: webhook.events.iter().map(|kind| kind.as_str()).collect(),
            enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason.as_deref(),
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
            secret: None,
        }
    }

    /// The same with the secret that was just made.
    #[must_use]
    pub fn with_secret(self, secret: String) -> Self {
        Self { secret: Some(secret), ..self }
    }
}

/// Every webhook of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList<'a> {
    /// The oldest first; there are at most 20.
    pub items: Vec<WebhookView<'a>>,
}

/// Body of `POST /api/webhooks`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct CreateWebhook {
    /// `https`, a public address, no credentials, at most 2000 bytes.
    #[schema(example = "https://practice.example.ch/oc-events", pattern = "^https?://", max_length = 2000)]
    url: String,
    /// 1 to 200 characters.
    #[schema(example = "Practice software", min_length = 1, max_length = 200)]
    description: Option<String>,
    /// `created`, `finalised`, `edited`, `sent`, `delivered`, `failed`, `retried`, `revoked`, `reissued`,
    /// `expiry_changed`, `deleted`, `opened`, `code_wrong`, `code_blocked`, `otp_blocked`, `file_fetched`, `expired`; all of them if empty.
    #[schema(example = json!(["opened", "failed"]))]
    events: Option<Vec<String>>,
    /// Whether it is called at all; `true` unless said otherwise.
    #[schema(example = true)]
    enabled: Option<bool>,
}

/// Body of `PUT /api/webhooks/{id}`: any of these; `null` clears the description.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct UpdateWebhook {
    /// `https`, a public address, no credentials, at most 2000 bytes.
    #[schema(
        example = "https://practice.example.ch/oc-events",
        pattern = "^https?://",
        max_length = 2000,
        nullable = false
    )]
    url: Option<String>,
    /// 1 to 200 characters.
    #[schema(example = "Practice software", min_length = 1, max_length = 200)]
    description: Option<String>,
    /// Kinds of events; all of them if empty.
    #[schema(example = json!(["opened", "failed"]))]
    events: Option<Vec<String>>,
    /// Whether it is called at all.
    #[schema(example = true)]
    enabled: Option<bool>,
}

/// Body of `POST /api/webhooks/{id}/replay`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct ReplayWebhook {
    /// From when on, RFC 3339.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    since: String,
}
