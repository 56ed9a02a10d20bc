//! Stand-ins for official images, from Debian packages: for machines that reach a Debian mirror and no registry of
//! images. They carry names of their own, so that nobody takes one for the real thing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStdout, Command};

use super::Base;
use crate::progress::say;

/// The release that the official images stand on.
const SUITE: &str = "bookworm";

/// What nobody reads in a container, a third of a small system.
const LEFT_OUT: [&str; 4] = [
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
];

/// What packages want while they are unpacked, and nobody after that: a third of what is left.
const WITHOUT_PERL: &str =
    r#"--customize-hook=rm -r "$1"/usr/share/perl "$1"/usr/lib/*/perl "$1"/usr/lib/*/libperl.so*"#;

/// The authorities of this machine, which may have one that a mirror between it and the crates needs.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How much of the file system goes to the engine at a time.
const CHUNK: usize = 1 << 20;

/// The client's own limit of two minutes, in which the engine has to begin its answer, is too short for packages that come
/// from afar to a busy machine.
const PATIENCE: Duration = Duration::from_mins(30);

/// The name of a stand-in. The compiler's has its version, because another toolchain makes another image.
pub(super) fn tag(base: Base) -> anyhow::Result<String> {
    match base {
        Base::Nginx => Ok(format!("webex-e2e/nginx:{SUITE}")),
        Base::Squid => Ok(format!("webex-e2e/squid:{SUITE}")),
        Base::Python => Ok(format!("webex-e2e/python:{SUITE}")),
        Base::Rust => {
            let version = rustc(&["--version"])?;
            let version = version.split(' ').nth(1).context("rustc says its version")?;
            Ok(format!("webex-e2e/rust:{version}-{SUITE}"))
        }
    }
}

/// Makes a stand-in under `tag`.
pub(super) async fn make(docker: &Docker, base: Base, tag: &str) -> anyhow::Result<()> {
    say(&format!("making {tag}, which takes about a minute"));
    let mut builder = file_system(base)?.spawn().context(
        "starting mmdebstrap, which makes a Debian file system; on Debian and Ubuntu: apt-get install mmdebstrap",
    )?;
    let output = builder.stdout.take().expect("the output is a pipe");
    let mut complaints = builder.stderr.take().expect("the complaints are a pipe");
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        complaints.read_to_string(&mut text).await.map(|_| text)
    });

    let (name, version) = tag.rsplit_once(':').expect("a stand-in has a version");
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(name)
        .tag(version)
        .changes(changes(base));
    let body = bollard::body_try_stream(chunks(output));
    let imported = docker
        .clone()
        .with_timeout(PATIENCE)
        .create_image(Some(options.build()), Some(body), None)
        .try_for_each(async |_| Ok(()))
        .await;

    let complaints = complaints.await.context("the complaints are read")??;
    let has_made = builder.wait().await?.success();
    // Either failure makes the other side fail too, so both are told.
    imported.with_context(|| format!("importing the file system (mmdebstrap: {complaints})"))?;
    anyhow::ensure!(has_made, "mmdebstrap failed: {complaints}");
    Ok(())
}

/// The command that writes the image's file system to its output.
fn file_system(base: Base) -> anyhow::Result<Command> {
    let mut command = Command::new("mmdebstrap");
    command.args(["--quiet", "--variant=essential"]);
    command.args(LEFT_OUT.map(|left_out| format!("--dpkgopt=path-exclude={left_out}")));
    match base {
        // Compose asks nginx's health with wget, which the official image has from BusyBox.
        Base::Nginx => command.arg("--include=nginx-light,wget"),
        Base::Squid => command.arg("--include=squid").arg(WITHOUT_PERL),
        Base::Python => command.arg("--include=python3").arg(WITHOUT_PERL),
        Base::Rust => {
            let sysroot = rustc(&["--print", "sysroot"])?;
            let sysroot = sysroot.trim();
            command
                .arg("--include=ca-certificates,gcc,libc6-dev")
                .arg(format!(
                    "--customize-hook=copy-in {sysroot}/bin {sysroot}/lib /usr/local"
                ))
        }
    };
    if Path::new(AUTHORITIES).exists() && base == Base::Rust {
        command.arg(format!("--customize-hook=upload {AUTHORITIES} {AUTHORITIES}"));
    }
    command
        .args([SUITE, "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // When it fails it sends SIGHUP to its whole process group, which must not be ours.
    command.process_group(0);
    Ok(command)
}

/// What the official images declare and a file system cannot.
fn changes(base: Base) -> Vec<String> {
    let changes: &[&str] = match base {
        Base::Rust => &["ENV CARGO_HOME=/usr/local/cargo"],
        Base::Nginx => &["EXPOSE 80", r#"CMD ["nginx", "-g", "daemon off;"]"#],
        Base::Squid => &[r#"CMD ["squid", "-N"]"#],
        Base::Python => &[r#"CMD ["python3"]"#],
    };
    changes.iter().map(ToString::to_string).collect()
}

fn chunks(output: ChildStdout) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(output, async |mut output| {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut output).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok((read > 0).then(|| (Bytes::from(chunk), output)))
    })
}

fn rustc(arguments: &[&str]) -> anyhow::Result<String> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = std::process::Command::new(rustc)
        .args(arguments)
        .output()
        .context("asking rustc")?;
    anyhow::ensure!(output.status.success(), "rustc {arguments:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}
