//! The Docker engine. Everything else starts here, so this is where its absence is said, in one sentence.

use bollard::Docker;
use tokio::sync::OnceCell;

use crate::run;

/// The engine that testcontainers uses too (`DOCKER_HOST` or the local socket), with the left-overs of dead runs
/// removed. The error is one sentence: what is missing and how to mend it.
pub async fn engine() -> Result<&'static Docker, &'static str> {
    static ENGINE: OnceCell<Result<Docker, String>> = OnceCell::const_new();
    let engine = ENGINE.get_or_init(async || {
        let docker = connect().await?;
        run::sweep(&docker).await.map_err(|error| format!("{error:#}"))?;
        Ok(docker)
    });
    engine.await.as_ref().map_err(String::as_str)
}

/// Connects, without touching anything.
pub async fn connect() -> Result<Docker, String> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let missing = |error: &dyn std::fmt::Display| {
        format!(
            "the end-to-end tests need a Docker engine and none answers at {host} ({error}): start one, or set \
             DOCKER_HOST to one that runs and that you may use"
        )
    };
    let docker = testcontainers::core::client::docker_client_instance()
        .await
        .map_err(|error| missing(&error))?;
    docker.ping().await.map_err(|error| missing(&error))?;
    Ok(docker)
}
