//! docker-compose.yml, brought up as the README says: no credentials, one command.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use e2e::browser::Browser;
use e2e::compose::{self, Compose, SERVICES};
use e2e::documents::Document;
use e2e::eventually::eventually;
use e2e::gateway::Gateway;
use e2e::stack::{ADMINISTRATOR, START};
use e2e::workspace;

/// Where README.md has the reader log in.
const LOGIN: &str = "http://localhost:8088/api/v01/webex/auth/login";

fn up() -> String {
    Document::read(workspace::root(), "README.md").command("docker compose up --build")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_gives_a_product_that_a_person_can_try() {
    let Some(mut compose) = Compose::up(&up()).await else {
        return;
    };
    let gateway = Gateway::at(compose.gateway());

    let health = gateway.health().await.unwrap();
    assert_eq!(health.code, 503);
    let login = compose.address(LOGIN);
    assert_eq!(
        health.body["authorise_at"], login,
        "the answer says where to log in"
    );

    // Whoever follows it needs nothing but the pages: the simulator has filled the password in.
    log_in(&compose).await;
    assert_eq!(gateway.health().await.unwrap().code, 200);
    let me = compose.types("curl -s http://localhost:9001/v1/people/me").await;
    assert!(me.text.contains(ADMINISTRATOR), "{}", me.text);

    for service in SERVICES {
        eventually("every health check says so", START, async || {
            let health = compose.health(service).await?;
            anyhow::ensure!(health == "healthy", "{service} is {health}");
            Ok(())
        })
        .await;
    }

    // Nothing more than it needs is given to any of them, and nobody but this machine reaches them.
    for service in SERVICES {
        assert_eq!(compose.excesses(service).await.unwrap(), [""; 0], "{service}");
    }

    // The simulator is steered at the control port, and its page shows what happens.
    let page = Browser::local().open(&compose.control()).await.unwrap();
    assert!(page.html.contains("/v1/people/me"), "{}", page.html);
    let control = compose.types("curl -s http://localhost:8081/__sim/health").await;
    assert!(control.text.contains(r#""status":"ok""#), "{}", control.text);

    // The tokens are in the volume, which the gateway's user can write.
    compose.restart("webex_gw");
    eventually("the gateway is up again", START, async || {
        gateway.is_alive().await
    })
    .await;
    assert_eq!(gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // The simulator forgets its tokens when it ends, the gateway keeps its own: one logs in again …
    compose.restart("webex-sim");
    eventually("the simulator is up again", START, async || {
        Gateway::at(compose.control()).get("/__sim/health").await
    })
    .await;
    gateway
        .me()
        .await
        .expect_err("the new simulator does not know the token");
    log_in(&compose).await;
    assert_eq!(gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // … or begins anew.
    let down = compose.types(DOWN).await;
    assert_eq!(down.code, 0, "{}", down.text);
    compose.start(&up()).await;
    assert_eq!(gateway.health().await.unwrap().action(), "reauthorise");
}

/// How docker-compose.yml says that one begins anew.
const DOWN: &str = "docker compose down -v";

#[test]
fn the_file_says_what_is_tried_here() {
    let file = std::fs::read_to_string(workspace::root().join("docker-compose.yml")).unwrap();
    for said in [
        up().as_str(),
        DOWN,
        LOGIN,
        "http://localhost:9001/v1/people/me",
        "http://localhost:8081/__sim/",
    ] {
        assert!(file.contains(said), "{said}");
    }
    let readme = std::fs::read_to_string(workspace::root().join("README.md")).unwrap();
    assert!(readme.contains(LOGIN));
}

#[test]
fn without_variables_the_ports_are_those_of_the_documents() {
    let file = std::fs::read_to_string(workspace::root().join("docker-compose.yml")).unwrap();
    let Some(read) = compose::read(&file) else { return };
    let read = read.unwrap();
    for port in [8080, 8081, 8088, 9001] {
        let published = [
            format!("127.0.0.1:{port}:{port}"),
            // As newer versions write it.
            format!("published: \"{port}\""),
        ];
        assert!(published.iter().any(|way| read.contains(way)), "{port}: {read}");
    }
}

async fn log_in(compose: &Compose) {
    let mut browser = Browser::local();
    let accounts = browser.open(&compose.address(LOGIN)).await.unwrap();
    let sign_in = browser
        .press(&accounts, "login_hint", ADMINISTRATOR)
        .await
        .unwrap();
    let done = browser.press(&sign_in, "decision", "accept").await.unwrap();
    assert_eq!(done.status, 200, "{}", done.html);
    assert!(
        done.url.as_str().starts_with(&compose.nginx()),
        "the browser stays outside: {}",
        done.url
    );
}
