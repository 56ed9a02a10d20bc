//! What everybody else sees of the tokens' life.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use thiserror::Error;

use crate::clock::Now;
use crate::organization::OrgId;
use crate::token::failure::Rejection;
use crate::token::lifecycle::{Action, AuthState, Generation, Grant, Lifecycle, Standing, Trouble};

/// The state at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The tokens held.
    pub grant: Option<Grant>,
    /// As operators see it.
    pub state: AuthState,
    /// The last failure, until a success.
    pub trouble: Option<Trouble>,
    /// Whether Webex takes the access token held, as far as that is known.
    pub standing: Standing,
    /// Why the newest tokens are in memory only.
    pub unsaved: Option<String>,
    /// Why a tokens file that is there is not used.
    pub unusable_file: Option<String>,
    /// The organisation that an unusable tokens file names nevertheless.
    pub unusable_org: Option<OrgId>,
    /// Whether the last refresh that a 401 forced cured the request that got it.
    pub proven: bool,
    /// Whether nobody has refreshed the tokens held yet, so that those before them are kept.
    pub on_trial: bool,
    access: Option<Access>,
    /// Counts the ends of refreshes and of questions about the access token: who waits for one looks at it.
    pub(super) ended: u64,
}

/// An access token to send.
#[derive(Clone, Debug)]
pub struct Access {
    /// The `Authorization` header.
    pub bearer: HeaderValue,
    /// Which token it is.
    pub generation: Generation,
    /// How logs show it.
    pub fingerprint: Arc<str>,
}

/// Why there is no access token to send.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// Nobody has authorised this gateway, or what was authorised cannot be read.
    #[error("{}", not_authorised(file_problem.as_deref()))]
    NotAuthorised {
        /// Why a tokens file that is there is not used.
        file_problem: Option<String>,
    },
    /// The refresh failed and is tried again.
    #[error("the access token could not be refreshed: {reason}")]
    RefreshFailed {
        /// For the operator.
        reason: String,
        /// When the next attempt is due.
        retry_after: Duration,
    },
    /// The refresh was refused for good.
    #[error("Webex refused to refresh the access token: {reason}")]
    Refused {
        /// Who can mend it.
        cause: Rejection,
        /// For the operator.
        reason: String,
    },
}

impl Unavailable {
    /// What mends it.
    #[must_use]
    pub fn action(&self) -> Action {
        match self {
            Self::NotAuthorised { .. } => Action::Reauthorise,
            Self::RefreshFailed { .. } => Action::Retry,
            Self::Refused { cause, .. } => (*cause).into(),
        }
    }
}

impl Snapshot {
    pub(super) fn empty() -> Self {
        Self {
            grant: None,
            state: AuthState::Unauthorised,
            trouble: None,
            standing: Standing::Good,
            unsaved: None,
            unusable_file: None,
            unusable_org: None,
            access: None,
            proven: true,
            on_trial: false,
            ended: 0,
        }
    }

    /// The access token, unless it has expired or its standing is in question.
    #[must_use]
    pub fn access(&self, now: Now) -> Option<Access> {
        let grant = self.grant.as_ref().filter(|grant| grant.usable(now))?;
        if self.standing != Standing::Good {
            return None;
        }
        debug_assert_eq!(
            self.access.as_ref().map(|access| access.generation),
            Some(grant.generation)
        );
        self.access.clone()
    }

    /// Whether an access token is held that has not expired and that Webex has not refused by itself.
    #[must_use]
    pub fn ready(&self, now: Now) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.usable(now)) && self.standing != Standing::Dead
    }

    /// The same, with an access token to send that shares no memory with this one.
    pub(super) fn own_copy(&self) -> Self {
        let access = self.access.as_ref().map(Access::own_copy);
        Self {
            access,
            ..self.clone()
        }
    }

    pub(super) fn shows(&self, life: &Lifecycle) -> bool {
        let identity =
            |grant: Option<&Grant>| grant.map(|grant| (grant.generation, Arc::as_ptr(&grant.tokens)));
        identity(self.grant.as_ref()) == identity(life.grant())
            && self.state == life.state()
            && self.trouble.as_ref() == life.trouble()
            && self.proven == life.proven()
            && self.on_trial == life.on_trial()
            && self.standing == life.standing()
    }

    pub(super) fn take(&mut self, life: &Lifecycle) {
        self.access = life.grant().map(|grant| Access {
            bearer: grant.tokens.access_token.bearer(),
            generation: grant.generation,
            fingerprint: grant.tokens.access_token.fingerprint().into(),
        });
        self.grant = life.grant().cloned();
        self.state = life.state();
        self.trouble = life.trouble().cloned();
        self.standing = life.standing();
        self.proven = life.proven();
        self.on_trial = life.on_trial();
    }
}

