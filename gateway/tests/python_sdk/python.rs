//! Python in a virtual environment of its own, with the SDKs from `PyPI`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::timeout;

/// The walks, and what they need.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/python");
/// The SDKs and their versions.
const REQUIREMENTS: &str = include_str!("../../../e2e/python/requirements.txt");
/// A walk takes a few seconds, of which it waits one for a `Retry-After`; whatever takes longer has gone wrong.
const PATIENCE: Duration = Duration::from_mins(2);

/// An interpreter that knows the SDKs.
pub(crate) struct Python {
    interpreter: PathBuf,
}

/// What a script did.
pub(crate) struct Walked {
    pub(crate) success: bool,
    pub(crate) said: String,
    pub(crate) complaints: String,
}

/// Where the environment is, or why there is none; once for all tests of this process.
static INTERPRETER: OnceLock<Result<PathBuf, String>> = OnceLock::new();

impl Python {
    /// With the SDKs; or the reason why they cannot be had.
    pub(crate) fn with_sdks() -> Result<Self, String> {
        let interpreter = INTERPRETER.get_or_init(install).clone()?;
        Ok(Self { interpreter })
    }

    /// Runs a walk with these variables and no others.
    pub(crate) async fn run(&self, script: &str, variables: &[(&str, String)]) -> Walked {
        let mut command = tokio::process::Command::new(&self.interpreter);
        command
            .arg("-B") // leaves no compiled files beside the scripts
            .arg(Path::new(SCRIPTS).join(script))
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = timeout(PATIENCE, command.output())
            .await
            .expect("the walk ends")
            .unwrap();
        Walked {
            success: output.status.success(),
            said: String::from_utf8_lossy(&output.stdout).into_owned(),
            complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The version of a package that is asked for.
pub(crate) fn pinned(package: &str) -> Option<&'static str> {
    let mut pins = REQUIREMENTS.lines().filter_map(|line| line.split_once("=="));
    pins.find_map(|(name, version)| (name == package).then_some(version))
}

/// Makes the environment in the target directory, unless it is there with these very requirements.
fn install() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (folder, installed) = (target.join("python"), target.join("python-installed.txt"));
    let interpreter = folder.join("bin/python");
    // Other processes want it, too.
    let lock = File::create(target.join("python.lock")).unwrap();
    lock.lock().unwrap();
    let is_there = fs::read_to_string(&installed).is_ok_and(|those| those == REQUIREMENTS);
    if is_there && interpreter.exists() {
        return Ok(interpreter);
    }
    let _ = fs::remove_file(&installed);
    let mut venv = Command::new("python3");
    call(
        "python3 -m venv",
        venv.args(["-m", "venv", "--clear"]).arg(&folder),
    )?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-input", "--retries=1", "--requirement"])
        .arg(Path::new(SCRIPTS).join("requirements.txt"));
    call("pip install", &mut pip)?;
    fs::write(&installed, REQUIREMENTS).unwrap();
    Ok(interpreter)
}

/// Runs a command to its end; what it complained of if that was not a good one.
fn call(name: &str, command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|problem| format!("{name}: {problem}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaints = [output.stdout, output.stderr].concat();
    Err(format!("{name}: {}", String::from_utf8_lossy(&complaints).trim()))
}
