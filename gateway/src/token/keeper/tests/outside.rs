//! Somebody else changes the tokens file while the gateway runs.

use nix::errno::Errno;

use super::*;
use crate::organization::OrgId;
use crate::secret::AccessToken;
use crate::token::disk::faulty::Fault;
use crate::token::json_of;

/// Within this time changes from outside have to be noticed.
const SOON: Duration = Duration::from_secs(5);

impl Bench {
    /// Puts `content` into the file, and waits until the running keeper has looked at it.
    async fn change(&self, content: &str) {
        std::fs::write(&self.path, content).unwrap();
        self.looked().await;
    }

    async fn looked(&self) {
        // A second look, because a first one may come in the middle of a write.
        for _ in 0..2 {
            self.clock.advance(SOON / 2);
            self.keeper.look(&mut Outside::certain()).await;
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != ".tokens.lock")
            .collect();
        names.sort();
        names
    }

    fn tokens_in(&self, name: &str, change: impl FnOnce(&mut TokenSet)) -> String {
        let mut tokens = tokens(name, self.clock.now());
        change(&mut tokens);
        String::from_utf8(tokens.to_json()).unwrap()
    }
}

/// Older than what is held: a backup.
fn aged(tokens: &mut TokenSet) {
    tokens.issued_at = Timestamp::from_unix_seconds(tokens.issued_at.unix_seconds() - 48 * 3600);
}

fn refused() -> Answer {
    Err(TokenError::Rejected {
        cause: Rejection::Grant,
        reason: "dead".to_owned(),
    })
}

fn org(digit: u8) -> OrgId {
    OrgId::parse(&format!("00000000-0000-4000-8000-00000000000{digit}")).unwrap()
}

#[tokio::test]
async fn a_running_keeper_notices_a_change_within_five_seconds() {
    let bench = Bench::with([]).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(bench.keeper.clone().run(stop.clone()));
    let mut changes = bench.keeper.0.flight.subscribe();
    std::fs::write(&bench.path, bench.tokens_in("theirs", |_| {})).unwrap();
    let theirs = fingerprint("theirs");
    let mut waited = Duration::ZERO;
    while changes
        .borrow_and_update()
        .grant
        .as_ref()
        .unwrap()
        .tokens
        .access_token
        .fingerprint()
        != *theirs
    {
        assert!(waited <= SOON, "not noticed within {waited:?}");
        // The look itself takes real time, on a thread of its own.
        if tokio::time::timeout(Duration::from_millis(20), changes.changed())
            .await
            .is_err()
        {
            let step_of_time = Duration::from_millis(100);
            bench.clock.advance(step_of_time);
            waited += step_of_time;
        }
    }
    stop.cancel();
    running.await.unwrap();
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_file_that_is_deleted_is_written_again_by_the_next_refresh_and_not_before() {
    let bench = Bench::with([Ok(response("2"))]).await;
    std::fs::remove_file(&bench.path).unwrap();
    bench.looked().await;
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("1"));
    assert!(!bench.path.exists());
    bench.expire();
    bench.keeper.access().await.unwrap();
    assert_eq!(bench.stored(), json_of(&bench.keeper));
    assert_eq!(bench.names(), [".tokens"]);
}

#[tokio::test]
async fn a_file_that_is_spoilt_does_not_matter_until_it_is_replaced_and_then_a_copy_stays() {
    let bench = Bench::with([Ok(response("2"))]).await;
    bench.change("{\"access_token\": \"a\"}").await;
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("1"));
    let problem = bench.keeper.snapshot().unusable_file.clone();
    assert_eq!(
        problem.as_deref(),
        Some("holds no tokens: it has no refresh_token")
    );
    bench.expire();
    bench.keeper.access().await.unwrap();
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
    assert_eq!(bench.stored(), json_of(&bench.keeper));
    let names = bench.names();
    assert_eq!(names.len(), 2, "{names:?}");
    let copy = std::fs::read_to_string(bench.path.with_file_name(&names[1])).unwrap();
    assert_eq!(copy, "{\"access_token\": \"a\"}");
}

