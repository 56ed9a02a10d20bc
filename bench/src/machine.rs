//! On what was measured: figures of other machines are no comparison.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::load::cores;

/// The machine, and the programs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// Of the minute before: what else ran there.
    pub(crate) load_average: f64,
    pub(crate) programs: Vec<Program>,
}

/// A program, and how it calls its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Machine {
    /// Looks around.
    pub(crate) async fn here(gateway: &Path) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let mut programs = Vec::new();
        let gateway = gateway.display().to_string();
        let asked = [
            ("gateway", gateway.as_str(), "--version"),
            ("nginx", "nginx", "-v"),
            ("HAProxy", "haproxy", "-v"),
            ("Go", "go", "version"),
            ("wrk", "wrk", "-v"),
        ];
        for (name, program, argument) in asked {
            if let Some(version) = version(program, argument).await {
                programs.push(Program {
                    name: name.to_owned(),
                    version,
                });
            }
        }
        Self {
            processor: processor(&read("/proc/cpuinfo")).unwrap_or("unknown").to_owned(),
            cores: cores(),
            memory_gib: memory_gib(&read("/proc/meminfo")).unwrap_or_default(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load_average: load_average(&read("/proc/loadavg")).unwrap_or_default(),
            programs,
        }
    }
}

/// Whether a program is found.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What it prints, on whichever stream, and however it ends: wrk calls `-v` a mistake.
async fn version(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .output()
        .await
        .ok()?;
    let said = [output.stdout, output.stderr].concat();
    number(&String::from_utf8_lossy(&said)).map(str::to_owned)
}

/// The first word with a number and a dot in it: `nginx/1.22.1`, `go1.19.8`, `debian/4.1.0-3`.
fn number(said: &str) -> Option<&str> {
    let word = said
        .split_whitespace()
        .find(|word| word.contains('.') && word.contains(|c: char| c.is_ascii_digit()))?;
    let begins = word.find(|c: char| c.is_ascii_digit())?;
    Some(word[begins..].trim_end_matches(','))
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

fn memory_gib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes.div_ceil(1024 * 1024))
}

fn load_average(loadavg: &str) -> Option<f64> {
    loadavg.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        let said = [
            "nginx version: nginx/1.22.1\n",
            "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\n",
            "go version go1.19.8 linux/amd64\n",
            "wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer\n",
        ];
        assert_eq!(
            said.map(|said| number(said).unwrap()),
            ["1.22.1", "2.6.12-1+deb12u4", "1.19.8", "4.1.0-3+b2"]
        );
    }

    #[test]
    fn linux_tells_of_the_machine() {
        assert_eq!(
            processor("processor\t: 0\nmodel name\t: Some CPU\n"),
            Some("Some CPU")
        );
        assert_eq!(memory_gib("MemTotal:       24683000 kB\n"), Some(24));
        assert_eq!(load_average("1.50 1.00 0.80 2/300 4711\n"), Some(1.5));
    }
}
