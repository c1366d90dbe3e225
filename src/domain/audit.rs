//! What an audit trail says: who did what, to what, from where, and how it ended.
//! Never a title, a name, a code, a whole address or a whole user agent.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::ids::TenantId;
use super::timestamp::Timestamp;
use super::words::{EventKind, words};

/// Stands where nobody, or nothing in particular, can be named.
pub const NOBODY: &str = "-";
/// Longest name of somebody or something, in characters.
const NAME_MAX: usize = 200;

words! {
    /// What was done: a closed list.
    AuditAction {
        /// A document was written.
        DocumentCreated = "document.created",
        /// A document was changed.
        DocumentEdited = "document.edited",
        /// A document became final.
        DocumentFinalised = "document.finalised",
        /// A document was read: at the provider role by who writes, at the client role again by who has its code.
        DocumentRead = "document.read",
        /// Documents were listed; what is named is nothing in particular.
        DocumentsListed = "documents.listed",
        /// The history of a document was read.
        HistoryRead = "history.read",
        /// The letter with the code of a document was made.
        LetterPrinted = "letter.printed",
        /// The sending of a document was promised.
        DocumentSent = "document.sent",
        /// The end of access was promised; at the client role, access has ended.
        DocumentRevoked = "document.revoked",
        /// Another access code was promised; at the client role, it opens.
        DocumentReissued = "document.reissued",
        /// Another end of access was promised; at the client role, it holds.
        ExpiryChanged = "document.expiry_changed",
        /// A document was deleted.
        DocumentDeleted = "document.deleted",
        /// A document was shown as the other role has it, after a database was restored.
        DocumentReconciled = "document.reconciled",
        /// A message that had failed was started again.
        MessageRetried = "message.retried",
        /// A webhook was registered.
        WebhookCreated = "webhook.created",
        /// A webhook was changed, or switched on or off.
        WebhookChanged = "webhook.changed",
        /// A webhook got another secret.
        WebhookRotated = "webhook.rotated",
        /// A webhook was told again what it had been told.
        WebhookReplayed = "webhook.replayed",
        /// A webhook was deleted.
        WebhookDeleted = "webhook.deleted",
        /// What recipients see of the practice was changed.
        SenderChanged = "sender.changed",
        /// The client role took in what recipients see of the practice.
        SenderReceived = "sender.received",
        /// The client role took a document, or a newer version, in.
        DocumentReceived = "document.received",
        /// Somebody opened a version for the first time.
        DocumentOpened = "document.opened",
        /// Access to a document ended by time.
        DocumentExpired = "document.expired",
        /// Somebody typed a wrong code that began like the right one.
        CodeWrong = "code.wrong",
        /// A code was blocked after wrong ones.
        CodeBlocked = "code.blocked",
        /// A number was sent to the recipient, or could not be.
        NumberSent = "number.sent",
        /// Somebody typed a wrong number.
        NumberWrong = "number.wrong",
        /// A code was blocked after too many wrong numbers.
        NumberBlocked = "number.blocked",
        /// A request was refused for lack of rights; what is named is the route.
        RequestRefused = "request.refused",
        /// The audit trail was read.
        AuditRead = "audit.read",
        /// Entries about reading were lost; what is named is how many.
        AuditLost = "audit.lost",
        /// Entries older than the retention were removed; what is named is the last of them.
        AuditRemoved = "audit.removed",
        /// An operator made a tenant.
        TenantCreated = "tenant.created",
        /// An operator suspended a tenant.
        TenantSuspended = "tenant.suspended",
        /// An operator let a suspended tenant in again.
        TenantResumed = "tenant.resumed",
        /// An operator exported what a tenant has.
        TenantExported = "tenant.exported",
        /// An operator deleted a tenant.
        TenantDeleted = "tenant.deleted",
        /// An operator gave a tenant other keys.
        KeysRotated = "keys.rotated",
    }
}

words! {
    /// How it ended.
    AuditOutcome {
        /// It was done, or promised.
        Done = "done",
        /// It was refused.
        Refused = "refused",
    }
}

impl AuditAction {
    /// What a line of a history means at the provider role.
    #[must_use]
    pub fn of_history(kind: EventKind) -> Self {
        match kind {
            EventKind::Created => Self::DocumentCreated,
            EventKind::Edited => Self::DocumentEdited,
            EventKind::Finalised => Self::DocumentFinalised,
            EventKind::Sent => Self::DocumentSent,
            EventKind::Revoked => Self::DocumentRevoked,
            EventKind::Reissued => Self::DocumentReissued,
            EventKind::ExpiryChanged => Self::ExpiryChanged,
            EventKind::Deleted => Self::DocumentDeleted,
            EventKind::Retried => Self::MessageRetried,
            EventKind::Opened => Self::DocumentOpened,
            EventKind::CodeWrong => Self::CodeWrong,
            EventKind::CodeBlocked => Self::CodeBlocked,
            EventKind::OtpBlocked => Self::NumberBlocked,
            EventKind::Expired => Self::DocumentExpired,
            EventKind::Delivered | EventKind::Failed => Self::DocumentReceived,
            EventKind::FileFetched => Self::DocumentRead,
        }
    }
}

