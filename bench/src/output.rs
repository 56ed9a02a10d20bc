//! Where reports and documents are, and what they are made of.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use tokio::process::Command;

use crate::bar::Bar;
use crate::progress::say;
use crate::report::Report;
use crate::{chart, markdown};

/// The tag that README.md builds.
const IMAGE: &str = "webex-gateway";

/// Tables and verdicts, on standard output.
pub(crate) fn print(text: &str) {
    // Who has closed it does not want it.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A release binary: the given one, or the one in the folder beside that of this program.
pub(crate) fn binary(given: Option<&Path>, name: &str) -> anyhow::Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let current = std::env::current_exe()?;
    let target = current
        .ancestors()
        .nth(2)
        .context("this program is in target/<profile>")?;
    Ok(target.join("release").join(name))
}

/// Keeps the report as JSON.
pub(crate) fn store(report: &Report, path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)? + "\n";
    let folder = path.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .with_context(|| format!("writing {}", path.display()))?;
    say(&format!("wrote {}", path.display()));
    Ok(())
}

/// The report of the last run.
pub(crate) fn stored() -> anyhow::Result<Report> {
    let path = report_path();
    let text = fs::read_to_string(&path)
        .with_context(|| format!("reading {}: run `just bench` first", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is of another version: run `just bench` again", path.display()))
}

/// docs/benchmarks.md, between its markers, and its picture.
pub(crate) fn write_documents(report: &Report) -> anyhow::Result<()> {
    let (document, picture) = (
        root().join("docs/benchmarks.md"),
        root().join("docs/benchmarks.svg"),
    );
    let measured = format!(
        "{}\n![Requests per second](benchmarks.svg)\n\n{}",
        markdown::circumstances(report),
        markdown::tables(report)
    );
    let text = fs::read_to_string(&document).with_context(|| format!("reading {}", document.display()))?;
    let text =
        markdown::replace(&text, &measured).with_context(|| format!("writing {}", document.display()))?;
    fs::write(&document, text)?;
    fs::write(&picture, chart::chart(report)?)?;
    say(&format!("wrote {} and {}", document.display(), picture.display()));
    Ok(())
}

/// `None` without an engine, or where it does not have the image.
pub(crate) async fn image_bytes() -> Option<u64> {
    let output = Command::new("docker")
        .args(["image", "inspect", "--format", "{{.Size}}", IMAGE])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Where a report is kept unless another place is asked for.
pub(crate) fn report_path() -> PathBuf {
    root().join("target/bench/report.json")
}

/// Each bar has its own, so that none overwrites the large one.
pub(crate) fn report_of_bar(bar: Bar) -> PathBuf {
    report_path().with_file_name(format!("bar-{bar:?}.json").to_lowercase())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate is a folder of the workspace")
}
