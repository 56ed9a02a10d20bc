//! `ctl login`: the consent queue.

use clap::Subcommand;

use super::report::{Outcome, Report, counted, word};
use crate::client::ControlClient;
use crate::control::types::{Consent, ConsentQueue};

/// What happens to the queue.
#[derive(Debug, Subcommand)]
pub(super) enum Login {
    /// The next authorize request: this person signs in and accepts
    Accept {
        /// E-mail address
        email: String,
    },
    /// The next authorize request: declined
    Decline,
    /// The next authorize request: Webex leads back with this error
    Error {
        #[arg(help = "Such as server_error")]
        code: String,
        /// Text for people
        text: Option<String>,
    },
    /// Show the queue
    List,
    /// Empty the queue: the page is shown again
    Clear,
}

impl Login {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        let consent = match self {
            Self::Accept { email } => Some(Consent::Accept { email }),
            Self::Decline => Some(Consent::Decline),
            Self::Error { code, text } => Some(Consent::Error {
                error: code,
                description: text,
            }),
            Self::List => None,
            Self::Clear => {
                control.clear_consent().await?;
                None
            }
        };
        if let Some(consent) = &consent {
            control.push_consent(consent).await?;
        }
        let queue = control.consent().await?;
        let text = if consent.is_some() {
            let size = counted(queue.len(), "answer", "answers");
            format!("{size} to coming authorize requests")
        } else if queue.is_empty() {
            "nothing is queued: the sign-in page is shown".to_owned()
        } else {
            queue.iter().map(told).collect::<Vec<_>>().join("\n")
        };
        Ok(Report::new(text, &ConsentQueue { queue }))
    }
}

fn told(consent: &Consent) -> String {
    match consent {
        Consent::Accept { email } => format!("accept {email}"),
        Consent::Decline => "decline".to_owned(),
        Consent::Error { error, description } => match description {
            Some(text) => format!("error {error} {}", word(text)),
            None => format!("error {error}"),
        },
    }
}
