//! The API description: committed, served, complete, and true.

mod truth;

pub use truth::example_of;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use oc::roles::Role;
use serde_json::Value;

use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::{Served, run};

pub const METHODS: [&str; 8] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"];

/// Routes that are deliberately left out of the description: other names of the
/// probes, the description itself, the pages.
pub const UNDESCRIBED: [&str; 35] = [
    "/otp",
    "/otp/verify",
    "/livez",
    "/readyz",
    "/docs",
    "/docs/swagger.json",
    "/docs/swagger.yaml",
    "/docs/{file:.*}",
    "/",
    "/view/{code}",
    "/d/{token}",
    "/p/{tenant}",
    "/p/{tenant}/logo/{version}",
    "/document",
    "/finish",
    "/assets/{file}",
    "/sign-in",
    "/sign-in/account",
    "/sign-in/return",
    "/sign-out",
    "/settings",
    "/settings/practice",
    "/documents/{id}/expiry",
    "/library",
    "/library/{id}/remove",
    "/preview",
    "/documents/new",
    "/documents/{id}",
    "/documents/{id}/edit",
    "/documents/{id}/send",
    "/documents/{id}/revoke",
    "/documents/{id}/reissue",
    "/documents/{id}/retry",
    "/documents/{id}/delete",
    "/documents/{id}/library",
];

pub fn described(role: Role) -> Value {
    serde_json::to_value(role.api()).unwrap()
}

fn each_role(check: impl Fn(Role, &Value)) {
    Role::ALL.iter().for_each(|role| check(*role, &described(*role)));
}

/// Each operation: path, method, what is said about it.
pub fn operations(api: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    found
}

#[test]
fn the_committed_description_is_the_one_of_the_code() {
    each_role(|role, _| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("openapi/{}.json", role.name()));
        let current = role.api().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("OC_UPDATE_OPENAPI").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &current).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == current,
            "{} is out of date: run the tests once with OC_UPDATE_OPENAPI=1",
            path.display()
        );
        assert_eq!(run(&["openapi", "--role", role.name()]).out, current);
    });
}

#[test]
fn it_is_openapi_3_1_and_names_every_operation_once() {
    each_role(|role, api| {
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"), "{}", api["openapi"]);
        assert_eq!(api["info"]["version"], env!("CARGO_PKG_VERSION"));
        let operations = operations(api);
        assert!(operations.len() >= 4, "{}", role.name());
        let names: BTreeSet<_> =
            operations.iter().map(|(_, _, said)| said["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.len(), operations.len());
        for (path, method, said) in &operations {
            assert!(said["summary"].is_string() && said["tags"].is_array(), "{method} {path}");
        }
    });
}

#[test]
fn it_is_served_as_json_and_yaml_with_a_user_interface_that_needs_no_other_host() {
    each_role(|role, api| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[]);
        let get = |path: &str| served.call(&Call::get(path));
        let json = get("/docs/swagger.json");
        assert_eq!((json.header("Content-Type"), &json.expect(200)), (Some("application/json"), api));
        let yaml = get("/docs/swagger.yaml");
        assert_eq!((yaml.status, yaml.header("Content-Type")), (200, Some("application/yaml")));
        for (path, _, said) in operations(api) {
            let name = said["operationId"].as_str().unwrap();
            assert!(
                yaml.text().contains(&format!("{path}:"))
                    && yaml.text().contains(&format!("operationId: {name}\n"))
            );
        }
        let redirect = get("/docs");
        assert_eq!((redirect.status, redirect.header("Location")), (308, Some("/docs/")));
        assert_interface(&get("/docs/"), &get);
    });
}

fn assert_interface(page: &Answer, get: &impl Fn(&str) -> Answer) {
    let html = page.text();
    assert!(page.status == 200 && html.contains("swagger-ui"), "{html}");
    let mut files = 0;
    for part in html.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
        assert!(!part.contains("//"), "{part} is on another host");
        let path = format!("/docs/{}", part.trim_start_matches("./"));
        let file = get(&path);
        assert!(file.status == 200 && !file.body.is_empty(), "{path}: {}", file.status);
        assert!(!file.text().contains("https://petstore"), "{path} is not set up");
        files += 1;
    }
    assert!(files >= 3, "{html}");
    assert!(page.header("Content-Security-Policy").unwrap().contains("connect-src 'self'"));
    // What the policy would refuse.
    let inline = html.split("<script").skip(1).any(|rest| !rest.split('>').next().unwrap().contains("src="));
    assert!(!inline && !html.contains("<style") && !html.contains("style="), "{html}");
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
}

/// Every path that the sources of a role and of the platform mount.
pub fn mounted(role: Role) -> BTreeSet<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> =
        vec![src.join("platform/http"), src.join("platform/metrics"), src.join("roles").join(role.name())];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // What follows "configure" at the end of a file mounts routes.
            let Some((_, mounting)) = text.split_once("fn configure") else { continue };
            let literals = mounting.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
            found.extend(literals.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_route_is_described_and_nothing_else() {
    each_role(|role, api| {
        let described: BTreeSet<String> = operations(api).into_iter().map(|(path, ..)| path).collect();
        // What the provider role calls has a second name under /api.
        let left_out = |path: &String| path.starts_with("/api/v1/") || UNDESCRIBED.contains(&path.as_str());
        let mounted: BTreeSet<String> = mounted(role).into_iter().filter(|path| !left_out(path)).collect();
        assert_eq!(mounted, described, "{}", role.name());
    });
}

pub fn concrete(path: &str) -> String {
    path.replace("{id}", "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d").replace("{accessCode}", "0000-0000-0000")
}

#[test]
fn every_described_method_is_answered_and_every_other_is_refused_with_allow() {
    each_role(|role, api| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[]);
        let operations = operations(api);
        for path in operations.iter().map(|(path, ..)| path).collect::<BTreeSet<_>>() {
            let allowed: BTreeSet<&str> =
                operations.iter().filter(|(p, ..)| p == path).map(|(_, method, _)| method.as_str()).collect();
            for method in METHODS {
                let answer = served.call(&Call::new(method, concrete(path)));
                let what = format!("{method} {path}: {} {}", answer.status, answer.text());
                if allowed.contains(method) {
                    assert!(
                        answer.status != 405 && !answer.text().contains("nothing at this path"),
                        "{what}"
                    );
                    continue;
                }
                assert_eq!(answer.status, 405, "{what}");
                let allow: BTreeSet<&str> = answer.header("Allow").expect(&what).split(", ").collect();
                assert_eq!(allow, allowed, "{what}");
                if method == "HEAD" {
                    assert!(answer.body.is_empty(), "{what}");
                } else {
                    answer.refused(405, "METHOD_NOT_ALLOWED");
                }
            }
        }
    });
}
