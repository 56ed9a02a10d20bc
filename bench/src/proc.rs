//! What Linux tells of processes: parsing of files under /proc, and sums over a process and its children.

use std::fs;

use anyhow::Context as _;

/// What a process and its children have used and hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Seconds of CPU, user and system.
    pub(crate) cpu_seconds: f64,
    /// Resident now.
    pub(crate) resident_bytes: u64,
    /// The most that was resident at once.
    pub(crate) peak_bytes: u64,
}

/// The unit of times in `/proc/<pid>/stat` is the same on every architecture that Linux tells programs about.
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds up a process and its children, of which nginx has many.
pub(crate) fn usage(pid: u32) -> anyhow::Result<Usage> {
    let mut sum = one(pid)?;
    for child in children(pid)? {
        // One that has ended meanwhile uses nothing any more.
        let Ok(more) = usage(child) else { continue };
        sum.cpu_seconds += more.cpu_seconds;
        sum.resident_bytes += more.resident_bytes;
        sum.peak_bytes += more.peak_bytes;
    }
    Ok(sum)
}

fn one(pid: u32) -> anyhow::Result<Usage> {
    let (stat, status) = (read(pid, "stat")?, read(pid, "status")?);
    Ok(Usage {
        cpu_seconds: cpu_seconds(&stat).with_context(|| format!("/proc/{pid}/stat has no times"))?,
        resident_bytes: bytes(&status, "VmRSS").unwrap_or_default(),
        peak_bytes: bytes(&status, "VmHWM").unwrap_or_default(),
    })
}

fn children(pid: u32) -> anyhow::Result<Vec<u32>> {
    let listed = read(pid, &format!("task/{pid}/children"))?;
    Ok(listed
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect())
}

fn read(pid: u32, name: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{pid}/{name}");
    fs::read_to_string(&path)
        .with_context(|| format!("reading {path}; the benchmark needs Linux, and a process that lives"))
}

/// Fields 14 and 15. The name before them may hold anything, so they are counted from its end.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some((f64::from(ticks()?) + f64::from(ticks()?)) / TICKS_PER_SECOND)
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_past_any_name() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 7 20 0 1 0 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("42 (x) S 1"), None);
    }

    #[test]
    fn memory_is_told_in_kibibytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(
            (bytes(status, "VmRSS"), bytes(status, "VmHWM")),
            (Some(1 << 20), Some(2 << 20))
        );
        assert_eq!(bytes(status, "VmSwap"), None);
    }

    #[test]
    fn this_process_uses_something() {
        let usage = usage(std::process::id()).unwrap();
        assert!(usage.resident_bytes > 0 && usage.peak_bytes >= usage.resident_bytes);
    }
}
