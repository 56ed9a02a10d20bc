//! The authorize request, checked. Pure. As long as client and redirect URI are in doubt there is no redirect, only a
//! page (RFC 6749, section 4.1.2.1); after that every problem goes back to the client.

use crate::control::types::Settings;
use crate::oauth::params::Params;
use crate::oauth::pkce::Challenge;
use crate::oauth::scope::ScopeSet;
use crate::world::Integration;

/// A request that may be shown to a person.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AuthorizeRequest {
    /// Where the answer goes.
    pub(super) target: String,
    /// The parameter, if it was sent: then the token request must repeat it.
    pub(super) sent_redirect_uri: Option<String>,
    pub(super) scopes: ScopeSet,
    pub(super) state: Option<String>,
    pub(super) challenge: Option<Challenge>,
    /// No page may be shown. Other values of `prompt` make no difference: this page always asks who signs in.
    pub(super) prompt_none: bool,
    pub(super) login_hint: Option<String>,
}

/// Why a request goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Somebody reads it; the client never hears of it.
    Page(Problem),
    /// The client is told.
    Redirect {
        target: String,
        error: String,
        description: String,
        state: Option<String>,
    },
}

/// Problems that must not lead to a redirect. Webex's own texts are not known; the one about
/// redirect URIs is that of a related product.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("The request has no client_id.")]
    NoClient,
    #[error("No integration has the client_id \u{201c}{0}\u{201d}.")]
    UnknownClient(String),
    #[error("The redirection URI provided does not match a pre-registered value.")]
    RedirectUri {
        sent: Option<String>,
        registered: Vec<String>,
    },
    #[error("The request has the parameter \u{201c}{0}\u{201d} more than once.")]
    Repeated(String),
}

/// Checks a request.
pub(super) fn parse(
    params: &Params,
    integration: &Integration,
    settings: &Settings,
) -> Result<AuthorizeRequest, Failure> {
    if let Some(name) = params.repeated() {
        return Err(Failure::Page(Problem::Repeated(name.to_owned())));
    }
    match params.get("client_id") {
        None => return Err(Failure::Page(Problem::NoClient)),
        Some(id) if id != integration.client_id => {
            return Err(Failure::Page(Problem::UnknownClient(id.to_owned())));
        }
        Some(_) => {}
    }
    let target = target(params, settings).map_err(Failure::Page)?;
    checked(params, integration, &target).map_err(|(error, description)| Failure::Redirect {
        target: target.clone(),
        error: error.to_owned(),
        description,
        state: params.get("state").map(str::to_owned),
    })
}

/// The redirect URI: one of those registered, character by character, or the only one if the request has none.
fn target(params: &Params, settings: &Settings) -> Result<String, Problem> {
    let sent = params.get("redirect_uri");
    let found = match (sent, settings.redirect_uris.as_slice()) {
        (Some(sent), registered) => registered.iter().find(|registered| *registered == sent),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.cloned().ok_or_else(|| Problem::RedirectUri {
        sent: sent.map(str::to_owned),
        registered: settings.redirect_uris.clone(),
    })
}

/// The rest: what is wrong with it is an error code and a text.
fn checked(
    params: &Params,
    integration: &Integration,
    target: &str,
) -> Result<AuthorizeRequest, (&'static str, String)> {
    let required = |name| {
        params
            .get(name)
            .ok_or_else(|| ("invalid_request", format!("Parameter:{name} is blank")))
    };
    if required("response_type")? != "code" {
        return Err((
            "unsupported_response_type",
            "The response type is not supported.".to_owned(),
        ));
    }
    let invalid_scope = || ("invalid_scope", "The requested scope is invalid.".to_owned());
    let scopes = ScopeSet::parse(required("scope")?).map_err(|_| invalid_scope())?;
    if scopes.is_empty() || !integration.scopes.allows(&scopes) {
        return Err(invalid_scope());
    }
    if scopes.contains("openid") {
        required("nonce")?;
    }
    let method = params.get("code_challenge_method");
    let challenge = match (params.get("code_challenge"), method) {
        (Some(challenge), method) => Some(
            Challenge::parse(challenge, method)
                .map_err(|error| ("invalid_request", format!("Parameter:{error}")))?,
        ),
        (None, Some(_)) => return Err(("invalid_request", "Parameter:code_challenge is blank".to_owned())),
        (None, None) => None,
    };
    Ok(AuthorizeRequest {
        target: target.to_owned(),
        sent_redirect_uri: params.get("redirect_uri").map(str::to_owned),
        scopes,
        state: params.get("state").map(str::to_owned),
        challenge,
        prompt_none: params.get("prompt") == Some("none"),
        login_hint: params.get("login_hint").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests;
