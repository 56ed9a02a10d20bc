//! `ctl worlds`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::input::{self, Assignment};
use super::report::{Failure, Outcome, Report, table};
use crate::client::ControlClient;
use crate::control::types::{Deleted, WorldInfo, WorldList};

/// Without a command they are listed.
#[derive(Debug, Args)]
pub(super) struct Worlds {
    #[command(subcommand)]
    command: Option<WorldsCommand>,
}

/// What happens to worlds.
#[derive(Debug, Subcommand)]
enum WorldsCommand {
    /// All worlds
    List,
    /// Make a world; its secret is in the answer with --json only
    Create(Create),
    /// One world, and how much is in it
    Show {
        /// Its name
        name: String,
    },
    /// Delete a world and end its tokens
    Delete {
        /// Its name
        name: String,
    },
}

/// What is left out is made up, or as in the world that the simulator started with.
#[derive(Debug, Args)]
struct Create {
    /// Its name
    name: Option<String>,
    /// Client id of its integration
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Its secret, or - to read it from standard input
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// Redirect URI to register instead of those of the seed; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Seed of its own, JSON
    #[arg(long, value_name = "FILE")]
    seed: Option<String>,
    /// Setting that differs; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = input::assignment)]
    settings: Vec<Assignment>,
}

/// Said on standard error with each new world.
const HOLDS_SECRET: &str = "the client secret is printed with --json, and nothing else tells it";

impl Worlds {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self.command.unwrap_or(WorldsCommand::List) {
            WorldsCommand::List => {
                let worlds = control.worlds().await?;
                let rows: Vec<_> = worlds.iter().map(row).collect();
                Ok(Report::new(table(&rows), &WorldList { worlds }))
            }
            WorldsCommand::Create(create) => {
                let world = control.create_world_json(&create.request()?).await?;
                let text = format!("{} with client id {}", world.name(), world.client_id());
                Ok(Report::new(text, world.created()).note(HOLDS_SECRET))
            }
            WorldsCommand::Show { name } => {
                let world = control.world_info(&name).await?;
                Ok(Report::new(table(&[row(&world)]), &world))
            }
            WorldsCommand::Delete { name } => {
                control.delete_world(&name).await?;
                Ok(Report::new(
                    format!("{name} is deleted"),
                    &Deleted { deleted: name },
                ))
            }
        }
    }
}

impl Create {
    fn request(self) -> Result<Value, Failure> {
        let secret = self
            .client_secret
            .map(|argument| input::secret(&argument))
            .transpose()?;
        let seed = self.seed.map(|file| input::json_of(&file)).transpose()?;
        let settings = (!self.settings.is_empty()).then(|| input::object(self.settings));
        let fields = [
            ("name", self.name.map(Value::from)),
            ("client_id", self.client_id.map(Value::from)),
            ("client_secret", secret.map(Value::from)),
            (
                "redirect_uris",
                (!self.redirect_uri.is_empty()).then(|| self.redirect_uri.into()),
            ),
            ("settings", settings),
            ("seed", seed),
        ];
        let fields: Map<_, _> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        Ok(Value::Object(fields))
    }
}

fn row(world: &WorldInfo) -> Vec<String> {
    let counts = format!(
        "organisations {}, people {}, tokens {}, requests {}, violations {}, snapshots {}",
        world.organizations, world.people, world.tokens, world.journal, world.violations, world.snapshots
    );
    vec![world.name.clone(), world.client_id.clone(), counts]
}
