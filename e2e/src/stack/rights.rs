//! What a container's first process may do: as whom it runs, and with which capabilities.

use std::fs;

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::TopOptionsBuilder;

use super::service::Service;
use crate::progress::say;

/// Real, effective, saved and file system user, then the same of the group: one that is root would be a way back.
const IDS: &str = "-o pid,ruid,euid,suid,fuid,rgid,egid,sgid,fgid";

/// The rights of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// Its users and groups, see [`IDS`].
    pub ids: Vec<String>,
    /// Known where the engine's processes are this machine's.
    pub capabilities: Option<Capabilities>,
}

/// What the kernel says about a process, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Sets of capabilities that it has or can have by itself: inheritable, permitted, effective, ambient.
    pub held: [String; 4],
    /// Further groups.
    pub groups: String,
    /// Whether no program that it starts can have more than it has.
    pub no_new_privileges: bool,
}

impl Rights {
    /// Whether the process is `user` in every respect, and can do nothing that any user could not.
    #[must_use]
    pub fn are_those_of(&self, user: &str) -> bool {
        let is_powerless = |capabilities: &Capabilities| {
            let is_empty = |set: &String| set.bytes().all(|digit| digit == b'0');
            capabilities.held.iter().all(is_empty)
                && capabilities.groups.split_whitespace().all(|group| group == user)
        };
        self.ids.iter().all(|id| id == user) && self.capabilities.as_ref().is_none_or(is_powerless)
    }
}

impl Service {
    /// The rights of the container's first process as it is now.
    pub(super) async fn rights_of_pid_1(&self, docker: &Docker) -> anyhow::Result<Rights> {
        let options = TopOptionsBuilder::new().ps_args(IDS).build();
        let processes = docker.top_processes(self.id(), Some(options)).await?;
        let first = processes.processes.and_then(|rows| rows.into_iter().next());
        let mut ids = first.context("the container has no process")?;
        let pid = ids.remove(0);
        let capabilities = capabilities(&pid);
        if capabilities.is_none() {
            say("the engine's processes are not this machine's: capabilities are not looked at");
        }
        Ok(Rights { ids, capabilities })
    }
}

/// Reads the kernel's file on a process of this machine; nothing where the number means another one here.
fn capabilities(pid: &str) -> Option<Capabilities> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let field = |name: &str| {
        let mut lines = status.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        found.map(|value| value.trim().to_owned())
    };
    // The numbers of the process from the outermost namespace to its own, where it is the first.
    let numbers = field("NSpid")?;
    let is_it =
        numbers.split_whitespace().next() == Some(pid) && numbers.split_whitespace().last() == Some("1");
    is_it.then_some(())?;
    Some(Capabilities {
        held: [
            field("CapInh")?,
            field("CapPrm")?,
            field("CapEff")?,
            field("CapAmb")?,
        ],
        groups: field("Groups")?,
        no_new_privileges: field("NoNewPrivs")? == "1",
    })
}
