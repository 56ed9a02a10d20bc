//! A simulator in this process, and the real gateway before it, which has had its tokens for an hour.

use anyhow::Context as _;
use tokio::process::Child;
use webex_sim::{Running, Simulator};

use crate::gateway::{self, REDIRECT_URI, client};

/// Older than the 30 s below which a 401 is not taken for the token's end.
const AGE_S: i64 = 3_600;

/// Both, and the tokens file; they end with it.
pub(crate) struct Site {
    sim: Running,
    gateway: String,
    administrator: String,
    _child: Child,
    _folder: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let sim = Simulator::builder().redirect_uri(REDIRECT_URI).start().await?;
        let (administrator, _) = sim.seed().administrator().context("an administrator")?;
        let administrator = administrator.to_owned();
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(".tokens");
        std::fs::write(&file, tokens(&sim, &administrator).await?.to_string())?;
        let credentials = (sim.client_id(), sim.client_secret());
        let mut child = gateway::command(&sim.url(), credentials, &file).spawn()?;
        let address = gateway::address(&mut child).await?;
        sim.control().clear_journal().await?;
        Ok(Self {
            gateway: format!("http://{address}"),
            administrator,
            sim,
            _child: child,
            _folder: folder,
        })
    }

    /// What a walk has to know.
    pub(crate) fn variables(&self) -> [(&'static str, String); 7] {
        [
            ("WEBEX_SIM_URL", self.sim.url()),
            ("WEBEX_SIM_CONTROL_URL", self.sim.control_url()),
            ("WEBEX_SIM_ADMINISTRATOR", self.administrator.clone()),
            ("WEBEX_GW_URL", self.gateway.clone()),
            ("client_id", self.sim.client_id().to_owned()),
            ("client_secret", self.sim.client_secret().to_owned()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
        ]
    }
}

/// A tokens file as an authorisation leaves it, some time later.
async fn tokens(sim: &Running, administrator: &str) -> anyhow::Result<serde_json::Value> {
    let http = client()?;
    sim.control().accept_as(administrator).await?;
    let page = http.get(sim.authorize_url(REDIRECT_URI)).send().await?;
    let location = url::Url::parse(page.headers()["location"].to_str()?)?;
    let code = location.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.context("a code")?;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", sim.client_id()),
        ("client_secret", sim.client_secret()),
        ("redirect_uri", REDIRECT_URI),
        ("code", &*code),
    ];
    let url = format!("{}/v1/access_token", sim.url());
    let answer = http.post(url).form(&form).send().await?.error_for_status()?;
    let mut tokens: serde_json::Value = answer.json().await?;
    tokens["at"] = (webex_gateway::clock::wall_clock().unix_seconds() - AGE_S).into();
    Ok(tokens)
}
