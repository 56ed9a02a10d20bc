//! Requests and answers as JSON. A body that somebody has written by hand goes out as it is, so that the simulator says
//! what is wrong with it: a typed one would drop a name that is misspelt.

use serde_json::Value;

use super::worlds::World;
use super::{ClientError, ControlClient};
use crate::control::types::{Fault, Settings};

impl ControlClient {
    /// The OpenAPI document of the control API.
    pub async fn openapi(&self) -> Result<Value, ClientError> {
        self.http.get("openapi.json", &()).await
    }

    /// [`ControlClient::add_fault`] with a rule as JSON.
    pub async fn add_fault_json(&self, rule: &Value) -> Result<Fault, ClientError> {
        self.http.post("faults", rule).await
    }

    /// [`ControlClient::change_settings`] with settings as JSON.
    pub async fn change_settings_json(&self, patch: &Value) -> Result<Settings, ClientError> {
        self.http.patch("settings", patch).await
    }

    /// [`ControlClient::create_world`] with a world as JSON.
    pub async fn create_world_json(&self, new: &Value) -> Result<World, ClientError> {
        let created = self.http.root().post("worlds", new).await?;
        Ok(World::new(created, self))
    }
}
