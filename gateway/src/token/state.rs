//! The words by which operators see the tokens' life: in health, status, logs and metrics.

use super::failure::Rejection;

/// The state as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthState {
    /// No administrator has authorised this gateway yet.
    Unauthorised,
    /// Tokens are held and nothing is wrong.
    Ok,
    /// A refresh runs.
    Refreshing,
    /// The last refresh failed, the next attempt is planned.
    Degraded,
    /// The grant is dead: an administrator has to authorise again.
    Reauthorise,
    /// Webex refuses the client: the configuration has to be put right.
    Misconfigured,
}

/// What an operator, or nobody, has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing; it is tried again.
    Retry,
    /// Log in again at the authorisation address.
    Reauthorise,
    /// Put the client's id, secret or scopes right.
    FixConfiguration,
}

impl AuthState {
    /// Every state, in the order in which metrics show them.
    pub const ALL: [Self; 6] = [
        Self::Unauthorised,
        Self::Ok,
        Self::Refreshing,
        Self::Degraded,
        Self::Reauthorise,
        Self::Misconfigured,
    ];

    /// The name used in JSON, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthorised => "unauthorised",
            Self::Ok => "ok",
            Self::Refreshing => "refreshing",
            Self::Degraded => "degraded",
            Self::Reauthorise => "reauthorise",
            Self::Misconfigured => "misconfigured",
        }
    }
}

impl Action {
    /// The name used in JSON, logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Reauthorise => "reauthorise",
            Self::FixConfiguration => "fix_configuration",
        }
    }
}

impl From<Rejection> for AuthState {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Grant => Self::Reauthorise,
            Rejection::Client => Self::Misconfigured,
        }
    }
}

impl From<Rejection> for Action {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Grant => Self::Reauthorise,
            Rejection::Client => Self::FixConfiguration,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Health checks, alerts and scripts of operators name them.
    #[test]
    fn states_and_actions_keep_their_names() {
        assert_eq!(
            AuthState::ALL.map(AuthState::as_str),
            [
                "unauthorised",
                "ok",
                "refreshing",
                "degraded",
                "reauthorise",
                "misconfigured"
            ]
        );
        assert_eq!(
            [Action::Retry, Action::Reauthorise, Action::FixConfiguration].map(Action::as_str),
            ["retry", "reauthorise", "fix_configuration"]
        );
    }
}
