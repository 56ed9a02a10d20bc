use std::sync::{Arc, Mutex};

use tracing::level_filters::LevelFilter;

use super::*;
use crate::config::LogFormat;
use crate::http::access_log;

fn logged(format: LogFormat, level: LevelFilter, log: impl FnOnce()) -> Vec<String> {
    let written = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&written);
    let put = move |line: &[u8]| lines.lock().unwrap().extend_from_slice(line);
    tracing::subscriber::with_default(subscriber(LogConfig { level, format }, put), log);
    let bytes = written.lock().unwrap().clone();
    String::from_utf8(bytes)
        .unwrap()
        .lines()
        .map(without_time)
        .collect()
}

/// The time is the only part that differs from run to run.
fn without_time(line: &str) -> String {
    let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
    match line.split_once(['Z', '|']) {
        Some((time, rest)) => {
            format!(
                "{}{}",
                time.chars().map(digits).collect::<String>(),
                &line[time.len()..line.len() - rest.len()]
            ) + rest
        }
        None => line.to_owned(),
    }
}

#[test]
fn text_lines_are_those_of_the_field() {
    let lines = logged(LogFormat::Text, LevelFilter::DEBUG, || {
        tracing::debug!(topic = "oauth2", "using token 1a2b3c4d (iteration 1)");
        tracing::info!("request to https://webexapis.com/ took 141.310923ms");
        tracing::warn!("one\r\ntwo \"three\" \\ \u{1b}[31m");
        tracing::info!("single");
        tracing::info!(
            target: access_log::TARGET,
            status = 200_u16,
            duration = "141.310923ms",
            client = "172.19.0.7",
            method = "GET",
            path = "/health",
            "request"
        );
    });
    assert_eq!(
        lines,
        [
            r#"time="0000-00-00T00:00:00Z" level=debug msg="using token 1a2b3c4d (iteration 1)" topic=oauth2"#,
            r#"time="0000-00-00T00:00:00Z" level=info msg="request to https://webexapis.com/ took 141.310923ms""#,
            r#"time="0000-00-00T00:00:00Z" level=warning msg="one\r\ntwo \"three\" \\ \u001b[31m""#,
            r#"time="0000-00-00T00:00:00Z" level=info msg=single"#,
            r#"[GIN] 0000/00/00 - 00:00:00 | 200 | 141.310923ms | 172.19.0.7 | GET "/health""#,
        ]
    );
}

#[test]
fn json_lines_have_the_fields_apart() {
    let lines = logged(LogFormat::Json, LevelFilter::INFO, || {
        tracing::info!(target: access_log::TARGET, status = 200_u16, path = "/health", "request");
        tracing::error!(topic = "oauth2", "a \"quoted\"\nline");
    });
    assert_eq!(
        lines,
        [
            r#"{"time":"0000-00-00T00:00:00Z","level":"info","msg":"request","status":200,"path":"/health"}"#,
            r#"{"time":"0000-00-00T00:00:00Z","level":"error","msg":"a \"quoted\"\nline","topic":"oauth2"}"#,
        ]
    );
}

#[test]
fn a_level_hides_what_is_less_important_and_libraries_are_quiet() {
    let lines = logged(LogFormat::Text, LevelFilter::TRACE, || {
        tracing::debug!(target: "hyper::proto", "Authorization: Bearer secret");
        tracing::warn!(target: "hyper::proto", "broken");
    });
    assert_eq!(lines.len(), 1);
    let asked = logged(LogFormat::Text, LevelFilter::INFO, || {
        tracing::debug!("x");
        assert!(tracing::enabled!(tracing::Level::INFO));
        assert!(!tracing::enabled!(tracing::Level::DEBUG));
    });
    assert!(asked.is_empty(), "{asked:?}");
}

#[test]
fn no_line_has_a_control_of_any_kind() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let lines = logged(format, LevelFilter::INFO, || {
            tracing::info!(who = "\u{9b}2J\u{7f}", "a\u{1b}[31m\u{202e}\u{2028}b");
        });
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].contains(crate::printable::is_unprintable), "{lines:?}");
    }
}

#[test]
fn a_value_is_quoted_unless_all_of_it_is_harmless() {
    let lines = logged(LogFormat::Text, LevelFilter::INFO, || {
        tracing::info!(
            a = "",
            b = "Az0-._/@^+",
            c = "a:b",
            d = "tökens",
            e = 7_u64,
            f = true,
            "x"
        );
    });
    assert!(
        lines[0].ends_with(r#" msg=x a="" b=Az0-._/@^+ c="a:b" d="tökens" e=7 f=true"#),
        "{lines:?}"
    );
}
