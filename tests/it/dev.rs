//! `oc dev`: two roles and a database out of nothing, and nothing left behind.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::http::{self, Call};
use crate::support::process::{Ended, Process, oc, processes_with};
use crate::support::scratch::Scratch;
use crate::support::waiting::until;

/// A running `oc dev`.
struct Dev {
    process: Process,
    provider: SocketAddr,
    client: SocketAddr,
    link: String,
    code: String,
}

/// Ports that one test wants; tests run side by side.
#[derive(Clone, Copy)]
struct Ports {
    provider: u16,
    client: u16,
}

fn command(folder: &Path, ports: Ports, args: &[&str]) -> std::process::Command {
    let mut command = oc();
    command.args(["dev", "--folder"]).arg(folder).args(args).current_dir(folder.parent().unwrap());
    // Marks every process that belongs to it.
    command.env("MARK", folder);
    command.args([
        "--provider-port",
        &ports.provider.to_string(),
        "--client-port",
        &ports.client.to_string(),
    ]);
    command
}

fn start(folder: &Path, ports: Ports, args: &[&str]) -> Dev {
    let mut process = Process::start(command(folder, ports, args));
    let said =
        process.wait_for("oc dev to be ready", |said| said.contains("Stop  ").then(|| said.to_owned()));
    let after = |start: &str| {
        let line = said.lines().find_map(|line| line.trim_start().strip_prefix(start));
        line.unwrap_or_else(|| panic!("{start} in {said}")).split_whitespace().next().unwrap().to_owned()
    };
    let address = |start: &str| url::Url::parse(&after(start)).unwrap().socket_addrs(|| None).unwrap()[0];
    let (link, code) = (after("Read one now"), after("with the code"));
    Dev { provider: address("provider  "), client: address("client  "), link, code, process }
}

fn assert_nothing_left(folder: &Path) {
    let mark = folder.to_str().unwrap();
    let limit = Duration::from_secs(5);
    until("every process to end", limit, || {
        let left = processes_with(mark);
        if !left.is_empty() {
            eprintln!("still there: {left:?}");
        }
        left.is_empty().then_some(())
    });
}

fn documents(dev: &Dev) -> Vec<Value> {
    let page = http::call(dev.provider, &Call::get("/api/documents?limit=50")).expect(200);
    page["items"].as_array().unwrap().clone()
}

fn opens(dev: &Dev, code: &str) -> bool {
    http::call(dev.client, &Call::get(format!("/api/public/{code}"))).status == 200
}

#[test]
fn the_first_run_loads_the_examples_and_later_runs_keep_what_was_written() {
    let ports = Ports { provider: 24_100, client: 24_200 };
    let scratch = Scratch::new("first");
    let folder = scratch.inner();
    let mut dev = start(&folder, ports, &[]);
    let loaded = documents(&dev);
    let with_state = |state: &str| loaded.iter().filter(|d| d["delivery"]["state"] == state).count();
    assert_eq!((loaded.len(), with_state("delivered"), with_state("none")), (10, 8, 2));
    assert_eq!(loaded.iter().filter(|document| document["status"] == "draft").count(), 1);
    let code = dev.code.clone();
    assert!(opens(&dev, &code), "{}", dev.link);
    assert!(dev.link.starts_with(&format!("http://{}/d/", dev.client)), "{}", dev.link);
    let said = dev.process.said();
    assert!(said.contains("provider | oc ") && said.contains("  client | oc "), "{said}");
    http::call(dev.provider, &Call::post("/api/documents", &json!({"title": "Mine", "content": "C"})))
        .expect(201);
    dev.process.signal(Signal::INT);
    assert_eq!(dev.process.wait(), Some(0), "{}", dev.process.said());
    assert!(dev.process.said().contains("your documents are kept"), "{}", dev.process.said());
    assert_nothing_left(&folder);

    let mut dev = start(&folder, ports, &[]);
    let kept = documents(&dev);
    assert_eq!((kept.len(), &kept[0]["title"]), (11, &json!("Mine")));
    assert!(opens(&dev, &code), "the key is kept with the databases");
    assert!(!dev.process.said().contains("documents loaded"));
    dev.process.signal(Signal::TERM);
    assert_eq!(dev.process.wait(), Some(0));

    let dev = start(&folder, ports, &["--reset"]);
    assert_eq!(documents(&dev).len(), 10);
    assert!(!opens(&dev, &code));
    drop(dev);
    assert_nothing_left(&folder);
}

#[test]
fn a_taken_port_is_passed_over_a_taken_folder_is_refused_and_a_kill_leaves_nothing() {
    let scratch = Scratch::new("second");
    let folder = scratch.inner();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ports = Ports { provider: 24_300, client: port };
    let dev = start(&folder, ports, &[]);
    assert!(dev.client.port() > port && dev.client.port() < port + 50, "{}", dev.client);
    let told = format!("port {port} is taken by another program, so {} is used instead", dev.client.port());
    assert!(dev.process.said().contains(&told), "{}", dev.process.said());
    assert!(dev.process.said().contains(&format!("open CODE --client http://{}", dev.client)));

    let second: Ended = command(&folder, ports, &[]).output().unwrap().into();
    assert_eq!((second.code, second.out.as_str()), (1, ""));
    assert!(
        second.err.contains("uses this folder; stop it, or choose another with --folder"),
        "{}",
        second.err
    );
    assert_eq!(documents(&dev).len(), 10, "the first one goes on");

    assert!(processes_with(folder.to_str().unwrap()).len() > 5, "the mark finds the processes");
    dev.process.signal(Signal::KILL);
    assert_nothing_left(&folder);
    let again = start(&folder, ports, &[]);
    assert_eq!(documents(&again).len(), 10, "nothing is lost by a kill");
    drop(again);
    assert_nothing_left(&folder);
}

#[test]
fn without_postgresql_it_says_what_to_install() {
    let ports = Ports { provider: 24_500, client: 24_600 };
    let scratch = Scratch::new("third");
    let folder = scratch.inner();
    let ended: Ended = command(&folder, ports, &["--postgres", "/nowhere"]).output().unwrap().into();
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.contains("apt-get install postgresql"), "{}", ended.err);
}
