//! An exported trail is verified by the file alone.

use super::Trail;
use crate::support::process::{Ended, run, run_reading, run_with};
use crate::support::scratch::Scratch;
use crate::support::{CODE_KEY, KEY, any_role};

fn verify(lines: &[String], more: &[&str]) -> Ended {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    run_reading(&[&["audit", "verify", "--file", "-"], more].concat(), text.as_bytes())
}

#[actix_web::test]
async fn an_export_is_whole_and_every_change_of_a_line_is_found() {
    let trail = Trail::new();
    trail.write("one", 1..=6).await;
    trail.chain(6).await;
    let lines = trail.lines("one").await;
    let head = trail.verify("one").await.unwrap().head.to_string();
    let whole = verify(&lines, &["--head", &head]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    assert_eq!(whole.out, format!("one: whole, entries 1 to 6; head {head}\n"));

    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let found = verify(&lines, &["--head", &head]);
        assert_eq!((found.code, found.out.as_str()), (1, ""), "{}", found.err);
        found.err.split("damaged: ").nth(1).unwrap().trim().to_owned()
    };
    assert_eq!(changed(&|l| l[2] = l[2].replace("anna", "otto")), "entry 3 was changed");
    assert_eq!(changed(&|l| drop(l.remove(2))), "entry 3 is missing or not at its place");
    assert_eq!(changed(&|l| l.swap(2, 3)), "entry 3 is missing or not at its place");
    assert_eq!(changed(&|l| l.insert(3, l[2].clone())), "entry 4 is missing or not at its place");
    assert_eq!(changed(&|l| l.truncate(4)), "the end is missing, from entry 5 on");
    assert_eq!(changed(&|l| l[0].clear()), "line 1 is no entry of an audit trail");
    assert_eq!(
        changed(&|l| l[5] = l[5].replacen('{', "{\"x\":1,", 1)),
        "line 6 is no entry of an audit trail"
    );
}

#[actix_web::test]
async fn a_part_of_a_trail_says_what_it_goes_on_from() {
    let trail = Trail::new();
    trail.write("one", 1..=4).await;
    trail.chain(4).await;
    let lines = trail.lines("one").await;
    let hash = |at: usize| lines[at].rsplit('"').nth(1).unwrap().to_owned();
    let part = &lines[2..];
    let whole = verify(part, &[]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    assert!(whole.err.contains("What came before entry 3 is not in this file"), "{}", whole.err);
    let start = format!("2:{}", hash(1));
    assert_eq!(verify(part, &["--start", &start]).code, 0);
    let other = format!("2:{}", hash(0));
    assert!(verify(part, &["--start", &other]).err.contains("entry 3 does not follow"));
    assert_eq!(verify(&lines, &["--start", &start]).code, 1);
}

#[actix_web::test]
async fn a_stranger_can_verify_it_with_the_documented_rule() {
    let trail = Trail::new();
    trail.write("one", 1..=3).await;
    trail.chain(3).await;
    let mut prev = "0".repeat(64);
    for line in trail.lines("one").await {
        let (body, hash) = line.split_at(line.len() - 75);
        let hash = &hash[9..73];
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("{body}}}").as_bytes());
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, hash, "{line}");
        assert!(body.ends_with(&format!("\"prev\":\"{prev}\"")), "{line}");
        prev = digest;
    }
}

/// A command on the database of a role.
fn command(trail: &Trail, args: &[&str]) -> Ended {
    let variables = [
        ("DATABASE_URL", trail.database.url()),
        ("ACCESS_CODE_KEY", CODE_KEY),
        ("FIELD_ENCRYPTION_KEY", KEY),
    ];
    run_with(&[&["audit"], args, &["--role", any_role().name()]].concat(), &variables)
}

#[actix_web::test]
async fn the_command_exports_verifies_and_tells_the_head() {
    let made = Trail::new();
    let keys = oc::config::Keys(vec![
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, KEY).unwrap().try_into().unwrap(),
    ]);
    let keys = std::sync::Arc::new(oc::platform::secrets::SecretKeys::new(&keys).unwrap());
    let trail = Trail::on(made.database, made.db, keys);
    trail.write("one", 1..=3).await;
    trail.write("two", 1..=2).await;
    trail.chain(5).await;
    let head = trail.verify("one").await.unwrap().head.to_string();
    let told = command(&trail, &["head", "--tenant", "one"]);
    assert_eq!((told.code, told.out.trim()), (0, head.as_str()), "{}", told.err);
    assert!(command(&trail, &["head"]).out.contains(&format!("one {head}\ntwo 2:")));
    let exported = command(&trail, &["export", "--tenant", "one"]);
    let lines: Vec<String> = exported.out.lines().map(str::to_owned).collect();
    assert_eq!(lines, trail.lines("one").await, "{}", exported.err);
    let folder = Scratch::new("audit");
    let file = folder.path().join("one.ndjson");
    std::fs::write(&file, &exported.out).unwrap();
    let verified = run(&["audit", "verify", "--head", &head, "--file", file.to_str().unwrap()]);
    assert_eq!(verified.code, 0, "{}", verified.err);
    let both = command(&trail, &["verify"]);
    assert_eq!((both.code, both.out.lines().count()), (0, 2), "{}", both.err);
    trail.tamper("UPDATE audit_log SET who = 'x' WHERE tenant_id = 'two' AND seq = 2");
    let damaged = command(&trail, &["verify"]);
    assert_eq!(damaged.code, 1);
    assert!(damaged.out.contains("one: whole") && damaged.out.contains("two: DAMAGED: entry 2 was changed"));
    assert_eq!(command(&trail, &["export"]).code, 2);
    assert_eq!(command(&trail, &["verify", "--head", &head]).code, 2);
}
