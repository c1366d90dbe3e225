//! The one-way street: domain ← platform ← roles ← cli, checked on the sources.
//! The compiler accepts any path between modules, so the text is what is read.

use std::fs;
use std::path::Path;

/// Folders or files, paths that must not stand in them, and exceptions.
struct Rule {
    places: &'static [&'static str],
    forbidden: &'static [&'static str],
    except: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        places: &["domain/"],
        forbidden: &[
            "actix",
            "diesel::",
            "awc::",
            "ring::",
            "std::env",
            "crate::platform",
            "crate::config",
            "crate::roles",
            "crate::cli",
            "crate::local",
            "SystemTime",
            "Timestamp::now",
        ],
        except: &[],
    },
    Rule {
        places: &["config/"],
        forbidden: &[
            "crate::platform",
            "crate::roles",
            "crate::cli",
            "crate::local",
            "actix",
            "diesel::",
            "awc::",
        ],
        except: &[],
    },
    Rule { places: &["platform/"], forbidden: &["crate::roles", "crate::cli", "crate::local"], except: &[] },
    Rule { places: &["local/"], forbidden: &["crate::roles", "crate::cli", "platform::http"], except: &[] },
    Rule { places: &["roles/"], forbidden: &["crate::cli", "crate::local"], except: &[] },
    Rule { places: &["roles/provider/"], forbidden: &["roles::client"], except: &[] },
    Rule { places: &["roles/client/"], forbidden: &["roles::provider"], except: &[] },
    Rule {
        // A closure may name the connection that it hands on.
        places: &[
            "roles/provider/routes/",
            "roles/client/routes/",
            "roles/provider/jobs/",
            "roles/client/web/",
            "roles/provider/web/",
        ],
        forbidden: &["diesel::"],
        // A courier takes part in a transaction and hands on what its statements answer.
        except: &["diesel::PgConnection", "diesel::result::QueryResult"],
    },
    Rule {
        places: &["roles/provider/store/", "roles/client/store/"],
        forbidden: &["actix", "awc::", "::routes", "ApiError", "http::"],
        except: &[],
    },
    Rule { places: &["roles/provider/jobs/"], forbidden: &["::routes"], except: &[] },
    Rule {
        places: &[
            "domain/",
            "config/",
            "platform/",
            "local/",
            "cli/",
            "roles/provider/",
            "roles/client/",
            "lib.rs",
            "main.rs",
        ],
        forbidden: &["cfg(feature", "cfg(all(feature", "cfg(any(feature", "cfg(not(", "cfg_attr"],
        except: &[],
    },
    Rule { places: &[""], forbidden: &["TODO", "FIXME", "XXX"], except: &["SQLSTATE"] },
];

/// Longest file of the sources, in lines.
const LINES_MAX: usize = 400;

struct Source {
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push(Source { path, text });
        }
    }
}

/// The code of a line: what a comment says about another layer is allowed.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Whether a path stands in the text; `String::` is not `ring::`.
fn names(text: &str, path: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(path)
        .any(|(at, _)| !path.starts_with(part_of_a_word) || !text[..at].ends_with(part_of_a_word))
}

fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let rules =
            RULES.iter().filter(|rule| rule.places.iter().any(|place| source.path.starts_with(place)));
        for rule in rules {
            for (i, line) in source.text.lines().enumerate() {
                // Marks of unfinished work count in comments too.
                let mut seen = if rule.places == [""] { line.to_owned() } else { code(line).to_owned() };
                rule.except.iter().for_each(|allowed| seen = seen.replace(allowed, ""));
                for word in rule.forbidden.iter().filter(|word| names(&seen, word)) {
                    found.push(format!("src/{}:{} names {word}", source.path, i + 1));
                }
            }
        }
        if source.text.lines().count() > LINES_MAX {
            found.push(format!("src/{} is longer than {LINES_MAX} lines", source.path));
        }
    }
    found
}

#[test]
fn no_layer_names_one_above_it() {
    let sources = sources();
    assert!(sources.len() > 50, "the sources were not found");
    assert_eq!(violations(&sources), Vec::<String>::new());
}

#[test]
fn every_place_that_a_rule_names_exists() {
    let sources = sources();
    for place in RULES.iter().flat_map(|rule| rule.places) {
        assert!(sources.iter().any(|source| source.path.starts_with(place)), "{place}");
    }
}

