//! What README and docs say about speed is what `make bench` measured and wrote to `bench/`.

use std::path::Path;

use serde_json::Value;

#[test]
fn the_readme_tells_what_was_measured_of_each_operation() {
    let (readme, chart) = (text("README.md"), text("docs/bench.svg"));
    for operation in operations() {
        let (name, m) = (&operation.name, &operation.crowd);
        let row = format!(
            "| {name} | {} | {:.1} / {:.1} | {:.0} % | {:.0} % |",
            grouped(number(&m["requestsPerSecond"])),
            number(&m["p50Micros"]) / 1_000.0,
            number(&m["p99Micros"]) / 1_000.0,
            number(&m["percentOfPgbench"]),
            number(&operation.all["targetPercent"]),
        );
        readme.tells(&row);
        chart.tells(&format!(">{:.0}/s<", number(&m["requestsPerSecond"])));
    }
}

#[test]
fn the_readme_tells_what_was_measured_of_the_delivery_and_of_the_processes() {
    let (readme, results) = (text("README.md"), measured("results"));
    let delivery = &results["delivery"];
    let of = |name: &str| number(&delivery[name]);
    readme.tells(&format!(
        "| {}/s, {:.0} % of pgbench; {:.0} % with a code |",
        grouped(of("acceptedPerSecond")),
        of("acceptedPercentOfPgbench"),
        of("acceptedWithCodePercent")
    ));
    readme.tells(&format!(
        "| A queue of {} worked off once it is back | {}/s, {:.0} % of the client role's own rate ({}/s) |",
        grouped(of("messages")),
        grouped(of("drainedPerSecond")),
        of("drainedPercentOfDirect"),
        grouped(of("directPerSecond"))
    ));
    let [one, many] = [0, 1]
        .map(|i| ["p50Micros", "p99Micros"].map(|name| number(&delivery["readable"][i][name]) / 1_000.0));
    readme.tells(&format!(
        "| p50 {:.1} ms, p99 {:.1} ms; {} senders at once: {:.0} and {:.0} ms |",
        one[0], one[1], delivery["readable"][1]["senders"], many[0], many[1]
    ));
    for idle in delivery["idle"].as_array().unwrap() {
        readme.tells(&format!(
            "| A minute at rest, {} role | {:.0} queries, {:.0} ms of processor time |",
            idle["role"].as_str().unwrap(),
            number(&idle["queriesPerMinute"]),
            number(&idle["processorMillisPerMinute"])
        ));
    }
    readme.tells(&format!(
        "A role takes {:.0} MB at rest, {:.0} MB after this load, and is ready {:.0} ms after its start.",
        of_both(&results["idleMemoryKb"]) / 1_024.0,
        of_both(&results["loadedMemoryKb"]) / 1_024.0,
        of_both(&results["startMillis"])
    ));
}

#[test]
fn the_readme_tells_what_was_measured_of_each_page() {
    const LISTS: &str =
        "list, drafts; list, ready to send; list, on their way; list, not opened yet; list, failed";
    let (readme, found) = (text("README.md"), measured("pages"));
    let range = |pages: &str, name: &str, unit: f64, digits: usize| {
        let values = pages.split("; ").map(|page| {
            let row = found["pages"].as_array().unwrap().iter().find(|row| row["page"] == page).unwrap();
            format!("{:.digits$}", number(&row[name]) / unit)
        });
        let mut values: Vec<_> = values.collect();
        values.sort_by(|a, b| a.parse::<f64>().unwrap().total_cmp(&b.parse().unwrap()));
        values.dedup();
        let (first, last) = (&values[0], &values[values.len() - 1]);
        if first == last { first.clone() } else { format!("{first} to {last}") }
    };
    for (name, pages) in [
        ("client: entry of the code", "client, entry"),
        ("workspace: newest documents, a page in the middle", "list; list, a page in the middle"),
        ("workspace: drafts, ready, on their way, not opened, failed", LISTS),
        ("workspace: opened, access ended", "list, opened; list, access ended"),
        (
            "workspace: a word that no title or name has, or only the oldest",
            "search that finds nothing; search that finds one of the oldest",
        ),
    ] {
        let digits = usize::from(!pages.starts_with("search"));
        readme.tells(&format!(
            "| {name} | {} ms | {} ms | {} kB |",
            range(pages, "answerMs", 1.0, digits),
            range(pages, "firstPaintMs", 1.0, 0),
            range(pages, "bytes", 1_000.0, 0)
        ));
    }
    let painted = |page| range(page, "firstPaintMs", 1.0, 0);
    readme.tells(&format!(
        "| client: a document, opened with its code | | {} ms | |",
        painted("client, document")
    ));
    readme.tells(&format!("as long to paint there, {} ms:", painted("a line of text, nothing else")));
}

