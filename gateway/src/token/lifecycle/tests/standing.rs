//! What becomes of an access token whose 401 no refresh has cured.

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

impl Bench {
    /// A call got a 401, and the refresh that it forced was refused.
    fn refused_after_a_401(cause: Rejection) -> Self {
        let mut bench = Self::authorised();
        assert!(started(&bench.reject()));
        assert_eq!(bench.refuse(cause), Outcome::Failed);
        bench
    }

    /// The same, and Webex has said that it does not take the access token at all.
    fn dead() -> Self {
        let mut bench = Self::refused_after_a_401(Rejection::Grant);
        assert!(asks(&bench.reject()));
        bench.judge(Verdict::Refused);
        bench
    }

    fn judge(&mut self, verdict: Verdict) {
        let generation = self.generation();
        self.life.judged(generation, verdict, self.clock.now());
    }

    fn standing(&self) -> Standing {
        self.life.standing()
    }
}

fn asks(decision: &Decision) -> bool {
    matches!(decision, Decision::Ask(_))
}

#[test]
fn a_401_that_no_refresh_cures_makes_the_gateway_ask_and_the_others_wait() {
    for cause in [Rejection::Grant, Rejection::Client] {
        let mut bench = Bench::refused_after_a_401(cause);
        assert_eq!(bench.standing(), Standing::Doubtful);
        assert!(asks(&bench.reject()));
        assert_eq!(bench.reject(), Decision::Join);
        assert_eq!(bench.want(Why::Expired), Decision::Join);
        assert_eq!(
            bench.want(Why::Due),
            Decision::Never(cause),
            "the background has no use for it"
        );
    }
}

#[test]
fn a_dead_token_is_not_sent() {
    let mut bench = Bench::dead();
    assert_eq!(bench.standing(), Standing::Dead);
    assert_eq!(bench.want(Why::Expired), Decision::Never(Rejection::Grant));
    assert_eq!(bench.reject(), Decision::Never(Rejection::Grant));
    assert_eq!(bench.life.state(), AuthState::Reauthorise);
}

#[test]
fn a_token_that_webex_takes_serves_although_one_call_gets_401_and_the_grant_is_dead() {
    let mut bench = Bench::refused_after_a_401(Rejection::Grant);
    assert!(asks(&bench.reject()));
    bench.judge(Verdict::Accepted);
    assert_eq!(bench.standing(), Standing::Good);
    assert_eq!(bench.want(Why::Expired), Decision::Use);
    assert_eq!(
        bench.reject(),
        Decision::Never(Rejection::Grant),
        "what the call itself is told"
    );
    assert_eq!(bench.standing(), Standing::Good, "it has just been asked");
    bench.clock.advance(Duration::from_secs(30));
    assert!(asks(&bench.reject()), "it may have died since");
}

#[test]
fn a_token_of_which_webex_says_nothing_goes_on_serving() {
    let mut bench = Bench::refused_after_a_401(Rejection::Grant);
    assert!(asks(&bench.reject()));
    bench.judge(Verdict::Unknown);
    assert_eq!(bench.want(Why::Expired), Decision::Use);
}

