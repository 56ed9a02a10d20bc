//! docs/migrating.md, from the Go program and back, with the compose file of the field and what the Go program leaves.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use e2e::compose::field::{Field, TOKENS_FILE};
use e2e::documents::Document;
use e2e::eventually::eventually;
use e2e::stack::{ADMINISTRATOR, Held, START};
use e2e::workspace;
use serde_json::Value;
use webex_sim::types::{EntryFilter, TokenKind};

use super::AN_HOUR;
use super::log_filters::{self, is_access_line};
use crate::common::{FIELDS, STRANGER};

/// As old installations have it.
const READABLE_BY_ALL: u32 = 0o644;

/// Some user of the host who is not root.
const SOMEBODY: &str = "1000";

/// Owner and mode of the tokens' folder and file.
const STAT: &str = "stat -c '%u %a' /opt/webex_gw /opt/webex_gw/.tokens";

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_and_there_again() {
    let guide = Document::read(workspace::root(), "docs/migrating.md");
    let readme = Document::read(workspace::root(), "README.md");
    let block = readme.fences("nginx")[0];
    let Some(mut field) = Field::left_by_the_predecessor(AN_HOUR, READABLE_BY_ALL, block).await else {
        return;
    };

    look_before_switching(&mut field, &guide).await;
    let file = switch(&mut field, &guide).await;
    behind_nginx(&field).await;
    let rewritten = a_refresh_rewrites_the_file(&field, &file).await;
    the_fields_log_filters_match(&field).await;

    stop(&mut field, &guide).await;
    let back = the_predecessor_goes_on(&field, &guide, &rewritten).await;

    // There again: what the Go program has written meanwhile is used as it is.
    types(&mut field, &guide, "docker compose up -d webex_gw").await;
    field.gateway_is_up().await;
    assert_eq!(field.gateway().me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(refreshes(&field).await, 2, "one of each");
    assert_eq!(held(&field).access_token, back.access_token);
    the_organisation_is_pinned_again(&field, &rewritten).await;
}

/// The Go program has dropped `org_id`: it is learnt anew from the token, nobody of another organisation gets in, and the next
/// refresh writes it down.
async fn the_organisation_is_pinned_again(field: &Field, before: &str) {
    let org_id = |file: &str| serde_json::from_str::<Value>(file).unwrap()["org_id"].clone();
    let pinned = org_id(before);
    assert!(pinned.is_string(), "{before}");
    eventually("the organisation is known", START, async || {
        let status = field.gateway().status().await?;
        anyhow::ensure!(status["org_id"] == pinned, "{status}");
        Ok(())
    })
    .await;

    let held_before = held(field).access_token;
    let refused = field.authorises(STRANGER).await.unwrap();
    assert_eq!(refused.status, 403, "{refused}");
    assert_eq!(held(field).access_token, held_before);

    field.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(field.gateway().me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(org_id(&tokens(field)), pinned);
}

/// Steps 1 to 3: a copy, another image, and a look that changes nothing.
async fn look_before_switching(field: &mut Field, guide: &Document) {
    let copy = guide.command("cp -p /opt/webex_gw/.tokens /opt/webex_gw.tokens.before");
    field.host("0", &copy).unwrap();

    let (old, new) = (Field::sample(), field.compose_file());
    let changed: Vec<_> = old
        .lines()
        .zip(new.lines())
        .filter(|(old, new)| old != new)
        .collect();
    assert_eq!(old.lines().count(), new.lines().count());
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].0.trim().starts_with("image:"), "{changed:?}");

    let before = (field.host("0", STAT).unwrap(), tokens(field));
    assert_eq!(before.0, "0 755\n0 644\n");
    let shown = types(
        field,
        guide,
        "docker compose run --rm webex_gw /usr/local/go/webex_gw tokens -tokensFile=/opt/tokens/.tokens",
    )
    .await;
    assert!(shown.contains("access token"), "{shown}");
    let report = types(
        field,
        guide,
        "docker compose run --rm webex_gw /usr/local/go/webex_gw check -tokensFile=/opt/tokens/.tokens",
    )
    .await;
    assert!(report.contains("\nfailed: 0,"), "{report}");
    assert_eq!(
        before,
        (field.host("0", STAT).unwrap(), tokens(field)),
        "looking changes nothing"
    );
    assert_eq!(refreshes(field).await, 0);
}