#[tokio::test]
async fn a_spoilt_file_that_is_put_right_is_no_problem_any_more() {
    let bench = Bench::with([]).await;
    let whole = bench.stored();
    bench.change("spoilt").await;
    assert!(bench.keeper.snapshot().unusable_file.is_some());
    bench.change(&whole).await;
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
    bench.change("spoilt").await;
    let same = bench.tokens_in("1", |tokens| {
        tokens.issued_at = Timestamp::from_unix_seconds(1_769_606_789);
    });
    bench.change(&same.replacen('{', "{\n\"note\": 1,", 1)).await;
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_write_that_is_not_complete_yet_is_no_alarm() {
    let bench = Bench::with([]).await;
    let mut outside = Outside::default();
    let whole = bench.tokens_in("theirs", |_| {});
    std::fs::write(&bench.path, &whole[..whole.len() / 2]).unwrap();
    bench.keeper.look(&mut outside).await;
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
    std::fs::write(&bench.path, &whole).unwrap();
    bench.keeper.look(&mut outside).await;
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
    assert_eq!(
        bench.keeper.access().await.unwrap().fingerprint,
        fingerprint("theirs")
    );
}

#[tokio::test]
async fn a_write_that_stays_incomplete_is_told_at_the_second_look() {
    let bench = Bench::with([]).await;
    let mut outside = Outside::default();
    std::fs::write(&bench.path, "{").unwrap();
    bench.keeper.look(&mut outside).await;
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
    bench.keeper.look(&mut outside).await;
    assert!(bench.keeper.snapshot().unusable_file.is_some());
}

#[tokio::test]
async fn tokens_restored_for_a_gateway_without_any_make_it_serve() {
    let bench = Bench::with([]).await;
    std::fs::write(&bench.path, "not json").unwrap();
    let (file, time) = (TokenFile::new(&bench.path), Arc::new(bench.clock.clone()));
    let endpoint = Arc::clone(&bench.script) as Arc<dyn TokenEndpoint>;
    let keeper = Keeper::open(
        file,
        endpoint,
        Arc::<Webex>::default(),
        time,
        Box::new(|| 0.5),
        None,
    )
    .await;
    assert!(keeper.access().await.is_err());
    std::fs::write(&bench.path, bench.tokens_in("restored", |_| {})).unwrap();
    keeper.look(&mut Outside::certain()).await;
    assert_eq!(
        keeper.access().await.unwrap().fingerprint,
        fingerprint("restored")
    );
    assert_eq!(keeper.snapshot().unusable_file, None);
}

#[tokio::test]
async fn a_restored_backup_whose_grant_is_dead_gives_way_to_the_tokens_that_worked() {
    let bench = Bench::with([refused()]).await;
    let before = bench.stored();
    bench.change(&bench.tokens_in("backup", aged)).await;
    let backup = bench.keeper.access().await.unwrap();
    assert_eq!(backup.fingerprint, fingerprint("backup"));
    let instead = bench
        .keeper
        .replace(backup.generation)
        .await
        .unwrap()
        .expect("the old token");
    assert_eq!(instead.fingerprint, fingerprint("1"));
    assert_eq!(bench.keeper.snapshot().state, AuthState::Ok);
    assert_eq!(bench.stored(), before);
    let names = bench.names();
    assert!(
        names.len() == 3
            && names[1].starts_with(".tokens.previous-")
            && names[2].starts_with(".tokens.replaced-"),
        "{names:?}"
    );
}

#[tokio::test]
async fn what_a_backup_takes_the_place_of_is_on_the_disk_as_long_as_the_backup_is_on_trial() {
    let bench = Bench::with([]).await;
    let before = bench.stored();
    bench.change(&bench.tokens_in("backup", aged)).await;
    let names = bench.names();
    assert!(
        names.len() == 2 && names[1].starts_with(".tokens.previous-"),
        "{names:?}"
    );
    let kept = std::fs::read_to_string(bench.path.with_file_name(&names[1])).unwrap();
    assert_eq!(kept, before);
}

#[tokio::test]
async fn a_restored_backup_that_can_be_refreshed_stays() {
    let bench = Bench::with([Ok(response("2")), refused()]).await;
    bench.change(&bench.tokens_in("backup", aged)).await;
    let backup = bench.keeper.access().await.unwrap();
    assert!(bench.keeper.snapshot().on_trial);
    let newer = bench.keeper.replace(backup.generation).await.unwrap().unwrap();
    assert!(!bench.keeper.snapshot().on_trial);
    bench.clock.advance(Duration::from_mins(1));
    assert!(bench.keeper.replace(newer.generation).await.is_err());
    assert_eq!(bench.keeper.snapshot().state, AuthState::Reauthorise);
}

#[tokio::test]
async fn tokens_that_another_gateway_got_later_need_no_trial() {
    let bench = Bench::with([]).await;
    bench.change(&bench.tokens_in("theirs", |_| {})).await;
    assert_eq!(
        bench.keeper.access().await.unwrap().fingerprint,
        fingerprint("theirs")
    );
    assert!(!bench.keeper.snapshot().on_trial);
}

#[tokio::test]
async fn an_authorisation_does_not_replace_tokens_of_another_organisation_that_came_in_meanwhile() {
    let bench = Bench::with([]).await;
    let theirs = bench.tokens_in("theirs", |tokens| tokens.org_id = Some(org(1)));
    std::fs::write(&bench.path, &theirs).unwrap();
    let mut admin = tokens("admin", bench.clock.now());
    admin.org_id = Some(org(2));
    let conflict = Conflict {
        found: org(2),
        expected: org(1),
    };
    assert_eq!(bench.keeper.install(admin, true).await, Err(conflict));
    assert_eq!(
        bench.keeper.access().await.unwrap().fingerprint,
        fingerprint("theirs")
    );
    assert_eq!(bench.stored(), theirs);
}

#[tokio::test]
async fn an_authorisation_keeps_a_copy_of_what_came_in_within_the_last_moments() {
    let bench = Bench::with([]).await;
    let theirs = bench.tokens_in("theirs", |_| {});
    std::fs::write(&bench.path, &theirs).unwrap();
    bench
        .keeper
        .install(tokens("admin", bench.clock.now()), true)
        .await
        .unwrap();
    assert_eq!(bench.stored(), json_of(&bench.keeper));
    let names = bench.names();
    assert_eq!(
        std::fs::read_to_string(bench.path.with_file_name(&names[1])).unwrap(),
        theirs
    );
}

#[tokio::test]
async fn a_file_that_can_be_read_again_is_noticed_although_nothing_else_changed() {
    for errno in [Errno::EACCES, Errno::EIO] {
        let bench = Bench::with([]).await;
        // The second operation is the read, after the look at the file's dates.
        bench.disk.set(Some(Fault::One(1, errno)));
        let file = TokenFile::on(Arc::clone(&bench.disk) as Arc<dyn Disk>, &bench.path);
        let (endpoint, time) = (Arc::clone(&bench.script), Arc::new(bench.clock.clone()));
        let keeper = Keeper::open(
            file,
            endpoint,
            Arc::<Webex>::default(),
            time,
            Box::new(|| 0.5),
            None,
        )
        .await;
        assert!(keeper.access().await.is_err());
        keeper.look(&mut Outside::certain()).await;
        assert_eq!(keeper.access().await.unwrap().fingerprint, fingerprint("1"));
        assert_eq!(keeper.snapshot().unusable_file, None);
    }
}

#[tokio::test]
async fn an_unusable_file_that_is_deleted_is_no_problem_any_more() {
    let bench = Bench::with([]).await;
    bench.change("spoilt").await;
    assert!(bench.keeper.snapshot().unusable_file.is_some());
    std::fs::remove_file(&bench.path).unwrap();
    bench.looked().await;
    assert_eq!(bench.keeper.snapshot().unusable_file, None);
}

#[tokio::test]
async fn a_file_that_was_cut_off_still_decides_who_may_authorise() {
    let bench = Bench::with([]).await;
    let whole = bench.tokens_in("theirs", |tokens| tokens.org_id = Some(org(1)));
    std::fs::write(&bench.path, &whole[..whole.len() - 3]).unwrap();
    let (endpoint, time) = (Arc::clone(&bench.script), Arc::new(bench.clock.clone()));
    let keeper = Keeper::open(
        TokenFile::new(&bench.path),
        endpoint,
        Arc::<Webex>::default(),
        time,
        Box::new(|| 0.5),
        None,
    )
    .await;
    assert!(keeper.access().await.is_err());
    assert_eq!(keeper.pin(), Some(org(1)));
    let mut stranger = tokens("stranger", bench.clock.now());
    stranger.org_id = Some(org(2));
    assert!(keeper.install(stranger, true).await.is_err());
}

#[tokio::test]
async fn tokens_that_turn_out_to_be_somebody_elses_are_not_used_any_more() {
    let bench = Bench::with([]).await;
    let (endpoint, time) = (Arc::clone(&bench.script), Arc::new(bench.clock.clone()));
    let file = TokenFile::new(&bench.path);
    let keeper = Keeper::open(
        file,
        endpoint,
        Arc::<Webex>::default(),
        time,
        Box::new(|| 0.5),
        Some(org(1)),
    )
    .await;
    let access = keeper.access().await.unwrap();
    keeper.learn(access.generation, org(2)).await;
    assert!(keeper.access().await.is_err());
    let problem = keeper.snapshot().unusable_file.clone().unwrap();
    assert!(
        problem.starts_with("holds tokens of the organisation"),
        "{problem}"
    );
    let foreign = bench.stored();
    let mut admin = tokens("admin", bench.clock.now());
    admin.org_id = Some(org(1));
    keeper.install(admin, true).await.unwrap();
    let copy = bench.path.with_file_name(&bench.names()[1]);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), foreign);
}

