//! What a caller may do: one word per right, as it stands in a token's `scope`.

/// A right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// Read documents and their histories.
    DocumentsRead = 1,
    /// Write, change and delete documents.
    DocumentsWrite = 2,
    /// Send documents, and end or change access to them.
    DocumentsSend = 4,
    /// Hand documents to the client role, and fetch its receipts.
    TransferWrite = 8,
    /// Read the audit trail.
    AuditRead = 16,
    /// Operate: messages on their way, webhooks, what recipients see of the practice.
    Admin = 32,
}

impl Scope {
    /// Every right with its word. None of them contains another.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("documents:read", Self::DocumentsRead),
        ("documents:write", Self::DocumentsWrite),
        ("documents:send", Self::DocumentsSend),
        ("transfer:write", Self::TransferWrite),
        ("audit:read", Self::AuditRead),
        ("admin", Self::Admin),
    ];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, scope)| *scope == self).map_or("", |(word, _)| word)
    }

    /// Reads a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, scope)| *scope)
    }
}

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Every right.
    pub const ALL: Self = Self(u8::MAX);

    /// Reads words with spaces between them (RFC 6749, section 3.3). Words that
    /// nobody here knows belong to other services and give no right.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(text.split(' ').filter_map(Scope::parse).fold(0, |set, scope| set | scope as u8))
    }

    /// The words of the rights, with spaces between them.
    #[must_use]
    pub fn words(self) -> String {
        let words: Vec<_> =
            Scope::WORDS.iter().filter(|(_, scope)| self.allow(*scope)).map(|(word, _)| *word).collect();
        words.join(" ")
    }

    /// One right alone.
    #[must_use]
    pub fn only(scope: Scope) -> Self {
        Self(scope as u8)
    }

    /// Whether this right is among them.
    #[must_use]
    pub fn allow(self, scope: Scope) -> bool {
        self.0 & scope as u8 != 0
    }
}

/// A right as a type, so that it stands in the signature of a handler.
pub trait Right {
    /// The right.
    const SCOPE: Scope;
}

macro_rules! rights {
    ($($name:ident),+) => {$(
        #[doc = concat!("See [`Scope::", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Right for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )+};
}

rights!(DocumentsRead, DocumentsWrite, DocumentsSend, TransferWrite, AuditRead, Admin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_given_by_its_own_word_only() {
        for (word, scope) in Scope::WORDS {
            let alone = Scopes::parse(word);
            for (_, other) in Scope::WORDS {
                assert_eq!(alone.allow(*other), scope == other, "{word}");
            }
            assert_eq!((scope.as_str(), Scopes::only(*scope)), (*word, alone));
        }
    }

    #[test]
    fn words_are_taken_as_they_are() {
        let both = Scopes::parse("openid documents:read  admin");
        assert_eq!(both.words(), "documents:read admin");
        assert!(both.allow(Scope::DocumentsRead) && both.allow(Scope::Admin));
        for none in ["", " ", "ADMIN", "documents:read,admin", "documents", "documents:*", "admin\tadmin"] {
            assert_eq!(Scopes::parse(none), Scopes::default(), "{none:?}");
        }
    }
}
