//! Whether calls work now: one end-to-end request to Webex, shared by everybody who asks at the same time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde::Serialize;
use tokio::time::timeout;
use tracing::debug;

use crate::dump;
use crate::proxy::Forwarder;
use crate::token::keeper::Snapshot;
use crate::token::lifecycle::{Action, AuthState};
use crate::tracking_id::TrackingId;

/// How long the body of Webex's answer is waited for, once its head is there.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// What [`HealthCheck::check`] found, as `/health` answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `ok`; `degraded` when calls work but will not for ever; `failed`.
    pub status: Status,
    /// The state of the authorisation.
    pub state: &'static str,
    /// What Webex answered; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webex_status: Option<u16>,
    /// The stable name of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// For the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// Where to log in, where that is what mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorise_at: Option<String>,
    /// When the access token ends (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_expires_at: Option<String>,
    /// When the refresh token ends (RFC 3339), where Webex told it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_expires_at: Option<String>,
    /// By which Webex finds the request again.
    #[serde(rename = "trackingId")]
    pub tracking_id: TrackingId,
}

/// The verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Calls work.
    Ok,
    /// Calls work now; the grant behind them is in trouble.
    Degraded,
    /// Calls do not work.
    Failed,
}

/// A check on its own task, so that it goes on when those who asked have gone; `None` if it crashed.
type Running = Shared<BoxFuture<'static, Option<Report>>>;

/// Asks Webex on behalf of `/health`.
#[derive(Clone)]
pub struct HealthCheck {
    forwarder: Forwarder,
    login_url: String,
    running: Arc<Mutex<Option<Running>>>,
}

impl Report {
    /// Whether `/health` answers 200.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.status != Status::Failed
    }
}

impl HealthCheck {
    /// A check that sends its requests as all others are sent, and names `login_url` where an administrator is needed.
    #[must_use]
    pub fn new(forwarder: Forwarder, login_url: String) -> Self {
        Self {
            forwarder,
            login_url,
            running: Arc::default(),
        }
    }

    /// Asks Webex, or waits for the answer to the check that runs; `None` if the check crashed.
    pub async fn check(&self) -> Option<Report> {
        let check = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody may have looked at a check that has ended: looking tells.
            match running
                .as_ref()
                .filter(|check| (*check).clone().now_or_never().is_none())
            {
                Some(check) => check.clone(),
                None => running.insert(self.spawn()).clone(),
            }
        };
        let report = check.clone().await;
        // Whoever comes from now on gets a new answer.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.as_ref().is_some_and(|running| running.ptr_eq(&check)) {
            *running = None;
        }
        report
    }

    /// Whether a check runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .is_some_and(|check| check.clone().now_or_never().is_none())
    }

    fn spawn(&self) -> Running {
        let work = tokio::spawn(ask(self.clone()));
        async move { work.await.ok() }.boxed().shared()
    }
}

async fn ask(check: HealthCheck) -> Report {
    let HealthCheck {
        forwarder, login_url, ..
    } = check;
    let tracking_id = TrackingId::new(&forwarder.tracking_prefix);
    let answer = forwarder
        .ask(Method::GET, PathAndQuery::from_static("/"), &tracking_id)
        .await;
    let verdict = match answer {
        Ok(answer) => {
            let (parts, body) = answer.into_parts();
            // The status decides; the body is for the log, and to leave the connection ready for the next request.
            let body = timeout(BODY_PATIENCE, Limited::new(body, dump::LONGEST_BODY).collect()).await;
            let body = body
                .ok()
                .and_then(Result::ok)
                .map(http_body_util::Collected::to_bytes);
            let shown = body
                .map(|body| dump::body(&parts.headers, &body))
                .unwrap_or_default();
            let text = dump::response(parts.version, parts.status, &parts.headers, &shown);
            debug!("response: {}", dump::without(&text, &forwarder.keeper.secrets()));
            Ok(parts.status)
        }
        Err(error) => Err(error),
    };
    let snapshot = forwarder.keeper.snapshot();
    let report = Report {
        status: Status::Ok,
        state: snapshot.state.as_str(),
        webex_status: verdict.as_ref().ok().map(http::StatusCode::as_u16),
        code: verdict.as_ref().err().map(crate::error::GatewayError::code),
        reason: None,
        action: None,
        authorise_at: None,
        access_token_expires_at: snapshot
            .grant
            .as_ref()
            .map(|grant| grant.tokens.expires_at().to_string()),
        refresh_token_expires_at: snapshot
            .grant
            .as_ref()
            .and_then(|grant| grant.tokens.refresh_token_expires_at())
            .map(|end| end.to_string()),
        tracking_id,
    };
    let (status, reason, action) = match verdict {
        Err(error) => (Status::Failed, Some(error.to_string()), error.action()),
        Ok(status) => judge(status, &snapshot),
    };
    Report {
        status,
        reason,
        authorise_at: (action == Some(Action::Reauthorise)).then_some(login_url),
        action: action.map(Action::as_str),
        ..report
    }
}

/// What an answer of Webex says: anything but an authentication failure or a server error proves that calls work.
fn judge(status: StatusCode, snapshot: &Snapshot) -> (Status, Option<String>, Option<Action>) {
    if status == StatusCode::UNAUTHORIZED {
        // A young token is not refreshed at once; the next check or request after half a minute does it.
        let action = if snapshot.proven {
            Action::Retry
        } else {
            Action::Reauthorise
        };
        let reason = "Webex refuses the access token although it is fresh".to_owned();
        return (Status::Failed, Some(reason), Some(action));
    }
    if status.is_server_error() {
        return (
            Status::Failed,
            Some(format!("Webex answered {}", status.as_u16())),
            Some(Action::Retry),
        );
    }
    let trouble = snapshot.trouble.as_ref().map(|trouble| trouble.reason.clone());
    match (snapshot.state, &snapshot.unsaved) {
        (AuthState::Reauthorise, _) => (Status::Degraded, trouble, Some(Action::Reauthorise)),
        (AuthState::Misconfigured, _) => (Status::Degraded, trouble, Some(Action::FixConfiguration)),
        (AuthState::Degraded, _) => (Status::Degraded, trouble, Some(Action::Retry)),
        (_, Some(problem)) => {
            let reason = format!("the tokens serve from memory only: {problem}");
            (Status::Degraded, Some(reason), Some(Action::FixConfiguration))
        }
        _ => (Status::Ok, None, None),
    }
}
