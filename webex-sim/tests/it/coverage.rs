//! What a suite has exercised.

use webex_sim::types::{Coverage, NewWorld};

use crate::harness::Sim;

fn answers(coverage: &Coverage, operation: &str, status: u16) -> u64 {
    let operation = coverage
        .operations
        .iter()
        .find(|one| one.operation == operation)
        .unwrap();
    let status = operation.statuses.iter().find(|one| one.status == status);
    status.map_or(0, |status| status.answers)
}

#[tokio::test]
async fn coverage_counts_each_operation_with_each_status() {
    let sim = Sim::start().await;
    let before = sim.running.control().coverage().await.unwrap();
    assert_eq!(before.exercised, 0);
    let tokens = sim.log_in().await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let _ = sim.get("/v1/people/me", &tokens.access).await;
    let _ = sim.open("/v1/people/me").await;
    let coverage = sim.running.control().coverage().await.unwrap();
    assert_eq!(answers(&coverage, "getMe", 200), 2);
    assert_eq!(answers(&coverage, "getMe", 401), 1);
    assert_eq!(
        (
            answers(&coverage, "authorize", 302),
            answers(&coverage, "token", 200)
        ),
        (1, 1)
    );
    assert_eq!(coverage.exercised, 4);
    assert!(coverage.documented > 400, "{}", coverage.documented);
}

#[tokio::test]
async fn the_library_counts_all_worlds_together_those_that_are_gone_as_well() {
    let sim = Sim::start().await;
    let new = NewWorld {
        name: Some("other".to_owned()),
        ..NewWorld::default()
    };
    let world = sim.running.world(&new).unwrap();
    let query = format!("client_id={}&response_type=nonsense", world.client_id());
    let _ = sim.open(&format!("/v1/authorize?{query}")).await;
    let _ = sim.open("/v1/authorize?client_id=C0").await;
    let first = sim.running.control().coverage().await.unwrap();
    let second = world.control().coverage().await.unwrap();
    let of = |coverage: &Coverage| {
        (
            answers(coverage, "authorize", 302),
            answers(coverage, "authorize", 400),
        )
    };
    assert_eq!((of(&first), of(&second)), ((0, 1), (1, 0)));
    world.delete().await.unwrap();
    assert_eq!(of(&sim.running.coverage()), (1, 1));
}
