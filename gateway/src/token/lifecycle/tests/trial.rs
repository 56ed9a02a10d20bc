//! Tokens that nobody has refreshed yet, and what they fall back to.

use super::*;

#[test]
fn tokens_on_trial_that_webex_refuses_give_way_to_those_before_them() {
    let mut bench = Bench::authorised();
    let now = bench.clock.now();
    bench.life.install_on_trial(tokens("new", now), now, 0.5);
    assert!(bench.life.on_trial());
    assert!(started(&bench.reject()), "however young the token is");
    assert_eq!(bench.refuse(Rejection::Grant), Outcome::FellBack);
    assert_eq!(
        bench.life.grant().unwrap().tokens.access_token.expose(),
        "access-1"
    );
    assert_eq!(bench.life.state(), AuthState::Ok);
    assert!(!bench.life.on_trial());
}

#[test]
fn a_refresh_of_the_tokens_before_those_on_trial_is_not_lost() {
    let mut bench = Bench::authorised();
    let old = (*bench.life.grant().unwrap().tokens).clone();
    assert!(started(&bench.reject()));
    let now = bench.clock.now();
    bench.life.install_on_trial(tokens("new", now), now, 0.5);
    let rotated = TokenSet {
        refresh_token: RefreshToken::new("rotated").unwrap(),
        ..old.refreshed(response("2"), now)
    };
    let outcome = bench
        .life
        .refresh_ended(&old.refresh_token, Ok(rotated), now, 0.5);
    assert_eq!(outcome, Outcome::Superseded);
    assert!(started(&bench.reject()));
    assert_eq!(bench.refuse(Rejection::Grant), Outcome::FellBack);
    let held = &bench.life.grant().unwrap().tokens;
    assert_eq!(held.refresh_token.expose(), "rotated");
    assert_eq!(held.access_token.expose(), "access-2");
}

#[test]
fn a_refused_refresh_of_the_tokens_before_those_on_trial_ends_them() {
    let mut bench = Bench::authorised();
    let old = bench.life.grant().unwrap().tokens.refresh_token.clone();
    assert!(started(&bench.reject()));
    let now = bench.clock.now();
    bench.life.install_on_trial(tokens("new", now), now, 0.5);
    let refused = Err(TokenError::Rejected {
        cause: Rejection::Grant,
        reason: String::new(),
    });
    bench.life.refresh_ended(&old, refused, now, 0.5);
    assert!(!bench.life.on_trial());
}

#[test]
fn tokens_on_trial_that_are_somebody_elses_give_way_to_those_before_them() {
    let mut bench = Bench::authorised();
    let now = bench.clock.now();
    let foreign = bench.life.install_on_trial(tokens("foreign", now), now, 0.5);
    bench.life.disown(foreign, now, 0.5);
    assert_eq!(
        bench.life.grant().unwrap().tokens.access_token.expose(),
        "access-1"
    );
}

#[test]
fn a_trial_ends_with_a_refresh_and_not_with_trouble_on_the_way_or_with_the_client() {
    let mut bench = Bench::authorised();
    let now = bench.clock.now();
    bench.life.install_on_trial(tokens("new", now), now, 0.5);
    assert!(started(&bench.reject()));
    assert_eq!(bench.fail(), Outcome::Failed);
    assert!(bench.life.on_trial());
    bench.clock.advance(Duration::from_mins(1));
    assert!(started(&bench.reject()));
    assert_eq!(bench.refuse(Rejection::Client), Outcome::Failed);
    assert!(bench.life.on_trial());
    bench.clock.advance(PROBE_INTERVAL);
    assert!(started(&bench.reject()));
    assert_eq!(bench.end(Ok("2")), Outcome::Installed);
    assert!(!bench.life.on_trial());
}

#[test]
fn of_several_tokens_on_trial_the_fallback_is_what_webex_last_answered_to() {
    let mut bench = Bench::authorised();
    let now = bench.clock.now();
    bench.life.install_on_trial(tokens("new", now), now, 0.5);
    bench.life.install_on_trial(tokens("newer", now), now, 0.5);
    assert!(started(&bench.reject()));
    assert_eq!(bench.refuse(Rejection::Grant), Outcome::FellBack);
    assert_eq!(
        bench.life.grant().unwrap().tokens.access_token.expose(),
        "access-1"
    );
}

#[test]
fn a_grant_that_webex_has_refused_is_no_fallback() {
    let mut bench = Bench::authorised();
    bench.clock.advance(LIFETIME.mul_f64(0.8));
    assert!(started(&bench.want(Why::Due)));
    bench.refuse(Rejection::Grant);
    let now = bench.clock.now();
    bench.life.install_on_trial(tokens("new", now), now, 0.5);
    assert!(!bench.life.on_trial());
}

#[test]
fn what_comes_of_a_refresh_of_other_tokens_says_nothing_of_those_before_the_ones_on_trial() {
    let refused = TokenError::Rejected {
        cause: Rejection::Grant,
        reason: String::new(),
    };
    for late in [None, Some(refused)] {
        let mut bench = Bench::authorised();
        let oldest = (*bench.life.grant().unwrap().tokens).clone();
        assert!(started(&bench.reject()));
        let now = bench.clock.now();
        bench.life.install(tokens("good", now), now, 0.5);
        bench.life.install_on_trial(tokens("new", now), now, 0.5);
        let late = late.map_or_else(|| Ok(oldest.refreshed(response("2"), now)), Err);
        let outcome = bench.life.refresh_ended(&oldest.refresh_token, late, now, 0.5);
        assert_eq!(outcome, Outcome::Superseded);
        assert!(bench.life.on_trial());
        assert!(started(&bench.reject()));
        assert_eq!(bench.refuse(Rejection::Grant), Outcome::FellBack);
        let held = &bench.life.grant().unwrap().tokens;
        assert_eq!(held.access_token.expose(), "access-good");
    }
}
