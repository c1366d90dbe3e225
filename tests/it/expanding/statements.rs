//! Reads a migration as far as it takes to see what only adds. Whatever is not known to
//! add is taken for harm.

use std::collections::BTreeSet;

/// What would break a version that does not know this migration.
pub fn harm(sql: &str) -> Vec<String> {
    let mut new_tables = BTreeSet::new();
    let mut found = Vec::new();
    for statement in statements(sql) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        if words.starts_with(&["create", "table"]) {
            new_tables.insert(name_after(&words, "table"));
        } else if !adds(&words, &new_tables) {
            found.push(statement);
        }
    }
    found
}

fn adds(words: &[&str], new: &BTreeSet<String>) -> bool {
    match words {
        ["comment", "on", ..] | ["insert", "into", ..] | ["update", ..] => true,
        ["drop", "index", ..] | ["create", "index", ..] => true,
        ["create", "unique", "index", ..] | ["create", "trigger", ..] => {
            new.contains(&name_after(words, "on"))
        }
        ["alter", "table", ..] => {
            let table = name_after(words, "table");
            new.contains(&table) || clauses(words, &table).iter().all(|clause| clause_adds(clause))
        }
        _ => false,
    }
}

/// The name behind a word, as far as it reaches.
fn name_after(words: &[&str], word: &str) -> String {
    let rest = words.iter().skip_while(|w| **w != word).skip(1);
    let name = rest.copied().find(|w| !["only", "if", "not", "exists", "concurrently"].contains(w));
    name.unwrap_or_default().split('(').next().unwrap_or_default().to_owned()
}

/// What an `ALTER TABLE` does, one by one.
fn clauses(words: &[&str], table: &str) -> Vec<String> {
    let text = words.join(" ");
    let rest = text.split_once(&format!(" {table} ")).map_or("", |(_, rest)| rest);
    let (mut depth, mut clauses) = (0, vec![String::new()]);
    for sign in rest.chars() {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                clauses.push(String::new());
                continue;
            }
            _ => {}
        }
        clauses.last_mut().unwrap().push(sign);
    }
    clauses
}

fn clause_adds(clause: &str) -> bool {
    let words: Vec<&str> = clause.split_whitespace().collect();
    match words.as_slice() {
        ["add", "column", ..] => {
            let needs_a_value = clause.contains("not null") && !clause.contains(" default ");
            !needs_a_value && !clause.contains(" unique") && !clause.contains(" primary ")
        }
        ["alter", "column", _, "set", "storage" | "statistics" | "default", ..] => true,
        ["validate", "constraint", ..] => true,
        _ => false,
    }
}

/// The statements in lower case, without comments; what is quoted is emptied, but not what
/// stands between dollars, which may be run.
fn statements(sql: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut rest = sql.to_lowercase();
    while let Some(sign) = rest.chars().next() {
        let (taken, kept) = match sign {
            '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), " ".to_owned()),
            '/' if rest.starts_with("/*") => {
                (rest.find("*/").map_or(rest.len(), |end| end + 2), " ".to_owned())
            }
            '\'' => (rest[1..].find('\'').map_or(rest.len(), |end| end + 2), "''".to_owned()),
            ';' => {
                statements.push(String::new());
                (1, String::new())
            }
            sign => (sign.len_utf8(), sign.to_string()),
        };
        statements.last_mut().unwrap().push_str(&kept);
        rest.drain(..taken);
    }
    statements.retain(|statement| !statement.trim().is_empty());
    statements.iter().map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}
