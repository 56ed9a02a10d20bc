//! `ctl journal`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::report::{Outcome, Report, counted, or_dash, table_or, word};
use super::time;
use crate::client::{ClientError, ControlClient};
use crate::control::types::{
    Content, Entry, EntryFilter, Exchange, JournalCount, JournalWait, NearMiss, NearMisses,
};

/// Without a command the requests that match are listed.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Journal {
    #[command(flatten)]
    filter: Filter,
    #[command(subcommand)]
    command: Option<JournalCommand>,
}

/// What is done with the requests.
#[derive(Debug, Subcommand)]
enum JournalCommand {
    /// Those that match, the oldest first
    List(Filter),
    /// One with all that was sent and answered
    Show {
        /// Its number
        #[arg(value_name = "N")]
        sequence: u64,
    },
    /// How many match
    Count(Filter),
    /// Wait until enough match: ends with 1 if they do not in time
    Wait {
        #[command(flatten)]
        filter: Filter,
        /// How many
        #[arg(long, default_value_t = 1, value_name = "N")]
        count: usize,
        /// How long, such as 500ms or 10s
        #[arg(long, default_value = "10s", value_name = "TIME", value_parser = time::duration)]
        timeout: Duration,
    },
    /// Those that nearly match, and in what they differ
    NearMisses(Filter),
    /// Those that match as an HTTP Archive (HAR 1.2)
    Har(Filter),
    /// Forget all
    Clear,
}

/// Which requests; all if nothing is said.
#[derive(Debug, Args)]
struct Filter {
    /// Path, exactly
    #[arg(long)]
    path: Option<String>,
    /// Method, exactly
    #[arg(long)]
    method: Option<String>,
    /// Status of the answer
    #[arg(long)]
    status: Option<u16>,
    /// What was asked for, such as listPeople
    #[arg(long)]
    operation: Option<String>,
    /// On whose behalf
    #[arg(long, value_name = "EMAIL")]
    person: Option<String>,
    #[arg(long, help = "Field grant_type of the form")]
    grant_type: Option<String>,
    /// Rule that fired
    #[arg(long, value_name = "ID")]
    fault: Option<String>,
    /// Only what is not simulated
    #[arg(long)]
    not_simulated: bool,
    /// Only later than this number
    #[arg(long, value_name = "N")]
    after: Option<u64>,
}

impl Journal {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self.command.unwrap_or(JournalCommand::List(self.filter)) {
            JournalCommand::List(filter) => {
                let page = control.journal_page(&filter.into()).await?;
                Ok(Report::new(lines(&page.entries), &page))
            }
            JournalCommand::Show { sequence } => {
                let exchange = control.journal_exchange(sequence).await?;
                Ok(Report::new(told(&exchange), &exchange))
            }
            JournalCommand::Count(filter) => {
                let count = control.journal_count(&filter.into()).await?;
                Ok(Report::new(count.to_string(), &JournalCount { count }))
            }
            JournalCommand::Wait {
                filter,
                count,
                timeout,
            } => wait(control, &filter.into(), count, timeout).await,
            JournalCommand::NearMisses(filter) => {
                let near_misses = control.journal_near_misses(&filter.into()).await?;
                Ok(Report::new(nearly(&near_misses), &NearMisses { near_misses }))
            }
            JournalCommand::Har(filter) => Ok(Report::document(&control.journal_har(&filter.into()).await?)),
            JournalCommand::Clear => {
                control.clear_journal().await?;
                Ok(Report::new("the journal is empty", &JournalCount { count: 0 }))
            }
        }
    }
}

async fn wait(control: &ControlClient, filter: &EntryFilter, count: usize, timeout: Duration) -> Outcome {
    match control.journal_wait(filter, count, timeout).await {
        Ok(entries) => {
            let answer = JournalWait {
                reached: true,
                entries,
                near_misses: Vec::new(),
            };
            Ok(Report::new(lines(&answer.entries), &answer))
        }
        Err(error) => {
            let complaint = error.to_string();
            let ClientError::NotReached {
                seen, near_misses, ..
            } = error
            else {
                return Err(error.into());
            };
            let answer = JournalWait {
                reached: false,
                entries: seen,
                near_misses,
            };
            Ok(Report::new("", &answer).complain(complaint))
        }
    }
}

impl From<Filter> for EntryFilter {
    fn from(filter: Filter) -> Self {
        Self {
            method: filter.method,
            path: filter.path,
            status: filter.status,
            grant_type: filter.grant_type,
            after: filter.after,
            not_simulated: filter.not_simulated.then_some(true),
            operation: filter.operation,
            person: filter.person,
            fault: filter.fault,
        }
    }
}

fn lines(entries: &[Entry]) -> String {
    let rows: Vec<_> = entries.iter().map(row).collect();
    table_or("no requests", &rows)
}

/// Each request, and below it what is different.
fn nearly(misses: &[NearMiss]) -> String {
    let rows: Vec<_> = misses.iter().map(|miss| row(&miss.entry)).collect();
    let requests = table_or("no requests", &rows);
    let mut differences = misses.iter().map(|miss| miss.differences.join(", "));
    let told = requests.lines().map(|line| match differences.next() {
        Some(different) => format!("{line}\n   {different}"),
        None => line.to_owned(),
    });
    told.collect::<Vec<_>>().join("\n")
}

fn row(entry: &Entry) -> Vec<String> {
    let fault = entry
        .fault
        .as_ref()
        .map(|id| format!(" (fault {id})"))
        .unwrap_or_default();
    vec![
        entry.sequence.to_string(),
        entry.time.clone(),
        entry.method.clone(),
        or_dash(entry.status),
        format!("{}{fault}", or_dash(entry.operation.as_deref())),
        or_dash(entry.person.as_deref()),
        target(entry),
    ]
}

fn target(entry: &Entry) -> String {
    let separator = if entry.query.is_empty() { "" } else { "?" };
    format!("{}{separator}{}", entry.path, entry.query)
}

/// Both sides, nearly as on the wire.
fn told(exchange: &Exchange) -> String {
    let entry = &exchange.entry;
    let status = entry
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let request = [fields(&entry.headers), body(exchange.request_body.as_ref())].concat();
    let answer = [
        fields(&exchange.response_headers),
        body(exchange.response_body.as_ref()),
    ]
    .concat();
    format!(
        "{} {} {}\n{}\n\n{status} after {:.1} ms\n{}",
        entry.method,
        target(entry),
        word(&entry.http_version),
        request.trim_end(),
        entry.duration_ms,
        answer.trim_end(),
    )
}

fn fields(headers: &[(String, String)]) -> String {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    lines.collect()
}

fn body(content: Option<&Content>) -> String {
    match content {
        None => String::new(),
        Some(content) if content.binary => format!("\n({}, no text)", bytes(content)),
        Some(content) if content.cut => format!("\n{}… ({} in all)", content.text, bytes(content)),
        Some(content) => format!("\n{}", content.text),
    }
}

fn bytes(content: &Content) -> String {
    counted(content.size, "byte", "bytes")
}
