//! A window, as an administrator has it before her.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde_json::{Value, json};

use super::log::{Complaint, Request};
use super::outside::Outside;
use super::session::Session;
use crate::eventually::eventually;
use crate::leaks::{self, Secret};
use crate::progress::say;
use crate::stack::CLIENT_SECRET;
use crate::workspace;

/// For a page that nothing holds up, on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// A window of a browser of its own. When the test has failed, a picture of the last page is kept.
#[derive(Debug)]
pub struct Window {
    session: Session,
    requests: Vec<Request>,
    complaints: Vec<Complaint>,
}

/// What is to be seen, and what is behind it.
#[derive(Debug)]
pub struct Page {
    /// What the address bar shows.
    pub url: Url,
    /// The status that the page came with; 0 for one that the browser shows because it got none.
    pub status: u16,
    /// The title of the window.
    pub title: String,
    /// What can be read.
    pub text: String,
    /// The page as the server wrote it, nearly.
    pub html: String,
    /// Where the page believes that it was reached from.
    pub referrer: String,
}

/// Something that the browser keeps for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Whom it is sent to.
    pub domain: String,
    /// Goes over TLS only.
    pub is_secure: bool,
    /// No script sees it.
    pub is_http_only: bool,
    /// `Strict`, `Lax` or `None`; empty where the server did not say.
    pub same_site: String,
}

/// How she looks at pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Black on white, on a large screen.
    Usual,
    /// White on black, on a telephone.
    DarkAndSmall,
}

impl Window {
    pub(super) async fn open_in(outside: Outside) -> anyhow::Result<Self> {
        Ok(Self {
            session: Session::start(&outside).await?,
            requests: Vec::new(),
            complaints: Vec::new(),
        })
    }

