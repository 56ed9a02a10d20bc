//! The resource server (RFC 6749 section 1.1) asked about nothing but the access token.

use std::fmt;
use std::pin::Pin;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use tracing::debug;
use url::Url;

use super::lifecycle::Verdict;
use crate::net::oauth_client::explain;
use crate::tracking_id::{TRACKING_ID, TrackingId};

/// What a question about an access token comes to.
pub type TokenQuestion<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

/// Who takes access tokens, or does not.
pub trait ResourceServer: fmt::Debug + Send + Sync {
    /// Whether it takes the access token in this `Authorization` header.
    fn takes<'a>(&'a self, bearer: &'a HeaderValue) -> TokenQuestion<'a>;
}

/// Webex, or another cloud. `GET /` needs no scope and does nothing: Webex answers 404 to a token that it takes and 401 to any
/// other.
#[derive(Clone, Debug)]
pub struct WebexResourceServer {
    /// The root of its API.
    pub root: Url,
    /// The client for the call.
    pub http: reqwest::Client,
    /// The prefix of the call's `TrackingID`.
    pub tracking_prefix: String,
}

impl ResourceServer for WebexResourceServer {
    fn takes<'a>(&'a self, bearer: &'a HeaderValue) -> TokenQuestion<'a> {
        Box::pin(async move {
            let tracking_id = TrackingId::new(&self.tracking_prefix);
            let question = self.http.get(self.root.clone());
            let answer = question
                .header(header::AUTHORIZATION, bearer.clone())
                .header(TRACKING_ID, HeaderValue::from(tracking_id.clone()))
                .send()
                .await;
            let told = match &answer {
                Ok(answer) => answer.status().as_u16().to_string(),
                Err(error) => explain(error),
            };
            debug!("asked whether Webex takes the access token: {told} ({tracking_id})");
            answer.map_or(Verdict::Unknown, |answer| {
                verdict(answer.status(), answer.headers())
            })
        })
    }
}

/// What an answer says of the token: that there is nothing at `/`, or that it is forbidden, is said only to those who are known.
fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    match status {
        // A proxy on the way has an opinion of its own; Webex's answers all have an id.
        _ if !headers.contains_key(TRACKING_ID) => Verdict::Unknown,
        StatusCode::UNAUTHORIZED => Verdict::Refused,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Verdict::Accepted,
        status if status.is_success() => Verdict::Accepted,
        // Too many requests, a server in trouble.
        _ => Verdict::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_401_is_about_the_token_and_trouble_is_not() {
        let webex = HeaderMap::from_iter([(TRACKING_ID, HeaderValue::from_static("WW_1"))]);
        for (status, expected) in [
            (401, Verdict::Refused),
            (404, Verdict::Accepted),
            (403, Verdict::Accepted),
            (200, Verdict::Accepted),
            (204, Verdict::Accepted),
            (301, Verdict::Unknown),
            (400, Verdict::Unknown),
            (407, Verdict::Unknown),
            (429, Verdict::Unknown),
            (500, Verdict::Unknown),
            (503, Verdict::Unknown),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(verdict(status, &webex), expected, "{status}");
            // What a proxy says in its place is not about the token.
            assert_eq!(verdict(status, &HeaderMap::new()), Verdict::Unknown, "{status}");
        }
    }
}
