//! `/__sim/settings`.

use axum::Json;
use axum::body::Bytes;

use crate::control::fields::Fields;
use crate::control::router::{Answer, Controlled};
use crate::control::settings::apply;
use crate::control::types::{Rejection, Settings, SettingsPatch, TokenErrorShape};

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<Settings> {
    Ok(Json(world.state().settings.clone()))
}

pub(crate) async fn patch(Controlled(world): Controlled, body: Bytes) -> Answer<Settings> {
    let patch = read(Fields::json(&body)?)?;
    let mut state = world.state();
    apply(&mut state.settings, &patch)?;
    Ok(Json(state.settings.clone()))
}

/// Reads settings, each by its type.
pub(crate) fn read(mut fields: Fields) -> Result<SettingsPatch, Rejection> {
    let seconds = "whole seconds";
    let patch = SettingsPatch {
        access_token_lifetime_s: fields.number("access_token_lifetime_s", seconds)?,
        refresh_token_lifetime_s: fields.number("refresh_token_lifetime_s", seconds)?,
        code_lifetime_s: fields.number("code_lifetime_s", seconds)?,
        same_token_within_24h: fields.flag("same_token_within_24h")?,
        rotation: fields.parsed("rotation", r#""none", "strict" or {"grace":{"seconds":n}}"#)?,
        token_endpoint_delay_ms: fields.number("token_endpoint_delay_ms", "whole milliseconds")?,
        max_access_tokens: fields.number("max_access_tokens", "a number of tokens")?,
        invalid_client_status: fields.number("invalid_client_status", "400 or 401")?,
        token_error_shape: fields.choice(
            "token_error_shape",
            &[
                ("as_seen", TokenErrorShape::AsSeen),
                ("api", TokenErrorShape::Api),
                ("wrapped", TokenErrorShape::Wrapped),
            ],
        )?,
        provisioning_delay_s: fields.number("provisioning_delay_s", seconds)?,
        directory_sync_delay_s: fields.number("directory_sync_delay_s", seconds)?,
        rate_limit_requests: fields.number("rate_limit_requests", "a number of requests")?,
        rate_limit_window_s: fields.number("rate_limit_window_s", seconds)?,
        redirect_uris: fields.texts("redirect_uris")?,
        base_url: fields.text("base_url")?,
    };
    fields.finish()?;
    Ok(patch)
}