#[tokio::test]
async fn whose_the_tokens_before_were_says_nothing_of_those_that_replaced_them() {
    let bench = Bench::with([]).await;
    let (endpoint, time) = (Arc::clone(&bench.script), Arc::new(bench.clock.clone()));
    let file = TokenFile::new(&bench.path);
    let keeper = Keeper::open(
        file,
        endpoint,
        Arc::<Webex>::default(),
        time,
        Box::new(|| 0.5),
        Some(org(1)),
    )
    .await;
    let asked_about = keeper.access().await.unwrap().generation;
    let mut admin = tokens("admin", bench.clock.now());
    admin.org_id = Some(org(1));
    keeper.install(admin, true).await.unwrap();
    let names = bench.names();

    keeper.learn(asked_about, org(2)).await;

    assert_eq!(keeper.access().await.unwrap().fingerprint, fingerprint("admin"));
    assert_eq!(keeper.snapshot().unusable_file, None);
    let mut next = tokens("next", bench.clock.now());
    next.org_id = Some(org(1));
    keeper.install(next, true).await.unwrap();
    assert_eq!(bench.names(), names, "nothing foreign was there to be copied");
}

#[tokio::test]
async fn tokens_of_another_organisation_are_not_used_and_not_lost() {
    let bench = Bench::with([Ok(response("2"))]).await;
    bench.keeper.learn(bench.generation(), org(1)).await;
    let foreign = bench.tokens_in("foreign", |tokens| tokens.org_id = Some(org(2)));
    bench.change(&foreign).await;
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("1"));
    let problem = bench.keeper.snapshot().unusable_file.clone().unwrap();
    assert!(
        problem.starts_with("holds tokens of the organisation 00000000-0000-4000-8000-000000000002"),
        "{problem}"
    );
    bench.expire();
    bench.keeper.access().await.unwrap();
    let names = bench.names();
    assert_eq!(
        std::fs::read_to_string(bench.path.with_file_name(&names[1])).unwrap(),
        foreign
    );
}

