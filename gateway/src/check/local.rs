//! What can be found out on this machine: the tokens folder, the tokens file, the ports.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::report::Line;
use super::verdict::{self, PortUse};
use super::{Handover, Progress};
use crate::cli::Question;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::health_command;
use crate::token::file::{Loaded, TokenFile};
use crate::tokens_command::{self, Flaw, Held};

/// A gateway answers this question from memory.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the tokens file holds, if there is one.
pub type Read = Result<Option<Held>, Flaw>;

/// Reads the tokens file as root, for a gateway that will have taken folder and file over from root when it reads them. `None`
/// where the file is not root's and stays whose it is.
#[must_use]
pub fn read_for_the_gateway(config: &Config, now: Timestamp) -> Option<Read> {
    let read = read(&TokenFile::new(&config.tokens_file), now);
    let stays = matches!(&read, Ok(Some(held)) if held.access.owner != 0);
    (!stays).then_some(read)
}

/// The tokens, where the file holds some; what was found goes to `lines`.
pub fn tokens(config: &Config, handover: Handover, now: Timestamp, lines: &mut Vec<Line>) -> Option<Held> {
    let file = TokenFile::new(&config.tokens_file);
    let probe = file.probe().map_err(|problem| problem.to_string());
    lines.push(verdict::tokens_folder(file.path(), &probe, handover.folder));
    let read = handover.file.unwrap_or_else(|| read(&file, now));
    lines.extend(verdict::tokens_file(file.path(), &read, config));
    read.ok().flatten()
}

fn read(file: &TokenFile, now: Timestamp) -> Read {
    match file.load() {
        Loaded::Absent => Ok(None),
        _ => tokens_command::read(file.path(), now).map(Some),
    }
}

/// Whether the listeners could be opened, or a gateway has them already.
pub async fn ports(config: &Config, progress: &Progress) -> Vec<Line> {
    progress("the ports");
    let mut lines = vec![verdict::port(
        "-port",
        config.listen,
        &port_use(config, config.listen, false).await,
    )];
    if let Some(callback) = config.callback_listen {
        lines.push(verdict::port(
            "-callbackPort",
            callback,
            &port_use(config, callback, true).await,
        ));
    }
    lines
}

async fn port_use(config: &Config, listen: SocketAddr, callback: bool) -> PortUse {
    match TcpListener::bind(listen).await {
        Ok(_) => PortUse::Free,
        // The callback's own port answers no question; what has the main port is asked there.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && callback => PortUse::Unknown,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let asked = timeout(
                PATIENCE,
                health_command::ask(listen, Question::Ready, config.timeout),
            );
            match asked.await.unwrap_or_else(|_| Err(String::new())) {
                Ok(answer) | Err(answer) => state_of(&answer).map_or(PortUse::Other, PortUse::Gateway),
            }
        }
        Err(error) => PortUse::Refused(error.to_string()),
    }
}

/// The state in a gateway's answer. Other programs may answer anything.
fn state_of(answer: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    let state = answer.get("status").and(answer.get("state"))?.as_str()?;
    let proper = state.bytes().all(|byte| byte.is_ascii_lowercase());
    proper.then(|| state.to_owned())
}
