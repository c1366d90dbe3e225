//! What the databases of tests are sealed with.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::Connection as _;
use oc::config::Keys;
use oc::domain::ids::TenantId;
use oc::platform::clock;
use oc::platform::secrets::SecretKeys;
use oc::platform::tenants::{Vault, open_vault, store};
use oc::roles::Role;

use super::KEY;
use super::database::TestDatabase;

/// Master keys, as `FIELD_ENCRYPTION_KEY` lists them.
pub fn masters(list: &str) -> Arc<SecretKeys> {
    let key = |text: &str| STANDARD.decode(text).unwrap().try_into().unwrap();
    Arc::new(SecretKeys::new(&Keys(list.split(',').map(key).collect())).unwrap())
}

pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// The vault of a tenant, which is made if need be.
pub fn vault(database: &TestDatabase, name: &str) -> Arc<Vault> {
    let (mut conn, masters, tenant) = (database.connect(), masters(KEY), tenant(name));
    let open = |conn: &mut diesel::PgConnection| {
        store::create(conn, &masters, &tenant, clock::now())?;
        open_vault(conn, &masters, &tenant)
    };
    Arc::new(conn.transaction(open).unwrap().unwrap())
}

/// What a sealed column holds, in the order of the rows' keys.
pub fn opened(database: &TestDatabase, role: &str, name: &str, (table, column): (&str, &str)) -> Vec<String> {
    let vault = vault(database, name);
    let sealed = Role::named(role).unwrap().sealed();
    let table = sealed.iter().find(|sealed| sealed.name == table).unwrap();
    let at = table.columns.iter().position(|sealed| sealed.name == column).unwrap();
    let rows = table.page(&mut database.connect(), vault.tenant(), None, 10_000).unwrap();
    let open = |row| table.open(&vault, row).unwrap().swap_remove(at);
    rows.iter().filter_map(open).map(|bytes| String::from_utf8(bytes).unwrap()).collect()
}
