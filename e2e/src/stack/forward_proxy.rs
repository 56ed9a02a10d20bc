//! A forward proxy, squid, between the gateway and Webex. It has a leg on the network towards Webex and one on a network
//! without a way out, on which the gateway is: what the gateway does not reach through the proxy, it does not reach.

use anyhow::Context;
use bollard::Docker;
use testcontainers::core::WaitFor;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::service::Service;
use super::site::Site;
use super::volume::Owner;
use super::{START, builder, containers, network};
use crate::eventually::eventually;
use crate::images::{self, Base};
use crate::leaks::Secret;

/// What the proxy is called where the gateway is.
pub const HOST_AND_PORT: &str = "proxy.example.com:3128";

/// Credentials as they stand in a URL: of a password with characters that mean something there.
pub const CREDENTIALS: &str = "gateway:G%40te%3Away%2F50%2541%23%3F%26%2B%20x";
/// Those that a proxy does not know (any more).
pub const OLD_CREDENTIALS: &str = "gateway:yesterday%27s%2Fp%40ssw0rd%2541";

/// Both passwords in all the ways in which one could be told: as they are, as in the URL, as in the header field.
const GIVEAWAYS: [&str; 6] = [
    "G@te:way/50%41#?&+ x",
    "G%40te%3Away%2F50%2541%23%3F%26%2B%20x",
    "Z2F0ZXdheTpHQHRlOndheS81MCU0MSM/JisgeA==",
    "yesterday's/p@ssw0rd%41",
    "yesterday%27s%2Fp%40ssw0rd%2541",
    "Z2F0ZXdheTp5ZXN0ZXJkYXkncy9wQHNzdzByZCU0MQ==",
];

/// [`CREDENTIALS`] for the proxy, made by `openssl passwd -6`.
const USERS: &str = "gateway:$6$webexproxy$tsh4aUe0eF6oNRP3ugfnLrBFJffyzg2oolbw2PKskG66Hc4m1ju1hyAspRa2WxpwcO7xJ.SOYCIbKl8SkPGPj1\n";

/// squid without memory, disks and children, telling where each request wants to go and what came of it. A tunnel is
/// told of when it ends.
const CONFIGURATION: &str = "
http_port 3128
visible_hostname proxy.example.com
pid_filename none
pinger_enable off
cache deny all
cache_log /dev/stderr
logformat destination destination %rm %ru %>Hs
access_log stdio:/dev/stdout destination
shutdown_lifetime 0 seconds
max_filedescriptors 1024
acl webex dstdomain webexapis.com
acl tls port 443
";

const KNOWN_ONLY: &str = "
auth_param basic program /usr/lib/squid/basic_ncsa_auth /etc/webex-proxy/squid-users
auth_param basic children 1
auth_param basic realm proxy.example.com
acl known proxy_auth REQUIRED
http_access allow CONNECT webex tls known
";

/// Begins the lines of [`CONFIGURATION`]'s log.
const DESTINATION: &str = "destination ";
/// What squid says when it is ready.
const READY: &str = "Accepting HTTP Socket connections";

/// Whom the proxy lets through to Webex; nowhere else lets it anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Whoever asks.
    Anybody,
    /// Who knows the [`CREDENTIALS`].
    Known,
    /// Nobody: Webex is not on its list.
    Nobody,
}

/// How the gateway reaches Webex.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Way {
    /// On a network that they share.
    #[default]
    Straight,
    /// Through the proxy alone.
    Behind(Policy),
    /// Either way.
    Beside(Policy),
}

/// The proxy of a stack.
pub struct ForwardProxy<'a> {
    docker: &'a Docker,
    site: &'a Site,
}

/// The value of `HTTPS_PROXY`, with credentials where there are some.
#[must_use]
pub fn url(credentials: Option<&str>) -> String {
    let credentials = credentials.map(|credentials| format!("{credentials}@"));
    format!("http://{}{HOST_AND_PORT}", credentials.unwrap_or_default())
}

/// Whether a text has a password of the proxy in it, however it is written.
#[must_use]
pub fn gives_away(text: &str) -> bool {
    GIVEAWAYS.iter().any(|giveaway| text.contains(giveaway))
}

