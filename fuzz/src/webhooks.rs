//! Bodies about webhooks, and where they lead.

use oc::domain::bodies::replay_since;
use oc::domain::ids::WebhookId;
use oc::domain::target::{Reach, URL_MAX, is_public};
use oc::domain::timestamp::Timestamp;
use oc::domain::webhook::{DESCRIPTION_MAX, Webhook, WebhookChange};
use url::{Host, Url};

use super::bodies::{accepted, assert_text};

const FIELDS: [&str; 4] = WebhookChange::NAMES;

/// `POST /api/webhooks`. No accepted URL names a private address.
pub fn create_webhook(data: &[u8]) {
    for reach in [Reach::Public, Reach::Anywhere] {
        let parse = |body| Webhook::parse(body, id(), reach, Timestamp::EPOCH);
        if let Some(webhook) = accepted(data, &FIELDS, parse) {
            assert_bounds(&webhook, reach);
        }
    }
}

/// `PUT /api/webhooks/{id}`.
pub fn update_webhook(data: &[u8]) {
    let body = serde_json::json!({"url": "https://example.ch/events", "events": ["sent"]});
    let webhook = Webhook::parse(body, id(), Reach::Public, Timestamp::EPOCH).expect("a webhook");
    if let Some(change) = accepted(data, &FIELDS, |body| WebhookChange::parse(body, Reach::Public)) {
        assert_bounds(&webhook.changed(change, Timestamp::EPOCH), Reach::Public);
    }
}

/// `POST /api/webhooks/{id}/replay`.
pub fn replay_webhook(data: &[u8]) {
    if let Some(since) = accepted(data, &["since"], replay_since) {
        assert_eq!(Timestamp::parse(&since.to_string()), Some(since));
    }
}

fn id() -> WebhookId {
    "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d".parse().expect("an id")
}

fn assert_bounds(webhook: &Webhook, reach: Reach) {
    webhook.description.iter().for_each(|text| assert_text(text, DESCRIPTION_MAX));
    let mut events = webhook.events.clone();
    events.dedup();
    assert_eq!(events, webhook.events);
    assert!(webhook.url.len() <= URL_MAX);
    // What is stored is read again before every call, and is the same then.
    assert_eq!(reach.read(&webhook.url).map(String::from).as_deref(), Ok(webhook.url.as_str()));
    let url = Url::parse(&webhook.url).expect("a URL");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    assert!(url.scheme() == "https" || (url.scheme() == "http" && reach == Reach::Anywhere));
    let private = match url.host().expect("a host") {
        Host::Ipv4(address) => !is_public(address.into()),
        Host::Ipv6(address) => !is_public(address.into()),
        // A name that a resolver would read as an address is one.
        Host::Domain(name) => name.is_empty() || name.parse::<std::net::IpAddr>().is_ok(),
    };
    assert!(!private || reach == Reach::Anywhere);
}
