//! Words that stand on the wire and in the database: states and kinds of a document.

use serde::Serialize;

/// Defines an enum of words that stand on the wire and in the database.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word with its value.
            pub const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];

            /// The word that stands on the wire and in the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads such a word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, value)| *value)
            }
        }
    };
}

pub(super) use words;

words! {
    /// Whether a document is still being written.
    Status {
        /// May be changed and deleted, can't be sent.
        Draft = "draft",
        /// Ready to be sent.
        Final = "final",
    }
}

words! {
    /// How the content is written.
    ContentType {
        /// CommonMark with tables.
        Markdown = "text/markdown",
        /// Text without markup.
        Plain = "text/plain",
    }
}

words! {
    /// What is asked of whoever opens a document, beside its code.
    #[derive(Default)]
    SecondFactor {
        /// Nothing.
        #[default]
        None = "none",
        /// A number that is sent to the recipient's telephone.
        Sms = "sms",
        /// A number that is sent to the recipient's mail address; a check of the
        /// address rather than a factor of its own.
        Email = "email",
    }
}

words! {
    /// How far a document has come on its way to the client role.
    DeliveryState {
        /// Never sent.
        None = "none",
        /// Accepted, not delivered yet.
        Queued = "queued",
        /// An attempt is under way.
        Delivering = "delivering",
        /// The client role has it.
        Delivered = "delivered",
        /// The client role refused it for good, or could not be reached for too long.
        Failed = "failed",
        /// Access was withdrawn.
        Revoked = "revoked",
        /// Access has ended by time.
        Expired = "expired",
    }
}

words! {
    /// What the provider role asks of the client role about a document.
    Operation {
        /// Take this version in, or put it in the place of an older one.
        Send = "send",
        /// Put a new access code in the place of the old one.
        Reissue = "reissue",
        /// Let access end at another time.
        Expiry = "expiry",
        /// End access now.
        Revoke = "revoke",
    }
}

words! {
    /// What happened to a document: a line of its history.
    EventKind {
        /// It was written.
        Created = "created",
        /// It became final.
        Finalised = "finalised",
        /// It was changed.
        Edited = "edited",
        /// Its sending was promised.
        Sent = "sent",
        /// The client role confirmed an operation.
        Delivered = "delivered",
        /// An operation was given up.
        Failed = "failed",
        /// An operation that had failed was started again.
        Retried = "retried",
        /// The end of access was promised.
        Revoked = "revoked",
        /// A new access code was promised.
        Reissued = "reissued",
        /// Another end of access was promised.
        ExpiryChanged = "expiry_changed",
        /// It was deleted.
        Deleted = "deleted",
        /// Somebody opened a version for the first time.
        Opened = "opened",
        /// Somebody typed a wrong code that began like the right one.
        CodeWrong = "code_wrong",
        /// The code, or its link, was guessed at too often and is blocked.
        CodeBlocked = "code_blocked",
        /// Too many wrong numbers of the second factor were typed.
        OtpBlocked = "otp_blocked",
        /// Somebody fetched a file of it.
        FileFetched = "file_fetched",
        /// Access ended by time.
        Expired = "expired",
    }
}
