//! The page at `/` of the control listener: what the world is like, live, with a button for what the control API can do.
//! It works without script; the script only keeps it up to date.

mod act;
mod exchange;
mod form;
mod html;
mod notes;
mod view;
mod words;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde::Deserialize;

use self::form::Form;
use self::notes::Note;
use super::handlers::journal;
use super::router::{Control, Controlled, Refused};
use crate::world::World;
use crate::worlds::FIRST;

pub(super) use self::notes::Notes;

/// What the address of the page says besides the world.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    /// Number of a note.
    note: String,
    /// Only requests whose path has this in it.
    path: String,
    /// Only people whose name or address has this in it.
    person: String,
}

/// Which button a path is about.
#[derive(Deserialize)]
struct ButtonPath {
    act: String,
}

/// The page of the first world at `/`, of any world at `/worlds/{world}`.
pub(super) fn routes() -> Router<Control> {
    Router::new()
        .route("/", get(show))
        .route("/worlds/{world}", get(show))
        .route("/page/exchange/{sequence}", get(exchange))
        .route("/worlds/{world}/page/exchange/{sequence}", get(exchange))
        .route("/page/{*act}", post(press))
        .route("/worlds/{world}/page/{*act}", post(press))
}

async fn show(
    State(control): State<Control>,
    world: Result<Controlled, Refused>,
    wish: Result<Query<Wish>, QueryRejection>,
) -> Response {
    let Ok(Controlled(world)) = world else {
        return lost(&control, world.err());
    };
    let Query(wish) = wish.unwrap_or_default();
    let note = wish
        .note
        .parse()
        .ok()
        .and_then(|number| control.notes.find(number));
    html::answer(
        StatusCode::OK,
        &view::Page::of(&control, &world, &wish, note).await,
    )
}

/// A button was pressed: done, then back to the page, where a note says what came of it.
async fn press(
    State(control): State<Control>,
    world: Result<Controlled, Refused>,
    Path(path): Path<ButtonPath>,
    wish: Result<Query<Wish>, QueryRejection>,
    body: Bytes,
) -> Response {
    let Ok(Controlled(world)) = world else {
        return lost(&control, world.err());
    };
    let home = home(&world.name);
    let done = act::act(&control, Controlled(world), &path.act, Form::parse(&body)).await;
    let note = match done {
        Ok(text) => Note { text, bad: false },
        Err(refused) => wrong(&refused),
    };
    back(&control, &home, &wish.unwrap_or_default(), note)
}

async fn exchange(
    State(control): State<Control>,
    world: Result<Controlled, Refused>,
    Path(path): Path<journal::SequencePath>,
) -> Response {
    let Ok(Controlled(world)) = world else {
        return lost(&control, world.err());
    };
    let home = home(&world.name);
    match journal::exchange(Controlled(world), Path(path)).await {
        Ok(found) => html::answer(StatusCode::OK, &exchange::Page::of(home, found.0)),
        Err(refused) => back(&control, &home, &Wish::default(), wrong(&refused)),
    }
}

/// Where the page of a world is.
fn home(world: &str) -> String {
    match world {
        FIRST => "/".to_owned(),
        name => format!("/worlds/{name}"),
    }
}

/// What the addresses of the buttons of a world start with.
fn base(world: &World) -> String {
    home(&world.name).trim_end_matches('/').to_owned()
}

/// A world that is not there: to the first one.
fn lost(control: &Control, refused: Option<Refused>) -> Response {
    let refused = refused.expect("a world that is there is not lost");
    back(control, "/", &Wish::default(), wrong(&refused))
}

fn wrong(refused: &Refused) -> Note {
    let text = format!("Nothing has changed: {}", refused.rejection());
    Note { text, bad: true }
}

/// To the page of a world, with the same filters and a note.
fn back(control: &Control, home: &str, wish: &Wish, note: Note) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let filters = [("path", &wish.path), ("person", &wish.person)];
    query.extend_pairs(filters.iter().filter(|(_, value)| !value.is_empty()));
    query.append_pair("note", &control.notes.keep(note).to_string());
    Redirect::to(&format!("{home}?{}", query.finish())).into_response()
}
