//! `docs/simulator.md` says what the simulator does.

use serde_json::Value;
use webex_sim::Seed;
use webex_sim::types::Settings;

const GUIDE: &str = include_str!("../../../docs/simulator.md");
const WORLD: &str = include_str!("../../../fixtures/worlds/acme.json");

#[test]
fn the_people_and_the_integration_are_those_of_the_built_in_world() {
    let world: Value = serde_json::from_str(WORLD).unwrap();
    for person in world["people"].as_array().unwrap() {
        let row = format!(
            "| {} | {} |",
            person["email"].as_str().unwrap(),
            person["password"].as_str().unwrap()
        );
        assert!(GUIDE.contains(&row), "{row}");
    }
    let seed = Seed::default();
    assert!(GUIDE.contains(seed.client_id()) && GUIDE.contains(seed.client_secret().expose()));
}

#[test]
fn every_setting_is_there_with_its_default() {
    let settings = serde_json::to_value(Settings::default()).unwrap();
    for (name, default) in settings.as_object().unwrap() {
        let default = if default.is_array() {
            "the seed's".to_owned()
        } else {
            default.to_string()
        };
        let row = format!("| `{name}` | {default} |");
        assert!(GUIDE.contains(&row), "{row}");
    }
}

#[test]
fn the_example_for_rust_names_things_that_exist() {
    let example = GUIDE
        .split_once("```rust")
        .unwrap()
        .1
        .split_once("```")
        .unwrap()
        .0;
    let client = include_str!("../../src/client.rs");
    for call in example.lines().filter_map(|line| line.strip_prefix("control.")) {
        let name = call.split_once('(').unwrap().0;
        assert!(client.contains(&format!("pub async fn {name}(")), "{name}");
    }
}

#[test]
fn the_example_of_a_seed_is_valid() {
    let example = GUIDE.split_once("```yaml\n").unwrap().1;
    let seed = Seed::parse(example.split_once("```").unwrap().0).unwrap();
    assert_eq!((seed.organizations(), seed.people()), (12, 1_002));
}