#[tokio::test]
async fn a_file_of_another_organisation_than_the_configured_one_is_not_used_at_start() {
    let bench = Bench::with([]).await;
    std::fs::write(
        &bench.path,
        bench.tokens_in("foreign", |tokens| tokens.org_id = Some(org(2))),
    )
    .unwrap();
    let (file, time) = (TokenFile::new(&bench.path), Arc::new(bench.clock.clone()));
    let endpoint = Arc::clone(&bench.script) as Arc<dyn TokenEndpoint>;
    let keeper = Keeper::open(
        file,
        endpoint,
        Arc::<Webex>::default(),
        time,
        Box::new(|| 0.5),
        Some(org(1)),
    )
    .await;
    let error = keeper.access().await.unwrap_err();
    assert!(
        error.to_string().contains("and this gateway acts for 00000000"),
        "{error}"
    );
}

#[tokio::test]
async fn the_same_text_written_again_is_no_change() {
    let bench = Bench::with([]).await;
    let generation = bench.generation();
    bench.change(&bench.stored()).await;
    assert_eq!(bench.generation(), generation);
}

#[tokio::test]
async fn an_older_state_of_the_same_grant_does_not_replace_a_newer_one() {
    let bench = Bench::with([Ok(response("2"))]).await;
    let older = bench.stored();
    bench.expire();
    bench.keeper.access().await.unwrap();
    bench.change(&older).await;
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("2"));
}

#[tokio::test]
async fn a_token_set_with_another_access_token_only_is_what_another_gateway_refreshed() {
    let bench = Bench::with([]).await;
    bench.clock.advance(HOUR);
    let newer = bench.tokens_in("1", |tokens| {
        tokens.access_token = AccessToken::new("access-9").unwrap();
    });
    bench.change(&newer).await;
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("9"));
    assert!(!bench.keeper.snapshot().on_trial);
}
