//! Worlds: made, listed and deleted by the control client, each with a control client of its own.

use super::{ClientError, ControlClient};
use crate::control::types::{CreatedWorld, Deleted, NewWorld, WorldInfo, WorldList};
use crate::encode::percent_encoded;

/// A world that was made, and what a test needs to use it. It stays when this is dropped; see [`World::delete`].
#[derive(Debug, Clone)]
pub struct World {
    created: CreatedWorld,
    control: ControlClient,
}

impl ControlClient {
    /// A client for the world of this name: whatever it does is done there.
    #[must_use]
    pub fn world(&self, name: &str) -> Self {
        Self {
            http: self.http.world(name),
        }
    }

    /// Makes a world beside the first one.
    pub async fn create_world(&self, new: &NewWorld) -> Result<World, ClientError> {
        let created = self.http.root().post("worlds", new).await?;
        Ok(World::new(created, self))
    }

    /// All worlds, in the order of creation.
    pub async fn worlds(&self) -> Result<Vec<WorldInfo>, ClientError> {
        let list: WorldList = self.http.root().get("worlds", &()).await?;
        Ok(list.worlds)
    }

    /// The world of this name, and how much is in it.
    pub async fn world_info(&self, name: &str) -> Result<WorldInfo, ClientError> {
        let path = format!("worlds/{}", percent_encoded(name));
        self.http.root().get(&path, &()).await
    }

    /// Deletes the world of this name: its tokens are dead, and nothing leads to it any more.
    pub async fn delete_world(&self, name: &str) -> Result<(), ClientError> {
        let path = format!("worlds/{}", percent_encoded(name));
        self.http.root().delete::<Deleted>(&path).await.map(drop)
    }
}

impl World {
    pub(crate) fn new(created: CreatedWorld, control: &ControlClient) -> Self {
        Self {
            control: control.world(&created.name),
            created,
        }
    }

    /// What the simulator told its creator, the secret included.
    #[must_use]
    pub fn created(&self) -> &CreatedWorld {
        &self.created
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.created.name
    }

    /// Client id of its integration.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.created.client_id
    }

    /// Client secret of its integration.
    #[must_use]
    pub fn client_secret(&self) -> &str {
        &self.created.client_secret
    }

    /// Controls this world and no other.
    #[must_use]
    pub fn control(&self) -> &ControlClient {
        &self.control
    }

    /// Deletes it.
    pub async fn delete(self) -> Result<(), ClientError> {
        self.control.delete_world(&self.created.name).await
    }
}
