//! The rules of tokens, one fact a test.

use super::*;
use crate::control::types::{Rotation, TokenKind, TokenState};
use crate::random::CountingRandom;

const CLIENT: &str = "C1";
const DAY: i64 = 24 * 60 * 60;

/// A registry with its own time and randomness.
struct Fixture {
    registry: Registry,
    settings: Settings,
    now: Timestamp,
    random: CountingRandom,
}

impl Fixture {
    fn new() -> Self {
        let (registry, settings) = (
            Registry::new(crate::world::Tag::of("default")),
            Settings::default(),
        );
        Self {
            registry,
            settings,
            now: Timestamp::UNIX_EPOCH,
            random: CountingRandom::default(),
        }
    }

    fn code(&mut self, change: impl FnOnce(&mut Authorization)) -> Secret {
        let mut authorization = Authorization {
            client_id: CLIENT.into(),
            person: Uuid::from_u128(1),
            organization: Uuid::from_u128(2),
            scopes: ScopeSet::parse("a b").unwrap(),
            redirect_uri: Some("http://gw/code".into()),
            challenge: None,
        };
        change(&mut authorization);
        self.registry
            .issue_code(authorization, &self.settings, self.now, &self.random)
    }

    fn exchange(&mut self, code: &Secret, change: impl FnOnce(&mut Exchange<'_>)) -> Result<Issued, Refusal> {
        let mut exchange = Exchange {
            client_id: CLIENT,
            code: code.expose(),
            redirect_uri: Some("http://gw/code"),
            code_verifier: None,
        };
        change(&mut exchange);
        self.registry
            .exchange(&exchange, &self.settings, self.now, &self.random)
    }

    fn grant(&mut self) -> Issued {
        let code = self.code(|_| ());
        self.exchange(&code, |_| ()).unwrap()
    }

    fn refresh(&mut self, token: &Secret) -> Result<Issued, Refusal> {
        self.registry
            .refresh(CLIENT, token.expose(), &self.settings, self.now, &self.random)
    }

    fn pass(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    fn is_good(&self, token: &Secret) -> bool {
        self.registry.authenticate(token.expose(), self.now).is_some()
    }
}

fn all(kind: TokenKind) -> Selection<'static> {
    Selection {
        kind,
        fingerprint: None,
    }
}

#[test]
fn a_code_gives_tokens_with_the_lifetimes_of_webex() {
    let mut fx = Fixture::new();
    let issued = fx.grant();
    assert_eq!(
        (issued.expires_in, issued.refresh_token_expires_in),
        (1_209_599, 7_775_999)
    );
    assert!(fx.is_good(&issued.access_token));
    fx.pass(1_209_599);
    assert!(!fx.is_good(&issued.access_token));
}

#[test]
fn a_code_works_once() {
    let mut fx = Fixture::new();
    let code = fx.code(|_| ());
    assert!(fx.exchange(&code, |_| ()).is_ok());
    assert_eq!(fx.exchange(&code, |_| ()), Err(Refusal::Code));
}

#[test]
fn a_code_expires() {
    let mut fx = Fixture::new();
    let code = fx.code(|_| ());
    fx.pass(300);
    assert_eq!(fx.exchange(&code, |_| ()), Err(Refusal::Code));
}

#[test]
fn a_code_of_another_client_is_not_spent_by_it() {
    let mut fx = Fixture::new();
    let code = fx.code(|_| ());
    assert_eq!(
        fx.exchange(&code, |exchange| exchange.client_id = "C2"),
        Err(Refusal::Code)
    );
    assert!(fx.exchange(&code, |_| ()).is_ok());
}

#[test]
fn redirect_uri_must_be_that_of_the_authorize_request() {
    let mut fx = Fixture::new();
    for sent in [None, Some("http://gw/code/"), Some("http://GW/code")] {
        let code = fx.code(|_| ());
        assert_eq!(
            fx.exchange(&code, |exchange| exchange.redirect_uri = sent),
            Err(Refusal::RedirectUri)
        );
        assert_eq!(
            fx.exchange(&code, |_| ()),
            Err(Refusal::Code),
            "a refused exchange spends the code"
        );
    }
}

#[test]
fn redirect_uri_left_out_before_may_be_left_out_or_be_the_registered_one() {
    let mut fx = Fixture::new();
    fx.settings.redirect_uris = vec!["http://gw/code".into()];
    for (sent, good) in [
        (None, true),
        (Some("http://gw/code"), true),
        (Some("http://other/"), false),
    ] {
        let code = fx.code(|authorization| authorization.redirect_uri = None);
        assert_eq!(
            fx.exchange(&code, |exchange| exchange.redirect_uri = sent)
                .is_ok(),
            good,
            "{sent:?}"
        );
    }
}

#[test]
fn a_challenge_demands_its_verifier() {
    let verifier = "v".repeat(43);
    let mut fx = Fixture::new();
    for (sent, expected) in [
        (None, Err(Refusal::Verifier)),
        (Some("w"), Err(Refusal::Verifier)),
        (Some(&*verifier), Ok(())),
    ] {
        let code =
            fx.code(|authorization| authorization.challenge = Some(Challenge::Plain(verifier.clone())));
        let exchange = Exchange {
            client_id: CLIENT,
            code: code.expose(),
            redirect_uri: Some("http://gw/code"),
            code_verifier: sent,
        };
        let answer = fx.registry.exchange(&exchange, &fx.settings, fx.now, &fx.random);
        assert_eq!(answer.map(|_| ()), expected);
    }
}

#[test]
fn a_refresh_within_a_day_returns_the_same_token_with_less_time() {
    let mut fx = Fixture::new();
    let first = fx.grant();
    fx.pass(DAY - 1);
    let second = fx.refresh(&first.refresh_token).unwrap();
    assert_eq!(second.access_token, first.access_token);
    assert_eq!(second.expires_in, 1_209_599 - (DAY - 1));
    assert_eq!(second.refresh_token_expires_in, 7_775_999);
}

#[test]
fn a_refresh_after_a_day_issues_a_token_and_the_old_one_stays_good() {
    let mut fx = Fixture::new();
    let first = fx.grant();
    fx.pass(DAY);
    let second = fx.refresh(&first.refresh_token).unwrap();
    assert_ne!(second.access_token, first.access_token);
    assert_eq!(second.refresh_token, first.refresh_token);
    assert!(fx.is_good(&first.access_token) && fx.is_good(&second.access_token));
}

#[test]
fn a_dead_token_is_never_returned_again() {
    let mut fx = Fixture::new();
    let first = fx.grant();
    fx.registry.expire(all(TokenKind::Access), fx.now);
    let second = fx.refresh(&first.refresh_token).unwrap();
    fx.registry.revoke(all(TokenKind::Access), fx.now);
    let third = fx.refresh(&first.refresh_token).unwrap();
    assert!(first.access_token != second.access_token && second.access_token != third.access_token);
    assert!(fx.is_good(&third.access_token));
}

#[test]
fn every_refresh_issues_a_token_when_the_setting_says_so() {
    let mut fx = Fixture::new();
    fx.settings.same_token_within_24h = false;
    let first = fx.grant();
    let second = fx.refresh(&first.refresh_token).unwrap();
    assert_ne!(second.access_token, first.access_token);
}

#[test]
fn using_the_refresh_token_extends_its_life() {
    let mut fx = Fixture::new();
    let issued = fx.grant();
    for _ in 0..3 {
        fx.pass(7_775_998);
        fx.refresh(&issued.refresh_token).unwrap();
    }
    fx.pass(7_775_999);
    assert_eq!(fx.refresh(&issued.refresh_token), Err(Refusal::RefreshToken));
}

#[test]
fn a_refresh_token_belongs_to_its_client() {
    let mut fx = Fixture::new();
    let issued = fx.grant();
    let token = issued.refresh_token.expose();
    let answer = fx.registry.refresh("C2", token, &fx.settings, fx.now, &fx.random);
    assert_eq!(answer, Err(Refusal::RefreshToken));
}

#[test]
fn the_limit_counts_good_tokens_of_the_person() {
    let mut fx = Fixture::new();
    fx.settings.max_access_tokens = 2;
    let first = fx.grant();
    fx.grant();
    let code = fx.code(|_| ());
    assert_eq!(fx.exchange(&code, |_| ()), Err(Refusal::TooMany));
    assert!(
        fx.refresh(&first.refresh_token).is_ok(),
        "the same token again is no new token"
    );
    let other = fx.code(|authorization| authorization.person = Uuid::from_u128(9));
    assert!(fx.exchange(&other, |_| ()).is_ok());
    fx.pass(DAY);
    assert_eq!(fx.refresh(&first.refresh_token), Err(Refusal::TooMany));
    fx.registry.revoke(all(TokenKind::Access), fx.now);
    assert!(fx.refresh(&first.refresh_token).is_ok());
}

#[test]
fn the_end_of_a_person_is_the_end_of_their_codes_and_tokens() {
    let mut fx = Fixture::new();
    let issued = fx.grant();
    let code = fx.code(|_| ());
    assert_eq!(fx.registry.revoke_person(Uuid::from_u128(1), fx.now), 2);
    assert!(!fx.is_good(&issued.access_token));
    assert_eq!(fx.refresh(&issued.refresh_token), Err(Refusal::RefreshToken));
    assert_eq!(fx.exchange(&code, |_| ()), Err(Refusal::Code));
}

#[test]
fn an_expired_refresh_token_leaves_its_access_token_a_revoked_one_does_not() {
    let mut fx = Fixture::new();
    let issued = fx.grant();
    assert_eq!(fx.registry.expire(all(TokenKind::Refresh), fx.now), 1);
    assert!(fx.is_good(&issued.access_token));
    let other = fx.grant();
    assert_eq!(fx.registry.revoke(all(TokenKind::Refresh), fx.now), 2);
    assert!(!fx.is_good(&other.access_token) && fx.is_good(&issued.access_token));
}

#[test]
fn a_fingerprint_selects_one_token() {
    let mut fx = Fixture::new();
    let (first, second) = (fx.grant(), fx.grant());
    let fingerprint = first.access_token.fingerprint();
    let selection = Selection {
        kind: TokenKind::Access,
        fingerprint: Some(&fingerprint),
    };
    assert_eq!(fx.registry.revoke(selection, fx.now), 1);
    assert!(!fx.is_good(&first.access_token) && fx.is_good(&second.access_token));
    let listed = fx.registry.list(fx.now, |_| None);
    let states: Vec<_> = listed.iter().map(|token| (token.kind, token.state)).collect();
    assert_eq!(states[1], (TokenKind::Access, TokenState::Revoked));
    assert_eq!(states[3], (TokenKind::Access, TokenState::Active));
}

#[test]
fn dead_tokens_do_not_fill_the_memory() {
    let mut fx = Fixture::new();
    fx.settings.same_token_within_24h = false;
    fx.settings.access_token_lifetime_s = 1;
    let issued = fx.grant();
    for _ in 0..3 * DEAD_KEPT {
        fx.pass(2);
        fx.refresh(&issued.refresh_token).unwrap();
    }
    assert!(fx.registry.tokens.len() <= DEAD_KEPT + 2);
}

fn rotating(rotation: Rotation) -> (Fixture, Issued) {
    let mut fx = Fixture::new();
    fx.settings.rotation = rotation;
    let issued = fx.grant();
    (fx, issued)
}

#[test]
fn with_rotation_each_refresh_gives_a_new_refresh_token_with_a_life_of_its_own() {
    for rotation in [Rotation::Strict, Rotation::Grace { seconds: 30 }] {
        let (mut fx, first) = rotating(rotation);
        fx.pass(DAY);
        let second = fx.refresh(&first.refresh_token).unwrap();
        assert_ne!(second.refresh_token, first.refresh_token);
        assert_eq!(second.refresh_token_expires_in, 7_775_999);
        assert!(fx.is_good(&first.access_token) && fx.is_good(&second.access_token));
        let third = fx.refresh(&second.refresh_token).unwrap();
        assert_ne!(third.refresh_token, second.refresh_token);
        assert_eq!(third.access_token, second.access_token, "within a day");
    }
}

#[test]
fn within_its_grace_a_replaced_refresh_token_works_and_gives_another_new_one() {
    let (mut fx, first) = rotating(Rotation::Grace { seconds: 30 });
    let lost = fx.refresh(&first.refresh_token).unwrap();
    fx.pass(29);
    let again = fx.refresh(&first.refresh_token).unwrap();
    assert!(again.refresh_token != lost.refresh_token && again.refresh_token != first.refresh_token);
    assert!(fx.refresh(&again.refresh_token).is_ok());
    assert!(fx.refresh(&lost.refresh_token).is_ok(), "it was never replaced");
}

#[test]
fn after_its_grace_a_replaced_refresh_token_is_dead_and_nothing_else_is() {
    let (mut fx, first) = rotating(Rotation::Grace { seconds: 30 });
    fx.refresh(&first.refresh_token).unwrap();
    fx.pass(20);
    let again = fx.refresh(&first.refresh_token).unwrap();
    fx.pass(10);
    assert_eq!(
        fx.refresh(&first.refresh_token),
        Err(Refusal::Replaced),
        "a use within the grace does not extend it"
    );
    assert!(fx.is_good(&again.access_token) && fx.refresh(&again.refresh_token).is_ok());
}

#[test]
fn strictly_the_use_of_a_replaced_refresh_token_ends_all_tokens_of_the_grant() {
    let (mut fx, first) = rotating(Rotation::Strict);
    let other = fx.grant();
    let second = fx.refresh(&first.refresh_token).unwrap();
    fx.registry.expire(all(TokenKind::Access), fx.now);
    let third = fx.refresh(&second.refresh_token).unwrap();
    assert_eq!(fx.refresh(&first.refresh_token), Err(Refusal::Replaced));
    for token in [&first, &second, &third].map(|issued| &issued.refresh_token) {
        assert_eq!(fx.refresh(token), Err(Refusal::RotatingRefreshToken));
    }
    assert!(!fx.is_good(&third.access_token));
    assert!(
        fx.refresh(&other.refresh_token).is_ok(),
        "another grant of the same person goes on"
    );
}

#[test]
fn another_client_with_a_replaced_refresh_token_ends_nothing() {
    let (mut fx, first) = rotating(Rotation::Strict);
    let second = fx.refresh(&first.refresh_token).unwrap();
    let stolen = first.refresh_token.expose();
    let answer = fx
        .registry
        .refresh("C2", stolen, &fx.settings, fx.now, &fx.random);
    assert_eq!(answer, Err(Refusal::RotatingRefreshToken));
    assert!(fx.refresh(&second.refresh_token).is_ok());
}

#[test]
fn revoking_a_refresh_token_ends_those_it_replaced_too() {
    let (mut fx, first) = rotating(Rotation::Grace { seconds: 30 });
    let second = fx.refresh(&first.refresh_token).unwrap();
    let fingerprint = second.refresh_token.fingerprint();
    let selection = Selection {
        kind: TokenKind::Refresh,
        fingerprint: Some(&fingerprint),
    };
    assert_eq!(
        fx.registry.revoke(selection, fx.now),
        3,
        "two refresh tokens, one access token"
    );
    assert_eq!(
        fx.refresh(&first.refresh_token),
        Err(Refusal::RotatingRefreshToken)
    );
}

#[test]
fn a_replaced_refresh_token_is_listed_as_such() {
    let (mut fx, first) = rotating(Rotation::Strict);
    fx.refresh(&first.refresh_token).unwrap();
    let listed = fx.registry.list(fx.now, |_| None);
    let states: Vec<_> = listed
        .iter()
        .filter(|token| token.kind == TokenKind::Refresh)
        .map(|token| token.state)
        .collect();
    assert_eq!(states, [TokenState::Replaced, TokenState::Active]);
}

#[test]
fn replaced_refresh_tokens_do_not_fill_the_memory() {
    let (mut fx, mut issued) = rotating(Rotation::Strict);
    fx.settings.same_token_within_24h = false;
    fx.settings.access_token_lifetime_s = 1;
    for _ in 0..3 * DEAD_KEPT {
        fx.pass(2);
        issued = fx.refresh(&issued.refresh_token).unwrap();
    }
    assert!(fx.registry.grants.len() <= DEAD_KEPT + 2);
}
