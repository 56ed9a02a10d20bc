//! The table of the control API's operations. The router and the OpenAPI document are made of it, so that there is no
//! route that is not documented.

use axum::Router;
use axum::handler::Handler;
use axum::routing::on;

use super::handlers::{
    clock, consent, coverage, faults, journal, openapi, people, replay, settings, snapshots, state,
    subscribers, tokens, violations, worlds,
};
use super::operation::Operation;
use super::router::{self, Control};
use super::types::{
    ClockChange, ClockState, Consent, ConsentQueue, Coverage, CreatedWorld, Deleted, EndTokens, Ended,
    EntryFilter, Exchange, Fault, FaultList, FaultRule, Health, Imported, JournalCount, JournalPage,
    JournalWait, LostAnswers, NearMisses, NewWorld, PasswordChange, ReplayList, Settings, SettingsPatch,
    SnapshotInfo, SnapshotList, SubscriberState, SubscriberStatusChange, TokenList, ViolationList,
    WaitLimits, WorldInfo, WorldList,
};

/// Operations, and the router that carries them out.
pub(super) struct Routes {
    pub(super) router: Router<Control>,
    pub(super) operations: Vec<Operation>,
}

impl Routes {
    fn new() -> Self {
        Self {
            router: Router::new(),
            operations: Vec::new(),
        }
    }

