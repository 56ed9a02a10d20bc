//! What to do about tokens that somebody else has put into the file: another gateway that shares it, an operator who restores a
//! backup, the Go program.

use crate::clock::Now;
use crate::organization::OrgId;

use super::TokenSet;
use super::lifecycle::Grant;

/// What to do with the tokens found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// They are those held, or older ones of the same grant.
    Nothing,
    /// Use them.
    Install,
    /// Use them, and keep those held until Webex has refreshed the new ones.
    Try,
    /// Leave them where they are.
    Refuse(Objection),
}

/// Why tokens in the file are not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// They act for somebody else.
    #[error("holds tokens of the organisation {found}, and this gateway acts for {expected}")]
    OtherOrganization {
        /// Whose they are.
        found: OrgId,
        /// Who they should be of.
        expected: OrgId,
    },
    /// They would make things worse.
    #[error("holds other tokens, whose access token has expired; those in use still work")]
    Expired,
}

/// Decides. `found` is what is in the file, `held` what is in use, `refused` whether Webex has said that this grant is dead, `pin`
/// the one organisation that is allowed.
#[must_use]
pub fn judge(
    held: Option<&Grant>,
    refused: bool,
    pin: Option<OrgId>,
    found: &TokenSet,
    now: Now,
) -> Adoption {
    if let (Some(expected), Some(found)) = (pin, found.organization())
        && expected != found
    {
        return Adoption::Refuse(Objection::OtherOrganization { found, expected });
    }
    let Some(held) = held else {
        return Adoption::Install;
    };
    let tokens = &held.tokens;
    let same_access = tokens.access_token == found.access_token;
    let same_grant = tokens.refresh_token == found.refresh_token;
    let fresh = found.expires_at() > now.wall;
    match (same_access, same_grant) {
        (true, true) => Adoption::Nothing,
        // Nothing is lost with it: the same refresh token stands behind both.
        (_, true) if found.issued_at > tokens.issued_at || (fresh && !held.usable(now)) => Adoption::Install,
        (_, true) => Adoption::Nothing,
        // Issued later: another gateway has refreshed and the server rotates, or an administrator has authorised there.
        (_, false) if refused || (fresh && found.issued_at > tokens.issued_at) => Adoption::Install,
        (_, false) if fresh || !held.usable(now) => Adoption::Try,
        (_, false) => Adoption::Refuse(Objection::Expired),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock, ManualClock, Timestamp};
    use crate::secret::{AccessToken, RefreshToken};
    use crate::token::lifecycle::Lifecycle;
    use crate::token::samples::tokens;

    struct Bench {
        clock: ManualClock,
        held: Grant,
    }

    impl Bench {
        /// Tokens named `1` are held since an hour.
        fn new() -> Self {
            let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
            let mut life = Lifecycle::default();
            life.install(tokens("1", clock.now()), clock.now(), 0.5);
            clock.advance(Duration::from_hours(1));
            Self {
                held: life.grant().unwrap().clone(),
                clock,
            }
        }

        fn judge(&self, found: &TokenSet) -> Adoption {
            judge(Some(&self.held), false, None, found, self.clock.now())
        }

        /// Tokens of the grant that is held, issued `hours` from now.
        fn same_grant(&self, access: &str, hours: i64) -> TokenSet {
            let issued_at = Timestamp::from_unix_seconds(self.clock.now().wall.unix_seconds() + hours * 3600);
            TokenSet {
                access_token: AccessToken::new(access).unwrap(),
                issued_at,
                ..(*self.held.tokens).clone()
            }
        }

        fn other_grant(&self, age: Duration) -> TokenSet {
            let now = self.clock.now().wall.unix_seconds();
            TokenSet {
                issued_at: Timestamp::from_unix_seconds(now - i64::try_from(age.as_secs()).unwrap()),
                ..tokens("other", self.clock.now())
            }
        }
    }

    fn org(digit: u8) -> OrgId {
        OrgId::parse(&format!("00000000-0000-4000-8000-00000000000{digit}")).unwrap()
    }

    #[test]
    fn what_another_gateway_has_refreshed_is_used() {
        let bench = Bench::new();
        assert_eq!(bench.judge(&bench.same_grant("2", 0)), Adoption::Install);
        let rotated = TokenSet {
            refresh_token: RefreshToken::new("rotated").unwrap(),
            ..bench.same_grant("2", 0)
        };
        assert_eq!(bench.judge(&rotated), Adoption::Install);
    }

    #[test]
    fn the_tokens_held_and_older_ones_of_the_same_grant_change_nothing() {
        let bench = Bench::new();
        assert_eq!(bench.judge(&bench.held.tokens), Adoption::Nothing);
        assert_eq!(bench.judge(&bench.same_grant("0", -48)), Adoption::Nothing);
    }

    #[test]
    fn of_two_refreshes_in_one_second_the_one_that_is_held_stays() {
        let bench = Bench::new();
        let mut found = bench.same_grant("2", 0);
        found.issued_at = bench.held.tokens.issued_at;
        assert_eq!(bench.judge(&found), Adoption::Nothing);
    }

    #[test]
    fn tokens_of_another_grant_issued_in_the_same_second_are_only_tried() {
        let bench = Bench::new();
        let found = bench.other_grant(Duration::from_hours(1));
        assert_eq!(found.issued_at, bench.held.tokens.issued_at);
        assert_eq!(bench.judge(&found), Adoption::Try);
    }

    #[test]
    fn a_token_that_ends_now_is_no_better_than_one_that_has_ended() {
        let bench = Bench::new();
        let mut found = bench.other_grant(Duration::from_hours(2));
        found.expires_in = Duration::from_hours(2);
        assert_eq!(bench.judge(&found), Adoption::Refuse(Objection::Expired));
    }

    #[test]
    fn a_backup_with_another_grant_is_tried_unless_its_access_token_has_expired() {
        let bench = Bench::new();
        assert_eq!(
            bench.judge(&bench.other_grant(Duration::from_hours(48))),
            Adoption::Try
        );
        let expired = bench.other_grant(Duration::from_hours(24 * 20));
        assert_eq!(bench.judge(&expired), Adoption::Refuse(Objection::Expired));
        bench.clock.advance(Duration::from_hours(24 * 14));
        assert_eq!(bench.judge(&expired), Adoption::Try, "nothing better is held");
    }

    #[test]
    fn anything_is_better_than_tokens_that_webex_has_refused() {
        let bench = Bench::new();
        let expired = bench.other_grant(Duration::from_hours(24 * 20));
        let adoption = judge(Some(&bench.held), true, None, &expired, bench.clock.now());
        assert_eq!(adoption, Adoption::Install);
        assert_eq!(
            judge(None, false, None, &expired, bench.clock.now()),
            Adoption::Install
        );
    }

    #[test]
    fn tokens_of_another_organisation_are_never_used() {
        let bench = Bench::new();
        let found = TokenSet {
            org_id: Some(org(2)),
            ..bench.same_grant("2", 0)
        };
        let refused = Adoption::Refuse(Objection::OtherOrganization {
            found: org(2),
            expected: org(1),
        });
        for held in [None, Some(&bench.held)] {
            assert_eq!(
                judge(held, true, Some(org(1)), &found, bench.clock.now()),
                refused
            );
            assert_ne!(
                judge(held, true, Some(org(2)), &found, bench.clock.now()),
                refused
            );
        }
    }
}
