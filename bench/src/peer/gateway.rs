//! The gateway: its release binary, with tokens that last and nothing else than what an operator sets.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use tokio::process::Command;

use super::Job;
use crate::origin::{TOKEN, text};

/// As long as Webex's own, so that nothing is refreshed.
const LIFETIME_SECONDS: u32 = 1_209_599;

pub(super) fn command(program: &Path, job: &Job<'_>) -> anyhow::Result<Command> {
    let tokens = job.folder.join("tokens.json");
    fs::write(&tokens, tokens_file(Timestamp::now()))?;
    let mut command = Command::new(program);
    command
        .env_clear()
        .args(["-bind=127.0.0.1".to_owned(), format!("-port={}", job.listen)])
        .arg(format!("-tokensFile={}", text(&tokens)?))
        .arg(format!("-webexURL={}", url(job)))
        .env("client_id", "C0")
        .env("client_secret", "none")
        .env("redirect_uri", "http://localhost/api/v01/webex/auth/code")
        .env("SSL_CERT_FILE", job.authorities);
    Ok(command)
}

/// The origin, as programs call it that are told a URL.
pub(super) fn url(job: &Job<'_>) -> String {
    let scheme = if job.upstream.is_tls() { "https" } else { "http" };
    format!("{scheme}://127.0.0.1:{}", job.origin)
}

fn tokens_file(now: Timestamp) -> String {
    serde_json::json!({
        "access_token": TOKEN,
        "expires_in": LIFETIME_SECONDS,
        "refresh_token": "refresh",
        "refresh_token_expires_in": 7_775_999,
        "at": now.as_second(),
        "org_id": "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11",
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_were_issued_now() {
        let file = tokens_file(Timestamp::from_second(1_770_000_000).unwrap());
        assert!(
            file.contains(r#""at":1770000000"#) && file.contains(TOKEN),
            "{file}"
        );
    }
}
