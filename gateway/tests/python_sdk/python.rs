//! Python in a virtual environment of its own, with the SDKs from PyPI.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::timeout;

/// The walks, and what they need.
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/python");
/// The SDKs and their versions.
const REQUIREMENTS: &str = include_str!("../../../e2e/python/requirements.txt");
/// A walk takes a few seconds, of which it waits one for a `Retry-After`; whatever takes longer has gone wrong.
const PATIENCE: Duration = Duration::from_secs(120);

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

impl Python {
    /// The environment in the target directory. It is made unless it is there with these very requirements; or the
    /// reason why it cannot be.
    pub(crate) fn with_sdks() -> Result<Self, String> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (folder, installed) = (target.join("python"), target.join("python-installed.txt"));
        let python = Self {
            interpreter: folder.join("bin/python"),
        };
        // Other tests want it, too, in this process and in others.
        let lock = File::create(target.join("python.lock")).unwrap();
        lock.lock().unwrap();
        let is_there = fs::read_to_string(&installed).is_ok_and(|those| those == REQUIREMENTS);
        if !is_there || !python.interpreter.exists() {
            let _ = fs::remove_file(&installed);
            call(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(&folder),
            )?;
            let options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries=1"];
            let mut pip = Command::new(&python.interpreter);
            pip.args(["-m", "pip", "install"]).args(options);
            call(pip.arg("--requirement").arg(Path::new(SCRIPTS).join("requirements.txt")))?;
            fs::write(&installed, REQUIREMENTS).unwrap();
        }
        Ok(python)
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
        let output = timeout(PATIENCE, command.output()).await.expect("the walk ends").unwrap();
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

/// Runs a command to its end; what it complained of if that was not a good one.
fn call(command: &mut Command) -> Result<(), String> {
    let name = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|problem| format!("{name}: {problem}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaints = [output.stdout, output.stderr].concat();
    Err(format!("{name}: {}", String::from_utf8_lossy(&complaints).trim()))
}
