//! What the buttons do. Each calls the handler of the control API that does the same, and says in a sentence what came
//! of it.

use axum::Json;
use axum::extract::{Path, State};

use super::form::Form;
use crate::control::fields::rejection;
use crate::control::handlers::{
    clock, consent, faults, journal, people, settings, snapshots, tokens, violations,
};
use crate::control::router::{self, Control, Controlled, PersonPath, Refused};
use crate::control::types::{ClockState, Ended};

/// Does what the button `act` stands for.
pub(super) async fn act(
    control: &Control,
    world: Controlled,
    act: &str,
    mut form: Form,
) -> Result<String, Refused> {
    Ok(match act {
        "clock" => clock_says(&clock::post(world, form.body()).await?.0),
        "tokens/expire" => ended(&tokens::expire(world, form.body()).await?.0),
        "tokens/revoke" => ended(&tokens::revoke(world, form.body()).await?.0),
        "people/password" => {
            let person = form.take("person");
            let said = format!("{person} has another password.");
            let ends = people::password(world, Path(PersonPath { person }), form.body()).await?;
            format!("{said} {}", ended(&ends))
        }
        "people/delete" => {
            let person = form.take("person");
            let said = format!("{person} is deleted.");
            let ends = people::delete(world, Path(PersonPath { person })).await?;
            format!("{said} {}", ended(&ends))
        }
        "consent/accept" | "consent/decline" | "consent/error" => {
            let action = act.trim_start_matches("consent/");
            let Json(queue) = consent::post(world, form.filled(&[("action", action)])).await?;
            format!(
                "The queue of next logins has {}.",
                count(queue.queue.len(), "entry", "entries")
            )
        }
        "consent/clear" => {
            let Json(_) = consent::delete(world).await?;
            "The queue of next logins is empty.".to_owned()
        }
        "faults/add" => {
            let Json(fault) = faults::post(world, form.fault()).await?;
            format!("The rule {} is there.", fault.rule.id.unwrap_or_default())
        }
        "faults/delete" => {
            let id = form.take("id");
            let Json(fault) = faults::delete(world, Path(faults::RulePath { id })).await?;
            let id = fault.rule.id.unwrap_or_default();
            let hits = count(usize::try_from(fault.hits).unwrap_or(usize::MAX), "time", "times");
            format!("The rule {id} is deleted. It had fired {hits}.")
        }
        "faults/clear" => {
            let Json(_) = faults::clear(world).await?;
            "All rules are deleted.".to_owned()
        }
        "violations/clear" => {
            let Json(_) = violations::delete(world).await?;
            "The list of violations is empty.".to_owned()
        }
        "journal/clear" => {
            let Json(_) = journal::delete(world).await?;
            "The journal is empty.".to_owned()
        }
        "settings" => {
            let Json(_) = settings::patch(world, form.settings()).await?;
            "The settings are in force.".to_owned()
        }
        "snapshots/save" => {
            let name = Path(snapshots::SnapshotPath {
                name: form.take("name"),
            });
            let Json(info) = snapshots::save(world, name, form.body()).await?;
            format!("The snapshot {} is saved.", info.name)
        }
        "snapshots/restore" => {
            let name = Path(snapshots::SnapshotPath {
                name: form.take("name"),
            });
            let Json(info) = snapshots::restore(State(control.clone()), world, name, form.body()).await?;
            format!("Everything is as in the snapshot {}.", info.name)
        }
        "snapshots/delete" => {
            let name = Path(snapshots::SnapshotPath {
                name: form.take("name"),
            });
            let Json(gone) = snapshots::delete(world, name).await?;
            format!("The snapshot {} is deleted.", gone.deleted)
        }
        "reset" => {
            let name = world.0.name.clone();
            let Json(_) = router::reset(State(control.clone()), world, form.body()).await?;
            format!("The world {name} is as at its start.")
        }
        other => {
            let reason = format!("{other} is unknown");
            return Err(Refused::Absent(rejection("button", &reason, "those of the page")));
        }
    })
}

fn clock_says(clock: &ClockState) -> String {
    let goes = if clock.frozen { "stands still" } else { "runs" };
    format!("It is {}, and the clock {goes}.", clock.now)
}

fn ended(Ended { ended }: &Ended) -> String {
    match ended {
        0 => "No token has ended by that.".to_owned(),
        1 => "1 token has ended.".to_owned(),
        more => format!("{more} tokens have ended."),
    }
}

/// A number with its noun.
fn count(number: usize, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}
