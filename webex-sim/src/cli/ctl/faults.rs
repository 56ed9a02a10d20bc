//! `ctl faults`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::input;
use super::report::{Failure, Outcome, Report, counted, table_or};
use crate::client::ControlClient;
use crate::control::types::{Fault, FaultList};

/// Without a command they are listed.
#[derive(Debug, Args)]
pub(super) struct Faults {
    #[command(subcommand)]
    command: Option<FaultsCommand>,
}

/// What happens to the rules.
#[derive(Debug, Subcommand)]
enum FaultsCommand {
    /// All rules, and how often they fired
    List,
    /// One rule
    Show {
        /// Its id
        id: String,
    },
    /// Add a rule: as JSON, or by the options
    #[command(override_usage = ADD_USAGE)]
    Add(Box<Add>),
    /// Remove a rule
    Delete {
        /// Its id
        id: String,
    },
    /// Remove all rules
    Clear,
    /// Those that never fired
    Unused {
        /// End with 1 if there are any
        #[arg(long)]
        fail: bool,
    },
}

/// The generated one lists all options as one long choice.
const ADD_USAGE: &str = "webex-sim ctl faults add <JSON|@FILE|->\n       webex-sim ctl faults add <OPTIONS>";

/// Not a doc comment, because words of the API would need backticks there.
const WIRE_HELP: &str =
    "Break the answer: reset, empty, hang, malformed, wrong_content_type, goaway, or JSON";

/// A rule.
#[derive(Debug, Args)]
#[group(id = "rule", required = true, multiple = true)]
struct Add {
    /// The rule as JSON, @FILE, or - for standard input
    #[arg(value_name = "JSON|@FILE|-", conflicts_with_all = ["id", "operation", "method", "path", "person", "status", "retry_after", "delay_ms", "wire", "times"])]
    written: Option<String>,
    /// Its name
    #[arg(long)]
    id: Option<String>,
    /// Requests for this operation, such as listPeople
    #[arg(long)]
    operation: Option<String>,
    /// Requests with this method
    #[arg(long)]
    method: Option<String>,
    /// Requests for this path; * is a segment, ** at the end any rest
    #[arg(long)]
    path: Option<String>,
    /// Requests of this person
    #[arg(long, value_name = "EMAIL")]
    person: Option<String>,
    /// Answer with this status
    #[arg(long)]
    status: Option<u16>,
    /// Retry-After of that answer: seconds, or any text
    #[arg(long, value_name = "VALUE")]
    retry_after: Option<String>,
    /// Hold the answer back
    #[arg(long, value_name = "MS")]
    delay_ms: Option<u32>,
    #[arg(long, help = WIRE_HELP)]
    wire: Option<String>,
    /// Fire so often
    #[arg(long, value_name = "N")]
    times: Option<u64>,
}

impl Faults {
    pub(super) async fn run(self, control: &ControlClient) -> Outcome {
        match self.command.unwrap_or(FaultsCommand::List) {
            FaultsCommand::List => Ok(listed(control.faults().await?, "no rules")),
            FaultsCommand::Show { id } => {
                let fault = control.fault(&id).await?;
                Ok(Report::new(table_or("", &[row(&fault)]), &fault))
            }
            FaultsCommand::Add(add) => {
                let fault = control.add_fault_json(&add.rule()?).await?;
                Ok(Report::new(
                    format!("added: {}", table_or("", &[row(&fault)])),
                    &fault,
                ))
            }
            FaultsCommand::Delete { id } => {
                let fault = control.remove_fault(&id).await?;
                Ok(Report::new(
                    format!("removed: {}", table_or("", &[row(&fault)])),
                    &fault,
                ))
            }
            FaultsCommand::Clear => {
                control.clear_faults().await?;
                Ok(listed(Vec::new(), "all rules are removed"))
            }
            FaultsCommand::Unused { fail } => {
                let unused = control.unused_faults().await?;
                let count = unused.len();
                let report = listed(unused, "every rule has fired");
                Ok(if fail && count > 0 {
                    report.complain(format!("{} never fired", counted(count, "rule", "rules")))
                } else {
                    report
                })
            }
        }
    }
}

impl Add {
    /// The rule as the control API takes it.
    fn rule(&self) -> Result<Value, Failure> {
        if let Some(argument) = &self.written {
            return input::json(argument);
        }
        let matching = [
            ("operation", self.operation.clone()),
            ("method", self.method.clone()),
            ("path", self.path.clone()),
            ("person", self.person.clone()),
        ];
        let action = [
            ("status", self.status.map(Value::from)),
            ("retry_after", self.retry_after.as_deref().map(seconds_or_text)),
            ("delay", self.delay_ms.map(|ms| json!({"fixed": {"ms": ms}}))),
            ("wire", self.wire.as_deref().map(input::json_or_text)),
        ];
        Ok(Value::Object(present([
            ("id", self.id.clone().map(Value::from)),
            (
                "match",
                Some(present(matching.map(|(name, value)| (name, value.map(Value::from)))).into()),
            ),
            ("action", Some(present(action).into())),
            ("times", self.times.map(Value::from)),
        ])))
    }
}

fn seconds_or_text(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| text.into(), Value::from)
}

/// The fields that are there.
fn present<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

fn listed(faults: Vec<Fault>, nothing: &str) -> Report {
    let rows: Vec<_> = faults.iter().map(row).collect();
    Report::new(table_or(nothing, &rows), &FaultList { faults })
}

fn row(fault: &Fault) -> Vec<String> {
    let shown = serde_json::to_value(fault).unwrap_or_default();
    vec![
        fault.rule.id.clone().unwrap_or_default(),
        format!("fired {} of {}", fault.hits, fault.matches),
        shown["match"].to_string(),
        shown["action"].to_string(),
    ]
}
