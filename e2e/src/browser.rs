//! The administrator's browser: follows redirects, keeps cookies, sends forms. It knows hosts by the names they have in
//! the field, and is told at which address each of them is.

mod form;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::Context;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{StatusCode, Url};

use form::Form;

/// More than any login needs; a loop ends here.
const MOST_REDIRECTS: usize = 10;

/// A browser without history.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
}

/// What a browser shows in the end, and how it got there.
#[derive(Debug)]
pub struct Page {
    /// Address of the page.
    pub url: Url,
    /// Status of the page.
    pub status: StatusCode,
    /// The page itself.
    pub html: String,
    /// The redirects on the way: status and where they led.
    pub redirects: Vec<(StatusCode, Url)>,
}

// === impl Browser ===

impl Browser {
    /// A browser on the machine itself: no host is called anything special, nothing has TLS.
    #[must_use]
    pub fn local() -> Self {
        Self::with(crate::http::client().build().expect("the settings are constant"))
    }

    /// A browser that finds `hosts` at the addresses given, and trusts the authorities given, in PEM.
    pub fn outside(hosts: &[(&str, SocketAddr)], authorities: &str) -> anyhow::Result<Self> {
        Ok(Self::with(crate::http::outside(hosts, authorities)?))
    }

    fn with(http: reqwest::Client) -> Self {
        Self {
            http,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens an address.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<Page> {
        let url = Url::parse(url).with_context(|| format!("{url} is no address"))?;
        self.follow(self.http.get(url.clone()), url).await
    }

    /// Presses a button of the page's form, with the fields as the page has them.
    pub async fn press(&mut self, page: &Page, name: &str, value: &str) -> anyhow::Result<Page> {
        self.send(page, page.form()?.pressed(name, value)?).await
    }

    /// The same with something else typed into one of the fields.
    pub async fn type_and_press(
        &mut self,
        page: &Page,
        (field, text): (&str, &str),
        (name, value): (&str, &str),
    ) -> anyhow::Result<Page> {
        let form = page.form()?.typed(field, text)?;
        self.send(page, form.pressed(name, value)?).await
    }

    async fn send(&mut self, page: &Page, form: Form) -> anyhow::Result<Page> {
        let mut url = page.url.join(&form.action)?;
        if form.is_post {
            return self
                .follow(self.http.post(url.clone()).form(&form.fields), url)
                .await;
        }
        url.query_pairs_mut().clear().extend_pairs(&form.fields);
        self.follow(self.http.get(url.clone()), url).await
    }

    async fn follow(&mut self, first: reqwest::RequestBuilder, mut url: Url) -> anyhow::Result<Page> {
        let mut redirects = Vec::new();
        let mut request = first;
        while redirects.len() < MOST_REDIRECTS {
            let response = request.header(COOKIE, self.cookies_for(&url)).send().await?;
            self.keep_cookies(&url, &response);
            let status = response.status();
            let location = response
                .headers()
                .get(LOCATION)
                .filter(|_| status.is_redirection());
            let Some(location) = location else {
                return Ok(Page {
                    url,
                    status,
                    html: response.text().await?,
                    redirects,
                });
            };
            url = url.join(location.to_str()?)?;
            redirects.push((status, url.clone()));
            request = self.http.get(url.clone());
        }
        anyhow::bail!("more than {MOST_REDIRECTS} redirects, the last to {url}")
    }

    fn cookies_for(&self, url: &Url) -> String {
        let own = self
            .cookies
            .iter()
            .filter(|((host, _), _)| url.host_str() == Some(host));
        own.map(|((_, name), value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// Keeps what a browser would keep: a `Secure` cookie does not come over plain HTTP.
    fn keep_cookies(&mut self, url: &Url, response: &reqwest::Response) {
        let host = url.host_str().unwrap_or_default();
        for cookie in response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            let mut parts = cookie.split(';').map(str::trim);
            let (name, value) = parts
                .next()
                .and_then(|pair| pair.split_once('='))
                .unwrap_or_default();
            let is_secure = parts.any(|attribute| attribute.eq_ignore_ascii_case("secure"));
            if !is_secure || url.scheme() == "https" {
                self.cookies
                    .insert((host.to_owned(), name.to_owned()), value.to_owned());
            }
        }
    }
}

// === impl Page ===

impl Page {
    /// Where the redirect to a path led; the last one if there were several.
    #[must_use]
    pub fn redirect_to(&self, path: &str) -> Option<&(StatusCode, Url)> {
        self.redirects.iter().rev().find(|(_, url)| url.path() == path)
    }

    fn form(&self) -> anyhow::Result<Form> {
        Form::first(&self.html).with_context(|| format!("{} shows no form:\n{}", self.url, self.html))
    }
}
