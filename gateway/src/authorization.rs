//! Takes an administrator's authorisation: a code comes in, is redeemed once, and replaces the tokens only after it is clear
//! whose they are.

pub mod attempt;
pub mod codes;
pub mod identity;
pub mod login;
pub mod refusal;

use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};
use url::Url;

use crate::organization::OrgId;
use crate::secret::AuthorizationCode;
use crate::token::TokenSet;
use crate::token::endpoint::TokenEndpoint;
use crate::token::failure::{Rejection, TokenError};
use crate::token::keeper::{Conflict, Keeper};
use attempt::Attempt;
use codes::{Codes, Lane};
use identity::Identity;
use login::{Flow, Login, Logins, Started};
use refusal::Refusal;

/// The scopes of the product's integration, asked for where the gateway starts the flow itself.
pub const SCOPES: [&str; 10] = [
    "spark-admin:broadworks_subscribers_read",
    "spark-admin:broadworks_subscribers_write",
    "spark-admin:broadworks_enterprises_read",
    "spark-admin:broadworks_enterprises_write",
    "spark:people_read",
    "spark-admin:people_read",
    "spark-admin:people_write",
    "identity:people_rw",
    "identity:people_read",
    "spark-admin:organizations_read",
];

/// How often Webex is asked whose tokens are held, where it could not be told.
const LEARN_RETRY: Duration = Duration::from_mins(1);

/// What is fixed by the configuration.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The integration's id.
    pub client_id: String,
    /// As registered.
    pub redirect_uri: String,
    /// Where an administrator logs in.
    pub authorize_url: Url,
    /// The organisation this gateway may act for, where the operator fixed it.
    pub org_id: Option<OrgId>,
    /// Whether only flows that the gateway started are taken.
    pub require_state: bool,
}

/// Takes authorisations. Clones share what is pending.
#[derive(Clone)]
pub struct Authorizer(Arc<Inner>);

struct Inner {
    integration: Integration,
    keeper: Keeper,
    endpoint: Arc<dyn TokenEndpoint>,
    identity: Identity,
    logins: Logins,
    codes: Codes,
    deciding: tokio::sync::Mutex<()>,
}

/// The query of a callback. It is not `Debug`: code, state and cookies are secrets.
#[derive(Clone, Default)]
pub struct Callback {
    /// `code`
    pub code: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// `error` (RFC 6749 section 4.1.2.1)
    pub error: Option<String>,
    /// The cookies that bind flows to the browser in which they were started.
    pub cookies: Vec<String>,
    /// Learns on the way what the outcome does not say.
    pub attempt: Attempt,
}

/// What a code led to.
pub type Outcome = Result<(), Refusal>;

impl Authorizer {
    /// Installs into `keeper` what `endpoint` gives for codes.
    #[must_use]
    pub fn new(
        integration: Integration,
        keeper: Keeper,
        endpoint: Arc<dyn TokenEndpoint>,
        identity: Identity,
    ) -> Self {
        let (logins, codes) = (Logins::default(), Codes::default());
        Self(Arc::new(Inner {
            integration,
            keeper,
            endpoint,
            identity,
            logins,
            codes,
            deciding: tokio::sync::Mutex::default(),
        }))
    }

    /// Starts a flow: where to send the browser, and the cookie to give it.
    #[must_use]
    pub fn start(&self) -> Started {
        self.0.logins.start(&self.0.integration, self.0.keeper.now())
    }

