//! A real browser without a window, told what to do over the protocol of its developer tools.

use std::path::Path;
use std::process::Stdio;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::support::{PATIENCE, until};

/// Its names, Debian's first.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn start(program: &str, profile: &Path) -> Option<Child> {
    Command::new(program)
        .args([
            "--headless",
            // Tests run as root in containers, where it has no sandbox.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--remote-debugging-port=0",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg("about:blank")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()
}

/// A page in a browser of its own.
pub struct Browser {
    /// Ends with this, before its profile goes.
    _process: Child,
    profile: TempDir,
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    commands: u64,
    /// What happened on the page so far.
    pub events: Vec<Value>,
}

impl Browser {
    pub async fn open() -> Self {
        let profile = TempDir::new().unwrap();
        let process = PROGRAMS
            .into_iter()
            .find_map(|program| start(program, profile.path()))
            .unwrap_or_else(|| {
                panic!("none of {PROGRAMS:?} starts: `make test` installs Chromium")
            });
        let mut browser = Self {
            _process: process,
            profile,
            socket: None,
            commands: 0,
            events: Vec::new(),
        };
        let page = browser.page().await;
        let (socket, _) = tokio_tungstenite::connect_async(page).await.unwrap();
        browser.socket = Some(socket);
        for domain in ["Network", "Page", "Runtime", "Log"] {
            let _done = browser
                .command(&format!("{domain}.enable"), json!({}))
                .await;
        }
        browser
    }

    /// The address of the socket of its page.
    async fn page(&self) -> String {
        let told = self.profile.path().join("DevToolsActivePort");
        until("the browser is there", async || {
            std::fs::read_to_string(&told).is_ok_and(|text| text.contains('\n'))
        })
        .await;
        let told = std::fs::read_to_string(&told).unwrap();
        let port = told.lines().next().unwrap();
        let list = reqwest::get(format!("http://127.0.0.1:{port}/json/list"));
        let list: Value = list.await.unwrap().json().await.unwrap();
        let mut pages = list.as_array().unwrap().iter();
        let page = pages.find(|page| page["type"] == "page").expect("a page");
        page["webSocketDebuggerUrl"].as_str().unwrap().to_owned()
    }

    /// Does something, and gives what came of it.
    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.commands += 1;
        let id = self.commands;
        let command = json!({"id": id, "method": method, "params": parameters});
        let socket = self.socket.as_mut().unwrap();
        let command = Message::text(command.to_string());
        socket.send(command).await.unwrap();
        loop {
            let message = tokio::time::timeout(PATIENCE, socket.next()).await;
            let message = message.expect("the browser answers").unwrap().unwrap();
            let Message::Text(text) = message else {
                continue;
            };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    pub async fn visit(&mut self, address: &str) {
        let visited = self.command("Page.navigate", json!({"url": address})).await;
        assert!(visited["errorText"].is_null(), "{visited}");
    }

    /// The value of an expression on the page.
    pub async fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let mut answer = self.command("Runtime.evaluate", parameters).await;
        let failed = &answer["exceptionDetails"];
        assert!(failed.is_null(), "{expression}: {failed}");
        answer["result"]["value"].take()
    }

    /// Clicks on what a selector finds, once it is there.
    pub async fn click(&mut self, selector: &str) {
        let there = format!("document.querySelector({selector:?})");
        self.until_true(&format!("{there} !== null")).await;
        let _nothing = self.value(&format!("{there}.click()")).await;
    }

    /// The text of what a selector finds, once it is there.
    pub async fn text(&mut self, selector: &str) -> String {
        let there = format!("document.querySelector({selector:?})");
        self.until_true(&format!("{there} !== null")).await;
        let text = self.value(&format!("{there}.innerText")).await;
        text.as_str().unwrap().to_owned()
    }

    async fn until_true(&mut self, condition: &str) {
        until(condition, async || self.value(condition).await == true).await;
    }

    /// The address of every request that the page made.
    pub fn requests(&self) -> Vec<&str> {
        let sent = |event: &&Value| event["method"] == "Network.requestWillBeSent";
        let sent = self.events.iter().filter(sent);
        sent.filter_map(|event| event["params"]["request"]["url"].as_str())
            .collect()
    }

    /// What the page complained about: scripts that failed, and what its policy forbade.
    pub fn complaints(&self) -> Vec<&Value> {
        let complains = |event: &&Value| {
            event["method"] == "Runtime.exceptionThrown"
                || (event["method"] == "Log.entryAdded"
                    && event["params"]["entry"]["level"] == "error")
        };
        self.events.iter().filter(complains).collect()
    }
}