/// Steps 4 and 5: the gateway starts, and nobody has to log in. Returns the file that it found.
async fn switch(field: &mut Field, guide: &Document) -> String {
    let file = tokens(field);
    types(field, guide, "docker compose up -d webex_gw").await;
    field.gateway_is_up().await;
    let health = types(field, guide, "curl http://webex_gw:9001/health").await;
    assert!(health.contains(r#""status":"ok""#), "{health}");
    assert_eq!(field.gateway().me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(refreshes(field).await, 0, "the tokens are used as they are");
    file
}

/// nginx with its documented block lets the login in, and nothing else.
async fn behind_nginx(field: &Field) {
    let nginx = field.nginx().await;
    let login = nginx.get("/api/v01/webex/auth/login").await.unwrap();
    assert_eq!(login.status, 303, "{login}");
    assert!(
        login
            .header("location")
            .starts_with("https://webexapis.com/v1/authorize?"),
        "{login:?}"
    );
    assert_eq!(nginx.get("/api/v01/webex/auth/done").await.unwrap().status, 200);
    for path in [
        "/v1/people/me",
        "/api/v01/webex/v1/people/me",
        "/health",
        "/metrics",
    ] {
        assert_eq!(nginx.get(path).await.unwrap().status, 404, "{path}");
    }
}

/// Returns the file as the new gateway writes it.
async fn a_refresh_rewrites_the_file(field: &Field, found: &str) -> String {
    field.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(field.gateway().me().await.unwrap(), [ADMINISTRATOR]);
    assert_eq!(refreshes(field).await, 1);
    let rewritten = tokens(field);
    assert_ne!(rewritten, found);
    let file: Value = serde_json::from_str(&rewritten).unwrap();
    let names: Vec<&String> = file.as_object().unwrap().keys().collect();
    assert_eq!(names[..FIELDS.len()], FIELDS);
    let stat = field.host("0", STAT).unwrap();
    assert!(
        stat.starts_with("65532 ") && stat.ends_with("65532 600\n"),
        "{stat}"
    );
    rewritten
}

async fn the_fields_log_filters_match(field: &Field) {
    let filters = log_filters::documented();
    assert!(filters.len() >= 8, "{filters:?}");
    // What has been printed has still to come through the engine.
    let log = eventually("each filter finds a line", START, async || {
        let log = field.gateway_log()?;
        for filter in &filters {
            let found = log.lines().any(|line| filter.finds(line));
            anyhow::ensure!(found, "no line for `{}`:\n{log}", filter.form);
        }
        Ok(log)
    })
    .await;
    let access: Vec<_> = log.lines().filter(|line| line.contains("GIN")).collect();
    assert!(
        access
            .iter()
            .any(|line| line.ends_with("| GET \"/v1/people/me\"")),
        "{access:?}"
    );
    for line in access {
        assert!(is_access_line(line), "{line}");
    }
    let took = log.lines().filter_map(|line| line.split_once(" took "));
    for (_, duration) in took {
        assert!(
            log_filters::is_duration(duration.trim_end_matches('"')),
            "{duration}"
        );
    }
}

/// Back, step 1.
async fn stop(field: &mut Field, guide: &Document) {
    let metrics = field.gateway().get("/metrics").await.unwrap().body;
    assert!(metrics.contains("\nwebex_gw_tokens_unsaved 0\n"), "{metrics}");
    types(field, guide, "docker compose stop webex_gw").await;
}

/// Back, step 2: the Go program reads the file as root, calls Webex, refreshes, and writes its own view in place. As another
/// user it can do so once the folder is theirs.
async fn the_predecessor_goes_on(field: &Field, guide: &Document, file: &str) -> Held {
    let held = Held::read(file).unwrap();
    assert_eq!(field.predecessor.calls(&held).await.unwrap(), 200);

    let read = format!("cat {TOKENS_FILE}");
    field
        .host(SOMEBODY, &read)
        .expect_err("the file is its owner's alone");
    let theirs = guide
        .command("chown -R <user> /opt/webex_gw")
        .replace("<user>", SOMEBODY);
    field.host("0", &theirs).unwrap();
    assert_eq!(field.host(SOMEBODY, &read).unwrap(), file);
    field
        .host(SOMEBODY, &format!("[ -w {TOKENS_FILE} ] && [ -w /opt/webex_gw ]"))
        .expect("it can be written, too");
    let ours = guide.command("chown -R 65532:65532 /opt/webex_gw");
    field.host("0", &ours).unwrap();

    field.webex.expire_tokens(TokenKind::Access).await.unwrap();
    assert_eq!(field.predecessor.calls(&held).await.unwrap(), 401);
    // It is at work for another hour after that: this gateway does not refresh at once what is brand-new.
    let written = field.predecessor.refreshes(&held, AN_HOUR).await.unwrap();
    assert!(!written.contains("org_id"), "it writes what it knows");
    field.write(TOKENS_FILE, &written).unwrap();
    let back = Held::read(&written).unwrap();
    assert_eq!(field.predecessor.calls(&back).await.unwrap(), 200);
    back
}

/// What the pages about permissions have an operator do, on a folder that the gateway must be able to use afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_spoilt_is_mended_as_the_pages_say() {
    let readme = Document::read(workspace::root(), "README.md");
    let page = |name: &str| Document::read(workspace::root(), &format!("docs/{name}.md"));
    let Some(mut field) =
        Field::left_by_the_predecessor(AN_HOUR, READABLE_BY_ALL, readme.fences("nginx")[0]).await
    else {
        return;
    };
    let folder = |command: String| command.replace("<folder>", "/opt/webex_gw");
    let start = page("operating/start-refused");
    let unsaved = page("operating/tokens-unsaved");
    let steps = [
        start.command("mkdir -p /opt/webex_gw"),
        start.command("chown -R 65532:65532 /opt/webex_gw"),
        folder(unsaved.command("chown -R 65532:65532 <folder>")),
        folder(unsaved.command("chmod 700 <folder>")),
        format!("{} {TOKENS_FILE}", page("operating").command("chmod 600")),
    ];
    field
        .host("0", "chown -R 1000 /opt/webex_gw && chmod 500 /opt/webex_gw")
        .unwrap();
    for step in steps {
        field.host("0", &step).unwrap();
    }
    assert_eq!(field.host("0", STAT).unwrap(), "65532 700\n65532 600\n");

    let again = page("operating/misconfigured").command("docker compose up -d webex_gw");
    assert_eq!(field.types(&again).await.code, 0);
    field.gateway_is_up().await;
    assert_eq!(field.gateway().me().await.unwrap(), [ADMINISTRATOR]);
    let metrics = field.gateway().get("/metrics").await.unwrap().body;
    assert!(metrics.contains("\nwebex_gw_tokens_unsaved 0\n"), "{metrics}");
    let log = field.gateway_log().unwrap();
    assert!(!log.contains("is readable by others"), "{log}");
}

/// Types a command of the guide, which has to succeed.
async fn types(field: &mut Field, guide: &Document, command: &str) -> String {
    let said = field.types(&guide.command(command)).await;
    assert_eq!(said.code, 0, "{command}:\n{}", said.text);
    said.text
}

fn tokens(field: &Field) -> String {
    field.host("0", &format!("cat {TOKENS_FILE}")).unwrap()
}

fn held(field: &Field) -> Held {
    Held::read(&tokens(field)).unwrap()
}

async fn refreshes(field: &Field) -> usize {
    let refreshes = EntryFilter::grant("refresh_token");
    field.webex.journal_count(&refreshes).await.unwrap()
}
