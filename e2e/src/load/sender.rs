//! Sends one request as an application does, and sees how it ends.

use reqwest::Client;
use reqwest::header::HOST;

use super::outcome::Outcome;
use super::request::Request;

/// The connections of a load.
pub(super) struct Sender {
    http: Client,
}

impl Sender {
    pub(super) fn new() -> Self {
        // Nothing is sent twice but by the gateway.
        let http = crate::http::client().retry(reqwest::retry::never());
        Self {
            http: http.build().expect("the settings are constant"),
        }
    }

    pub(super) async fn send(&self, origin: &str, request: &Request) -> Outcome {
        let url = format!("{origin}{}", request.target());
        let mut sent = self
            .http
            .request(request.method(), url)
            .header("TrackingID", &request.id);
        if let Some(host) = request.host() {
            sent = sent.header(HOST, host);
        }
        if let Some(body) = request.body() {
            sent = sent.json(&body);
        }
        let answer = match sent.send().await {
            Ok(answer) => answer,
            Err(error) => return without_an_answer(error),
        };
        let (status, fields) = (answer.status(), answer.headers().clone());
        match answer.bytes().await {
            Ok(body) => Outcome::of(request, status, &fields, &String::from_utf8_lossy(&body)),
            Err(error) if error.is_timeout() => Outcome::Lost,
            Err(_) => Outcome::Cut {
                status: status.as_u16(),
            },
        }
    }
}

fn without_an_answer(error: reqwest::Error) -> Outcome {
    if error.is_timeout() {
        return Outcome::Lost;
    }
    let is_connect = error.is_connect();
    let why = format!("{:#}", anyhow::Error::from(error));
    match is_connect {
        true => Outcome::NoConnection { why },
        false => Outcome::Ended { why },
    }
}
