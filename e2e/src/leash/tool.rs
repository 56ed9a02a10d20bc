//! The other end of the leash, in a process of its own: starts the program, passes on what it says, sends it what signals
//! it is told to, and ends it when the pipe breaks.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use anyhow::Context;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use super::Ended;
use crate::chromium::hear_of_no_network_changes;

/// The word by which a program is not to hear of network changes.
pub(super) const DEAF: &str = "--deaf";
/// The word before a folder that is to be removed.
pub(super) const REMOVE: &str = "--remove";

/// The last line: how the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    /// As the system tells it.
    status: i32,
    has_left_some: bool,
}

/// What the tool is told to do.
#[derive(Debug, PartialEq, Eq)]
struct Order<'a> {
    mark: &'a str,
    is_deaf: bool,
    folders: Vec<PathBuf>,
    program: &'a [&'a str],
}

enum Event {
    /// The program has ended, and so.
    Ended(io::Result<ExitStatus>),
    /// It is to get a signal.
    Signal(Signal),
    /// The test is over.
    Broken,
}

/// Holds a program on the leash: `MARK [--deaf] [--remove FOLDER]... -- PROGRAM...`. Returns after the end of the program,
/// and of all in its group that speak on its output.
pub fn hold(order: &[&str]) -> anyhow::Result<()> {
    let order = Order::read(order)?;
    let held = order.hold();
    let removed = order.folders.iter().map(|folder| remove(folder));
    let removed: Vec<_> = removed.filter_map(Result::err).collect();
    // The second output is of no use to the test.
    if let Err(error) = &held {
        tell(&format!("{error:#}"));
    }
    for error in removed {
        tell(&format!("{error:#}"));
    }
    if let Ok(ending) = held {
        tell(&ending.line(order.mark));
    }
    Ok(())
}

// === impl Order ===

impl<'a> Order<'a> {
    fn read(words: &'a [&'a str]) -> anyhow::Result<Self> {
        let (mark, mut rest) = words.split_first().context("no mark")?;
        let (mut is_deaf, mut folders) = (false, Vec::new());
        loop {
            rest = match rest {
                ["--", program @ ..] if !program.is_empty() => {
                    return Ok(Self {
                        mark,
                        is_deaf,
                        folders,
                        program,
                    });
                }
                [DEAF, rest @ ..] => {
                    is_deaf = true;
                    rest
                }
                [REMOVE, folder, rest @ ..] => {
                    folders.push(PathBuf::from(folder));
                    rest
                }
                _ => anyhow::bail!("no program: {words:?}"),
            };
        }
    }

    fn hold(&self) -> anyhow::Result<Ending> {
        if self.is_deaf {
            hear_of_no_network_changes()?;
        }
        let mut program = Command::new(self.program[0])
            .args(&self.program[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {}", self.program[0]))?;
        let id = Pid::from_raw(program.id().cast_signed());
        let output = program.stdout.take().expect("it was asked for");
        let speaker = thread::spawn(|| pass_on(output));
        let (events, coming) = mpsc::channel();
        let told = events.clone();
        thread::spawn(move || obey(&told));
        thread::spawn(move || watch(program, &events));
        let mut ending = None;
        for event in coming {
            match event {
                // It may have ended a moment ago.
                Event::Signal(signal) => drop(kill(id, signal)),
                Event::Broken => drop(killpg(id, Signal::SIGKILL)),
                Event::Ended(status) => {
                    let has_left_some = killpg(id, Signal::SIGKILL).is_ok();
                    let status = status?.into_raw();
                    ending = Some(Ending {
                        status,
                        has_left_some,
                    });
                    break;
                }
            }
        }
        // All of them write there, so that its end is the end of the last.
        speaker.join().expect("passing on does not panic");
        ending.context("the program has no end")
    }
}

/// Reads signals by name until the pipe breaks.
fn obey(events: &Sender<Event>) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if let Ok(signal) = line.parse() {
            let _ = events.send(Event::Signal(signal));
        }
    }
    let _ = events.send(Event::Broken);
}

fn watch(mut program: Child, events: &Sender<Event>) {
    let _ = events.send(Event::Ended(program.wait()));
}

/// To the end, also where nobody listens any more.
fn pass_on(output: impl Read) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let _ = io::stdout().write_all(&line);
        line.clear();
    }
}

/// On a line of its own.
fn tell(line: &str) {
    let _ = writeln!(io::stdout(), "\n{line}");
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

// === impl Ending ===

impl Ending {
    fn line(self, mark: &str) -> String {
        format!("{mark} {} {}", self.status, self.has_left_some)
    }

    pub(super) fn in_line(line: &str, mark: &str) -> Option<Self> {
        let (status, has_left_some) = line.strip_prefix(mark)?.trim_start().split_once(' ')?;
        Some(Self {
            status: status.parse().ok()?,
            has_left_some: has_left_some.parse().ok()?,
        })
    }

    pub(super) fn ended(self) -> Ended {
        Ended {
            status: ExitStatus::from_raw(self.status),
            has_left_some: self.has_left_some,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_names_what_is_to_be_done_and_a_program() {
        let words = ["m", REMOVE, "/a", DEAF, REMOVE, "/b", "--", "sh", "--remove", "x"];
        let order = Order::read(&words).unwrap();
        assert_eq!(
            order,
            Order {
                mark: "m",
                is_deaf: true,
                folders: vec!["/a".into(), "/b".into()],
                program: &["sh", "--remove", "x"],
            }
        );
        for wrong in [&["m"][..], &["m", "--"], &["m", "sh"], &["m", REMOVE]] {
            assert!(Order::read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_last_line_tells_how_it_ended() {
        let ending = Ending {
            status: 15,
            has_left_some: true,
        };
        assert_eq!(Ending::in_line(&ending.line("mark"), "mark"), Some(ending));
        assert_eq!(Ending::in_line("mark and more", "mark"), None);
        assert_eq!(Ending::in_line(&ending.line("mark"), "other"), None);
    }
}
