//! `ctl people` and `ctl subscriber`.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use super::input;
use super::report::{Outcome, Report, or_dash, word};
use super::tokens::tokens;
use crate::client::ControlClient;
use crate::control::types::{Ended, SubscriberFault, SubscriberStatusChange};
use crate::world::broadworks::STATUSES;

/// What happens to somebody.
#[derive(Debug, Subcommand)]
pub(super) enum People {
    /// A new password, which ends the person's tokens
    Password {
        /// E-mail address, UUID or Webex id
        #[arg(value_name = "EMAIL")]
        person: String,
        /// The password, or - to read it from standard input
        password: String,
    },
    /// The person is gone, with codes and tokens
    Delete {
        /// E-mail address, UUID or Webex id
        #[arg(value_name = "EMAIL")]
        person: String,
    },
}

/// What happens to a subscriber.
#[derive(Debug, Subcommand)]
pub(super) enum Subscriber {
    /// Set the status
    Status {
        /// Webex id, UUID or user ID
        id: String,
        /// The new status
        #[arg(value_parser = PossibleValuesParser::new(STATUSES.iter().map(|(name, _)| *name)))]
        status: String,
        /// Why it failed, with status error: a number such as 10022
        #[arg(long, requires = "description")]
        error_code: Option<u32>,
        /// The same in words
        #[arg(long, requires = "error_code", value_name = "TEXT")]
        description: Option<String>,
        /// The e-mail address that a user without one has entered
        #[arg(long)]
        email: Option<String>,
    },
}

impl People {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let (person, ended, what) = match self {
            Self::Password { person, password } => {
                let password = input::secret(&password)?;
                let ended = control.change_password(&person, &password).await?;
                (person, ended, "has a new password")
            }
            Self::Delete { person } => {
                let ended = control.delete_person(&person).await?;
                (person, ended, "is deleted")
            }
        };
        Ok(Report::new(
            format!("{person} {what}; {} ended", tokens(ended)),
            &Ended { ended },
        ))
    }
}

impl Subscriber {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let Self::Status {
            id,
            status,
            error_code,
            description,
            email,
        } = self;
        let (_, status) = STATUSES
            .iter()
            .find(|(name, _)| *name == status)
            .expect("the command line has only these");
        let error = error_code.zip(description);
        let change = SubscriberStatusChange {
            status: *status,
            errors: error
                .map(|(error_code, description)| SubscriberFault {
                    error_code,
                    description,
                })
                .into_iter()
                .collect(),
            email,
        };
        let state = control.set_subscriber_status(&id, change).await?;
        let person = or_dash(state.person_id.as_deref());
        let text = format!("{} is {}, person {person}", state.user_id, word(&state.status));
        Ok(Report::new(text, &state))
    }
}
