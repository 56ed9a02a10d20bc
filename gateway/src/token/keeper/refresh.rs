//! One refresh, from the lock to the installed tokens. It runs on its own: whoever asked for it may have gone.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tracing::{debug, error, info, warn};

use super::Keeper;
use super::outside::Outside;
use crate::metrics::labels::Refresh;
use crate::secret::RefreshToken;
use crate::token::failure::{Fault, TokenError};
use crate::token::file::Seen;
use crate::token::lifecycle::{Action, Outcome};
use crate::token::wire::TokenResponse;

/// A refresh that takes longer is given up and tried again: the connection may hang.
const DEADLINE: Duration = Duration::from_secs(30);
/// Another process that refreshes is waited for: as long as that may take, and a little for its write.
const LOCK_PATIENCE: Duration = Duration::from_secs(35);

/// What a refresh comes to before its tokens are stored.
type Answer = Result<TokenResponse, TokenError>;

impl Keeper {
    pub(super) fn start_refresh(&self, refresh_token: RefreshToken) {
        let keeper = self.clone();
        let running = self.0.metrics.refresh_started(self.now().wall);
        self.0.tasks.spawn(async move {
            let refresh = AssertUnwindSafe(keeper.refresh(&refresh_token)).catch_unwind();
            if refresh.await.is_err() {
                // Whoever waits must not wait for ever, and the next attempt must be possible.
                let crash = TokenError::transient("the refresh failed inside the gateway; see the log");
                let crash = crash.with_fault(Fault::Internal);
                keeper.0.flight.ended(&refresh_token, Err(crash));
                keeper
                    .0
                    .metrics
                    .refresh_ended(Refresh::Internal, keeper.now().wall);
                keeper.0.flight.wake();
            }
            drop(running);
        });
    }

    async fn refresh(&self, refresh_token: &RefreshToken) {
        let lock = self.lock(LOCK_PATIENCE).await;
        let answer = match &lock {
            Err(busy) => Some(Err(TokenError::transient(busy.to_string()))),
            // Whoever had the lock before may have refreshed.
            Ok(_) => match self.follow_file(refresh_token).await {
                true => Some(self.call(refresh_token).await),
                false => None,
            },
        };
        self.take(refresh_token, answer).await;
    }

    async fn call(&self, refresh_token: &RefreshToken) -> Answer {
        let call = tokio::time::timeout(DEADLINE, self.0.endpoint.refresh(refresh_token));
        call.await.unwrap_or_else(|_| {
            let seconds = DEADLINE.as_secs();
            let silence = format!("the token endpoint did not answer in {seconds} s");
            Err(TokenError::transient(silence).with_fault(Fault::Timeout))
        })
    }

    /// Takes over what others have put into the file, and tells whether there is still something to refresh.
    async fn follow_file(&self, refresh_token: &RefreshToken) -> bool {
        let mut seen = self.installing().await;
        let adopted = self.take_over(&mut seen, &mut Outside::certain()).await;
        !adopted && self.0.flight.lock().base_of(refresh_token).is_some()
    }

    async fn take(&self, spent: &RefreshToken, answer: Option<Answer>) {
        let mut seen = self.installing().await;
        if matches!(answer, Some(Ok(_))) {
            self.take_over(&mut seen, &mut Outside::certain()).await;
        }
        let Some(answer) = answer else {
            // Others have refreshed, perhaps with the same refresh token: that is no failure.
            self.0
                .flight
                .transition(|life, _, _| life.refresh_given_up(spent));
            self.0.metrics.refresh_ended(Refresh::Superseded, self.now().wall);
            self.0.flight.wake();
            info!(
                topic = "oauth2",
                "refresh dropped: newer tokens came in meanwhile"
            );
            return;
        };
        let base = self.0.flight.lock().base_of(spent);
        let (result, stored) = match (base, answer) {
            (Some((base, true)), Ok(response)) => {
                let tokens = base.refreshed(response, self.now());
                let stored = self.store(&tokens, &mut seen).await;
                (Ok(tokens), Some(stored))
            }
            // Others are on trial in their place, in the file too.
            (Some((base, false)), Ok(response)) => (Ok(base.refreshed(response, self.now())), None),
            (Some(_), Err(error)) => (Err(error), None),
            // Superseded: what it says does not matter any more.
            (None, _) => (Err(TokenError::transient("superseded")), None),
        };
        let fingerprint = result
            .as_ref()
            .map(|tokens| tokens.access_token.fingerprint())
            .unwrap_or_default();
        let failure = result.as_ref().err().cloned();
        let outcome = self.0.flight.ended(spent, result);
        let counted = match (outcome, &failure) {
            (Outcome::Installed, _) => Refresh::Success,
            (Outcome::Failed | Outcome::FellBack, Some(error)) => error.into(),
            (Outcome::Failed | Outcome::FellBack, None) => Refresh::Internal,
            (Outcome::Superseded, _) => Refresh::Superseded,
        };
        self.0.metrics.refresh_ended(counted, self.now().wall);
        if outcome == Outcome::FellBack {
            self.restore(&mut seen).await;
        }
        if let Some(stored) = stored {
            self.note_stored(stored);
        }
        self.0.flight.wake();
        match (outcome, failure) {
            (Outcome::Installed, _) => {
                debug!(topic = "oauth2", "token updated: {fingerprint}");
                info!(topic = "oauth2", "tokens updated");
            }
            (Outcome::Failed, Some(TokenError::Rejected { cause, reason })) => {
                let action = Action::from(cause).as_str();
                error!(topic = "oauth2", action, "refresh refused: {reason}");
            }
            (Outcome::Failed, failure) => {
                let reason = failure.map(|failure| failure.to_string()).unwrap_or_default();
                warn!(
                    topic = "oauth2",
                    action = "retry",
                    "refresh failed, it is tried again: {reason}"
                );
            }
            (Outcome::Superseded, _) => info!(
                topic = "oauth2",
                "refresh dropped: newer tokens came in meanwhile"
            ),
            (Outcome::FellBack, failure) => {
                let reason = failure.map(|failure| failure.to_string()).unwrap_or_default();
                error!(
                    topic = "oauth2",
                    action = Action::Reauthorise.as_str(),
                    "Webex refused to refresh the new tokens, so those held before are in use again: {reason}"
                );
            }
        }
    }

    /// Puts the tokens in use back into the file, beside a copy of those that were refused.
    async fn restore(&self, seen: &mut Seen) {
        seen.forget_content();
        if let Some(grant) = &self.snapshot().grant {
            let stored = self.store(&grant.tokens, seen).await;
            self.note_stored(stored);
        }
    }
}
