//! `cargo dev`, as README.md has it: with Rust alone, simulator and gateway run together.

use std::time::Duration;

use e2e::browser::Browser;
use e2e::documents::Document;
use e2e::eventually::eventually;
use e2e::gateway::Gateway;
use e2e::stack::{ADMINISTRATOR, START};
use e2e::terminal::{Differences, Terminal};
use e2e::{ports, workspace};

/// Until both are compiled, on a busy machine with two processors, where nothing has been compiled before.
const BUILD: Duration = Duration::from_mins(20);

/// More than the gateway promises to need for its end.
const END: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn rust_alone_gives_a_pair_to_develop_with() {
    let readme = Document::read(workspace::root(), "README.md");
    let [gateway, webex, tls, control] = std::array::from_fn(|_| ports::free().unwrap());
    let origin = format!("http://localhost:{gateway}");
    let ports = Differences::default()
        .replace("localhost:9001", format!("localhost:{gateway}"))
        .replace("localhost:8081", format!("localhost:{control}"))
        .variable("WEBEX_GW_PORT", gateway.to_string())
        .variable("WEBEX_SIM_PORT", webex.to_string())
        .variable("WEBEX_SIM_TLS_PORT", tls.to_string())
        .variable("WEBEX_SIM_CONTROL_PORT", control.to_string())
        .variable(
            "WEBEX_SIM_REDIRECT_URI",
            format!("{origin}/api/v01/webex/auth/code"),
        );
    let mut terminal = Terminal::open(ports).unwrap();
    let mut dev = terminal.starts(&readme.command("cargo dev")).unwrap();

    // It prints the address to open.
    let said = dev.says("Control API:", BUILD).await;
    let (_, behind) = said
        .split_once("To authorise the gateway, open")
        .unwrap_or_else(|| panic!("nothing to open: {said}"));
    let address = behind.split_whitespace().next().expect("an address");
    let client = Gateway::at(origin.clone());
    eventually("the gateway answers", BUILD, async || client.is_alive().await).await;

    // What it has built is built: the next cargo finds nothing to do.
    let built = terminal
        .types("cargo build --package webex-gateway --bin webex_gw")
        .await;
    assert_eq!(built.code, 0, "{}", built.text);
    assert!(!built.text.contains("Compiling"), "{}", built.text);

    // Pick an administrator, accept, and call.
    let mut browser = Browser::local();
    let accounts = browser.open(address).await.unwrap();
    let sign_in = browser
        .press(&accounts, "login_hint", ADMINISTRATOR)
        .await
        .unwrap();
    let done = browser.press(&sign_in, "decision", "accept").await.unwrap();
    assert_eq!(done.status, 200, "{}", done.html);
    let me = terminal
        .types(&readme.command("curl localhost:9001/v1/people/me"))
        .await;
    assert!(me.text.contains(ADMINISTRATOR), "{}", me.text);
    let health = terminal
        .types(&readme.command("curl localhost:9001/health"))
        .await;
    assert!(health.text.contains(r#""status":"ok""#), "{}", health.text);

    // Both commands are what it has printed, too, and the simulator has its page.
    for call in ["/v1/people/me", "/health"] {
        assert!(
            dev.said().contains(&format!("curl {origin}{call}")),
            "{}",
            dev.said()
        );
    }
    let page = Browser::local()
        .open(&format!("http://localhost:{control}"))
        .await
        .unwrap();
    assert!(page.html.contains("/v1/people/me"), "what happens: {}", page.html);

    // One interrupt ends both, and nobody listens any more.
    let status = dev.end("INT", END).await.unwrap();
    assert!(status.success(), "{status}");
    for port in [gateway, webex, tls, control] {
        eventually("the port is free", START, async || {
            let connected = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
            anyhow::ensure!(connected.is_err(), "somebody listens at {port}");
            Ok(())
        })
        .await;
    }
}