    /// Whether the public address is `https`, so that a cookie may insist on it.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.integration.redirect_uri.starts_with("https://")
    }

    /// How long the flow of a cookie may still take; `None` for one that is over or not of this process.
    #[must_use]
    pub fn remaining(&self, cookie: &str) -> Option<Duration> {
        self.0.logins.remaining(cookie, self.0.keeper.now())
    }

    /// Takes what Webex sent the browser back with. The same code again gets the same outcome.
    pub async fn complete(&self, callback: Callback) -> Outcome {
        if let Some(error) = &callback.error {
            return Err(Self::refuse(Refusal::from_error_code(error)));
        }
        let code = match callback.code.as_deref().map(AuthorizationCode::new) {
            None => return Err(Self::refuse(Refusal::MissingCode)),
            Some(Err(_)) => return Err(Self::refuse(Refusal::MalformedCode)),
            Some(Ok(code)) => code,
        };
        let now = self.0.keeper.now();
        let flow = self.find_flow(&callback);
        let lane = flow.as_ref().map_err(Clone::clone).map(|flow| match flow {
            Some(_) => Lane::OwnLogin,
            None => Lane::Stranger,
        });
        let redemption = |place| {
            let (this, code) = (self.clone(), code.clone());
            // On its own: a browser that closes the connection must not lose a code that is being redeemed.
            let work = self.0.keeper.track(async move {
                let _place = place;
                this.redeem(&code, flow?).await
            });
            async move { work.await.unwrap_or(Err(Refusal::Internal)) }
        };
        let (outcome, repeat) = self.0.codes.redeem(&code, lane, now, redemption).await;
        callback.attempt.note_repeat(repeat);
        outcome.map_err(Self::refuse)
    }

    /// Sees to it, as long as the gateway runs, that it is known whose tokens are held.
    pub async fn keep_learning(&self) {
        loop {
            self.learn_organization().await;
            self.0.keeper.changed_or(LEARN_RETRY).await;
        }
    }

    /// Learns whose tokens are held that do not tell it themselves, so that an old file is as protected as a new one.
    async fn learn_organization(&self) {
        let snapshot = self.0.keeper.snapshot();
        let Some(grant) = snapshot.grant.as_ref() else {
            return;
        };
        if grant.tokens.organization().is_some() {
            return;
        }
        let generation = grant.generation;
        if let Ok(access) = self.0.keeper.access().await
            && access.generation == generation
            && let identity::Person::Of(org_id) = self.0.identity.who_is(&access.bearer).await
        {
            info!("the tokens held are of the organisation {org_id}");
            self.0.keeper.learn(generation, org_id).await;
        }
    }

    /// The one organisation that may authorise, where that is settled.
    #[must_use]
    pub fn pin(&self) -> Option<OrgId> {
        self.0.integration.org_id.or_else(|| self.0.keeper.pin())
    }

    async fn redeem(&self, code: &AuthorizationCode, flow: Option<Flow>) -> Outcome {
        if let Some(flow) = &flow {
            self.0.logins.take(flow, self.0.keeper.now())?;
        }
        let outcome = self.take(code, flow.as_ref()).await;
        if outcome.as_ref().is_err_and(Refusal::may_try_again) {
            if let Some(flow) = &flow {
                self.0.logins.restore(flow);
            }
            self.0.codes.forget(code);
        }
        outcome
    }

    async fn take(&self, code: &AuthorizationCode, flow: Option<&Flow>) -> Outcome {
        self.learn_organization().await;
        self.settled_pin()?;
        let answer = self.0.endpoint.exchange(code, flow.map(Flow::verifier)).await;
        let response = answer.map_err(|error| exchange_refusal(&error))?;
        let person = self.0.identity.who_is(&response.access_token.bearer()).await;
        let named = response
            .access_token
            .organization()
            .and_then(|text| OrgId::parse(text).ok());
        let answered = person.answered();
        // One at a time: two first authorisations at once must not both find that nobody was first. Not before Webex has
        // answered: nobody shall wait here for what somebody else asked Webex.
        let _deciding = self.0.deciding.lock().await;
        let replaced = |_| Refusal::NotVerified("the tokens file was replaced meanwhile".to_owned());
        let pin = self.settled_pin().map_err(replaced)?;
        let org_id = identity::decide(pin, named, person)?;
        let tokens =
            TokenSet::granted(response, org_id, self.0.keeper.now()).ok_or(Refusal::NoRefreshToken)?;
        let fingerprint = tokens.access_token.fingerprint();
        // Tokens that cannot be stored still serve; the keeper says so, and goes on trying.
        let installed = self.0.keeper.install(tokens, answered).await;
        installed.map_err(|Conflict { found, expected }| Refusal::WrongOrganization { found, expected })?;
        info!(
            topic = "oauth2",
            "authorised by an administrator of organisation {org_id}, token {fingerprint}"
        );
        Ok(())
    }

    /// The one organisation that may authorise, or none before the first authorisation.
    fn settled_pin(&self) -> Result<Option<OrgId>, Refusal> {
        let pin = self.pin();
        match pin.is_none() && self.0.keeper.snapshot().grant.is_some() {
            true => Err(Refusal::UnknownPin),
            false => Ok(pin),
        }
    }

    /// The flow that a callback ends, if this gateway started it.
    fn find_flow(&self, callback: &Callback) -> Result<Option<Flow>, Refusal> {
        let state = callback.state.as_deref().unwrap_or_default();
        match self.0.logins.find(state, &callback.cookies, self.0.keeper.now()) {
            Login::Ours(flow) => {
                callback.attempt.note_own_flow();
                Ok(Some(flow))
            }
            Login::Over(refusal) => {
                callback.attempt.note_own_flow();
                Err(refusal)
            }
            Login::Foreign if self.0.integration.require_state => Err(Refusal::NotStartedHere),
            Login::Foreign => Ok(None),
        }
    }

    fn refuse(refusal: Refusal) -> Refusal {
        warn!(
            topic = "oauth2",
            "authorisation refused: {refusal}; the tokens held stay as they are"
        );
        refusal
    }
}

fn exchange_refusal(error: &TokenError) -> Refusal {
    match error {
        TokenError::Transient {
            reason,
            answered: false,
            ..
        } => Refusal::Unreachable(reason.clone()),
        TokenError::Transient { reason, .. } => Refusal::NoTokens(reason.clone()),
        TokenError::Rejected {
            cause: Rejection::Grant,
            reason,
        } => Refusal::CodeRejected(reason.clone()),
        TokenError::Rejected {
            cause: Rejection::Client,
            reason,
        } => Refusal::Misconfigured(reason.clone()),
    }
}
