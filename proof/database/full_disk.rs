//! The disk of the providers' database is full. What is asked meanwhile is
//! refused, or kept; nothing is promised and lost.
//!
//! The disk is a small file system in memory, mounted where only this program
//! sees it (a mount namespace), so that it goes with the program, however that
//! ends. On Linux this takes no privileges where user namespaces are allowed.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::arguments::Arguments;
use crate::run::{self, Run};
use crate::stage::{Plan, Stage};
use crate::summary::conclude;
use crate::writers::{Writer, marker};

const NAME: &str = "database-full-disk";
/// Documents that are ready to be sent when the disk is full.
const READY: u64 = 40;
/// Number of the first of them.
const READY_FROM: u64 = 5_000_000;
/// Longest wait for a full disk to be felt.
const FELT: Duration = Duration::from_secs(60);

/// The proof: this program once more, with a small disk.
pub fn prove(arguments: &Arguments) -> Outcome {
    if let Some(folder) = arguments.text("small-disk") {
        return prove_on(Path::new(folder), arguments);
    }
    let Some(unshare) = unshare() else {
        return Outcome::Skipped(
            "no file system can be mounted here (it takes Linux, and root or user namespaces)".to_owned(),
        );
    };
    let folder = std::env::temp_dir().join(format!("oc-proof-small-disk-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let size = arguments.number("disk-mb", 160, 256);
    let script = format!("mount -t tmpfs -o size={size}m,mode=0755 tmpfs \"$0\" && exec \"$@\"");
    let mut again = Command::new(unshare[0]);
    again.args(&unshare[1..]).args(["sh", "-c", &script]).arg(&folder);
    again.arg(std::env::current_exe().unwrap()).args(["--exact", NAME]).args(arguments.options());
    let ended = again.arg("--small-disk").arg(&folder).status().unwrap();
    if let Err(error) = fs::remove_dir(&folder) {
        eprintln!("{} stays behind: {error}", folder.display());
    }
    if ended.success() { Outcome::Held } else { Outcome::Broken("see above".to_owned()) }
}

/// The command that runs another one where it may mount file systems.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] =
        [&["unshare", "--mount"], &["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]];
    ways.into_iter().find(|way| {
        let mut trial = Command::new(way[0]);
        trial.args(&way[1..]).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
        trial.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

fn prove_on(disk: &Path, arguments: &Arguments) -> Outcome {
    let plan = run::Plan::new(NAME, arguments, (150, 4_000), (8, 16));
    let mut staging = Plan::new(NAME, arguments.is_long());
    staging.provider_folder = Some(disk.join("postgres"));
    staging.server_settings = vec!["max_wal_size=48MB", "min_wal_size=32MB"];
    let stage = Stage::set_up(&staging, |clients| clients[0]);
    let run = Run::new(plan, &stage, String::new);
    let hold = Duration::from_secs(if arguments.is_long() { 15 } else { 2 });
    let ready = prepare(&run);
    let felt = AtomicBool::new(false);
    run.send_all(|| {
        run.wait_for_share(30);
        let ballast = Ballast::fill(disk.join("ballast"));
        run.say("the disk is full");
        std::thread::scope(|scope| {
            for part in ready.chunks(ready.len().div_ceil(4)) {
                scope.spawn(|| send(&run, part));
            }
            let since = Instant::now();
            while since.elapsed() < hold || (run.ledger.refusals().is_empty() && since.elapsed() < FELT) {
                ballast.fill_up();
                std::thread::sleep(Duration::from_millis(20));
            }
            felt.store(!run.ledger.refusals().is_empty(), Ordering::Relaxed);
            ballast.remove();
            run.say("there is space again");
            bring_back(&run);
        });
    });
    let outcome = conclude(&run, || vec![format!("the disk was full for {} s and more", hold.as_secs())]);
    match outcome {
        Outcome::Held if !felt.into_inner() => {
            Outcome::Broken("nothing was refused while the disk was full: nothing is proven".to_owned())
        }
        other => other,
    }
}

/// Documents that need nothing but to be sent, so that sends meet the full disk.
fn prepare(run: &Run<'_>) -> Vec<(String, String)> {
    let mut writer = Writer::new(run, 900, &run.stage.provider_addresses());
    let all = (READY_FROM..READY_FROM + READY).map(|number| {
        let marker = marker(run.plan.seed, number);
        let id = writer.prepare(&marker).unwrap().expect("an answer while nothing is wrong");
        (id, marker)
    });
    all.collect()
}

fn send(run: &Run<'_>, ready: &[(String, String)]) {
    let mut writer = Writer::new(run, 901, &run.stage.provider_addresses());
    for (id, marker) in ready {
        if let Err(what) = writer.send(id, marker) {
            run.ledger.surprise(what);
        }
    }
}

/// A server that gave up for want of space is started again, as whoever runs it would.
fn bring_back(run: &Run<'_>) {
    let mut server = run.stage.provider_server.lock().unwrap();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(500));
        if server.is_running() {
            return;
        }
        run.say("the database had ended; it is started again");
        if let Err(error) = server.start_again() {
            run.say(&error);
        }
    }
    panic!("the database does not come back");
}

/// A file that takes all the space that is left.
struct Ballast(PathBuf);

impl Ballast {
    fn fill(file: PathBuf) -> Self {
        let ballast = Self(file);
        ballast.fill_up();
        ballast
    }

    /// Takes what has become free meanwhile.
    fn fill_up(&self) {
        let mut file = File::options().create(true).append(true).open(&self.0).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn remove(self) {
        fs::remove_file(self.0).unwrap();
    }
}