#[test]
fn a_planted_violation_is_caught() {
    let planted = [
        ("domain/document.rs", "use crate::platform::clock;"),
        ("domain/new.rs", "    let now = std::env::var(\"X\");"),
        ("config/mod.rs", "use crate::roles::Role;"),
        ("platform/server.rs", "use crate::roles::provider;"),
        ("platform/db/mod.rs", "use crate::cli::run;"),
        ("local/cluster.rs", "use crate::platform::http::ApiError;"),
        ("roles/provider/routes/send.rs", "use diesel::prelude::*;"),
        ("roles/provider/mod.rs", "use crate::roles::client::codes;"),
        ("roles/client/store/documents.rs", "use actix_web::HttpResponse;"),
        ("cli/serve.rs", "#[cfg(feature = \"client\")]"),
        ("lib.rs", "// TODO later"),
    ];
    for (path, line) in planted {
        let source = Source { path: path.to_owned(), text: format!("//! Doc.\n{line}\n") };
        let found = violations(&[source]);
        assert!(found.iter().any(|text| text.starts_with(&format!("src/{path}:2 "))), "{path}: {line}");
    }
    let long = Source { path: "cli/long.rs".to_owned(), text: "line\n".repeat(LINES_MAX + 1) };
    assert_eq!(violations(&[long]).len(), 1);
}

#[test]
fn what_is_allowed_is_not_reported() {
    let fine = [
        ("domain/document.rs", "// Unlike crate::platform, this is pure."),
        ("roles/provider/routes/send.rs", "fn f(conn: &mut diesel::PgConnection) {}"),
        ("roles/mod.rs", "#[cfg(feature = \"client\")]"),
        ("roles/client/store/documents.rs", "use diesel::prelude::*;"),
    ];
    for (path, line) in fine {
        let source = Source { path: path.to_owned(), text: line.to_owned() };
        assert_eq!(violations(&[source]), Vec::<String>::new());
    }
}

/// Who may ask for the rows of all tenants, how often, and why no tenant is known there.
const OF_EVERYBODY: &[(&str, usize, &str)] = &[
    ("cli/audit.rs", 1, "lists the tenants that have an audit trail"),
    ("platform/audit/retention.rs", 2, "removes what is older than the retention"),
    ("platform/audit/worker.rs", 3, "chains what all tenants have done"),
    ("platform/outbox/dispatch.rs", 2, "brings the messages of all tenants to their destinations"),
    ("platform/outbox/observe.rs", 1, "counts what waits, without a word of whose it is"),
    ("platform/outbox/settling.rs", 1, "writes down what has become of them"),
    ("platform/tenants/mod.rs", 1, "makes a tenant, which no tenant may do for itself"),
    ("roles/client/jobs/housekeeping.rs", 2, "lets end what ends by time"),
    ("roles/client/mod.rs", 1, "whoever types a code names no tenant"),
    ("roles/provider/flows/reconcile.rs", 1, "lists the tenants whose documents are compared"),
    ("roles/provider/jobs/housekeeping.rs", 4, "removes what is not needed any more"),
    ("roles/provider/jobs/receipts.rs", 1, "lists the tenants that send"),
    ("roles/provider/jobs/refill.rs", 1, "lists the tenants that send"),
    (
        "roles/provider/jobs/webhooks.rs",
        2,
        "looks for webhooks that are behind, and for those that are called",
    ),
];

#[test]
fn only_reviewed_places_ask_for_the_rows_of_all_tenants() {
    let asks = |source: &Source| {
        let in_line = |line: &str| code(line).matches("of_everybody(").count();
        (source.path.clone(), source.text.lines().map(in_line).sum::<usize>())
    };
    let found: Vec<_> = sources()
        .iter()
        .filter(|source| !source.path.starts_with("platform/db/"))
        .map(asks)
        .filter(|(_, count)| *count > 0)
        .collect();
    let reviewed: Vec<_> = OF_EVERYBODY.iter().map(|(path, count, _)| ((*path).to_owned(), *count)).collect();
    assert_eq!(found, reviewed, "give the reason in the list, or ask with Db::of");
}

#[test]
fn nobody_connects_to_the_database_past_its_one_door() {
    // Migrations, the listener that reads no rows, the doctor that only reads, and servers for
    // development and tests.
    let reviewed = [
        "local/cluster.rs",
        "platform/db/inspect.rs",
        "platform/db/manager.rs",
        "platform/db/migrations.rs",
        "platform/outbox/wake.rs",
    ];
    let connects =
        |source: &&Source| source.text.lines().any(|line| code(line).contains("PgConnection::establish"));
    let found: Vec<_> = sources().iter().filter(connects).map(|source| source.path.clone()).collect();
    assert_eq!(found, reviewed);
}
