//! One refresh, from the call to the installed tokens. It runs on its own: whoever asked for it may have gone.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tracing::{debug, error, info, warn};

use super::Keeper;
use crate::metrics::labels::Refresh;
use crate::secret::RefreshToken;
use crate::token::failure::{Fault, TokenError};
use crate::token::lifecycle::{Generation, Outcome};
use crate::token::wire::TokenResponse;

/// A refresh that takes longer is given up and tried again: the connection may hang.
const DEADLINE: Duration = Duration::from_secs(30);

impl Keeper {
    pub(super) fn start_refresh(&self, generation: Generation, refresh_token: RefreshToken) {
        let keeper = self.clone();
        let running = self.0.metrics.refresh_started(self.now().wall);
        self.0.tasks.spawn(async move {
            let call = tokio::time::timeout(DEADLINE, keeper.0.endpoint.refresh(&refresh_token));
            let result = match AssertUnwindSafe(call).catch_unwind().await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(TokenError::transient(format!(
                    "the token endpoint did not answer in {} s",
                    DEADLINE.as_secs()
                ))
                .with_fault(Fault::Timeout)),
                Err(_) => Err(
                    TokenError::transient("the refresh failed inside the gateway; see the log")
                        .with_fault(Fault::Internal),
                ),
            };
            keeper.refresh_ended(generation, result).await;
            drop(running);
        });
    }

    async fn refresh_ended(&self, generation: Generation, result: Result<TokenResponse, TokenError>) {
        let _installing = self.0.installing.lock().await;
        let base = self
            .snapshot()
            .grant
            .clone()
            .filter(|grant| grant.generation == generation);
        let (result, stored) = match (base, result) {
            (Some(base), Ok(response)) => {
                let tokens = base.tokens.refreshed(response, self.now());
                let stored = self.store(&tokens).await;
                (Ok(tokens), Some(stored))
            }
            (Some(_), Err(error)) => (Err(error), None),
            // Superseded: what it says does not matter any more.
            (None, _) => (Err(TokenError::transient("superseded")), None),
        };
        let fingerprint = result
            .as_ref()
            .map(|tokens| tokens.access_token.fingerprint())
            .unwrap_or_default();
        let failure = result.as_ref().err().cloned();
        let outcome = self.transition(|life, now, dice| life.refresh_ended(generation, result, now, dice));
        let counted = match (outcome, &failure) {
            (Outcome::Installed, _) => Refresh::Success,
            (Outcome::Failed, Some(error)) => error.into(),
            (Outcome::Failed, None) => Refresh::Internal,
            (Outcome::Superseded, _) => Refresh::Superseded,
        };
        self.0.metrics.refresh_ended(counted, self.now().wall);
        if let Some(stored) = stored {
            self.note_stored(stored);
        }
        self.publish(|snapshot| snapshot.refreshes_ended += 1);
        match (outcome, failure) {
            (Outcome::Installed, _) => {
                debug!(topic = "oauth2", "token updated: {fingerprint}");
                info!(topic = "oauth2", "tokens updated");
            }
            (Outcome::Failed, Some(TokenError::Rejected { cause, reason })) => {
                let action = super::Action::from(cause).as_str();
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
        }
    }
}
