//! What operators read in the log, and how often.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;

use super::*;
use crate::config::{LogConfig, LogFormat};
use crate::telemetry;

/// What this thread logs as long as it lives.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let config = LogConfig {
            level: LevelFilter::INFO,
            format: LogFormat::Text,
        };
        let lines = log.clone();
        let put = move |line: &[u8]| lines.0.lock().unwrap().extend_from_slice(line);
        let guard = tracing::subscriber::set_default(telemetry::subscriber(config, put));
        (log, guard)
    }

    fn times(&self, text: &str) -> usize {
        let bytes = self.0.lock().unwrap();
        String::from_utf8_lossy(&bytes).matches(text).count()
    }
}

#[tokio::test]
async fn a_problem_of_the_disk_is_told_once_and_so_is_its_end() {
    let bench = Bench::with([]).await;
    let (log, _guard) = Log::start();
    let full = || Err("cannot write beside it: no room".to_owned());
    let told = |problem: &str| log.times(&format!("lost by a restart: {problem}"));
    bench.keeper.note_stored(Ok(()));
    assert_eq!(log.times("tokens stored in "), 0, "nothing was wrong");
    for _ in 0..3 {
        bench.keeper.note_stored(full());
        assert_eq!(bench.keeper.snapshot().unsaved.clone(), full().err());
    }
    assert_eq!(told("cannot write beside it: no room"), 1);
    bench.keeper.note_stored(Err("it is read-only".to_owned()));
    assert_eq!(told("it is read-only"), 1, "another problem is news");
    bench.keeper.note_stored(Ok(()));
    bench.keeper.note_stored(Ok(()));
    assert_eq!(log.times("tokens stored in "), 1);
    assert_eq!(bench.keeper.snapshot().unsaved, None);
}

#[tokio::test]
async fn an_access_token_that_webex_refuses_and_takes_again_is_told_once_each() {
    let bench = Bench::with([refused()]).await;
    let (log, _guard) = Log::start();
    let dead = "refuses the access token for every call: it is not sent any more";
    let alive = "takes the access token again";
    *bench.webex.verdict.lock().unwrap() = Verdict::Refused;
    let generation = bench.generation();
    bench.keeper.replace(generation).await.unwrap_err();
    bench.keeper.access().await.unwrap_err();
    assert_eq!((log.times(dead), log.times(alive)), (1, 0));
    assert_eq!(log.times("state refreshing -> reauthorise"), 1);
    bench.clock.advance(HOUR);
    bench.keeper.access().await.unwrap_err();
    assert_eq!((log.times(dead), log.times(alive)), (1, 0), "nothing new");
    bench.clock.advance(HOUR);
    *bench.webex.verdict.lock().unwrap() = Verdict::Accepted;
    bench.keeper.access().await.unwrap();
    assert_eq!((log.times(dead), log.times(alive)), (1, 1));
}

#[tokio::test]
async fn the_end_of_the_refresh_token_is_told_before_it_comes() {
    let bench = Bench::with([]).await;
    let (log, _guard) = Log::start();
    let told = "administrator authorise the gateway again\" topic=oauth2 action=reauthorise";
    let mut horizon = Horizon::default();
    bench.keeper.watch(&mut horizon);
    assert_eq!(log.times(told), 0, "there is time");
    bench.clock.advance(HOUR * 24 * 80);
    bench.keeper.watch(&mut horizon);
    assert_eq!(log.times(told), 1);
    assert_eq!(log.times("the refresh token ends in 9 days, on "), 1);
}

#[tokio::test]
async fn a_folder_in_which_no_lock_can_be_made_is_told_once() {
    let bench = Bench::with([]).await;
    let (log, _guard) = Log::start();
    std::fs::remove_dir_all(bench.path.parent().unwrap()).unwrap();
    for _ in 0..3 {
        let lock = bench.keeper.lock(Duration::ZERO).await;
        assert!(matches!(lock, Ok(None)));
    }
    assert_eq!(log.times("could refresh at the same time"), 1);
}
