//! Logins with more and with fewer rights, and servers with many databases.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use oc::domain::ids::TenantId;
use oc::local::{Cluster, Options};
use oc::platform::db::Db;
use oc::roles::Role;

use super::{ALL, execute, message, tenant, texts};
use crate::support::any_role;
use crate::support::database::{search_path, settings};
use crate::support::process::{Ended, oc, run_with};
use crate::support::scratch::Scratch;

/// A server of its own, on which nobody has made the role yet.
struct Fresh {
    cluster: Cluster,
    _folder: Scratch,
}

impl Fresh {
    fn new(name: &str) -> Self {
        let folder = Scratch::new(name);
        let options = Options::kept(folder.inner(), search_path());
        let cluster = Cluster::start(&Options { throw_away: true, ..options }).unwrap();
        Self { cluster, _folder: folder }
    }

    fn admin(&self, sql: &str) {
        let mut conn = PgConnection::establish(&self.cluster.url("postgres")).unwrap();
        for statement in sql.split("; ") {
            conn.batch_execute(statement).unwrap();
        }
    }

    /// The address of a database for a login.
    fn url(&self, database: &str, login: &str) -> String {
        self.cluster.url(database).replace("user=oc", &format!("user={login}"))
    }
}

fn migrate(role: Role, url: &str) -> Ended {
    run_with(&["migrate", "--role", role.name()], &[("DATABASE_URL", url)])
}

/// Two tenants on a migrated database see what is theirs, whoever logs in.
async fn assert_apart(role: Role, url: &str) {
    role.owner().check(&mut PgConnection::establish(url).unwrap()).unwrap();
    let db = Db::new(&settings(url), role.owner());
    let (north, south): (TenantId, TenantId) = (tenant("north"), tenant("south"));
    for own in [&north, &south] {
        let sql = message(own.as_str(), "own");
        assert_eq!(db.of(own).run(move |conn| execute(conn, &sql)).await.unwrap(), 1);
    }
    assert_eq!(db.of(&north).read(|conn| texts(conn, ALL)).await.unwrap(), ["north own"]);
    let to_north = message("north", "planted");
    let planted = db.of(&south).run(move |conn| execute(conn, &to_north)).await.unwrap_err();
    assert!(planted.to_string().contains("row-level security"), "{planted}");
    let all = db.of_everybody().read(|conn| texts(conn, ALL)).await.unwrap();
    assert_eq!(all, ["north own", "south own"]);
}

#[actix_web::test]
async fn it_holds_for_a_superuser_and_for_a_plain_owner_on_one_server() {
    let (role, server) = (any_role(), Fresh::new("logins"));
    server.admin(
        "CREATE ROLE plain LOGIN CREATEROLE; CREATE DATABASE mighty; CREATE DATABASE plain OWNER plain",
    );
    let plain = server.url("plain", "plain");
    assert_eq!(migrate(role, &plain).code, 0);
    assert_apart(role, &plain).await;
    let mighty = server.cluster.url("mighty");
    assert_eq!(migrate(role, &mighty).code, 0);
    assert_apart(role, &mighty).await;
    assert_apart_from_others(role, &server, &plain);
}

/// Who does not own the tables would see nothing of what concerns all tenants.
fn assert_apart_from_others(role: Role, server: &Fresh, owners: &str) {
    server.admin("CREATE ROLE stranger LOGIN; GRANT oc_tenant TO stranger");
    let strangers = owners.replace("user=plain", "user=stranger");
    let mut conn = PgConnection::establish(&strangers).unwrap();
    let refused = role.owner().check(&mut conn).unwrap_err().to_string();
    assert!(refused.contains("use the login that ran `oc migrate`"), "{refused}");
}

#[actix_web::test]
async fn a_login_that_may_not_make_roles_is_told_what_an_administrator_has_to_run() {
    let (role, server) = (any_role(), Fresh::new("advice"));
    server.admin("CREATE ROLE \"Plain one\" LOGIN; CREATE DATABASE plain OWNER \"Plain one\"");
    let url = server.url("plain", "Plain%20one");
    let told = |ended: &Ended| ended.err.split("run once: ").nth(1).unwrap_or_default().trim().to_owned();
    let refused = migrate(role, &url);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{}", refused.err);
    assert_eq!(told(&refused), "CREATE ROLE oc_tenant NOLOGIN NOINHERIT ROLE \"Plain one\"");
    server.admin(&told(&refused));
    assert_eq!(migrate(role, &url).code, 0);
    assert_apart(role, &url).await;
    server.admin("REVOKE oc_tenant FROM \"Plain one\"");
    let refused = migrate(role, &url);
    assert_eq!(told(&refused), "GRANT oc_tenant TO \"Plain one\"");
    server.admin(&told(&refused));
    server.admin("ALTER ROLE oc_tenant BYPASSRLS");
    let refused = migrate(role, &url);
    assert_eq!(told(&refused), "ALTER ROLE oc_tenant NOSUPERUSER NOBYPASSRLS");
    let db = Db::new(&settings(&url), role.owner());
    assert!(db.of(&tenant("north")).read(|conn| texts(conn, ALL)).await.is_err());
    server.admin(&told(&refused));
    assert_eq!(migrate(role, &url).code, 0);
    assert_eq!(db.of(&tenant("north")).read(|conn| texts(conn, ALL)).await.unwrap(), ["north own"]);
}

#[test]
fn ten_databases_of_a_new_server_may_be_migrated_at_once() {
    let server = Fresh::new("ten");
    server.admin("CREATE ROLE plain LOGIN CREATEROLE");
    let names: Vec<String> = (0..10).map(|i| format!("db{i}")).collect();
    names.iter().for_each(|name| server.admin(&format!("CREATE DATABASE {name} OWNER plain")));
    let start = |(i, name): (usize, &String)| {
        let role = Role::ALL[i % Role::ALL.len()];
        let mut command = oc();
        command.args(["migrate", "--role", role.name()]).env("DATABASE_URL", server.url(name, "plain"));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = names.iter().enumerate().map(start).collect();
    let ended: Vec<Ended> =
        running.into_iter().map(|child| child.wait_with_output().unwrap().into()).collect();
    assert!(ended.iter().all(|one| one.code == 0), "{ended:?}");
    for (i, name) in names.iter().enumerate() {
        let role = Role::ALL[i % Role::ALL.len()];
        role.owner().check(&mut PgConnection::establish(&server.url(name, "plain")).unwrap()).unwrap();
    }
}
