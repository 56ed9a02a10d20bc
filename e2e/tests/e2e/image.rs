//! The images as they are shipped.

use e2e::engine::engine;
use e2e::images::{MOST_BYTES, facts, images};

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_holds_the_binary_and_the_authorities_alone() {
    let docker = engine().await.unwrap();
    let gateway = facts(docker, &images(docker).await.unwrap().gateway)
        .await
        .unwrap();

    assert_eq!(
        names(&gateway.files),
        ["etc/ssl/certs/ca-certificates.crt", "usr/local/go/webex_gw"]
    );
    println!("the gateway's image has {} bytes", gateway.size);
    assert!(gateway.size <= MOST_BYTES, "{} bytes", gateway.size);
    // The field's compose block names the program and all of its flags.
    assert!(gateway.config.entrypoint.unwrap_or_default().is_empty());
    assert_eq!(gateway.config.cmd.unwrap(), ["/usr/local/go/webex_gw"]);
    // It starts as root to take over what existing installations mount, and tells its program whom to become.
    assert_eq!(gateway.config.user.unwrap_or_default(), "");
    let environment = gateway.config.env.unwrap_or_default();
    assert!(
        environment
            .iter()
            .any(|variable| variable == "WEBEX_GW_RUN_AS=65532:65532")
    );
    let check = gateway.config.healthcheck.and_then(|check| check.test).unwrap();
    assert_eq!(
        check,
        ["CMD", "/usr/local/go/webex_gw", "health", "live"],
        "exec form: there is no shell"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulators_too() {
    let docker = engine().await.unwrap();
    let simulator = facts(docker, &images(docker).await.unwrap().simulator)
        .await
        .unwrap();

    assert_eq!(
        names(&simulator.files),
        ["etc/ssl/certs/ca-certificates.crt", "webex-sim"]
    );
    assert_eq!(simulator.config.user.unwrap(), "65532:65532");
    let check = simulator.config.healthcheck.and_then(|check| check.test).unwrap();
    assert_eq!(check, ["CMD", "/webex-sim", "health"]);
}

fn names(files: &[(String, u64)]) -> Vec<&str> {
    files.iter().map(|(path, _)| path.as_str()).collect()
}
