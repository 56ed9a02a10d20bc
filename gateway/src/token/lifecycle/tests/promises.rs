//! What holds whatever happens, in whatever order.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::token::failure::Fault;

#[derive(Clone, Debug)]
enum Event {
    Advance(u64),
    StepWall(i64),
    /// The machine sleeps: the wall clock goes on, the monotonic one stands still.
    Suspend(u64),
    Due,
    Expired,
    Reject(bool),
    Cure,
    Succeed(u64),
    Fail(bool),
    Refuse(bool),
    Authorise,
    Try,
    Judge(u8),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0..2_000_000_u64).prop_map(Event::Advance),
        (0..120_u64).prop_map(Event::Advance),
        (-2_000_000..2_000_000_i64).prop_map(Event::StepWall),
        (0..2_000_000_u64).prop_map(Event::Suspend),
        Just(Event::Due),
        Just(Event::Expired),
        any::<bool>().prop_map(Event::Reject),
        Just(Event::Cure),
        (1..2_000_000_u64).prop_map(Event::Succeed),
        any::<bool>().prop_map(Event::Fail),
        any::<bool>().prop_map(Event::Refuse),
        Just(Event::Authorise),
        Just(Event::Try),
        (0..3_u8).prop_map(Event::Judge),
    ];
    proptest::collection::vec(event, 0..200)
}

/// The machine, and what an honest observer knows of it.
struct Model {
    clock: ManualClock,
    life: Lifecycle,
    /// Refreshes that were started and have not ended.
    running: Vec<RefreshToken>,
    /// Questions to Webex that were begun and have not ended.
    asking: Vec<Generation>,
    /// When Webex was asked last about which token, on the monotonic clock.
    asked: Option<(Generation, Duration)>,
    /// The token that Webex has refused by itself, as it said last.
    dead: Option<Generation>,
    /// When the access token held came in and how long it may live, on each clock.
    ends: Option<(Timestamp, Duration)>,
    /// The refresh token of the last grant that Webex has answered to and not refused.
    good: Option<String>,
    grants: u32,
}

