//! `WebDriver` (<https://www.w3.org/TR/webdriver2/>), as much of it as the window needs.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use nix::unistd::geteuid;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::driver::Driver;
use super::outside::Outside;

/// The key under which `WebDriver` hands out elements (section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser takes a second to start, and on a machine that builds at the same time a multiple of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A browser that does what it is told.
#[derive(Debug)]
pub(super) struct Session {
    http: Client,
    url: String,
    /// Ends the browser when it is dropped.
    driver: Driver,
}

/// Something on a page.
#[derive(Debug)]
pub(super) struct Element(String);

impl Session {
    pub(super) async fn start(outside: &Outside) -> anyhow::Result<Self> {
        let driver = Driver::start().await?;
        let arguments = arguments(&driver, outside);
        let mut session = Self {
            http: crate::http::client().timeout(PATIENCE).build()?,
            url: format!("{}/session", driver.origin),
            driver,
        };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let started = session.call(Method::POST, "", capabilities).await?;
        let id = started["sessionId"].as_str().context("a session has an id")?;
        session.url = format!("{}/{id}", session.url);
        Ok(session)
    }

    pub(super) fn home(&self) -> &Path {
        &self.driver.home
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, Value::Null).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, body).await
    }

    /// The value of a JavaScript expression. A page's policy does not bind its reader.
    pub(super) async fn eval(&self, expression: &str) -> anyhow::Result<Value> {
        let script = json!({"script": format!("return {expression}"), "args": []});
        self.post("/execute/sync", script).await
    }

    /// A command of Chromium's own protocol.
    pub(super) async fn command(&self, name: &str, params: Value) -> anyhow::Result<Value> {
        let command = json!({"cmd": name, "params": params});
        self.post("/goog/cdp/execute", command).await
    }

    /// What has come into a log since the last look.
    pub(super) async fn log(&self, name: &str) -> anyhow::Result<Vec<Value>> {
        let entries = self.post("/se/log", json!({"type": name})).await?;
        Ok(entries.as_array().cloned().unwrap_or_default())
    }

    /// The first element that an `XPath` names.
    pub(super) async fn find(&self, path: &str) -> anyhow::Result<Element> {
        let found = self
            .post("/element", json!({"using": "xpath", "value": path}))
            .await?;
        let id = found[ELEMENT].as_str().context("an element has an id")?;
        Ok(Element(id.to_owned()))
    }

    pub(super) async fn click(&self, element: &Element) -> anyhow::Result<()> {
        let path = format!("/element/{}/click", element.0);
        self.post(&path, json!({})).await.map(drop)
    }

    /// Types a text in the place of what is there.
    pub(super) async fn fill(&self, element: &Element, text: &str) -> anyhow::Result<()> {
        self.post(&format!("/element/{}/clear", element.0), json!({}))
            .await?;
        let path = format!("/element/{}/value", element.0);
        self.post(&path, json!({"text": text})).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> anyhow::Result<Value> {
        let asked = format!("WebDriver {method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !body.is_null() {
            request = request.json(&body);
        }
        let mut answer: Value = request
            .send()
            .await
            .with_context(|| asked.clone())?
            .json()
            .await?;
        let error = &answer["value"]["error"];
        anyhow::ensure!(
            !error.is_string(),
            "{asked}: {error} ({})",
            answer["value"]["message"]
        );
        Ok(answer["value"].take())
    }
}

fn arguments(driver: &Driver, outside: &Outside) -> Vec<String> {
    let profile = format!("--user-data-dir={}", driver.home.join("profile").display());
    let own = [
        "--headless=new",
        "--window-size=1280,900",
        // No port through which others on the machine could look in.
        "--remote-debugging-pipe",
        "--no-proxy-server",
        // No key ring of a desktop is asked for.
        "--password-store=basic",
        // The shared memory of a container is small.
        "--disable-dev-shm-usage",
    ];
    // The sandbox needs rights that it takes away, and root cannot give them up.
    let root = geteuid().is_root().then(|| "--no-sandbox".to_owned());
    let own = own.into_iter().map(str::to_owned).chain([profile]);
    own.chain(root).chain(outside.arguments()).collect()
}
