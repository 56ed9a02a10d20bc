//! What a stack leaves: the logs, which are searched for secrets always and kept when the test has failed.

use std::fs;
use std::time::Duration;

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::InspectContainerOptions;

use super::secrets;
use super::service::{CONTROL_PORT, Service};
use super::site::Site;
use crate::leaks::{self, Secret};
use crate::progress::say;
use crate::workspace;

/// A simulator that is up answers at once; one that a scenario has paused never does.
const JOURNAL: Duration = Duration::from_secs(5);

/// The logs of all containers.
pub(super) struct Evidence {
    /// By name of the service.
    logs: Vec<(&'static str, String)>,
    /// Logs that nobody can vouch for, one sentence each.
    unread: Vec<String>,
    secrets: Vec<Secret>,
}

impl Evidence {
    /// Reads what there is; a log that cannot be read is a finding as well.
    pub(super) async fn gather(site: &Site) -> Self {
        let (mut logs, mut unread) = (Vec::new(), Vec::new());
        for service in &site.services {
            match service.logs(site.docker).await {
                Ok(log) => logs.push((service.name(), log)),
                Err(error) => unread.push(format!("the log of {} cannot be read: {error:#}", service.name())),
            }
        }
        Self {
            logs,
            unread,
            secrets: secrets::of(site).await,
        }
    }

    /// Which logs show secrets, one sentence each.
    pub(super) fn leaks(&self) -> Vec<String> {
        let found = |(name, log): &(&str, String)| {
            let found = leaks::find_in_log(log, &self.secrets);
            found
                .into_iter()
                .map(|what| format!("the log of {name} shows {what}"))
                .collect::<Vec<_>>()
        };
        let leaks = self.logs.iter().flat_map(found);
        leaks.chain(self.unread.iter().cloned()).collect()
    }

    /// Forgets what an earlier run of the test has left.
    pub(super) fn forget() {
        workspace::fresh_output_of_test();
    }

    /// Writes everything to a folder that is named after the test.
    pub(super) async fn keep(&self, site: &Site) -> anyhow::Result<()> {
        let folder = workspace::output_of_test();
        fs::create_dir_all(&folder)?;
        for (name, log) in &self.logs {
            fs::write(folder.join(format!("{name}.log")), log)?;
        }
        for service in &site.services {
            let state = state(site.docker, service)
                .await
                .unwrap_or_else(|error| format!("{error:#}"));
            fs::write(folder.join(format!("{}.state", service.name())), state)?;
        }
        let journal = journal(site).await.unwrap_or_else(|error| format!("{error:#}"));
        fs::write(folder.join("journal.json"), journal)?;
        say(&format!("logs and journal are in {}", folder.display()));
        Ok(())
    }
}

async fn state(docker: &Docker, service: &Service) -> anyhow::Result<String> {
    let container = docker
        .inspect_container(service.id(), None::<InspectContainerOptions>)
        .await?;
    Ok(serde_json::to_string_pretty(&container.state)?)
}

/// The journal as the simulator shows it, whatever it knows by now.
async fn journal(site: &Site) -> anyhow::Result<String> {
    let simulator = site.service("webex-sim").context("there is no simulator")?;
    let url = format!("{}/__sim/journal", simulator.origin(CONTROL_PORT).await?);
    let http = crate::http::client().timeout(JOURNAL).build()?;
    Ok(http.get(url).send().await?.text().await?)
}
