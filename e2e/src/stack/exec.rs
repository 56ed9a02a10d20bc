//! Commands in a container, as an operator gives them with `docker exec`.

use anyhow::Context;
use testcontainers::core::{CmdWaitFor, ExecCommand};

use super::service::Service;
use super::{Stack, TOKENS_FILE};
use crate::said::Said;

impl Stack {
    /// `docker exec webex_gw /usr/local/go/webex_gw COMMAND`, with the flags that the container serves with.
    pub async fn command(&self, command: &[&str]) -> Said {
        self.command_with(command, &[]).await
    }

    /// The same with variables of its own.
    pub async fn command_with(&self, command: &[&str], environment: &[(&str, &str)]) -> Said {
        let tokens_file = format!("-tokensFile={TOKENS_FILE}");
        let arguments = [
            &["/usr/local/go/webex_gw"],
            command,
            &["-port=9001", &tokens_file],
        ]
        .concat();
        let said = self.site.gateway().exec_with(&arguments, environment).await;
        said.expect("a command can be given")
    }
}

impl Service {
    /// Runs a program in the container and waits for its end.
    pub async fn exec(&self, command: &[&str]) -> anyhow::Result<Said> {
        self.exec_with(command, &[]).await
    }

    async fn exec_with(&self, command: &[&str], environment: &[(&str, &str)]) -> anyhow::Result<Said> {
        let wanted = ExecCommand::new(command.iter().copied())
            .with_env_vars(environment.iter().copied())
            .with_cmd_ready_condition(CmdWaitFor::exit());
        let mut running = self
            .container
            .exec(wanted)
            .await
            .with_context(|| format!("running {command:?}"))?;
        let mut output = running.stdout_to_vec().await?;
        output.extend(running.stderr_to_vec().await?);
        Ok(Said {
            code: running.exit_code().await?.context("the program has ended")?,
            text: String::from_utf8(output)?,
        })
    }
}
