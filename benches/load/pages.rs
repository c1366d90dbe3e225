//! Pages beside many documents: how long a request takes, and until something is painted
//! in a browser that has loaded nothing before.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::json;

use crate::chromium::browser::Browser;
use crate::client::Connection;
use crate::operations::READ_IDS;
use crate::report::{self, median};
use crate::stage::Stage;

/// Requests of each page, and times that it is painted.
const REQUESTS: usize = 60;
const PAINTS: usize = 15;

/// A page that no server is asked for.
const LINE: &str = "data:text/html,<!doctype html><title>A</title><p>A";

/// Pages of the workspace: what they show, and their path.
const LISTS: [(&str, &str); 12] = [
    ("list", "/"),
    ("list, a page in the middle", "/?cursor=MIDDLE"),
    ("list, drafts", "/?show=drafts"),
    ("list, ready to send", "/?show=ready"),
    ("list, on their way", "/?show=underway"),
    ("list, not opened yet", "/?show=delivered"),
    ("list, opened", "/?show=opened"),
    ("list, failed", "/?show=failed"),
    ("list, access ended", "/?show=ended"),
    ("search that finds a page among the newest", "/?q=document"),
    ("search that finds one of the oldest", "/?q=100000000007"),
    ("search that finds nothing", "/?q=nothing+like+this"),
];

/// Prints and writes medians, `bench/pages.json`.
pub fn measure(stage: &Stage) {
    spread(stage);
    let [provider, client] = stage.addresses().map(|address| format!("http://{address}"));
    let browser = Browser::start("en");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // What the browser takes on this machine whatever the page is.
    let mut rows = vec![Row {
        name: "a line of text, nothing else",
        answered: None,
        painted: painted(&browser, LINE),
        size: 0,
    }];
    for (name, path) in LISTS {
        let path = path.replace("MIDDLE", &middle(stage));
        let (answered, size) = runtime.block_on(asked(stage.addresses()[0], &path));
        rows.push(Row {
            name,
            answered: Some(answered),
            painted: painted(&browser, &format!("{provider}{path}")),
            size,
        });
    }
    let (answered, size) = runtime.block_on(asked(stage.addresses()[1], "/"));
    rows.push(Row {
        name: "client, entry",
        answered: Some(answered),
        painted: painted(&browser, &client),
        size,
    });
    rows.push(Row {
        name: "client, document",
        answered: None,
        painted: opened(stage, &browser, &client),
        size: 0,
    });
    publish(stage, &rows);
}

struct Row {
    name: &'static str,
    /// Milliseconds of a request.
    answered: Option<f64>,
    /// Milliseconds until something is painted.
    painted: f64,
    /// Bytes of the page without its files.
    size: usize,
}

/// As after some years: most were opened, and what needs somebody's attention is old and rare.
fn spread(stage: &Stage) {
    let sent = "status = 'final', sent_version = 1, sent_sequence = 1, sequence = 1, generation = 1, operation = 'send'";
    let number = format!("(substr(id::text, 25)::bigint - {READ_IDS})");
    let change = |what: &str, which: &str| {
        let sql = format!(
            "UPDATE documents SET {what} WHERE tenant_id = 'default' AND {}",
            which.replace('#', &number)
        );
        stage.execute("oc_provider", &sql);
    };
    stage.execute("oc_provider", "DELETE FROM documents WHERE tenant_id <> 'default' OR status = 'final'");
    change(&format!("{sent}, delivery_state = 'delivered', opened_at = now()"), "# % 20 > 3");
    change(&format!("{sent}, delivery_state = 'delivered'"), "# % 20 = 3");
    change(&format!("{sent}, delivery_state = 'expired'"), "# % 20 = 2");
    change("status = 'final'", "# % 20 = 1 AND # < 400");
    change(&format!("{sent}, delivery_state = 'failed', last_error = 'status 503'"), "# < 6");
    change(&format!("{sent}, delivery_state = 'queued'"), "# BETWEEN 6 AND 8");
    stage.execute("oc_provider", "VACUUM (FULL, ANALYZE) documents");
    stage.execute("oc_provider", "VACUUM ANALYZE");
}

fn middle(stage: &Stage) -> String {
    let id = crate::operations::id(READ_IDS + stage.documents / 2);
    oc::domain::cursor::Cursor(id.parse().unwrap()).encode()
}

/// Median of the requests of a page, one after the other, and its size.
async fn asked(address: &str, path: &str) -> (f64, usize) {
    let mut connection = Connection::open(address).await;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n");
    let (mut times, mut size) = (Vec::new(), 0);
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        let (status, page) = connection.ask(request.as_bytes()).await;
        assert_eq!(status, 200, "{path}");
        size = page.len();
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    (median(times.into_iter()), size)
}

fn painted(browser: &Browser, url: &str) -> f64 {
    median((0..PAINTS).map(|_| browser.forget_files().go(url).first_paint()))
}

/// Like [`painted`], of the page that a code leads to.
fn opened(stage: &Stage, browser: &Browser, client: &str) -> f64 {
    let open = |number| {
        browser.go(client).find("#code").keys(stage.code(number));
        browser.forget_files().follow("#entry > button").first_paint()
    };
    median((0..PAINTS).map(open))
}

fn publish(stage: &Stage, rows: &[Row]) {
    let mut text =
        format!("pages beside {} documents           answer ms  first paint ms  bytes\n", stage.documents);
    for Row { name, answered, painted, size } in rows {
        let answered = answered.map_or("-".to_owned(), |ms| format!("{ms:.1}"));
        writeln!(text, "{name:<45} {answered:>9} {painted:>15.0} {size:>6}").unwrap();
    }
    println!("\n{text}");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| json!({"page": row.name, "answerMs": row.answered, "firstPaintMs": row.painted, "bytes": row.size}))
        .collect();
    report::write("pages", &json!({"documents": stage.documents, "pages": rows}));
}
