//! What a test leaves where it has failed, in `target/e2e/<test>/`: logs, the simulator's journal, the state of containers,
//! the books of a load.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::InspectContainerOptions;

use crate::workspace;

/// A simulator that is up answers at once; one that a scenario has paused never does.
const JOURNAL: Duration = Duration::from_secs(5);

/// The folder of the running test, without what an earlier run has left there.
pub(crate) fn folder() -> std::io::Result<PathBuf> {
    let folder = workspace::fresh_output_of_test();
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The state of a container, or why it is not known.
pub(crate) async fn state(docker: &Docker, container: &str) -> String {
    let state = async {
        let found = docker
            .inspect_container(container, None::<InspectContainerOptions>)
            .await?;
        anyhow::Ok(serde_json::to_string_pretty(&found.state)?)
    };
    state.await.unwrap_or_else(|error| format!("{error:#}"))
}

/// The journal as the simulator shows it at its control port, whatever it knows by now, or why it does not.
pub(crate) async fn journal(origin: anyhow::Result<String>) -> String {
    let journal = async {
        let http = crate::http::client().timeout(JOURNAL).build()?;
        let answer = http.get(format!("{}/__sim/journal", origin?)).send().await?;
        anyhow::Ok(answer.text().await?)
    };
    journal.await.unwrap_or_else(|error| format!("{error:#}"))
}