    fn add<H, T>(mut self, path: &'static str, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, Control>,
        T: 'static,
    {
        self.router = self.router.route(path, on(operation.method.filter(), handler));
        self.operations.push(Operation { path, ..operation });
        self
    }
}

/// The operations above all worlds, relative to `/__sim`.
#[rustfmt::skip] // a table: path, operation, handler
pub(super) fn of_worlds() -> Routes {
    use Operation as Op;
    Routes::new()
        .add("/worlds", Op::get("listWorlds", "All worlds").answers::<WorldList>(), worlds::list)
        .add("/worlds", Op::post("createWorld", "Makes a world").takes::<NewWorld>().answers::<CreatedWorld>(), worlds::create)
        .add("/worlds/{world}", Op::get("getWorld", "One world").answers::<WorldInfo>(), worlds::get)
        .add("/worlds/{world}", Op::delete("deleteWorld", "Deletes a world and ends its tokens").answers::<Deleted>(), worlds::delete)
}

/// The operations of a world.
#[rustfmt::skip] // a table: path, operation, handler
pub(super) fn of_a_world() -> Routes {
    use Operation as Op;
    Routes::new()
        .add("/health", Op::get("getHealth", "Whether the simulator is well, and its version").answers::<Health>(), router::health)
        .add("/openapi.json", Op::get("getOpenapi", "This document"), openapi::get)
        .add("/reset", Op::post("reset", "Everything as at the start, but for the snapshots").answers::<Health>(), router::reset)
        .add("/clock", Op::get("getClock", "The simulated time").answers::<ClockState>(), clock::get)
        .add("/clock", Op::post("changeClock", "Moves, stops or starts the simulated time").takes::<ClockChange>().answers::<ClockState>(), clock::post)
        .add("/consent", Op::get("listConsent", "Answers to coming authorize requests").answers::<ConsentQueue>(), consent::get)
        .add("/consent", Op::post("addConsent", "Adds an answer to a coming authorize request").takes::<Consent>().answers::<ConsentQueue>(), consent::post)
        .add("/consent", Op::delete("clearConsent", "Shows the sign-in page again").answers::<ConsentQueue>(), consent::delete)
        .add("/tokens", Op::get("listTokens", "All tokens").answers::<TokenList>(), tokens::get)
        .add("/tokens/expire", Op::post("expireTokens", "Lets tokens expire now").takes::<EndTokens>().answers::<Ended>(), tokens::expire)
        .add("/tokens/revoke", Op::post("revokeTokens", "Revokes tokens").takes::<EndTokens>().answers::<Ended>(), tokens::revoke)
        .add("/tokens/lose-answers", Op::post("loseTokenAnswers", "Loses the next answers that bring tokens").takes::<LostAnswers>().answers::<LostAnswers>(), tokens::lose_answers)
        .add("/people/{person}", Op::delete("deletePerson", "Deletes a person and ends their tokens").answers::<Ended>(), people::delete)
        .add("/people/{person}/password", Op::post("changePassword", "Changes a password, which ends the person's tokens").takes::<PasswordChange>().answers::<Ended>(), people::password)
        .add("/subscribers/{subscriber}/status", Op::post("setSubscriberStatus", "Sets the status of a BroadWorks subscriber").takes::<SubscriberStatusChange>().answers::<SubscriberState>(), subscribers::status)
        .add("/journal", Op::get("listJournal", "Requests that match").query::<EntryFilter>().answers::<JournalPage>(), journal::get)
        .add("/journal", Op::delete("clearJournal", "Forgets all requests").answers::<JournalCount>(), journal::delete)
        .add("/journal/count", Op::get("countJournal", "How many requests match").query::<EntryFilter>().answers::<JournalCount>(), journal::count)
        .add("/journal/wait", Op::get("waitForJournal", "Answers as soon as enough requests match").query::<EntryFilter>().query::<WaitLimits>().answers::<JournalWait>(), journal::wait)
        .add("/journal/near-misses", Op::get("listNearMisses", "Requests that nearly match, and in what they differ").query::<EntryFilter>().answers::<NearMisses>(), journal::near_misses)
        .add("/journal/har", Op::get("getJournalHar", "Requests that match, as an HTTP Archive (HAR 1.2)").query::<EntryFilter>(), journal::har)
        .add("/journal/{sequence}", Op::get("getExchange", "One request with all that was sent and answered").answers::<Exchange>(), journal::exchange)
        .add("/coverage", Op::get("getCoverage", "Which operations of Webex were answered with which status").answers::<Coverage>(), coverage::get)
        .add("/replay", Op::get("getReplay", "The recorded answers that are given again").answers::<ReplayList>(), replay::get)
        .add("/replay", Op::put("loadReplay", "Gives the answers of an HTTP Archive (HAR 1.2) again").takes_json().answers::<ReplayList>(), replay::put)
        .add("/replay", Op::delete("stopReplay", "Simulates everything again").answers::<ReplayList>(), replay::delete)
        .add("/settings", Op::get("getSettings", "The settings").answers::<Settings>(), settings::get)
        .add("/settings", Op::patch("changeSettings", "Changes settings").takes::<SettingsPatch>().answers::<Settings>(), settings::patch)
        .add("/violations", Op::get("listViolations", "What clients did that they should not do").answers::<ViolationList>(), violations::get)
        .add("/violations", Op::delete("clearViolations", "Forgets all violations").answers::<ViolationList>(), violations::delete)
        .add("/faults", Op::get("listFaults", "The rules by which requests fail").answers::<FaultList>(), faults::list)
        .add("/faults", Op::post("addFault", "Adds a rule behind the others").takes::<FaultRule>().answers::<Fault>(), faults::post)
        .add("/faults", Op::delete("clearFaults", "Removes all rules").answers::<FaultList>(), faults::clear)
        .add("/faults/unused", Op::get("listUnusedFaults", "The rules that never fired").answers::<FaultList>(), faults::unused)
        .add("/faults/{id}", Op::get("getFault", "One rule").answers::<Fault>(), faults::get)
        .add("/faults/{id}", Op::delete("removeFault", "Removes a rule").answers::<Fault>(), faults::delete)
        .add("/snapshots", Op::get("listSnapshots", "All snapshots").answers::<SnapshotList>(), snapshots::list)
        .add("/snapshots/{name}", Op::put("saveSnapshot", "Keeps state and clock of this moment").answers::<SnapshotInfo>(), snapshots::save)
        .add("/snapshots/{name}", Op::delete("deleteSnapshot", "Forgets a snapshot").answers::<Deleted>(), snapshots::delete)
        .add("/snapshots/{name}/restore", Op::post("restoreSnapshot", "Goes back to a snapshot").answers::<SnapshotInfo>(), snapshots::restore)
        .add("/state", Op::get("exportState", "Everything in the world as one document, secrets as they are"), state::export)
        .add("/state", Op::put("importState", "Replaces the state by one that was exported").takes_json().answers::<Imported>(), state::import)
        .add("/ca.pem", Op::get("getAuthority", "The certificate authority of the TLS listener").answers_pem(), router::ca)
}
