//! An application in a container of its own, on a network with the gateway and without any way out.

use std::time::Duration;

use testcontainers::{GenericImage, ImageExt};

use super::containers::{harden, stay_inside};
use super::volume::{Owner, Volume};
use super::{Stack, builder, network};
use crate::eventually::eventually;
use crate::images::{self, Base};
use crate::sdk::Sdk;

/// A walk takes seconds; whatever takes longer has gone wrong.
const WALK: Duration = Duration::from_mins(2);

/// A container that has done its work.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i64,
    /// What it has printed.
    pub log: String,
}

impl Stack {
    /// Runs a walk of an SDK through the gateway, which it knows as `http://webex_gw:9001` and which is all that it can reach.
    pub async fn walk(&mut self, name: &'static str, sdk: &Sdk, arguments: &[&str]) -> Ended {
        self.try_walk(name, sdk, arguments)
            .await
            .expect("a container with Python runs")
    }

    async fn try_walk(&mut self, name: &'static str, sdk: &Sdk, arguments: &[&str]) -> anyhow::Result<Ended> {
        let docker = self.site.docker;
        let python = images::base(docker, Base::Python).await?;
        let (image, tag) = python.rsplit_once(':').unwrap_or((&python, "latest"));

        if self.site.networks.enclosed.is_none() {
            let enclosed = self.site.networks.enclose(docker).await?;
            network::join(docker, &enclosed, self.site.gateway(), "webex_gw").await?;
        }
        let enclosed = self.site.networks.enclose(docker).await?;
        let volume = Volume::create(docker).await?;
        let mounts = vec![volume.mount("/walk", true)];
        self.site.more_volumes.push(volume);
        let volume = &self.site.more_volumes[self.site.more_volumes.len() - 1];
        volume
            .fill(docker, &python, Owner::Root, 0o644, &sdk.files())
            .await?;

        let command = ["python3", "-B", "/walk/alone.py"];
        let request = harden(GenericImage::new(image, tag))
            .with_cmd(command.iter().chain(arguments).copied())
            .with_env_var("PYTHONPATH", "/walk/packages")
            .with_env_var("WEBEX_GW_URL", "http://webex_gw:9001")
            .with_user("65532:65532")
            .with_network(enclosed)
            .with_host_config_modifier(move |host| {
                host.mounts = Some(mounts.clone());
                stay_inside(host);
            });
        let application = builder::start(name, request).await?;
        self.site.services.push(application);
        let application = self.site.service(name).expect("it has just been started");
        let code = eventually("the walk ends", WALK, async || application.exit_code().await).await;
        Ok(Ended {
            code,
            log: application.logs(docker).await?,
        })
    }
}