impl Access {
    fn own_copy(&self) -> Self {
        let copied = HeaderValue::from_bytes(self.bearer.as_bytes());
        let mut bearer = copied.expect("it has been a value before");
        bearer.set_sensitive(true);
        Self {
            bearer,
            generation: self.generation,
            fingerprint: Arc::from(&*self.fingerprint),
        }
    }
}

fn not_authorised(file_problem: Option<&str>) -> String {
    match file_problem {
        None => "no administrator has authorised this gateway yet".to_owned(),
        Some(problem) => {
            format!("the tokens file {problem}; restore it, or authorise again")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock, Timestamp};
    use crate::token::failure::TokenError;
    use crate::token::lifecycle::{Decision, Verdict, Why};
    use crate::token::samples::tokens;

    const HOUR: Duration = Duration::from_hours(1);

    /// The state machine, and what is shown of it.
    struct Shown {
        clock: ManualClock,
        life: Lifecycle,
        snapshot: Snapshot,
    }

    impl Shown {
        fn authorised() -> Self {
            let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
            let mut shown = Self {
                life: Lifecycle::default(),
                snapshot: Snapshot::empty(),
                clock,
            };
            shown.changes(|life, now| {
                life.install(tokens("1", now), now, 0.5);
            });
            shown.clock.advance(HOUR);
            shown
        }

        /// The change is news, once.
        fn changes<T>(&mut self, change: impl FnOnce(&mut Lifecycle, Now) -> T) -> T {
            let result = change(&mut self.life, self.clock.now());
            assert!(!self.snapshot.shows(&self.life), "something has changed");
            self.snapshot.take(&self.life);
            assert!(self.snapshot.shows(&self.life), "nothing has changed since");
            result
        }

        fn generation(&self) -> Generation {
            self.life.grant().unwrap().generation
        }
    }

    #[test]
    fn everything_that_others_look_at_is_news_when_it_changes() {
        let mut shown = Shown::authorised();
        let generation = shown.generation();
        assert_eq!(generation.number(), 1);
        let decision = shown.changes(|life, now| life.want(Why::Rejected(generation), now));
        let Decision::Start(spent) = decision else {
            panic!("{decision:?}");
        };
        assert_eq!(shown.snapshot.state, AuthState::Refreshing);
        let fail = || Err(TokenError::transient("no route"));
        shown.changes(|life, now| life.refresh_ended(&spent, fail(), now, 0.5));
        assert_eq!(shown.snapshot.state, AuthState::Degraded);
        assert_eq!(shown.snapshot.standing, Standing::Doubtful);
        // The same state and standing, and another failure.
        shown.clock.advance(HOUR);
        shown.changes(|life, now| life.judged(generation, Verdict::Accepted, now));
        let now = shown.clock.now();
        assert!(matches!(shown.life.want(Why::Due, now), Decision::Start(_)));
        shown.changes(|life, now| life.refresh_ended(&spent, fail(), now, 0.5));
        assert_eq!(shown.snapshot.trouble.as_ref().unwrap().failures, 2);
        shown.changes(|life, _| life.cured(generation));
        assert!(shown.snapshot.proven);
        // Other tokens, and nothing else.
        shown.changes(|life, now| life.install(tokens("2", now), now, 0.5));
        shown.changes(|life, now| life.install(tokens("2", now), now, 0.5));
        shown.changes(|life, now| life.install_on_trial(tokens("3", now), now, 0.5));
        assert!(shown.snapshot.on_trial);
        let organization = OrgId::parse("aaaaaaaa-0000-4000-8000-000000000001").expect("an id");
        let generation = shown.generation();
        assert_eq!(generation.number(), 4, "they are counted");
        shown.changes(|life, _| life.learn(generation, organization));
        let held = shown.snapshot.grant.as_ref().unwrap();
        assert_eq!(held.tokens.org_id, Some(organization));
    }

    #[test]
    fn what_changes_nothing_is_no_news() {
        let mut shown = Shown::authorised();
        let older = shown.generation();
        shown.changes(|life, now| life.install(tokens("2", now), now, 0.5));
        shown.clock.advance(HOUR);
        let (generation, now) = (shown.generation(), shown.clock.now());
        assert_eq!(shown.life.want(Why::Expired, now), Decision::Use);
        assert_eq!(shown.life.want(Why::Due, now), Decision::Leave);
        shown.life.judged(older, Verdict::Refused, now);
        assert!(shown.snapshot.shows(&shown.life));
        shown.changes(|life, now| life.want(Why::Rejected(generation), now));
        assert_eq!(shown.life.want(Why::Rejected(generation), now), Decision::Join);
        assert!(
            shown.snapshot.shows(&shown.life),
            "thousands that join do not wake each other"
        );
    }
}
