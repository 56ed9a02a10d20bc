//! Many worlds at once.

use super::*;

#[tokio::test]
async fn there_are_a_thousand_worlds_at_most() {
    let sim = Sim::start().await;
    for n in 1..1_000 {
        sim.new_world(&format!("w{n}"));
    }
    let error = sim.running.create_world(&NewWorld::default()).unwrap_err();
    assert_eq!(error.field, "worlds");
    sim.running.control().delete_world("w1").await.unwrap();
    sim.new_world("w1");
    assert_eq!(sim.running.control().worlds().await.unwrap().len(), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_worlds_at_once_never_answer_for_each_other() {
    const WORLDS: usize = 100;
    const ROUNDS: usize = 3;
    let sim = Arc::new(Sim::start().await);
    let busy: Vec<_> = (0..WORLDS)
        .map(|n| {
            let sim = Arc::clone(&sim);
            tokio::spawn(async move {
                let email = format!("admin@w{n}.example.com");
                let seed = json!({
                    "organizations": [{"displayName": format!("Organisation {n}")}],
                    "people": [{"email": email, "displayName": format!("Admin {n}"), "role": "partner_full_admin"}],
                });
                let new = NewWorld {
                    name: Some(format!("w{n}")),
                    seed: Some(seed),
                    ..NewWorld::default()
                };
                let world = sim.running.control().create_world(&new).await.unwrap();
                let mut tokens = sim.log_in_to(&world, &email).await;
                for _ in 0..ROUNDS {
                    tokens = sim.refresh_in(&world, &tokens.refresh).await.tokens();
                    let me = sim.get("/v1/people/me", &tokens.access).await;
                    assert_eq!(me.json()["emails"], json!([email]));
                }
                let entries = world.control().journal(&EntryFilter::default()).await.unwrap();
                assert_eq!(entries.len(), 2 + 2 * ROUNDS);
                assert!(entries.iter().all(|entry| {
                    entry.person.as_ref().is_none_or(|person| *person == email)
                }));
                tokens.access
            })
        })
        .collect();
    let mut all = HashSet::new();
    for task in busy {
        all.insert(task.await.unwrap());
    }
    assert_eq!(all.len(), WORLDS);
    assert!(
        sim.running
            .control()
            .journal(&EntryFilter::default())
            .await
            .unwrap()
            .is_empty()
    );
}
