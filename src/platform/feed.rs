//! Feeds: rows in the order of their transactions, read with a cursor, so that a
//! reader that comes back after a week misses none and gets none twice.
//!
//! A counter alone would not do: a row may become visible after rows with higher
//! numbers, and a reader that has gone past it never sees it. So a row carries the
//! id of its transaction, and a reader sees only rows of transactions that are
//! older than every transaction still running
//! (PostgreSQL manual, "Transaction ID and Snapshot Information Functions").

use std::fmt;

/// The condition on `txid` that makes a row ready to be read.
pub const READY: &str = "txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// How far a reader has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedCursor {
    /// Transaction of the last row.
    pub txid: i64,
    /// Place of the last row within it.
    pub position: i64,
}

impl FeedCursor {
    /// Reads a cursor from the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (txid, position) = text.split_once('-')?;
        let number = |text: &str| text.parse().ok().filter(|n: &i64| *n >= 0);
        Some(Self { txid: number(txid)?, position: number(position)? })
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.txid, self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let cursor = FeedCursor { txid: 731, position: 12 };
        assert_eq!(FeedCursor::parse(&cursor.to_string()), Some(cursor));
        for bad in ["", "-", "1", "1-", "-1", "1--2", "-1-2", "a-b", "1-2-3", "99999999999999999999-1"] {
            assert_eq!(FeedCursor::parse(bad), None, "{bad}");
        }
    }
}
