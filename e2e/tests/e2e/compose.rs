//! docker-compose.yml, brought up as the README says: no credentials, one command.

use e2e::browser::Browser;
use e2e::compose::Compose;
use e2e::eventually::eventually;
use e2e::gateway::Gateway;
use e2e::stack::{ADMINISTRATOR, START};

#[tokio::test(flavor = "multi_thread")]
async fn one_command_gives_a_product_that_a_person_can_try() {
    let Some(compose) = Compose::up().await else {
        return;
    };
    let gateway = Gateway::at(compose.gateway());

    let health = gateway.health().await.unwrap();
    assert_eq!(health.code, 503);
    let login = health.body["authorise_at"]
        .as_str()
        .expect("the answer says where to log in")
        .to_owned();
    assert_eq!(login, format!("{}/api/v01/webex/auth/login", compose.nginx()));

    // Whoever follows it needs nothing but the pages: the simulator has filled the password in.
    let mut browser = Browser::local();
    let accounts = browser.open(&login).await.unwrap();
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
    assert_eq!(gateway.health().await.unwrap().code, 200);
    assert_eq!(gateway.me().await.unwrap(), [ADMINISTRATOR]);

    // The tokens are in the volume, which the gateway's user can write.
    compose.restart("webex_gw");
    eventually("the gateway is up again", START, async || {
        gateway.is_alive().await
    })
    .await;
    assert_eq!(gateway.me().await.unwrap(), [ADMINISTRATOR]);
}
