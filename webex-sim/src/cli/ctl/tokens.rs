//! `ctl tokens`.

use clap::{Args, Subcommand, ValueEnum};

use super::report::{Outcome, Report, counted, or_dash, table_or, word};
use crate::client::ControlClient;
use crate::control::types::{Ended, LostAnswers, TokenKind, TokenList};

/// Without a command they are listed.
#[derive(Debug, Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    command: Option<TokensCommand>,
}

/// What happens to them.
#[derive(Debug, Subcommand)]
enum TokensCommand {
    /// All tokens, by their fingerprints
    List,
    /// Let them expire now
    Expire(Which),
    /// Revoke them; with refresh tokens go their access tokens
    Revoke(Which),
    /// Lose the next N answers that bring tokens; 0 takes it back
    LoseAnswers {
        /// How many
        #[arg(value_name = "N")]
        count: u32,
    },
}

/// Which tokens; all access tokens if nothing is said.
#[derive(Debug, Args)]
struct Which {
    /// Which kind
    #[arg(long, value_enum, default_value = "access")]
    kind: Kind,
    /// Only the one with this fingerprint
    #[arg(long)]
    fingerprint: Option<String>,
}

/// The kinds as words.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Access,
    Refresh,
}

impl Tokens {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self.command.unwrap_or(TokensCommand::List) {
            TokensCommand::List => list(control).await,
            TokensCommand::Expire(which) => {
                let ended = match &which.fingerprint {
                    Some(fingerprint) => control.expire_token(which.kind(), fingerprint).await?,
                    None => control.expire_tokens(which.kind()).await?,
                };
                Ok(Report::new(
                    format!("{} expired", tokens(ended)),
                    &Ended { ended },
                ))
            }
            TokensCommand::Revoke(which) => {
                let ended = match &which.fingerprint {
                    Some(fingerprint) => control.revoke_token(which.kind(), fingerprint).await?,
                    None => control.revoke_tokens(which.kind()).await?,
                };
                Ok(Report::new(
                    format!("{} revoked", tokens(ended)),
                    &Ended { ended },
                ))
            }
            TokensCommand::LoseAnswers { count } => {
                control.lose_token_answers(count).await?;
                let text = format!("token answers that will be lost: {count}");
                Ok(Report::new(text, &LostAnswers { count }))
            }
        }
    }
}

/// A number of tokens in words.
pub(super) fn tokens(number: usize) -> String {
    counted(number, "token", "tokens")
}

async fn list(control: &ControlClient) -> Outcome {
    let tokens = control.tokens().await?;
    let rows: Vec<_> = tokens
        .iter()
        .map(|token| {
            vec![
                token.fingerprint.clone(),
                word(&token.kind),
                word(&token.state),
                or_dash(token.person.as_deref()),
                format!("until {}", token.expires_at),
            ]
        })
        .collect();
    Ok(Report::new(table_or("no tokens", &rows), &TokenList { tokens }))
}

impl Which {
    fn kind(&self) -> TokenKind {
        match self.kind {
            Kind::Access => TokenKind::Access,
            Kind::Refresh => TokenKind::Refresh,
        }
    }
}