impl Model {
    fn new() -> Self {
        Self {
            clock: ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789)),
            life: Lifecycle::default(),
            running: Vec::new(),
            asking: Vec::new(),
            asked: None,
            dead: None,
            ends: None,
            good: None,
            grants: 0,
        }
    }

    fn new_grant(&mut self) -> TokenSet {
        self.grants += 1;
        let now = self.clock.now();
        self.ends = Some((now.wall + LIFETIME, now.mono + LIFETIME));
        tokens(&self.grants.to_string(), now)
    }

    fn held(&self) -> Option<String> {
        let grant = self.life.grant()?;
        Some(grant.tokens.refresh_token.expose().to_owned())
    }

    fn end(
        &mut self,
        result: impl FnOnce(&TokenSet, Now) -> Result<TokenSet, TokenError>,
    ) -> Option<Outcome> {
        let (spent, now) = (self.running.pop()?, self.clock.now());
        let base = self.life.base_of(&spent).map(|(tokens, _)| tokens);
        let result = result(base.as_ref().unwrap_or(&self.life.grant()?.tokens), now);
        let lifetime = result.as_ref().ok().map(|tokens| tokens.expires_in);
        let refused = matches!(
            result,
            Err(TokenError::Rejected {
                cause: Rejection::Grant,
                ..
            })
        );
        let held = self.held();
        let outcome = self.life.refresh_ended(&spent, result, now, 0.3);
        match outcome {
            Outcome::Installed => {
                self.ends = lifetime.map(|lifetime| (now.wall + lifetime, now.mono + lifetime));
                self.good = held;
            }
            Outcome::Failed | Outcome::Superseded
                if refused && self.good.as_deref() == Some(spent.expose()) =>
            {
                self.good = None;
            }
            Outcome::FellBack => {
                // What comes back may have been bought earlier, and so end earlier.
                let tokens = &self.life.grant()?.tokens;
                self.ends = Some((tokens.expires_at(), now.mono + tokens.expires_in));
            }
            Outcome::Failed | Outcome::Superseded => {}
        }
        Some(outcome)
    }

    fn apply(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        let generation = self.life.grant().map(|grant| grant.generation);
        let decision = match event {
            Event::Advance(seconds) => {
                self.clock.advance(Duration::from_secs(*seconds));
                None
            }
            Event::StepWall(seconds) => {
                let wall = now.wall.unix_seconds() + seconds;
                self.clock.set_wall(Timestamp::from_unix_seconds(wall));
                None
            }
            Event::Suspend(seconds) => {
                self.clock.set_wall(now.wall + Duration::from_secs(*seconds));
                None
            }
            Event::Due => Some(self.life.want(Why::Due, now)),
            Event::Expired => Some(self.life.want(Why::Expired, now)),
            Event::Reject(current) => generation
                .map(|generation| if *current { generation } else { Generation(0) })
                .map(|generation| self.life.want(Why::Rejected(generation), now)),
            Event::Cure => {
                if let Some(generation) = generation {
                    self.life.cured(generation);
                }
                None
            }
            Event::Authorise => {
                let tokens = self.new_grant();
                self.life.install(tokens, now, 0.3);
                self.good = self.held();
                None
            }
            Event::Try => {
                let tokens = self.new_grant();
                self.life.install_on_trial(tokens, now, 0.3);
                None
            }
            Event::Judge(which) => {
                if let Some(generation) = self.asking.pop() {
                    let verdict =
                        [Verdict::Accepted, Verdict::Refused, Verdict::Unknown][usize::from(*which)];
                    self.life.judged(generation, verdict, now);
                    self.dead = match verdict {
                        Verdict::Refused => Some(generation),
                        Verdict::Accepted => self.dead.filter(|dead| *dead != generation),
                        Verdict::Unknown => self.dead,
                    };
                }
                None
            }
            Event::Succeed(seconds) => {
                let expires_in = Duration::from_secs(*seconds);
                self.end(|held, now| {
                    let tokens = held.refreshed(response("r"), now);
                    Ok(TokenSet { expires_in, ..tokens })
                });
                None
            }
            Event::Fail(asked) => {
                let retry_after = asked.then_some(Duration::from_secs(100));
                self.end(|_, _| {
                    Err(TokenError::Transient {
                        reason: String::new(),
                        retry_after,
                        answered: true,
                        fault: Fault::Unexpected,
                    })
                });
                None
            }
            Event::Refuse(grant) => {
                let cause = if *grant {
                    Rejection::Grant
                } else {
                    Rejection::Client
                };
                let good = self.good.clone();
                let outcome = self.end(|_, _| {
                    let reason = String::new();
                    Err(TokenError::Rejected { cause, reason })
                });
                if outcome == Some(Outcome::FellBack) && good.is_some() {
                    prop_assert_eq!(self.held(), good, "not the grant that worked");
                }
                None
            }
        };
        self.check_decision(decision.as_ref())
    }

    fn check_decision(&mut self, decision: Option<&Decision>) -> Result<(), TestCaseError> {
        match decision {
            Some(Decision::Start(spent)) => {
                prop_assert!(!self.running.contains(spent), "one refresh token is spent twice");
                self.running.push(spent.clone());
            }
            Some(Decision::Join) => {
                let awaited = !self.running.is_empty() || !self.asking.is_empty();
                prop_assert!(awaited, "nobody would wake who joins");
            }
            Some(Decision::Ask(generation)) => {
                let now = self.clock.now().mono;
                prop_assert!(!self.asking.contains(generation), "two questions at once");
                if let Some((_, at)) = self.asked.filter(|(asked, _)| asked == generation) {
                    prop_assert!(now >= at + Duration::from_secs(30), "Webex is asked too often");
                }
                self.asking.push(*generation);
                self.asked = Some((*generation, now));
            }
            Some(Decision::Use) => {
                let held = self.life.grant().map(|grant| grant.generation);
                prop_assert!(
                    self.dead.is_none() || self.dead != held,
                    "a dead token would be sent"
                );
            }
            Some(Decision::Never(_)) => {
                let trouble = self.life.trouble();
                prop_assert!(trouble.is_some_and(|trouble| trouble.rejection.is_some()));
            }
            Some(Decision::Later(wait)) => {
                prop_assert!(*wait > Duration::ZERO && *wait <= Duration::from_hours(1));
            }
            _ => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let now = self.clock.now();
        prop_assert_eq!(
            self.grants > 0,
            self.life.grant().is_some(),
            "a grant was dropped"
        );
        prop_assert!(!self.life.refreshing() || !self.running.is_empty());
        prop_assert_eq!(
            self.life.due_in(now).is_some(),
            self.grants > 0 && !self.life.refreshing(),
            "no next step"
        );
        if let (Some(grant), Some((wall, mono))) = (self.life.grant(), self.ends)
            && grant.usable(now)
        {
            prop_assert!(
                now.wall < wall && now.mono < mono,
                "an expired token would be sent"
            );
        }
        if let (Some(good), false) = (&self.good, self.life.on_trial()) {
            prop_assert_eq!(self.held(), Some(good.clone()), "a usable grant was dropped");
        }
        Ok(())
    }
}

proptest! {
    /// One refresh at a time, whoever waits is woken, no usable grant is dropped, no expired or dead token is sent on either clock,
    /// Webex is asked about a token twice a minute at most, and there is always a next step.
    #[test]
    fn the_machine_keeps_its_promises(events in events()) {
        let mut model = Model::new();
        for event in &events {
            model.apply(event)?;
            model.check()?;
        }
    }
}
