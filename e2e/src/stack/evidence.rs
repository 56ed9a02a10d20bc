//! What a stack leaves: the logs, which are searched for secrets always and kept when the test has failed.

use std::fs;

use anyhow::Context;

use super::secrets;
use super::service::CONTROL_PORT;
use super::site::Site;
use crate::leaks::{self, Secret};
use crate::progress::say;
use crate::{evidence, workspace};

/// The logs of all containers, and what else tells of their ends.
pub(super) struct Evidence {
    /// By name of the service.
    logs: Vec<(String, String)>,
    /// Logs that nobody can vouch for, one sentence each.
    unread: Vec<String>,
    secrets: Vec<Secret>,
    /// How each container was before it was stopped, by name of the service.
    states: Vec<(String, String)>,
    journal: String,
}

impl Evidence {
    /// Asks who is still there, stops everything and reads what it has printed: the log of a container that runs lacks what is still
    /// on its way to the engine. A log that cannot be read is a finding as well.
    pub(super) async fn gather(site: &Site) -> Self {
        let secrets = secrets::of(site).await;
        let states = states(site).await;
        let journal = journal(site).await;
        let (mut logs, mut unread) = (Vec::new(), site.halt().await);
        for service in &site.services {
            match service.logs(site.docker).await {
                Ok(log) => logs.push((service.name().to_owned(), log)),
                Err(error) => unread.push(format!("the log of {} cannot be read: {error:#}", service.name())),
            }
        }
        Self {
            logs,
            unread,
            secrets,
            states,
            journal,
        }
    }

    /// Which logs show secrets, one sentence each.
    pub(super) fn leaks(&self) -> Vec<String> {
        let found = |(name, log): &(String, String)| {
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
    pub(super) fn keep(&self) -> anyhow::Result<()> {
        let folder = evidence::folder()?;
        for (name, log) in &self.logs {
            fs::write(folder.join(format!("{name}.log")), log)?;
        }
        for (name, state) in &self.states {
            fs::write(folder.join(format!("{name}.state")), state)?;
        }
        fs::write(folder.join("journal.json"), &self.journal)?;
        say(&format!("logs and journal are in {}", folder.display()));
        Ok(())
    }
}

async fn states(site: &Site) -> Vec<(String, String)> {
    let mut states = Vec::new();
    for service in &site.services {
        let state = evidence::state(site.docker, service.id()).await;
        states.push((service.name().to_owned(), state));
    }
    states
}

async fn journal(site: &Site) -> String {
    let simulator = site.service("webex-sim").context("there is no simulator");
    let origin = match simulator {
        Ok(simulator) => simulator.origin(CONTROL_PORT).await,
        Err(error) => Err(error),
    };
    evidence::journal(origin).await
}