/// For the search of the logs.
pub(super) fn secrets() -> impl Iterator<Item = Secret> {
    GIVEAWAYS.iter().map(|giveaway| Secret {
        name: "a password of the forward proxy",
        value: (*giveaway).to_owned(),
    })
}

/// Starts the proxy, before those who ask for it.
pub(super) async fn raise(site: &mut Site, policy: Policy) -> anyhow::Result<()> {
    let image = images::base(site.docker, Base::Squid).await?;
    configure(site, policy).await?;
    let proxy = builder::start("proxy", container(&image, site)?).await?;
    let enclosed = site.networks.enclose(site.docker).await?;
    network::join(site.docker, &enclosed, &proxy, "proxy.example.com").await?;
    site.services.push(proxy);
    Ok(())
}

async fn configure(site: &Site, policy: Policy) -> anyhow::Result<()> {
    let rules = match policy {
        Policy::Anybody => "http_access allow CONNECT webex tls\n",
        Policy::Known => KNOWN_ONLY,
        Policy::Nobody => "",
    };
    let configuration = format!("{CONFIGURATION}{rules}http_access deny all\n");
    let files = [
        ("squid.conf", configuration.as_bytes()),
        ("squid-users", USERS.as_bytes()),
    ];
    let images = images::images(site.docker).await.map_err(anyhow::Error::msg)?;
    site.configuration
        .fill(site.docker, &images.gateway, Owner::Root, 0o644, &files)
        .await
}

fn container(image: &str, site: &Site) -> anyhow::Result<ContainerRequest<GenericImage>> {
    let (name, tag) = image
        .rsplit_once(':')
        .with_context(|| format!("the image {image} has no tag"))?;
    let mounts = vec![site.configuration.mount("/etc/webex-proxy", true)];
    let squid = GenericImage::new(name, tag)
        .with_entrypoint("/usr/sbin/squid")
        .with_wait_for(WaitFor::message_on_stderr(READY));
    Ok(containers::harden(squid)
        .with_cmd(["-N", "-f", "/etc/webex-proxy/squid.conf"])
        // Debian's number for `proxy`, as whom squid runs.
        .with_user("13:13")
        .with_network(&site.networks.webex)
        .with_host_config_modifier(move |host| {
            host.mounts = Some(mounts.clone());
            containers::stay_inside(host);
        }))
}

// === impl ForwardProxy ===

impl<'a> ForwardProxy<'a> {
    pub(super) fn of(site: &'a Site) -> Self {
        Self {
            docker: site.docker,
            site,
        }
    }

    /// Freezes the proxy: it takes connections and says nothing.
    pub async fn pause(&self) {
        self.container().pause().await.expect("the proxy can be paused");
    }

    /// Undoes [`pause`](Self::pause).
    pub async fn unpause(&self) {
        self.container().unpause().await.expect("the proxy is paused");
    }

    /// Stops the proxy: nobody has its name any more, and all tunnels end.
    pub async fn stop(&self) {
        self.container().stop().await.expect("the proxy stops");
    }

    /// Undoes [`stop`](Self::stop), and waits until the proxy is ready.
    pub async fn start(&self) {
        let before = self.starts().await.expect("the proxy has a log");
        self.container().start().await.expect("the proxy starts");
        eventually("the proxy is ready", START, async || {
            anyhow::ensure!(self.starts().await? > before, "not yet");
            Ok(())
        })
        .await;
    }

    /// Starts the proxy anew with another policy.
    pub async fn adopt(&self, policy: Policy) {
        self.stop().await;
        configure(self.site, policy).await.expect("the volume is there");
        self.start().await;
    }

    /// Stops the proxy, which ends all tunnels, and returns what it was asked for since it was first started, with the status
    /// of each answer: `CONNECT webexapis.com:443 200`.
    pub async fn end(&self) -> Vec<String> {
        self.stop().await;
        let log = self.container().logs(self.docker).await.expect("a log");
        let asked = log.lines().filter_map(|line| line.split_once(DESTINATION));
        asked.map(|(_, asked)| asked.trim().to_owned()).collect()
    }

    async fn starts(&self) -> anyhow::Result<usize> {
        Ok(self.container().logs(self.docker).await?.matches(READY).count())
    }

    fn container(&self) -> &'a Service {
        self.site.service("proxy").expect("this stack has a proxy")
    }
}