#[test]
fn the_architecture_tells_what_was_measured_of_processors_delivery_and_fence() {
    let (page, results, fence) = (text("docs/ARCHITECTURE.md"), measured("results"), measured("fence"));
    for operation in operations() {
        let parts = ["http", "database threads", "PostgreSQL", "load"]
            .map(|part| format!("{:.0}", number(&operation.crowd["processorMicros"][part])));
        page.tells(&format!("| {} | {} |", operation.name, parts.join(" | ")));
    }
    let share = |operation: usize, m: usize| {
        number(&results["operations"][operation]["measured"][m]["percentOfPgbench"])
    };
    page.tells(&format!(
        "({:.0} and {:.0} % at 32, {:.0} and {:.0} % at 128;",
        share(0, 1),
        share(5, 1),
        share(0, 2),
        share(5, 2)
    ));
    let delivery = &results["delivery"];
    page.tells(&format!("{:.0} sendings per second", number(&delivery["acceptedPerSecond"])));
    page.tells(&format!("worked off at {:.0} per second", number(&delivery["drainedPerSecond"])));
    let many = &delivery["readable"][1];
    let waited = number(&many["p50Micros"]) / 1_000.0;
    page.tells(&format!("(p50 {waited:.0} ms with {} of them)", many["senders"]));
    let queries = number(&delivery["idle"][0]["queriesPerMinute"]);
    page.tells(&format!("asks its database {queries:.0} times a minute"));
    let costs = fence["policies"].as_array().unwrap().iter().map(|row| number(&row["costPercent"]));
    let (least, most) =
        costs.fold((f64::MAX, f64::MIN), |(least, most), cost| (cost.min(least), cost.max(most)));
    // Half a percent below zero is rounded away from it, as people do.
    page.tells(&format!("cost {:.0} to {:.0} % of the throughput", least.round(), most.round()));
    let turns = number(&fence["tenantsInTurn"]["costPercent"]);
    page.tells(&format!("a hundred tenants in turn cost {turns:.0} % of that of one"));
}

#[test]
fn the_sizing_follows_from_what_was_measured() {
    let page = text("docs/OPERATIONS.md");
    let [_, _, create, update, send, open] = operations().map(|operation| {
        let parts = &operation.crowd["processorMicros"];
        ["http", "database threads", "PostgreSQL"].map(|part| number(&parts[part])).iter().sum::<f64>()
            / 1_000.0
    });
    page.tells(&format!("{create:.1} ms to create, {update:.1} ms to change, {send:.1} ms to send"));
    page.tells(&format!("{open:.1} ms to open, and half as much again for lists and pages"));
    let thousand = 1.5 * (create + update + send + open);
    page.tells(&format!("| under 1 | {thousand:.0} s, and 6 min at rest |"));
    page.tells(&format!("| 5 | {:.0} min, and 6 min at rest |", thousand / 6.0));
    page.tells(&format!("| 50 | {:.0} min, and 6 min at rest |", thousand / 0.6));
    let tens = |rate: &Value| (number(rate) / 10.0).round() * 10.0;
    let [.., sent, _] = operations();
    let queued = tens(&measured("results")["delivery"]["acceptedPerSecond"]);
    let sent = tens(&sent.crowd["requestsPerSecond"]);
    page.tells(&format!("(some {sent:.0} a second there and back, {queued:.0} a second into the queue"));
    let noisy = measured("noisy");
    let [five, fifty, free, very_free] =
        [0, 1, 2, 3].map(|row| number(&noisy["rows"][row]["p99ChangePercent"]).round());
    page.tells(&format!("grew by {five:.0} % beside a tenant that asked five times its share of lists, and by {fifty:.0} % beside one that asked fifty times"));
    page.tells(&format!("Without limits it grew by {free:.0} % and {very_free:.0} %."));
}

struct Operation {
    name: String,
    all: Value,
    /// At 32 connections.
    crowd: Value,
}

/// In the order of the benchmark: read, list, create, update, send, open.
fn operations() -> [Operation; 6] {
    let results = measured("results");
    let each = results["operations"].as_array().unwrap().iter().map(|all| {
        let crowd = all["measured"].as_array().unwrap().iter().find(|m| m["connections"] == 32);
        Operation {
            name: all["operation"].as_str().unwrap().to_owned(),
            crowd: crowd.unwrap().clone(),
            all: all.clone(),
        }
    });
    let found: Vec<_> = each.collect();
    found.try_into().unwrap_or_else(|_| panic!("six operations"))
}

/// A text whose lines may be broken anywhere.
struct Text {
    path: &'static str,
    words: String,
}

impl Text {
    #[track_caller]
    fn tells(&self, sentence: &str) {
        assert!(self.words.contains(sentence), "{} should tell what bench/ does: {sentence}", self.path);
    }
}

fn text(path: &'static str) -> Text {
    Text { path, words: read(path).split_whitespace().collect::<Vec<_>>().join(" ") }
}

fn measured(name: &str) -> Value {
    serde_json::from_str(&read(&format!("bench/{name}.json"))).unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// The greater one of both roles.
fn of_both(values: &Value) -> f64 {
    number(&values["provider"]).max(number(&values["client"]))
}

/// With a comma after the thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    match digits.len().checked_sub(3) {
        Some(at @ 1..) => format!("{},{}", &digits[..at], &digits[at..]),
        _ => digits,
    }
}
