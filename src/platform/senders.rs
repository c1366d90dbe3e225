//! How both roles keep what recipients see of a practice: one row of `senders` for each
//! tenant, sealed. The picture has a column of its own, so that pages need not read it.

use super::tenants::tables::{Holds, RowKey, SealedTable, column};
use super::tenants::{Field, Vault, VaultError};
use crate::domain::sender::{Logo, Sender};

/// The sealed columns of the table.
pub const SEALED: SealedTable = SealedTable {
    name: "senders",
    key: RowKey::OnlyOne,
    columns: &[column("profile", Holds::Json), column("logo", Holds::Text)],
};
const PROFILE: Field = Field::new("senders", "profile");
const LOGO: Field = Field::new("senders", "logo");
/// A tenant has one row: there is nothing that it could be told apart by.
const ROW: [u8; 0] = [];

/// A practice as it is stored.
#[derive(Debug, Clone)]
pub struct SealedSender {
    /// Everything but the picture.
    pub profile: Vec<u8>,
    /// The picture.
    pub logo: Option<Vec<u8>>,
}

impl SealedSender {
    /// Seals the practice of the vault's tenant.
    pub fn seal(vault: &Vault, sender: &Sender) -> Result<Self, VaultError> {
        let logo = sender.logo.as_ref().map(|logo| vault.seal_text(LOGO, ROW, &logo.to_url()));
        Ok(Self { profile: vault.seal_json(PROFILE, ROW, sender)?, logo: logo.transpose()? })
    }

    /// Opens all of it.
    pub fn open(&self, vault: &Vault) -> Result<Sender, VaultError> {
        let logo = self.logo.as_ref().map(|sealed| open_logo(vault, sealed)).transpose()?;
        Ok(Sender { logo, ..open_profile(vault, &self.profile)? })
    }
}

/// Opens what there is but the picture.
pub fn open_profile(vault: &Vault, sealed: &[u8]) -> Result<Sender, VaultError> {
    vault.open_json(PROFILE, ROW, sealed)
}

/// Opens the picture.
pub fn open_logo(vault: &Vault, sealed: &[u8]) -> Result<Logo, VaultError> {
    Logo::parse(&vault.open_text(LOGO, ROW, sealed)?).ok_or(VaultError::Unreadable)
}
