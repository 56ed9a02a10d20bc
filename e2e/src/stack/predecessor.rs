//! The program that was there before: it has signed in some time ago and left its tokens file.

use std::time::Duration;

use anyhow::Context;
use reqwest::header::LOCATION;
use reqwest::{Client, Url};
use serde_json::{Map, Value};
use webex_sim::client::ControlClient;

use super::containers::{CLIENT_ID, CLIENT_SECRET};
use super::{ADMINISTRATOR, REDIRECT_URI};

/// Signs in at Webex and returns the tokens file as the Go program writes it: seven fields, `at` after the lifetimes.
pub(super) async fn tokens_file(
    http: &Client,
    webex: &ControlClient,
    ago: Duration,
) -> anyhow::Result<Vec<u8>> {
    let code = code(http, webex).await?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
    ];
    let answer = http
        .post("https://webexapis.com/v1/access_token")
        .form(&form)
        .send()
        .await?;
    let answer: Map<String, Value> = serde_json::from_str(&answer.error_for_status()?.text().await?)?;

    let issued = now().saturating_sub(ago).as_secs();
    let mut file = Map::new();
    for (name, value) in answer {
        let is_last_lifetime = name == "refresh_token_expires_in";
        file.insert(name, value);
        if is_last_lifetime {
            file.insert("at".to_owned(), issued.into());
        }
    }
    Ok(serde_json::to_vec_pretty(&file)?)
}

async fn code(http: &Client, webex: &ControlClient) -> anyhow::Result<String> {
    webex.accept_as(ADMINISTRATOR).await?;
    let answer = http.get(portal_url()).send().await?;
    let location = answer.headers().get(LOCATION).context("the consent leads back")?;
    let location = Url::parse(location.to_str()?)?;
    let code = location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .context("the consent gives a code")?;
    Ok(code.1.into_owned())
}

/// The address that Webex's portal shows for an integration, with the portal's own fixed `state`.
pub(super) fn portal_url() -> Url {
    let query = [
        ("client_id", CLIENT_ID),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "spark:people_read spark-admin:people_read"),
        ("state", "set_state_here"),
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
