//! webexpythonsdk as it is on `PyPI`, and the walk that is taken with it. Fetched by this machine, once for each content of
//! the requirements, so that the container that runs it needs no network.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::missing::Need;
use crate::workspace;

/// The package, in the version that the requirements name.
const PACKAGE: &str = "webexpythonsdk";

/// What walks, beside the requirements.
const SCRIPTS: [&str; 3] = ["alone.py", "walk.py", "steps.py"];

/// The oldest Python that runs it, that of the stand-in; nothing is fetched that is made for one version alone.
const PYTHON: [&str; 5] = [
    "--only-binary=:all:",
    "--python-version=3.11",
    "--platform=any",
    "--implementation=py",
    "--abi=none",
];

/// The files that a container needs.
pub struct Sdk {
    /// Path and content.
    files: Vec<(String, Vec<u8>)>,
}

impl Sdk {
    /// The SDK, or `None` and a line that says why, where there is no Python or no `PyPI`.
    #[must_use]
    pub fn get() -> Option<Self> {
        match Self::fetch() {
            Ok(sdk) => Some(sdk),
            Err(problem) => {
                Need::Python.is_missing(&format!("{PACKAGE} cannot be fetched: {problem}"));
                None
            }
        }
    }

    /// The version that the requirements name.
    #[must_use]
    pub fn version() -> String {
        let requirements = fs::read_to_string(scripts().join("requirements.txt")).unwrap_or_default();
        let mut pins = requirements.lines().filter_map(|line| line.split_once("=="));
        let pin = pins.find(|(name, _)| *name == PACKAGE);
        pin.expect("the requirements name a version").1.to_owned()
    }

    /// For a volume.
    pub(crate) fn files(&self) -> Vec<(&str, &[u8])> {
        let files = self.files.iter();
        files.map(|(path, content)| (&**path, &**content)).collect()
    }

    fn fetch() -> Result<Self, String> {
        let mut files = Vec::new();
        read(&packages()?, "packages", &mut files).map_err(|problem| problem.to_string())?;
        for script in SCRIPTS {
            let content = fs::read(scripts().join(script)).map_err(|problem| problem.to_string())?;
            files.push((script.to_owned(), content));
        }
        Ok(Self { files })
    }
}

fn scripts() -> PathBuf {
    workspace::root().join("e2e/python")
}

/// The folder with the packages, filled unless it is there for these very requirements.
fn packages() -> Result<PathBuf, String> {
    let requirements = scripts().join("requirements.txt");
    let wanted =
        fs::read_to_string(&requirements).map_err(|problem| format!("the requirements: {problem}"))?;
    let folder = workspace::output().join("python");
    let (venv, packages, fetched) = (
        folder.join("venv"),
        folder.join("packages"),
        folder.join("fetched"),
    );
    let wrong = |problem: std::io::Error| format!("{}: {problem}", folder.display());

    fs::create_dir_all(&folder).map_err(wrong)?;
    // Other processes want it, too.
    let lock = File::create(folder.join("lock")).map_err(wrong)?;
    lock.lock().map_err(wrong)?;
    if fs::read_to_string(&fetched).is_ok_and(|those| those == wanted) && packages.is_dir() {
        return Ok(packages);
    }
    let _ = fs::remove_file(&fetched);
    let _ = fs::remove_dir_all(&packages);
    call(
        "python3 -m venv",
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv),
    )?;
    call(
        "pip install",
        Command::new(venv.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--no-input", "--no-compile", "--retries=1"])
            .args(PYTHON)
            .arg("--target")
            .arg(&packages)
            .arg("--constraint")
            .arg(&requirements)
            .arg(PACKAGE),
    )?;
    fs::write(&fetched, wanted).map_err(wrong)?;
    Ok(packages)
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

/// All files of a folder, as they are called below `inside`.
fn read(folder: &Path, inside: &str, files: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{inside}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read(&entry.path(), &path, files)?;
        } else {
            files.push((path, fs::read(entry.path())?));
        }
    }
    Ok(())
}
