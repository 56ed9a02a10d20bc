//! Everything at the engine, whoever has made it: what a run makes without its marks is found by comparing what was there before
//! with what is there after it.

use std::collections::{BTreeMap, HashMap};

use bollard::Docker;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder,
};

use crate::run::run_of;

/// Everything at one moment.
#[derive(Debug, Default)]
pub(super) struct Inventory(BTreeMap<Thing, Known>);

/// Something at the engine. A name may be given a second time; the key is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Thing {
    kind: &'static str,
    key: String,
}

/// What is known of it.
#[derive(Debug)]
struct Known {
    name: String,
    /// The run that has marked it, and that is asked for it.
    run: Option<String>,
}

impl Inventory {
    /// Looks at the engine.
    pub(super) async fn of(docker: &Docker) -> anyhow::Result<Self> {
        let mut inventory = Self::default();
        inventory.add_containers(docker).await?;
        inventory.add_networks(docker).await?;
        inventory.add_volumes(docker).await?;
        inventory.add_dangling_images(docker).await?;
        Ok(inventory)
    }

    /// What is here and was not there before, but for what runs of the suite have marked: those are asked themselves.
    pub(super) fn unclaimed_since(&self, before: &Self) -> Vec<String> {
        let new = self.0.iter().filter(|(thing, _)| !before.0.contains_key(thing));
        let unclaimed = new.filter(|(_, known)| known.run.is_none());
        unclaimed
            .map(|(thing, known)| {
                format!(
                    "new at the engine, made by this run or by somebody else who uses the engine: {} {}",
                    thing.kind, known.name
                )
            })
            .collect()
    }

    fn add(
        &mut self,
        kind: &'static str,
        key: String,
        name: String,
        labels: Option<HashMap<String, String>>,
    ) {
        let run = run_of(&labels.unwrap_or_default());
        self.0.insert(Thing { kind, key }, Known { name, run });
    }

    async fn add_containers(&mut self, docker: &Docker) -> anyhow::Result<()> {
        let options = ListContainersOptionsBuilder::new().all(true).build();
        for found in docker.list_containers(Some(options)).await? {
            let key = found.id.unwrap_or_default();
            let name = found.names.and_then(|names| names.into_iter().next());
            let name = name.map_or_else(|| key.clone(), |name| name.trim_start_matches('/').to_owned());
            self.add("container", key, name, found.labels);
        }
        Ok(())
    }

    async fn add_networks(&mut self, docker: &Docker) -> anyhow::Result<()> {
        let options = ListNetworksOptionsBuilder::new().build();
        for found in docker.list_networks(Some(options)).await? {
            let (key, name) = (found.id.unwrap_or_default(), found.name.unwrap_or_default());
            self.add("network", key, name, found.labels);
        }
        Ok(())
    }

    /// Those without a name are called by a long number.
    async fn add_volumes(&mut self, docker: &Docker) -> anyhow::Result<()> {
        let options = ListVolumesOptionsBuilder::new().build();
        let found = docker.list_volumes(Some(options)).await?.volumes;
        for found in found.unwrap_or_default() {
            self.add("volume", found.name.clone(), found.name, Some(found.labels));
        }
        Ok(())
    }

    /// Images that no name leads to, nor another image.
    async fn add_dangling_images(&mut self, docker: &Docker) -> anyhow::Result<()> {
        let filters = HashMap::from([("dangling", vec!["true"])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        for found in docker.list_images(Some(options)).await? {
            self.add("image", found.id.clone(), found.id, Some(found.labels));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::LABEL;

    fn inventory(things: &[(&'static str, &str, &str, Option<&str>)]) -> Inventory {
        let mut inventory = Inventory::default();
        for (kind, key, name, run) in things {
            let labels = run.map(|run| HashMap::from([(LABEL.to_owned(), run.to_owned())]));
            inventory.add(kind, (*key).to_owned(), (*name).to_owned(), labels);
        }
        inventory
    }

    const BEFORE: [(&str, &str, &str, Option<&str>); 2] = [
        ("network", "1", "bridge", None),
        ("volume", "database", "database", None),
    ];

    #[test]
    fn what_stays_and_what_goes_is_nothing_new() {
        let before = inventory(&BEFORE);
        assert_eq!(inventory(&BEFORE).unclaimed_since(&before), [""; 0]);
        assert_eq!(inventory(&BEFORE[..1]).unclaimed_since(&before), [""; 0]);
    }

    #[test]
    fn what_is_new_is_told_with_a_word_on_who_may_have_made_it() {
        let after = [&BEFORE[..], &[("volume", "0a1b", "0a1b", None)]].concat();
        assert_eq!(
            inventory(&after).unclaimed_since(&inventory(&BEFORE)),
            ["new at the engine, made by this run or by somebody else who uses the engine: volume 0a1b"]
        );
    }

    #[test]
    fn an_old_name_on_a_new_thing_is_new_and_so_is_another_kind_of_the_same_key() {
        let after = [
            &BEFORE[1..],
            &[
                ("network", "2", "bridge", None),
                ("container", "1", "bridge", None),
            ],
        ];
        let found = inventory(&after.concat()).unclaimed_since(&inventory(&BEFORE));
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn what_a_run_has_marked_is_asked_of_that_run() {
        let after = [
            &BEFORE[..],
            &[("container", "3", "webex-e2e-1a2b3c4d-x", Some("1a2b3c4d"))],
        ];
        assert_eq!(
            inventory(&after.concat()).unclaimed_since(&inventory(&BEFORE)),
            [""; 0]
        );
    }
}
