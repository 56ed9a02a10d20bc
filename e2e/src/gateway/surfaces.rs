//! What the gateway says of itself at one moment, on every surface that people and programs look at. They must agree:
//! an operator who finds two of them at odds believes none.

use std::time::Duration;

use anyhow::Context;
use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use serde_json::Value;

use super::{Gateway, Health};
use crate::eventually::eventually;

/// All surfaces but the log.
#[derive(Debug)]
pub struct Surfaces {
    /// `/health`
    pub health: Health,
    /// `/readyz`
    pub ready: StatusCode,
    /// `/status` for programs.
    pub status: Value,
    /// `/status` for people.
    pub page: String,
    /// `/metrics`
    pub metrics: Metrics,
}

/// A page of `/metrics`.
#[derive(Debug)]
pub struct Metrics(String);

impl Gateway {
    /// Reads all surfaces.
    pub async fn surfaces(&self) -> anyhow::Result<Surfaces> {
        Ok(Surfaces {
            health: self.health().await?,
            ready: self.get("/readyz").await?.status,
            status: self.status().await?,
            page: self.get("/status").await?.body,
            metrics: Metrics(self.get("/metrics").await?.body),
        })
    }

    /// Waits until the gateway is in a state, and reads all surfaces then. For states that stay.
    pub async fn settled(&self, state: &str, within: Duration) -> Surfaces {
        eventually(&format!("the gateway is {state}"), within, async || {
            let status = self.status().await?;
            anyhow::ensure!(status["state"] == state, "{status}");
            Ok(())
        })
        .await;
        self.surfaces().await.expect("every surface answers")
    }

    /// `/status` as programs read it.
    pub async fn status(&self) -> anyhow::Result<Value> {
        let request = self.http.get(format!("{}/status", self.origin));
        let answer = self.send(request.header(ACCEPT, "application/json")).await?;
        answer.json().with_context(|| format!("{answer}"))
    }

    /// The value of a series of `/metrics`, see [`Metrics::value`].
    pub async fn metric(&self, series: &str) -> anyhow::Result<f64> {
        let metrics = Metrics(self.get("/metrics").await?.body);
        metrics
            .value(series)
            .with_context(|| format!("there is no metric {series}"))
    }

    /// The fingerprint of the access token that the gateway sends.
    pub async fn fingerprint(&self) -> anyhow::Result<String> {
        let status = self.status().await?;
        let fingerprint = status["access_token"]["fingerprint"].as_str();
        Ok(fingerprint
            .with_context(|| format!("no token: {status}"))?
            .to_owned())
    }
}

impl Surfaces {
    /// The state and the action that all surfaces tell; the action is empty where there is nothing to do.
    #[must_use]
    #[track_caller]
    pub fn told(&self) -> (&str, &str) {
        let state = self.health.body["state"].as_str().unwrap_or_default();
        let action = self.health.action();
        let status = |field: &str| self.status[field].as_str().unwrap_or_default();
        assert_eq!((status("state"), status("action")), (state, action), "{self:?}");
        assert_eq!(self.metrics.state(), Some(state), "{self:?}");

        let summary = status("summary");
        for shown in [state, action, summary] {
            assert!(self.page.contains(shown), "the page lacks {shown:?}: {self:?}");
        }
        let is_ready = self.ready == StatusCode::OK;
        let metric = self.metrics.value("webex_gw_ready");
        assert_eq!(self.status["ready"].as_bool(), Some(is_ready), "{self:?}");
        assert_eq!(metric, Some(f64::from(u8::from(is_ready))), "{self:?}");
        (state, action)
    }

    /// What `/status` says in one line.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.status["summary"].as_str().unwrap_or_default()
    }
}

impl Metrics {
    /// The value of a series, written as on the page: `webex_gw_ready`, `webex_gw_auth_state{state="ok"}`.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<f64> {
        let values = self.0.lines().filter_map(|line| line.rsplit_once(' '));
        let (_, value) = values.into_iter().find(|(name, _)| *name == series)?;
        value.parse().ok()
    }

    /// How many refreshes have ended so.
    #[must_use]
    pub fn refreshes(&self, result: &str) -> Option<f64> {
        self.value(&format!("webex_gw_token_refreshes_total{{result=\"{result}\"}}"))
    }

    /// The one state whose gauge is 1.
    fn state(&self) -> Option<&str> {
        let gauges = self.0.lines().filter_map(|line| {
            let series = line.strip_prefix("webex_gw_auth_state{state=\"")?;
            series.strip_suffix("\"} 1")
        });
        let states: Vec<&str> = gauges.collect();
        match states[..] {
            [state] => Some(state),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_found_by_its_whole_name() {
        let metrics = Metrics(
            "# TYPE webex_gw_ready gauge\nwebex_gw_ready 1\nwebex_gw_auth_state{state=\"ok\"} 0\n\
             webex_gw_auth_state{state=\"degraded\"} 1\nwebex_gw_token_refreshes_total{result=\"success\"} 12\n"
                .to_owned(),
        );
        assert_eq!(metrics.value("webex_gw_ready"), Some(1.0));
        assert_eq!(metrics.value("webex_gw"), None);
        assert_eq!(metrics.refreshes("success"), Some(12.0));
        assert_eq!(metrics.state(), Some("degraded"));
    }
}
