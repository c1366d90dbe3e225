//! The private PostgreSQL of developers and tests.

use std::time::Instant;

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use oc::local::{Cluster, ClusterError, Options};

use crate::support::database::search_path;
use crate::support::process::PATIENCE;
use crate::support::scratch::Scratch;
use crate::support::waiting::until;

fn connect(cluster: &Cluster, database: &str) -> diesel::PgConnection {
    diesel::PgConnection::establish(&cluster.url(database)).unwrap()
}

#[test]
fn a_cluster_keeps_its_data_and_stops_at_once() {
    let scratch = Scratch::new("kept");
    let options = Options::kept(scratch.inner(), search_path());
    let cluster = Cluster::start(&options).unwrap();
    cluster.create_database("mine", None).unwrap();
    let mut connected = connect(&cluster, "mine");
    connected.batch_execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").unwrap();
    let started = Instant::now();
    // Whoever is connected is not waited for.
    cluster.stop();
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    drop(connected);
    // A process that another test begins holds the lock until it has become its program.
    let cluster = until("the folder to be free", PATIENCE, || Cluster::start(&options).ok());
    cluster.create_database("mine", None).unwrap();
    cluster.create_database("copy", Some("mine")).unwrap();
    connect(&cluster, "copy").batch_execute("DO $$ BEGIN ASSERT (SELECT id FROM kept) = 1; END $$").unwrap();
    cluster.drop_database("copy").unwrap();
    assert!(diesel::PgConnection::establish(&cluster.url("copy")).is_err());
}

#[test]
fn a_folder_serves_one_cluster_at_a_time_and_is_gone_when_it_was_to_be_thrown_away() {
    let scratch = Scratch::new("thrown");
    let options = Options { throw_away: true, ..Options::kept(scratch.inner(), search_path()) };
    let cluster = Cluster::start(&options).unwrap();
    let refused = Cluster::start(&options).unwrap_err();
    assert!(
        matches!(&refused, ClusterError::InUse(pid) if *pid == std::process::id().to_string()),
        "{refused}"
    );
    assert!(refused.to_string().contains("uses this folder"), "{refused}");
    cluster.stop();
    until("the folder to be removed", PATIENCE, || (!options.folder.exists()).then_some(()));
}

#[test]
fn a_missing_postgresql_is_told_with_how_to_install_it() {
    let scratch = Scratch::new("nothing");
    let programs = Some(scratch.path().to_owned());
    let options = Options { programs, ..Options::kept(scratch.inner(), Vec::new()) };
    let refused = Cluster::start(&options).unwrap_err().to_string();
    assert!(refused.contains("apt-get install postgresql") && refused.contains("brew install"), "{refused}");
    assert!(!options.folder.exists());
}
