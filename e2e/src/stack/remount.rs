//! A disk that turns read-only under those who use it, as a disk does that has failed.
//!
//! The [small](super::Builder::small_tokens_folder) folder of tokens is a file system of its own. A container beside the gateway
//! has it, too, and the one right to mount: what it changes is changed for everybody. It keeps what is in the folder while no
//! gateway runs.

use testcontainers::{GenericImage, ImageExt};

use super::containers::harden;
use super::{START, Stack, builder};
use crate::eventually::eventually;
use crate::images::{self, Base};

/// The container that has the folder beside the gateway.
const KEEPER: &str = "tokens-keeper";
/// Where it has the folder.
const FOLDER: &str = "/opt/tokens";

/// What it does: it waits for its end.
const WAIT: &str = "import signal\nends = {signal.SIGTERM}\nsignal.pthread_sigmask(signal.SIG_BLOCK, ends)\nsignal.sigwait(ends)";
/// `mount -o remount`, which not every image has, with the flags that follow.
const REMOUNT: &str = "import ctypes, os, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n\
    failed = libc.mount(None, sys.argv[1].encode(), None, int(sys.argv[2]), None)\n\
    sys.exit(os.strerror(ctypes.get_errno()) if failed else 0)";
/// `MS_REMOUNT` of mount(2).
const WRITABLE: u32 = 32;
/// The same with `MS_RDONLY`.
const READ_ONLY: u32 = 33;

impl Stack {
    /// Turns a small folder of tokens read-only, and back, from now on. It keeps what is in it when the gateway restarts.
    pub async fn keep_tokens_folder(&mut self) {
        self.try_keep_tokens_folder()
            .await
            .expect("a container that may mount runs");
    }

    /// The folder that is [kept](Self::keep_tokens_folder) cannot be written any more.
    pub async fn tokens_folder_turns_read_only(&self) {
        self.remount(READ_ONLY).await;
    }

    /// Undoes [`tokens_folder_turns_read_only`](Self::tokens_folder_turns_read_only).
    pub async fn tokens_folder_turns_writable(&self) {
        self.remount(WRITABLE).await;
    }

    async fn try_keep_tokens_folder(&mut self) -> anyhow::Result<()> {
        let python = images::base(self.site.docker, Base::Python).await?;
        let (image, tag) = python.rsplit_once(':').unwrap_or((&python, "latest"));
        let mounts = vec![self.site.tokens_folder.mount(FOLDER, false)];
        let request = harden(GenericImage::new(image, tag))
            .with_user("0:0")
            .with_cap_add("SYS_ADMIN")
            // Where there is none it asks for nothing.
            .with_security_opt("apparmor=unconfined")
            .with_cmd(["python3", "-c", WAIT])
            .with_host_config_modifier(move |host| {
                host.mounts = Some(mounts.clone());
                host.network_mode = Some("none".to_owned());
            });
        let keeper = builder::start(KEEPER, request).await?;
        self.site.services.push(keeper);
        Ok(())
    }

    async fn remount(&self, flags: u32) {
        let keeper = self.site.service(KEEPER).expect("somebody keeps the folder");
        // Not while a file is being written there.
        eventually("the folder is mounted anew", START, async || {
            let said = keeper
                .exec(&["python3", "-c", REMOUNT, FOLDER, &flags.to_string()])
                .await?;
            anyhow::ensure!(said.code == 0, "{}", said.text);
            Ok(())
        })
        .await;
    }
}
