//! The program that was there before: it has signed in some time ago and left its tokens file. And it may come back,
//! and find there what the new gateway has written.

mod held;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use reqwest::header::LOCATION;
use reqwest::{Client, Url};
use serde_json::{Map, Value};
use webex_sim::client::ControlClient;

pub use held::Held;

use super::containers::{CLIENT_ID, CLIENT_SECRET};
use super::{ADMINISTRATOR, REDIRECT_URI};

/// The portal's own fixed `state`.
const STATE: &str = "set_state_here";

/// When a tokens file says that its tokens were issued, seen from now.
#[derive(Debug, Clone, Copy)]
pub(super) enum Issued {
    /// Some time ago.
    Ago(Duration),
    /// In the future: the clock of whoever wrote it was ahead.
    Ahead(Duration),
}

impl Issued {
    /// Seconds since 1970.
    fn at(self) -> u64 {
        let moment = match self {
            Self::Ago(time) => now().saturating_sub(time),
            Self::Ahead(time) => now() + time,
        };
        moment.as_secs()
    }
}

/// The Go program, as far as others can tell: what it reads, what it asks Webex, and what it writes.
#[derive(Debug)]
pub struct Predecessor {
    http: Client,
}

impl Predecessor {
    /// In a network in which Webex is at a port of this machine.
    pub(crate) fn at(webex: u16, authority: &str) -> anyhow::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, webex));
        let http = crate::http::outside(&[("webexapis.com", address)], authority)?;
        Ok(Self { http })
    }

    /// Signs in and returns the tokens file.
    pub(crate) async fn signs_in(&self, webex: &ControlClient, ago: Duration) -> anyhow::Result<Vec<u8>> {
        tokens_file(&self.http, webex, Issued::Ago(ago)).await
    }

    /// Accepts as somebody who has the portal's address, and returns what the browser brings back to the gateway then.
    pub(crate) async fn accepts(
        &self,
        webex: &ControlClient,
        administrator: &str,
        redirect_uri: &str,
    ) -> anyhow::Result<String> {
        let code = code(&self.http, webex, administrator, redirect_uri).await?;
        Ok(format!("?code={code}&state={STATE}"))
    }

    /// Calls Webex with what it has read, and returns the status.
    pub async fn calls(&self, held: &Held) -> anyhow::Result<u16> {
        let me = self.http.get("https://webexapis.com/v1/people/me");
        Ok(me.bearer_auth(&held.access_token).send().await?.status().as_u16())
    }

    /// Refreshes with what it has read, and returns what it wrote then, so long ago: its seven fields, and nothing else.
    pub async fn refreshes(&self, held: &Held, ago: Duration) -> anyhow::Result<String> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("refresh_token", &held.refresh_token),
        ];
        let file = written(&self.http, &form, Issued::Ago(ago)).await?;
        Ok(String::from_utf8(file)?)
    }
}

/// Signs in at Webex and returns the tokens file as the Go program writes it: seven fields, `at` after the lifetimes.
pub(super) async fn tokens_file(
    http: &Client,
    webex: &ControlClient,
    issued: Issued,
) -> anyhow::Result<Vec<u8>> {
    let code = code(http, webex, ADMINISTRATOR, REDIRECT_URI).await?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT_URI),
    ];
    written(http, &form, issued).await
}

/// Asks for tokens and puts them down.
async fn written(http: &Client, form: &[(&str, &str)], issued: Issued) -> anyhow::Result<Vec<u8>> {
    let answer = http
        .post("https://webexapis.com/v1/access_token")
        .form(form)
        .send()
        .await?;
    let answer: Map<String, Value> = serde_json::from_str(&answer.error_for_status()?.text().await?)?;
    Ok(file_of(answer, issued.at())?.into_bytes())
}

/// The tokens file for an answer that came at this time.
fn file_of(answer: Map<String, Value>, at: u64) -> serde_json::Result<String> {
    let mut file = Map::new();
    for (name, value) in answer {
        let is_last_lifetime = name == "refresh_token_expires_in";
        file.insert(name, value);
        if is_last_lifetime {
            file.insert("at".to_owned(), at.into());
        }
    }
    // Indented by one blank.
    Ok(serde_json::to_string_pretty(&file)?.replace("\n  ", "\n "))
}

/// What Webex gives to the one who accepts, for that address.
async fn code(
    http: &Client,
    webex: &ControlClient,
    administrator: &str,
    redirect_uri: &str,
) -> anyhow::Result<String> {
    webex.accept_as(administrator).await?;
    let answer = http.get(portal_url(redirect_uri)).send().await?;
    let location = answer.headers().get(LOCATION).context("the consent leads back")?;
    let location = Url::parse(location.to_str()?)?;
    let code = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .context("the consent gives a code")?;
    Ok(code.1.into_owned())
}

/// The address that Webex's portal shows for an integration, with the portal's own fixed `state`.
pub(super) fn portal_url(redirect_uri: &str) -> Url {
    let query = [
        ("client_id", CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", redirect_uri),
        (
            "scope",
            "spark:people_read spark-admin:people_read spark-admin:people_write",
        ),
        ("state", STATE),
    ];
    Url::parse_with_params("https://webexapis.com/v1/authorize", query).expect("the address is constant")
}

#[expect(
    clippy::disallowed_methods,
    reason = "written into a file that a container reads by the real clock"
)]
fn now() -> Duration {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("1970 is over")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../fixtures/tokens/go.json");

    #[test]
    fn it_writes_what_the_go_program_has_written() {
        let mut answer: Map<String, Value> = serde_json::from_str(FILE).unwrap();
        let at = answer.shift_remove("at").unwrap().as_u64().unwrap();
        assert_eq!(file_of(answer, at).unwrap(), FILE.trim_end());
    }
}
