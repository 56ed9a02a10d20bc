//! The sign-in page as a person uses it, and what a test can script instead.

use insta::assert_snapshot;
use webex_sim::types::{Consent, EntryFilter};

use crate::harness::{ADMIN, ADMIN_PASSWORD, Answer, CALLBACK, Sim};
use crate::html::Form;

/// First click: one of the people.
async fn choose(sim: &Sim, extra: &str, email: &str) -> Answer {
    let page = sim.open(&format!("{}{extra}", sim.authorize_path())).await;
    assert_eq!(page.status, 200);
    let form = Form::of(&page.body);
    assert_eq!((form.method.as_str(), form.action.as_str()), ("get", "authorize"));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form.click(email))
        .finish();
    sim.open(&format!("/v1/authorize?{query}")).await
}

/// Second click: accept or decline.
async fn decide(sim: &Sim, form: Form, decision: &str) -> Answer {
    assert_eq!(
        (form.method.as_str(), form.action.as_str()),
        ("post", "authorize")
    );
    let fields = form.click(decision);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    sim.post_form("/v1/authorize", &fields).await
}

#[tokio::test]
async fn two_clicks_lead_to_a_code_that_works() {
    let sim = Sim::start().await;
    let page = choose(&sim, "", ADMIN).await;
    let answer = decide(&sim, Form::of(&page.body), "accept").await;
    assert_eq!(answer.status, 302);
    assert!(
        answer
            .header("location")
            .unwrap()
            .starts_with(&format!("{CALLBACK}?code="))
    );
    assert_eq!(answer.redirect_param("state").as_deref(), Some("set_state_here"));
    let tokens = sim
        .exchange(&answer.redirect_param("code").unwrap())
        .await
        .tokens();
    assert_eq!(
        sim.get("/v1/people/me", &tokens.access).await.json()["emails"][0],
        ADMIN
    );
}

#[tokio::test]
async fn pkce_and_any_state_survive_the_clicks() {
    let sim = Sim::start().await;
    let verifier = "v".repeat(64);
    let query = format!(
        "/v1/authorize?client_id={}&response_type=code&scope=spark:people_read&code_challenge={verifier}&state=%3C%22%26%27%3E+%C3%A9",
        sim.running.client_id()
    );
    let first = Form::of(&sim.open(&query).await.body).click(ADMIN);
    let second = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(first)
        .finish();
    let page = sim.open(&format!("/v1/authorize?{second}")).await;
    let answer = decide(&sim, Form::of(&page.body), "accept").await;
    assert_eq!(answer.redirect_param("state").as_deref(), Some("<\"&'> é"));
    let code = answer.redirect_param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", &verifier),
    ];
    assert_eq!(sim.token(&form).await.status, 200);
}

#[tokio::test]
async fn the_pages_look_as_designed() {
    let sim = Sim::start().await;
    assert_snapshot!("page_choose", sim.open(&sim.authorize_path()).await.wire());
    assert_snapshot!("page_sign_in", choose(&sim, "", ADMIN).await.body);
    let answer = sim
        .open(&format!(
            "/v1/authorize?client_id={}&redirect_uri=http://x/",
            sim.running.client_id()
        ))
        .await;
    assert_snapshot!("page_redirect_uri", answer.wire());
}

#[tokio::test]
async fn a_wrong_password_is_said_and_the_right_one_offered_again() {
    let sim = Sim::start().await;
    let page = choose(&sim, "", ADMIN).await;
    let page = decide(&sim, Form::of(&page.body).fill("password", "guess"), "accept").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("That password is wrong.") && !page.body.contains("guess"));
    let form = Form::of(&page.body);
    assert_eq!(form.field("password"), Some(ADMIN_PASSWORD));
    assert_eq!(decide(&sim, form, "accept").await.status, 302);
}

