//! What `ctl` does to people and subscribers.

use super::*;

#[tokio::test]
async fn a_subscriber_gets_a_status() {
    let sim = Sim::start().await;
    let refused = sim
        .running
        .control()
        .set_subscriber_status("x", SubscriberStatus::Error)
        .await;
    assert!(refused.is_err());
    let body = json!({
        "provisioningId": "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ",
        "userId": "95547321@example.com", "spEnterpriseId": "Reseller1+example", "firstName": "John",
        "lastName": "Andersen", "package": "standard", "extension": "1212",
    });
    let tokens = sim.log_in().await;
    let url = format!("{}/v1/broadworks/subscribers", sim.running.url());
    let created = sim
        .http
        .post(url)
        .bearer_auth(&tokens.access)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(created.status().as_u16(), 200);
    let failed = [
        "subscriber",
        "status",
        "95547321@example.com",
        "error",
        "--error-code",
        "10022",
        "--description",
        "taken",
    ];
    assert_eq!(
        ctl(&sim, &failed).await.well(),
        "95547321@example.com is error, person -\n"
    );
    let done = [
        "subscriber",
        "status",
        "95547321@example.com",
        "provisioned",
        "--email",
        "john.andersen@example.com",
        "--json",
    ];
    let state = ctl(&sim, &done).await.json();
    assert_eq!(
        (&state["status"], &state["email"]),
        (&json!("provisioned"), &json!("john.andersen@example.com"))
    );
}

#[tokio::test]
async fn secrets_come_from_standard_input_and_are_nowhere_in_the_output() {
    let sim = Sim::start().await;
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let url = &sim.running.control_url();
    let changed = run(url, &["people", "password", ADMIN, "-"], "new-and-secret\n").await;
    assert_eq!(
        changed.well(),
        format!("{ADMIN} has a new password; 2 tokens ended\n")
    );
    assert_eq!(
        sim.running
            .control()
            .journal_count(&EntryFilter::default())
            .await
            .unwrap(),
        3
    );
    for command in [
        &["tokens"][..],
        &["tokens", "--json"],
        &["journal"],
        &["journal", "show", "2"],
        &["journal", "show", "3", "--json"],
        &["journal", "har"],
        &["settings"],
        &["worlds"],
        &["worlds", "create", "quiet"],
        &["coverage"],
    ] {
        let ran = ctl(&sim, command).await;
        for secret in [
            &tokens.access,
            &tokens.refresh,
            "new-and-secret",
            sim.running.client_secret(),
        ] {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "{command:?}"
            );
        }
    }
    run(url, &["people", "password", ADMIN, "-"], "")
        .await
        .badly(1, "password is empty");
}