#[test]
fn a_dead_token_is_asked_about_when_a_call_needs_it_and_ever_less_often() {
    let mut bench = Bench::dead();
    let start = bench.clock.now().mono;
    let mut questions = Vec::new();
    for _ in 0..3600 {
        bench.clock.advance(Duration::from_secs(1));
        match bench.want(Why::Expired) {
            Decision::Ask(_) => {
                questions.push(bench.clock.now().mono.checked_sub(start).unwrap().as_secs());
                bench.judge(Verdict::Refused);
            }
            Decision::Start(_) => {
                bench.refuse(Rejection::Grant);
            }
            Decision::Never(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(questions, [30, 90, 210, 450, 930, 1830, 2730]);
}

#[test]
fn a_dead_token_that_webex_takes_again_serves_again() {
    let mut bench = Bench::dead();
    bench.clock.advance(MINUTE);
    assert!(asks(&bench.want(Why::Expired)));
    bench.judge(Verdict::Accepted);
    assert_eq!(bench.want(Why::Expired), Decision::Use);
}

#[test]
fn a_dead_token_stays_dead_while_webex_says_nothing() {
    let mut bench = Bench::dead();
    bench.clock.advance(MINUTE);
    assert!(asks(&bench.want(Why::Expired)));
    bench.judge(Verdict::Unknown);
    assert_eq!(bench.want(Why::Expired), Decision::Never(Rejection::Grant));
    bench.clock.advance(Duration::from_secs(30));
    assert!(asks(&bench.want(Why::Expired)));
    // Nor is it asked about more often for that.
    bench.judge(Verdict::Refused);
    bench.clock.advance(MINUTE);
    assert!(asks(&bench.want(Why::Expired)));
    bench.judge(Verdict::Unknown);
    bench.clock.advance(Duration::from_secs(59));
    assert_eq!(bench.want(Why::Expired), Decision::Never(Rejection::Grant));
    bench.clock.advance(Duration::from_secs(1));
    assert!(asks(&bench.want(Why::Expired)));
}

#[test]
fn while_the_token_endpoint_is_away_a_token_that_got_a_401_is_asked_about_too() {
    let mut bench = Bench::authorised();
    assert!(started(&bench.reject()));
    assert_eq!(bench.fail(), Outcome::Failed);
    assert!(asks(&bench.want(Why::Expired)));
    bench.judge(Verdict::Refused);
    assert!(matches!(bench.want(Why::Expired), Decision::Later(_)));
    assert_eq!(bench.life.state(), AuthState::Degraded);
    let wait = bench.life.due_in(bench.clock.now()).unwrap();
    bench.clock.advance(wait);
    assert!(started(&bench.want(Why::Due)));
    assert_eq!(bench.end(Ok("2")), Outcome::Installed);
    assert_eq!(
        (bench.standing(), bench.want(Why::Expired)),
        (Standing::Good, Decision::Use)
    );
}

#[test]
fn a_401_after_a_refusal_ahead_of_time_makes_the_gateway_ask() {
    let mut bench = Bench::authorised();
    bench.clock.advance(LIFETIME.mul_f64(0.8));
    assert!(started(&bench.want(Why::Due)));
    bench.refuse(Rejection::Grant);
    assert_eq!(
        bench.want(Why::Expired),
        Decision::Use,
        "nothing speaks against the access token"
    );
    assert!(asks(&bench.reject()));
}

#[test]
fn a_refusal_of_an_hour_ago_does_not_make_a_401_forgotten() {
    let mut bench = Bench::authorised();
    assert!(started(&bench.reject()));
    bench.fail();
    assert!(asks(&bench.reject()));
    bench.judge(Verdict::Accepted);
    bench.clock.advance(MINUTE);
    assert!(started(&bench.want(Why::Due)));
    bench.fail();
    assert_eq!(
        bench.want(Why::Expired),
        Decision::Use,
        "no call has got a 401 since Webex was asked"
    );
}

#[test]
fn what_is_said_of_an_older_token_says_nothing_of_the_one_held() {
    let mut bench = Bench::refused_after_a_401(Rejection::Grant);
    let old = bench.generation();
    assert!(asks(&bench.reject()));
    let now = bench.clock.now();
    bench.life.install(tokens("admin", now), now, 0.5);
    bench.life.judged(old, Verdict::Refused, now);
    assert_eq!(bench.want(Why::Expired), Decision::Use);
    assert_eq!(bench.want(Why::Rejected(old)), Decision::Use);
}

#[test]
fn an_expired_token_is_refreshed_and_not_asked_about() {
    let mut bench = Bench::dead();
    bench.clock.advance(LIFETIME);
    assert!(started(&bench.want(Why::Expired)));
}

#[test]
fn while_a_refresh_runs_or_is_due_a_doubtful_token_is_asked_about_and_serves_if_webex_takes_it() {
    let mut bench = Bench::authorised();
    assert!(started(&bench.reject()));
    assert_eq!(bench.fail(), Outcome::Failed);
    let wait = bench.life.due_in(bench.clock.now()).unwrap();
    bench.clock.advance(wait);
    assert!(started(&bench.want(Why::Due)), "which may take half a minute");
    assert!(asks(&bench.want(Why::Expired)));
    assert_eq!(bench.want(Why::Expired), Decision::Join);
    bench.judge(Verdict::Accepted);
    assert_eq!(bench.want(Why::Expired), Decision::Use);
    assert_eq!(bench.fail(), Outcome::Failed);
    assert_eq!(bench.want(Why::Expired), Decision::Use);
}

#[test]
fn a_token_whose_time_is_over_is_in_no_doubt_that_webex_could_end() {
    let mut bench = Bench::authorised();
    bench.clock.advance(LIFETIME);
    assert!(started(&bench.want(Why::Expired)));
    assert_eq!(bench.fail(), Outcome::Failed);
    assert!(matches!(bench.reject(), Decision::Later(_)));
    assert_eq!(bench.standing(), Standing::Good);
}
