//! A real Chromium, driven as the WebDriver standard says (W3C), and by Chromium's own
//! commands where that says nothing: colours, sizes, networks.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::child::Process;
use super::waiting::until;

/// Longest wait for a page.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How WebDriver names an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Finds what is not accessible (<https://github.com/dequelabs/axe-core>, MPL 2.0).
const AXE: &str = include_str!("../browser/axe.min.js");

/// How wide a window is, in CSS pixels, and how high.
pub type Size = (u32, u32);
pub const PHONE: Size = (390, 844);
pub const DESKTOP: Size = (1280, 900);

/// A browser with one window; gone with the test.
pub struct Browser {
    address: SocketAddr,
    session: String,
    _driver: Process,
}

/// Something on a page.
pub struct Element<'a> {
    browser: &'a Browser,
    id: String,
}

/// A driver and its port. `None` if that was not free: it takes a free one of IPv6, and
/// then wants the same of IPv4.
fn driver() -> Option<(Process, u16)> {
    let mut command = Command::new("chromedriver");
    command.args(["--port=0", "--log-level=SEVERE"]).stdin(Stdio::null());
    let mut driver = Process::start(command);
    let port = driver.wait_for("the port of chromedriver", |said| {
        let (_, rest) = match said.split_once("successfully on port ") {
            Some(told) => told,
            None => return said.contains("Address already in use").then_some(None),
        };
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u16>().ok().map(Some)
    })?;
    Some((driver, port))
}