/// Who did it and from where, as far as that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trace {
    /// The subject of the token, or `-`.
    pub who: String,
    /// The network: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address.
    pub address: Option<String>,
    /// The browser, by one word of a short list.
    pub agent: Option<&'static str>,
    /// Keyed hash of address and user agent: equal for equal ones, 32 hexadecimal digits.
    pub mark: Option<String>,
}

impl Trace {
    /// Somebody without an address: an operator at a terminal, a job, a test.
    #[must_use]
    pub fn of(who: &str) -> Self {
        Self { who: named(who), address: None, agent: None, mark: None }
    }

    /// Nobody can be named: something happened by itself.
    #[must_use]
    pub fn nobody() -> Self {
        Self::of(NOBODY)
    }

    /// That they did this to that.
    #[must_use]
    pub fn did(self, action: AuditAction, target: impl std::fmt::Display, at: Timestamp) -> Entry {
        let target = named(&target.to_string());
        Entry { trace: self, action, target, outcome: AuditOutcome::Done, at, times: 1 }
    }
}

/// A name as it is kept: never empty, never too long, without control characters.
#[must_use]
pub fn named(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    if kept.is_empty() { NOBODY.to_owned() } else { kept }
}

/// One entry, before it has a place in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who, from where.
    pub trace: Trace,
    /// What.
    pub action: AuditAction,
    /// To what: an id, or `-`.
    pub target: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// When; of several, the first one.
    pub at: Timestamp,
    /// How often the same happened within about a second.
    pub times: i32,
}

impl Entry {
    /// The same, refused.
    #[must_use]
    pub fn refused(self) -> Self {
        Self { outcome: AuditOutcome::Refused, ..self }
    }
}

/// An entry in its chain, without its hash. The JSON of it, in this order and
/// without white space, is what the hash is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Whose chain.
    pub tenant: String,
    /// Its place, from 1.
    pub seq: i64,
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    /// The subject, or `-`.
    pub who: String,
    /// One of [`AuditAction`].
    pub action: String,
    /// An id, or `-`.
    pub target: String,
    /// One of [`AuditOutcome`].
    pub outcome: String,
    /// How often.
    pub times: i32,
    /// Network.
    pub address: Option<String>,
    /// Browser.
    pub agent: Option<String>,
    /// Keyed hash of address and user agent.
    pub mark: Option<String>,
    /// Hash of the entry before it; 64 zeroes before the first.
    pub prev: String,
}

impl Body {
    /// An entry that has no place yet.
    #[must_use]
    pub fn of(tenant: &TenantId, entry: Entry) -> Self {
        let Entry { trace, action, target, outcome, at, times } = entry;
        Self {
            tenant: tenant.to_string(),
            seq: 0,
            at: at.to_string(),
            who: trace.who,
            action: action.as_str().to_owned(),
            target,
            outcome: outcome.as_str().to_owned(),
            times,
            address: trace.address,
            agent: trace.agent.map(str::to_owned),
            mark: trace.mark,
            prev: String::new(),
        }
    }
}

/// The network of an address: `192.0.2.0/24`, `2001:db8:1::/48`.
#[must_use]
pub fn reduced(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// The browser that a user agent names, by one word. The order matters: most
/// name others, too.
#[must_use]
pub fn family(user_agent: &str) -> &'static str {
    const MARKS: [(&str, &str); 10] = [
        ("Edg", "edge"),
        ("OPR/", "opera"),
        ("SamsungBrowser/", "samsung"),
        ("Firefox/", "firefox"),
        ("FxiOS/", "firefox"),
        ("CriOS/", "chrome"),
        ("Chrome/", "chrome"),
        ("Safari/", "safari"),
        ("curl/", "curl"),
        ("oc/", "oc"),
    ];
    MARKS.iter().find(|(mark, _)| user_agent.contains(mark)).map_or("other", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_its_network() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(reduced(address.parse().unwrap()), network);
        }
    }

    #[test]
    fn a_browser_is_kept_as_one_word() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        assert_eq!(family(chrome), "chrome");
        assert_eq!(family(&format!("{chrome} Edg/130.0.0.0")), "edge");
        assert_eq!(
            family("Mozilla/5.0 (iPhone) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1"),
            "safari"
        );
        assert_eq!(family("curl/8.5.0"), "curl");
        assert_eq!(family("Mallory's own/1.0"), "other");
    }

    #[test]
    fn a_name_is_bounded_and_never_empty() {
        assert_eq!((named(""), named("\0\n")), ("-".to_owned(), "-".to_owned()));
        assert_eq!(named(&"x".repeat(1_000)).len(), NAME_MAX);
    }
}
