//! A real browser, by `WebDriver`: as much of the protocol as the tests of the page need. Where no browser is installed a
//! test says so and passes, unless `WEBEX_SIM_REQUIRE_BROWSER` is 1.

use std::process::Stdio;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Keys in the numbers of `WebDriver` (section 17.4.2).
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

/// A browser with one window.
pub(crate) struct Browser {
    http: Client,
    /// Address of the session.
    session: String,
    driver: Child,
}

/// Starts a browser for `test`, and ends it however the test ends.
#[expect(
    clippy::print_stdout,
    reason = "whoever runs the tests should see what was not tested"
)]
pub(crate) async fn with_browser<F>(http: &Client, test: impl FnOnce(std::sync::Arc<Browser>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Some(browser) = Browser::start(http.clone()).await else {
        assert_ne!(
            std::env::var("WEBEX_SIM_REQUIRE_BROWSER").as_deref(),
            Ok("1"),
            "chromedriver is needed and not installed"
        );
        println!("skipped: chromedriver is not installed");
        return;
    };
    let browser = std::sync::Arc::new(browser);
    let result = tokio::spawn(test(std::sync::Arc::clone(&browser))).await;
    browser.call(Method::DELETE, "", Value::Null).await;
    let mut browser = std::sync::Arc::into_inner(browser).expect("the test has ended");
    browser.driver.kill().await.unwrap();
    result.unwrap();
}

impl Browser {
    async fn start(http: Client) -> Option<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // The pipe stays open: chromedriver goes on talking.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
                "--window-size=1280,900",
            ]},
        }}});
        let url = format!("http://127.0.0.1:{port}/session");
        let answer = http.post(&url).json(&capabilities).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let id = answer["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {answer}"));
        let session = format!("{url}/{id}");
        Some(Self {
            http,
            session,
            driver,
        })
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.http.request(method, format!("{}{path}", self.session));
        let asked = format!("{path} {body}");
        if !body.is_null() {
            request = request.json(&body);
        }
        let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer["value"].get("error").is_none(), "{asked}: {answer}");
        answer["value"].take()
    }

    pub(crate) async fn open(&self, url: &str) {
        self.call(Method::POST, "/url", json!({ "url": url })).await;
    }

    /// The value of a JavaScript expression.
    pub(crate) async fn eval(&self, expression: &str) -> Value {
        let script = json!({"script": format!("return {expression}"), "args": []});
        self.call(Method::POST, "/execute/sync", script).await
    }

    /// Waits until an expression is true: it is looked at after each change of the page.
    pub(crate) async fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0], all = {{subtree: true, childList: true, attributes: true, characterData: true}};
             const look = () => ({expression}) && (done(true), true);
             if (!look()) new MutationObserver((_, own) => look() && own.disconnect()).observe(document, all);"
        );
        let script = json!({ "script": script, "args": [] });
        self.call(Method::POST, "/execute/async", script).await;
    }

    pub(crate) async fn press(&self, key: &str) {
        let actions = json!([{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key},
        ]}]);
        self.call(Method::POST, "/actions", json!({ "actions": actions }))
            .await;
    }

    /// A command of the browser's own protocol.
    pub(crate) async fn command(&self, name: &str, params: Value) {
        let body = json!({ "cmd": name, "params": params });
        self.call(Method::POST, "/goog/cdp/execute", body).await;
    }

    /// What is in the browser's console.
    pub(crate) async fn console(&self) -> Vec<String> {
        let entries = self
            .call(Method::POST, "/se/log", json!({"type": "browser"}))
            .await;
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }
}