    /// The folder that the browser lives in. It goes when the last of its processes has gone.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.session.home()
    }

    /// Types an address.
    pub async fn open(&mut self, url: &str) -> Page {
        let opened = self.session.post("/url", json!({ "url": url })).await;
        opened.expect("the address can be opened");
        self.page().await.expect("there is a page")
    }

    /// Presses the button that is labelled so and waits for the page that it leads to.
    pub async fn press(&mut self, label: &str) -> Page {
        let named = format!(r#"normalize-space()="{label}""#);
        let path = format!("//button[{named} or .//*[{named}]]");
        let button = self.session.find(&path).await;
        let button = button.unwrap_or_else(|error| panic!("no button {label:?}: {error:#}"));
        let before = self.document().await.expect("there is a page");
        self.session
            .click(&button)
            .await
            .expect("the button can be pressed");
        self.after(&before).await
    }

    /// Types into the field that is labelled so, in the place of what is there.
    pub async fn fill(&mut self, label: &str, text: &str) {
        let path = format!(r#"//input[@id=//label[normalize-space()="{label}"]/@for]"#);
        let field = self.session.find(&path).await;
        let field = field.unwrap_or_else(|error| panic!("no field {label:?}: {error:#}"));
        self.session
            .fill(&field, text)
            .await
            .expect("the field takes a text");
    }

    /// Loads the page again.
    pub async fn reload(&mut self) -> Page {
        self.leave("/refresh").await
    }

    /// Presses the back button.
    pub async fn back(&mut self) -> Page {
        self.leave("/back").await
    }

    /// What she sees now.
    async fn page(&self) -> anyhow::Result<Page> {
        let page = "[location.href, performance.getEntriesByType('navigation')[0].responseStatus, document.title, \
                    document.body.innerText, document.documentElement.outerHTML, document.referrer]";
        let page = self.session.eval(page).await?;
        let text = |place: usize| page[place].as_str().unwrap_or_default().to_owned();
        let status = page[1].as_u64().map(u16::try_from);
        Ok(Page {
            url: Url::parse(&text(0))?,
            status: status.context("a page has a status")??,
            title: text(2),
            text: text(3),
            html: text(4),
            referrer: text(5),
        })
    }

    /// All cookies that the browser keeps, whosever they are.
    pub async fn cookies(&self) -> Vec<Cookie> {
        let answer = self.session.command("Storage.getCookies", json!({})).await;
        let answer = answer.expect("the browser knows its cookies");
        let cookies = answer["cookies"].as_array().cloned().unwrap_or_default();
        cookies.iter().map(Cookie::of).collect()
    }

    /// Forgets all cookies, as if it were another browser.
    pub async fn forget_cookies(&self) {
        let forgotten = self.session.command("Storage.clearCookies", json!({})).await;
        forgotten.expect("the browser forgets");
    }

    /// Every request of every page so far, in order.
    pub async fn requests(&mut self) -> &[Request] {
        let entries = self.session.log("performance").await.expect("there is a log");
        let new = Request::among(&entries).expect("the log is of the known form");
        self.requests.extend(new);
        &self.requests
    }

    /// Everything in the console so far, in order.
    pub async fn complaints(&mut self) -> &[Complaint] {
        let entries = self.session.log("browser").await.expect("there is a console");
        self.complaints.extend(Complaint::all(&entries));
        &self.complaints
    }

    /// Looks at pages in another way from now on.
    pub async fn look(&self, look: Look) {
        let (scheme, metrics, params) = match look {
            Look::Usual => ("light", "Emulation.clearDeviceMetricsOverride", json!({})),
            Look::DarkAndSmall => (
                "dark",
                "Emulation.setDeviceMetricsOverride",
                json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true}),
            ),
        };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        let commands = [("Emulation.setEmulatedMedia", media), (metrics, params)];
        for (command, params) in commands {
            let done = self.session.command(command, params).await;
            done.expect("the browser looks like another one");
        }
    }

    /// Keeps a picture of what is to be seen, in the test's folder, numbered in the order of the pictures.
    pub async fn picture(&self, name: &str) {
        self.try_picture(name).await.expect("a picture can be taken");
    }

    async fn try_picture(&self, name: &str) -> anyhow::Result<()> {
        let picture = self.session.get("/screenshot").await?;
        let picture = STANDARD.decode(picture.as_str().context("a picture is base64")?)?;
        let folder = workspace::fresh_output_of_test();
        fs::create_dir_all(&folder)?;
        let number = fs::read_dir(&folder)?
            .flatten()
            .filter(|file| {
                file.path()
                    .extension()
                    .is_some_and(|extension| extension == "png")
            })
            .count();
        fs::write(folder.join(format!("{:02}-{name}.png", number + 1)), picture)?;
        Ok(())
    }

    async fn leave(&mut self, command: &str) -> Page {
        let before = self.document().await.expect("there is a page");
        self.session
            .post(command, json!({}))
            .await
            .expect("the browser goes there");
        self.after(&before).await
    }

    /// The page that comes after a document, once it is complete.
    async fn after(&self, before: &Value) -> Page {
        eventually("the next page", SOON, async || {
            let now = self.document().await?;
            anyhow::ensure!(now != *before, "the page is still there");
            let state = self.session.eval("document.readyState").await?;
            anyhow::ensure!(state == "complete", "the page is {state}");
            self.page().await
        })
        .await
    }

    /// Tells one document from the next, even if both are at the same address.
    async fn document(&self) -> anyhow::Result<Value> {
        self.session.eval("performance.timeOrigin").await
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let runtime = tokio::runtime::Handle::current();
        let picture = tokio::task::block_in_place(|| runtime.block_on(self.try_picture("when-it-failed")));
        if let Err(error) = picture {
            say(&format!("there is no picture of the failure: {error:#}"));
        }
    }
}

// === impl Page ===

impl Page {
    /// The secrets that can be seen on the page or in its source, in words that do not repeat them.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let known = [Secret {
            name: "the client secret",
            value: CLIENT_SECRET.to_owned(),
        }];
        let places = [
            ("title", &self.title),
            ("text", &self.text),
            ("source", &self.html),
            ("referrer", &self.referrer),
        ];
        let found = places.iter().flat_map(|(place, content)| {
            let found = leaks::find(content, &known).into_iter();
            found.map(move |what| format!("the {place} shows {what}"))
        });
        found.collect()
    }
}

// === impl Cookie ===

impl Cookie {
    fn of(cookie: &Value) -> Self {
        let text = |name: &str| cookie[name].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            domain: text("domain"),
            is_secure: cookie["secure"] == true,
            is_http_only: cookie["httpOnly"] == true,
            same_site: text("sameSite"),
        }
    }
}
