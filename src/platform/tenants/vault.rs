//! What seals and opens the values of one tenant.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use diesel::pg::PgConnection;
use diesel::result::{Error as QueryError, QueryResult};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::store;
use crate::domain::ids::TenantId;
use crate::platform::db::{Db, DbError};
use crate::platform::random;
use crate::platform::secrets::SecretKeys;

/// First byte of a sealed value: how it is built.
const FORM: u8 = 1;
/// Bytes in front of the nonce: the form and the number of the data key.
const HEAD: usize = 5;

/// A column whose values are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    table: &'static str,
    column: &'static str,
}

impl Field {
    /// The column `column` of `table`.
    #[must_use]
    pub const fn new(table: &'static str, column: &'static str) -> Self {
        Self { table, column }
    }
}

/// Why a value can't be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultError {
    /// It names a data key that is not at hand: a newer one, or one that was destroyed.
    UnknownKey,
    /// It was changed, belongs to another tenant, row or column, or is no sealed value.
    Unreadable,
    /// No data key is at hand, or the operating system gives no random bytes.
    NoKey,
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownKey => "a sealed value names a data key that its tenant does not have",
            Self::Unreadable => "a sealed value does not belong to its place, or was changed",
            Self::NoKey => "there is no data key to seal with",
        })
    }
}

impl std::error::Error for VaultError {}

/// So that the functions of a store, which seal and open rows, have one kind of error.
impl From<VaultError> for QueryError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::NoKey => Self::SerializationError(Box::new(error)),
            VaultError::UnknownKey | VaultError::Unreadable => Self::DeserializationError(Box::new(error)),
        }
    }
}

/// One data key of a tenant.
pub(super) struct DataKey {
    id: u32,
    seal: LessSafeKey,
}

impl DataKey {
    pub(super) fn new(id: u32, bytes: &[u8]) -> Option<Self> {
        let seal = UnboundKey::new(&AES_256_GCM, bytes).ok()?;
        Some(Self { id, seal: LessSafeKey::new(seal) })
    }
}

/// The data keys of one tenant: the newest seals, all open.
///
/// A value is bound to table, column, tenant and row, and names its key:
/// `1 | key, 4 bytes | nonce, 12 bytes | AES-256-GCM`. Nonces are random, so a key
/// is good for 2^32 values (NIST SP 800-38D, section 8.3).
pub struct Vault {
    tenant: TenantId,
    masters: Arc<SecretKeys>,
    /// In ascending order.
    keys: RwLock<Arc<Vec<DataKey>>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({})", self.tenant)
    }
}

impl Vault {
    pub(super) fn new(tenant: TenantId, masters: Arc<SecretKeys>, keys: Vec<DataKey>) -> Self {
        Self { tenant, masters, keys: RwLock::new(Arc::new(keys)) }
    }

    /// Whose vault it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Number of the key that seals; 0 without any.
    #[must_use]
    pub fn newest_key(&self) -> u32 {
        self.keys().last().map_or(0, |key| key.id)
    }