impl Browser {
    /// A browser whose user reads this language.
    pub fn start(language: &str) -> Self {
        let there = Command::new("chromedriver").arg("--version").stdout(Stdio::null()).status();
        assert!(there.is_ok(), "the tests need a browser: scripts/prerequisites.sh --browser installs it");
        let (driver, port) = (0..5).find_map(|_| driver()).expect("a port for chromedriver");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--hide-scrollbars", "--force-color-profile=srgb", "--no-first-run"],
            "prefs": {"intl.accept_languages": language},
        });
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let mut browser = Self { address, session: String::new(), _driver: driver };
        let begun = browser.command("POST", "/session", &wanted);
        browser.session = begun["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_command(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_command(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let (is_good, answer) = ask(self.address, method, path, &body).map_err(|error| error.to_string())?;
        let value = answer["value"].clone();
        if is_good { Ok(value) } else { Err(value["message"].to_string()) }
    }

    fn own(&self, path: &str) -> String {
        format!("/session/{}{path}", self.session)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.command("POST", &self.own(path), body)
    }

    /// A command of Chromium itself.
    pub fn chromium(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Goes to a page and waits until it is there.
    pub fn go(&self, url: &str) -> &Self {
        self.post("/url", &json!({ "url": url }));
        self
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.command("GET", &self.own("/url"), &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn title(&self) -> String {
        self.command("GET", &self.own("/title"), &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn reload(&self) {
        self.post("/refresh", &json!({}));
    }

    pub fn back(&self) {
        self.post("/back", &json!({}));
    }

    /// What a script on the page answers, promises included.
    pub fn eval(&self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.chromium("Runtime.evaluate", &parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{expression:.200}: {answer}");
        answer["result"]["value"].clone()
    }

    /// The first element that fits; waits for it.
    pub fn find(&self, css: &str) -> Element<'_> {
        until(&format!("{css} on {}", self.url()), PATIENCE, || self.look_for(css))
    }

    /// The first element that fits, if there is one now.
    pub fn look_for(&self, css: &str) -> Option<Element<'_>> {
        let wanted = json!({"using": "css selector", "value": css});
        let found = self.try_command("POST", &self.own("/element"), &wanted).ok()?;
        Some(Element { browser: self, id: found[ELEMENT].as_str()?.to_owned() })
    }

    /// The element that has the focus.
    pub fn focused(&self) -> Element<'_> {
        let found = self.command("GET", &self.own("/element/active"), &Value::Null);
        Element { browser: self, id: found[ELEMENT].as_str().unwrap().to_owned() }
    }

    /// All that can be read on the page.
    pub fn text(&self) -> String {
        self.find("body").text()
    }

    /// Waits until the page says this.
    pub fn wait_for(&self, words: &str) -> &Self {
        let says = || {
            let body = self.look_for("body")?;
            body.try_text()?.contains(words).then_some(())
        };
        until(&format!("{words:?} on {}", self.url()), PATIENCE, says);
        self
    }

    /// Keys, wherever the focus is. `\u{e004}` is Tab, `\u{e007}` Enter (WebDriver, 17.4.2).
    pub fn press(&self, keys: &str) -> &Self {
        self.focused().keys(keys);
        self
    }

    /// Presses a button or a link and waits until another page is there.
    pub fn follow(&self, css: &str) -> &Self {
        let marked = "document.documentElement.dataset.left = ''";
        self.eval(marked);
        self.find(css).click();
        let another =
            "document.readyState === 'complete' && document.documentElement.dataset.left === undefined";
        until(&format!("a page after {css}"), PATIENCE, || (self.try_eval(another)? == true).then_some(()));
        self
    }

    fn try_eval(&self, expression: &str) -> Option<Value> {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let wanted = json!({"cmd": "Runtime.evaluate", "params": parameters});
        let answer = self.try_command("POST", &self.own("/goog/cdp/execute"), &wanted).ok()?;
        Some(answer["result"]["value"].clone())
    }

    /// Shows pages in this size.
    pub fn resize(&self, (width, height): Size) -> &Self {
        let is_phone = width < 600;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": if is_phone { 2 } else { 1 }, "mobile": is_phone});
        self.chromium("Emulation.setDeviceMetricsOverride", &metrics);
        self
    }

    /// Shows pages in a window of this size, without what telephones do to make them fit.
    pub fn resize_window(&self, (width, height): Size) -> &Self {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.chromium("Emulation.setDeviceMetricsOverride", &metrics);
        self
    }

    /// Shows pages as somebody likes them who prefers dark ones, or not.
    pub fn prefer_dark(&self, dark: bool) -> &Self {
        let value = if dark { "dark" } else { "light" };
        // Nothing is on its way from one colour to another while it is looked at.
        let still = json!({"name": "prefers-reduced-motion", "value": "reduce"});
        let features = json!([{"name": "prefers-color-scheme", "value": value}, still]);
        self.chromium("Emulation.setEmulatedMedia", &json!({ "features": features }));
        self
    }

    /// Runs no scripts from now on.
    pub fn without_scripts(&self) -> &Self {
        self.chromium("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
        self
    }

    /// Milliseconds from the beginning of the way to this page until something was painted.
    pub fn first_paint(&self) -> f64 {
        let asked = "(performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime";
        until("the first paint", PATIENCE, || self.try_eval(asked)?.as_f64())
    }

    /// Forgets what pages have loaded before, so that the next one is the first.
    pub fn forget_files(&self) -> &Self {
        self.chromium("Network.clearBrowserCache", &json!({}));
        self
    }

    /// Takes the network away, or gives it back.
    pub fn offline(&self, offline: bool) -> &Self {
        self.chromium("Network.enable", &json!({}));
        let network =
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.chromium("Network.emulateNetworkConditions", &network);
        self
    }

    /// What is on paper, as a PDF file.
    pub fn print(&self) -> Vec<u8> {
        let printed = self.post("/print", &json!({"page": {"width": 21.0, "height": 29.7}}));
        STANDARD.decode(printed.as_str().unwrap()).unwrap()
    }

    /// Another tab, and goes to it; answers the name of the one before.
    pub fn open_tab(&self) -> String {
        let before = self.tab();
        let opened = self.post("/window/new", &json!({"type": "tab"}));
        self.go_to_tab(opened["handle"].as_str().unwrap());
        before
    }

    pub fn tab(&self) -> String {
        self.command("GET", &self.own("/window"), &Value::Null).as_str().unwrap().to_owned()
    }

    pub fn go_to_tab(&self, name: &str) {
        self.post("/window", &json!({ "handle": name }));
    }

    /// Writes the whole page as `target/screenshots/{name}.png`.
    pub fn shoot(&self, name: &str) {
        let shot =
            self.chromium("Page.captureScreenshot", &json!({"format": "png", "captureBeyondViewport": true}));
        let file = screenshots().join(format!("{name}.png"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    /// What is not accessible on this page: rule, and where.
    pub fn violations(&self) -> Vec<String> {
        if self.eval("typeof axe") == "undefined" {
            self.eval(&format!("{AXE}; true"));
        }
        let run = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}) \
                   .then(found => found.violations.flatMap(one => one.nodes.map(node => \
                   one.id + ': ' + node.target + ' ' + node.html.slice(0, 200) + ' ' + node.failureSummary)))";
        let found = self.eval(run);
        found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    }
}

/// Asks the driver, which keeps its connections open, and tells whether it has done as it was told.
fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<(bool, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut stream = BufReader::new(stream);
    let (mut status, mut length) = (String::new(), 0);
    stream.read_line(&mut status)?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or(0);
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    Ok((status.contains(" 200 "), serde_json::from_slice(&answer)?))
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.try_command("DELETE", &self.own(""), &Value::Null));
    }
}

/// Where screenshots are written.
pub fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots")
}

impl Element<'_> {
    fn path(&self, rest: &str) -> String {
        self.browser.own(&format!("/element/{}{rest}", self.id))
    }

    fn get(&self, rest: &str) -> Value {
        self.browser.command("GET", &self.path(rest), &Value::Null)
    }

    pub fn click(&self) {
        self.browser.command("POST", &self.path("/click"), &json!({}));
    }

    /// Types at the end of what stands there.
    pub fn keys(&self, text: &str) {
        self.browser.command("POST", &self.path("/value"), &json!({ "text": text }));
    }

    /// Empties a field.
    pub fn clear(&self) {
        self.browser.command("POST", &self.path("/clear"), &json!({}));
    }

    /// What can be read in it.
    pub fn text(&self) -> String {
        self.get("/text").as_str().unwrap().to_owned()
    }

    fn try_text(&self) -> Option<String> {
        let text = self.browser.try_command("GET", &self.path("/text"), &Value::Null).ok()?;
        text.as_str().map(str::to_owned)
    }

    /// What stands in a field.
    pub fn value(&self) -> String {
        self.get("/property/value").as_str().unwrap().to_owned()
    }

    pub fn attribute(&self, name: &str) -> Option<String> {
        self.get(&format!("/attribute/{name}")).as_str().map(str::to_owned)
    }

    pub fn tag(&self) -> String {
        self.get("/name").as_str().unwrap().to_owned()
    }

    pub fn is_shown(&self) -> bool {
        self.get("/displayed") == true
    }
}