#[tokio::test]
async fn declining_redirects_with_access_denied() {
    let sim = Sim::start().await;
    let page = choose(&sim, "", ADMIN).await;
    let answer = decide(&sim, Form::of(&page.body), "decline").await;
    let expected = format!(
        "{CALLBACK}?error=access_denied&error_description=The%20resource%20owner%20or%20authorization%20server%20\
         denied%20the%20request.&state=set_state_here"
    );
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(expected.as_str()))
    );
}

#[tokio::test]
async fn somebody_who_is_no_administrator_is_warned_and_may_accept() {
    let sim = Sim::start().await;
    let page = choose(&sim, "", "casey.lind@acme.example.com").await;
    assert!(page.body.contains("no Partner Full Admin"));
    let answer = decide(&sim, Form::of(&page.body), "accept").await;
    let tokens = sim
        .exchange(&answer.redirect_param("code").unwrap())
        .await
        .tokens();
    let me = sim.get("/v1/people/me", &tokens.access).await.json();
    assert_eq!(
        (me["displayName"].as_str(), me.get("roles")),
        (Some("Casey Lind"), None)
    );
}

#[tokio::test]
async fn login_hint_goes_straight_to_the_person() {
    let sim = Sim::start().await;
    let page = sim
        .open(&format!("{}&login_hint={ADMIN}", sim.authorize_path()))
        .await;
    assert_eq!(Form::of(&page.body).field("person"), Some(ADMIN));
    let page = sim
        .open(&format!("{}&login_hint=nobody@example.com", sim.authorize_path()))
        .await;
    assert!(page.body.contains("There is no account nobody@example.com"));
}