    /// Encrypts a value for the row `id` of a column.
    pub fn seal(&self, field: Field, id: impl AsRef<[u8]>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let keys = self.keys();
        let key = keys.last().ok_or(VaultError::NoKey)?;
        let nonce: [u8; NONCE_LEN] = random::bytes().map_err(|_| VaultError::NoKey)?;
        let mut sealed = Vec::with_capacity(HEAD + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORM);
        sealed.extend_from_slice(&key.id.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut_checked(HEAD + NONCE_LEN).ok_or(VaultError::NoKey)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let place = self.place(field, id.as_ref());
        let tag = key.seal.seal_in_place_separate_tag(nonce, Aad::from(place), body);
        sealed.extend_from_slice(tag.map_err(|_| VaultError::NoKey)?.as_ref());
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal`] made for the same place.
    pub fn open(&self, field: Field, id: impl AsRef<[u8]>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (head, rest) = sealed.split_at_checked(HEAD).ok_or(VaultError::Unreadable)?;
        let wanted = key_of(head).ok_or(VaultError::Unreadable)?;
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == wanted).ok_or(VaultError::UnknownKey)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError::Unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Unreadable)?;
        let (place, mut body) = (self.place(field, id.as_ref()), body.to_vec());
        let opened = key.seal.open_in_place(nonce, Aad::from(place), &mut body);
        let length = opened.map_err(|_| VaultError::Unreadable)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// Seals a text.
    pub fn seal_text(&self, field: Field, id: impl AsRef<[u8]>, text: &str) -> Result<Vec<u8>, VaultError> {
        self.seal(field, id, text.as_bytes())
    }

    /// Opens a text.
    pub fn open_text(&self, field: Field, id: impl AsRef<[u8]>, sealed: &[u8]) -> Result<String, VaultError> {
        String::from_utf8(self.open(field, id, sealed)?).map_err(|_| VaultError::Unreadable)
    }

    /// Seals a value as JSON.
    pub fn seal_json(
        &self,
        field: Field,
        id: impl AsRef<[u8]>,
        value: &impl serde::Serialize,
    ) -> Result<Vec<u8>, VaultError> {
        let json = serde_json::to_vec(value).map_err(|_| VaultError::Unreadable)?;
        self.seal(field, id, &json)
    }

    /// Opens a value that was sealed as JSON.
    pub fn open_json<T: serde::de::DeserializeOwned>(
        &self,
        field: Field,
        id: impl AsRef<[u8]>,
        sealed: &[u8],
    ) -> Result<T, VaultError> {
        serde_json::from_slice(&self.open(field, id, sealed)?).map_err(|_| VaultError::Unreadable)
    }

    /// Does `work`, which opens values; if one of them names an unknown key, the
    /// keys are read anew and it is done once more. So rows can be sealed with a
    /// new key while every process goes on.
    pub fn reading<T>(
        &self,
        conn: &mut PgConnection,
        work: impl Fn(&Self) -> Result<T, VaultError>,
    ) -> QueryResult<T> {
        match work(self) {
            Err(VaultError::UnknownKey) => {
                self.refresh(conn)?;
                Ok(work(self)?)
            }
            done => Ok(done?),
        }
    }

    /// Like [`Vault::reading`], where no connection is at hand.
    pub async fn reading_with<T>(
        self: &Arc<Self>,
        db: &Db,
        work: impl Fn(&Self) -> Result<T, VaultError>,
    ) -> Result<T, DbError> {
        let failed = |error: VaultError| DbError::from(QueryError::from(error));
        match work(self) {
            Err(VaultError::UnknownKey) => {}
            done => return done.map_err(failed),
        }
        let own = Arc::clone(self);
        db.of(&self.tenant).read(move |conn| own.refresh(conn).map_err(DbError::from)).await?;
        work(self).map_err(failed)
    }

    /// Reads the keys anew.
    pub fn refresh(&self, conn: &mut PgConnection) -> QueryResult<()> {
        let loaded = store::load(conn, &self.masters, &self.tenant)?;
        self.replace(loaded.map(|loaded| loaded.keys).unwrap_or_default());
        Ok(())
    }

    pub(super) fn replace(&self, keys: Vec<DataKey>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn keys(&self) -> Arc<Vec<DataKey>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a value is bound to. No part before the row's id can hold a `|`.
    fn place(&self, field: Field, id: &[u8]) -> Vec<u8> {
        let Field { table, column } = field;
        let parts =
            [table.as_bytes(), b"|", column.as_bytes(), b"|", self.tenant.as_str().as_bytes(), b"|", id];
        parts.concat()
    }
}

/// Number of the data key that a sealed value names; `None` for anything else.
#[must_use]
pub fn key_of(sealed: &[u8]) -> Option<u32> {
    let (form, rest) = sealed.split_first()?;
    (*form == FORM).then_some(u32::from_be_bytes(*rest.first_chunk()?))
}

#[cfg(test)]
impl Vault {
    /// A vault whose keys, each made of a byte, are in no database.
    pub(crate) fn with_keys(tenant: &str, keys: &[(u32, u8)]) -> Self {
        let masters = Arc::new(SecretKeys::new(&crate::config::Keys(vec![[1; 32]])).unwrap());
        let keys = keys.iter().map(|(id, seed)| DataKey::new(*id, &[*seed; 32]).unwrap()).collect();
        Self::new(TenantId::parse(tenant).unwrap(), masters, keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const TITLE: Field = Field::new("documents", "title");
    const CONTENT: Field = Field::new("documents", "content");

    fn vault(tenant: &str, keys: &[(u32, u8)]) -> Vault {
        Vault::with_keys(tenant, keys)
    }

    #[test]
    fn a_value_opens_only_in_its_place_and_with_its_key() {
        let (north, row) = (vault("north", &[(1, 7)]), Uuid::from_u128(5));
        let sealed = north.seal_text(TITLE, row, "Übungen").unwrap();
        assert_eq!(north.open_text(TITLE, row, &sealed).unwrap(), "Übungen");
        assert_ne!(sealed, north.seal_text(TITLE, row, "Übungen").unwrap());
        assert_eq!(north.open(CONTENT, row, &sealed), Err(VaultError::Unreadable));
        assert_eq!(north.open(TITLE, Uuid::from_u128(6), &sealed), Err(VaultError::Unreadable));
        assert_eq!(vault("south", &[(1, 7)]).open(TITLE, row, &sealed), Err(VaultError::Unreadable));
        assert_eq!(vault("north", &[(1, 8)]).open(TITLE, row, &sealed), Err(VaultError::Unreadable));
        assert_eq!(vault("north", &[(2, 7)]).open(TITLE, row, &sealed), Err(VaultError::UnknownKey));
        assert_eq!(vault("north", &[]).seal(TITLE, row, b""), Err(VaultError::NoKey));
    }

    #[test]
    fn the_newest_key_seals_and_all_open() {
        let (old, both) = (vault("a", &[(1, 7)]), vault("a", &[(1, 7), (2, 8)]));
        let before = old.seal(TITLE, b"x", b"v").unwrap();
        let after = both.seal(TITLE, b"x", b"v").unwrap();
        assert_eq!((key_of(&before), key_of(&after), both.newest_key()), (Some(1), Some(2), 2));
        assert_eq!(both.open(TITLE, b"x", &before).unwrap(), b"v");
        assert_eq!(both.open(TITLE, b"x", &after).unwrap(), b"v");
    }

    #[test]
    fn a_value_that_was_changed_or_cut_does_not_open() {
        let vault = vault("a", &[(1, 7)]);
        let sealed = vault.seal(TITLE, b"x", b"some value").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.open(TITLE, b"x", &changed).is_err(), "{at}");
            assert!(vault.open(TITLE, b"x", &sealed[..at]).is_err(), "{at}");
        }
    }
}
