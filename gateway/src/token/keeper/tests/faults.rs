//! The disk fails while tokens are refreshed.

use nix::errno::Errno;

use super::*;
use crate::token::disk::faulty::Fault;
use crate::token::json_of;

/// How many operations a refresh needs, from the first look at the file to the flushed folder.
async fn operations() -> usize {
    let bench = Bench::with([Ok(response("2"))]).await;
    bench.expire();
    bench.disk.set(None);
    bench.keeper.access().await.unwrap();
    bench.disk.operations()
}

#[tokio::test]
async fn whatever_operation_fails_the_new_token_serves_and_is_stored_once_the_disk_is_mended() {
    for errno in [Errno::ENOSPC, Errno::EIO, Errno::EROFS, Errno::EACCES] {
        for at in 0..operations().await {
            for fault in [Fault::One(at, errno), Fault::From(at, errno)] {
                let bench = Bench::with([Ok(response("2"))]).await;
                let before = bench.stored();
                bench.expire();
                bench.disk.set(Some(fault));
                let access = bench.keeper.access().await.unwrap();
                assert_eq!(access.fingerprint, fingerprint("2"), "{fault:?}");
                let stored = std::fs::read_to_string(&bench.path).ok();
                let whole = stored.is_none_or(|stored| stored == before || stored == json_of(&bench.keeper));
                assert!(whole, "{fault:?}");
                if bench.keeper.snapshot().unsaved.is_none() {
                    assert_eq!(bench.stored(), json_of(&bench.keeper), "{fault:?}");
                }
                bench.disk.set(None);
                bench.keeper.store_again().await;
                assert_eq!(bench.keeper.snapshot().unsaved, None, "{fault:?}");
                assert_eq!(bench.keeper.snapshot().unusable_file, None, "{fault:?}");
                assert_eq!(bench.stored(), json_of(&bench.keeper), "{fault:?}");
                assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("2"));
            }
        }
    }
}

#[tokio::test]
async fn wherever_the_process_dies_the_next_one_serves() {
    for at in 0..operations().await {
        let bench = Bench::with([Ok(response("2"))]).await;
        bench.expire();
        bench.disk.set(Some(Fault::Death(at)));
        let _ = bench.keeper.access().await;
        let endpoint = Arc::new(Script {
            answers: Mutex::new([Ok(response("3"))].into()),
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(1),
        });
        let (file, time) = (TokenFile::new(&bench.path), Arc::new(bench.clock.clone()));
        let next = Keeper::open(
            file,
            endpoint,
            Arc::<Webex>::default(),
            time,
            Box::new(|| 0.5),
            None,
        )
        .await;
        let access = next.access().await.unwrap();
        assert!(
            [fingerprint("2"), fingerprint("3")].contains(&access.fingerprint),
            "killed in operation {at}"
        );
    }
}

#[tokio::test]
async fn a_full_disk_at_the_end_is_tried_once_more() {
    let bench = Bench::with([Ok(response("2"))]).await;
    bench.expire();
    bench.disk.set(Some(Fault::From(0, Errno::ENOSPC)));
    bench.keeper.access().await.unwrap();
    assert!(bench.keeper.snapshot().unsaved.is_some());
    bench.disk.set(None);
    let stop = CancellationToken::new();
    stop.cancel();
    bench.keeper.clone().run(stop).await;
    assert_eq!(bench.stored(), json_of(&bench.keeper));
}