#[tokio::test]
async fn prompt_none_needs_a_session_that_nobody_has() {
    let sim = Sim::start().await;
    let answer = sim.open(&format!("{}&prompt=none", sim.authorize_path())).await;
    assert_eq!(answer.redirect_param("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn an_unknown_client_or_redirect_uri_is_a_page_and_no_redirect() {
    let sim = Sim::start().await;
    let id = sim.running.client_id();
    for query in [
        String::new(),
        "client_id=C0&response_type=code".to_owned(),
        format!("client_id={id}&redirect_uri=http://127.0.0.1:9001/api/v01/webex/auth/code"),
        format!("client_id={id}&state=a&state=b"),
    ] {
        let answer = sim.open(&format!("/v1/authorize?{query}")).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{query}");
        assert_eq!(answer.header("content-type"), Some("text/html;charset=UTF-8"));
    }
}

#[tokio::test]
async fn a_scope_that_is_not_enabled_is_an_error_redirect() {
    let sim = Sim::start().await;
    let answer = sim
        .open(&format!(
            "/v1/authorize?client_id={}&response_type=code&scope=spark:all&state=s",
            sim.running.client_id()
        ))
        .await;
    let expected = format!(
        "{CALLBACK}?error=invalid_scope&error_description=The%20requested%20scope%20is%20invalid.&state=s"
    );
    assert_eq!(answer.header("location"), Some(expected.as_str()));
}

#[tokio::test]
async fn queued_consent_answers_in_order_and_then_the_page_is_back() {
    let sim = Sim::start().await;
    let control = sim.running.control();
    control.accept_as(ADMIN).await.unwrap();
    control.decline().await.unwrap();
    let error = Consent::Error {
        error: "server_error".into(),
        description: None,
    };
    control.push_consent(&error).await.unwrap();
    let path = sim.authorize_path();
    assert!(sim.open(&path).await.redirect_param("code").is_some());
    assert_eq!(
        sim.open(&path).await.redirect_param("error").as_deref(),
        Some("access_denied")
    );
    let answer = sim.open(&path).await;
    assert_eq!(
        answer.header("location"),
        Some(&*format!("{CALLBACK}?error=server_error&state=set_state_here"))
    );
    assert_eq!(sim.open(&path).await.status, 200);
    let entries = control
        .journal(&EntryFilter::path("/v1/authorize"))
        .await
        .unwrap();
    let outcomes: Vec<_> = entries
        .iter()
        .map(|entry| (entry.person.as_deref(), entry.oauth_error.as_deref()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Some(ADMIN), None),
            (None, Some("access_denied")),
            (None, Some("server_error")),
            (None, None)
        ]
    );
}

#[tokio::test]
async fn a_bad_request_leaves_the_queue_alone() {
    let sim = Sim::start().await;
    sim.running.control().accept_as(ADMIN).await.unwrap();
    assert_eq!(sim.open("/v1/authorize?client_id=C0").await.status, 400);
    assert_eq!(sim.running.control().consent().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_page_can_answer_with_each_error_that_webex_redirects_with() {
    let sim = Sim::start().await;
    let query = sim.authorize_path().split_once('?').unwrap().1.to_owned();
    let base: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    for error in [
        "server_error",
        "invalid_scope",
        "invalid_request",
        "login_required",
    ] {
        let mut form: Vec<_> = base
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.extend([("person", ADMIN), ("decision", error)]);
        let answer = sim.post_form("/v1/authorize", &form).await;
        assert_eq!(answer.redirect_param("error").as_deref(), Some(error));
        assert!(answer.redirect_param("error_description").is_some(), "{error}");
    }
    let mut form: Vec<_> = base
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.extend([("person", ADMIN), ("decision", "blocked")]);
    let answer = sim.post_form("/v1/authorize", &form).await;
    assert_eq!((answer.status, answer.header("location")), (403, None));
    assert!(
        answer.body.contains("Your administrator denied access"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_look_ahead_takes_no_queued_consent_and_an_address_brings_no_decision() {
    let sim = Sim::start().await;
    sim.running.control().accept_as(ADMIN).await.unwrap();
    let url = sim.running.authorize_url(CALLBACK);
    let look = sim.http.head(&url).send().await.unwrap();
    assert_eq!(look.status(), 200);
    let asked = sim.http.get(&url).send().await.unwrap();
    assert_eq!(asked.status(), 302, "the consent was still there");

    let decided = format!("{url}&decision=accept&person={ADMIN}&password={ADMIN_PASSWORD}");
    assert_eq!(
        sim.http.get(decided).send().await.unwrap().status(),
        200,
        "only the page's button decides"
    );
}

#[tokio::test]
async fn who_may_not_sign_in_is_told_so_on_a_page_and_is_not_redirected() {
    const CASEY: &str = "casey.lind@acme.example.com";
    let sim = Sim::start().await;
    let page = choose(&sim, "", CASEY).await;
    let code = sim.code_for(CASEY, "").await;
    let tokens = sim.exchange(&sim.code_for(CASEY, "").await).await.tokens();
    let enable = async |enabled: bool| {
        let admin = sim.log_in().await.access;
        let list = sim.get(&format!("/v1/people?email={CASEY}"), &admin).await.json();
        let url = format!(
            "{}/v1/people/{}",
            sim.running.url(),
            list["items"][0]["id"].as_str().unwrap()
        );
        let body =
            serde_json::json!({"emails": [CASEY], "displayName": "Casey Lind", "loginEnabled": enabled});
        let answer = sim
            .http
            .put(url)
            .bearer_auth(admin)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    };
    enable(false).await;
    sim.running.control().accept_as(CASEY).await.unwrap();
    let scripted = sim.open(&sim.authorize_path()).await;
    let hinted = sim
        .open(&format!("{}&login_hint={CASEY}", sim.authorize_path()))
        .await;
    // The page was open before.
    let decided = decide(&sim, Form::of(&page.body), "accept").await;
    for answer in [scripted, hinted, decided] {
        assert_eq!((answer.status, answer.header("location")), (403, None));
        let text = format!("The account {CASEY} has been disabled.");
        assert!(answer.body.contains(&text), "{}", answer.body);
    }
    // What was given out before is of no use either, and does not come back.
    for _ in 0..2 {
        assert_eq!(sim.get("/v1/people/me", &tokens.access).await.status, 401);
        assert_eq!(sim.refresh(&tokens.refresh).await.status, 400);
        assert_eq!(sim.exchange(&code).await.status, 400);
        enable(true).await;
    }
    assert!(!sim.code_for(CASEY, "").await.is_empty());
}
