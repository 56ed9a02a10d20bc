//! The page in a real browser: what its script does, and how it looks.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::harness::Sim;
use crate::webdriver::{Browser, ENTER, TAB, with_browser};

/// Opens the page and waits for its script.
async fn open(browser: &Browser, sim: &Sim) {
    browser.open(&sim.running.control_url()).await;
    browser
        .until("document.getElementById('live').textContent === 'live'")
        .await;
}

/// Runs a test with a simulator and a browser.
async fn both<F>(test: impl FnOnce(Arc<Browser>, Arc<Sim>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let sim = Arc::new(Sim::start().await);
    with_browser(&sim.http, |browser| test(browser, Arc::clone(&sim))).await;
}

#[tokio::test]
async fn the_journal_is_live_and_an_update_leaves_what_the_reader_does() {
    both(|browser, sim| async move {
        sim.log_in().await;
        open(&browser, &sim).await;
        browser.eval("document.getElementById('x-2').open = true").await;
        browser
            .until("document.getElementById('x-2').textContent.includes('grant_type=authorization_code')")
            .await;
        browser
            .eval("document.getElementById('all-settings').open = true")
            .await;
        browser.eval("window.kept = document.getElementById('x-2')").await;
        browser
            .eval("document.querySelector('#consent [name=email]').value = 'half a na'")
            .await;
        browser
            .eval("document.querySelector('#settings [name=rate_limit_requests]').value = '30'")
            .await;
        browser
            .eval("document.querySelector('#settings [name=rate_limit_requests]').focus()")
            .await;
        browser.eval("window.scrollTo(0, 300)").await;
        let top = browser
            .eval("document.activeElement.getBoundingClientRect().top > 0")
            .await;

        let _ = sim.open("/v1/live/%3Cb%3E").await;
        browser
            .until("document.getElementById('journal').textContent.includes('/v1/live/%3Cb%3E')")
            .await;
        sim.running
            .control()
            .advance(std::time::Duration::from_hours(1))
            .await
            .unwrap();
        browser
            .until("document.getElementById('clock').textContent.includes('1 hour ahead')")
            .await;

        for stays in [
            "document.getElementById('x-2').open",
            "document.getElementById('x-2') === window.kept",
            "document.getElementById('x-2').textContent.includes('grant_type=authorization_code')",
            "document.getElementById('all-settings').open",
            "document.querySelector('#consent [name=email]').value === 'half a na'",
            "document.activeElement.name === 'rate_limit_requests'",
            "document.activeElement.value === '30'",
            "window.scrollY > 0",
        ] {
            assert_eq!(browser.eval(stays).await, true, "{stays}");
        }
        assert_eq!(top, true);
        assert_eq!(browser.console().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn the_clock_is_advanced_with_the_keyboard_and_the_page_says_so() {
    both(|browser, sim| async move {
        open(&browser, &sim).await;
        let mut presses = 0;
        while browser
            .eval("document.activeElement.getAttribute('aria-label')")
            .await
            != "+1 day on the clock"
        {
            browser.press(TAB).await;
            presses += 1;
            assert!(presses < 30, "the button is reached by Tab");
            let outline = browser
                .eval("getComputedStyle(document.activeElement).outlineStyle")
                .await;
            assert_ne!(outline, "none", "focus is seen");
        }
        browser.press(ENTER).await;
        browser
            .until("document.getElementById('said').textContent.includes('2026-02-11T08:09:45')")
            .await;
        assert_eq!(sim.running.control().clock().await.unwrap().offset_ms, 86_400_000);
        let focus = browser
            .eval("document.activeElement.getAttribute('aria-label')")
            .await;
        assert_eq!(focus, "+1 day on the clock", "it can be pressed again");
        assert_eq!(
            browser
                .eval("document.getElementById('said').getAttribute('aria-live')")
                .await,
            "polite"
        );
        assert_eq!(
            browser.eval("location.search").await,
            "",
            "reloading does not say it again"
        );
        assert_eq!(browser.console().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_form_shows_what_is_wrong_and_keeps_what_was_typed() {
    both(|browser, sim| async move {
        open(&browser, &sim).await;
        browser
            .eval("document.querySelector('#snapshots .fields [name=name]').value = 'Not/Good'")
            .await;
        browser
            .eval("document.querySelector('#snapshots .fields button').click()")
            .await;
        browser.until("document.querySelector('#said .wrong')").await;
        let typed = browser
            .eval("document.querySelector('#snapshots .fields [name=name]').value")
            .await;
        assert_eq!(typed, "Not/Good");
        browser
            .eval("document.querySelector('#snapshots .fields [name=name]').value = 'good'")
            .await;
        browser
            .eval("document.querySelector('#snapshots .fields button').click()")
            .await;
        browser.until("document.getElementById('s-good')").await;
        browser
            .until("document.querySelector('#snapshots .fields [name=name]').value === ''")
            .await;
        // What had the focus is gone with its row: reading goes on at the heading.
        browser
            .eval("document.querySelector('#s-good .danger').focus()")
            .await;
        browser.press(ENTER).await;
        browser.until("!document.getElementById('s-good')").await;
        browser
            .until("document.activeElement.id === 'snapshots-h' || document.hidden")
            .await;
        assert_eq!(browser.eval("document.activeElement.id").await, "snapshots-h");
    })
    .await;
}

#[tokio::test]
async fn the_page_fits_a_phone_and_is_dark_where_that_is_wished() {
    both(|browser, sim| async move {
        sim.log_in().await;
        let _ = sim.open(&format!("/v1/{}", "long".repeat(60))).await;
        let phone = json!({"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": true});
        browser.command("Emulation.setDeviceMetricsOverride", phone).await;
        open(&browser, &sim).await;
        browser
            .eval("document.querySelectorAll('details').forEach(details => details.open = true)")
            .await;
        browser
            .until("document.getElementById('x-3').textContent.includes('No body')")
            .await;
        let widths = browser
            .eval("[document.documentElement.scrollWidth, window.innerWidth]")
            .await;
        assert_eq!(widths, json!([320, 320]), "nothing sticks out");
        let small = "[...document.querySelectorAll('button')].filter(own => own.offsetHeight < 24).length";
        assert_eq!(browser.eval(small).await, 0, "buttons can be hit with a finger");

        let background = "getComputedStyle(document.body).backgroundColor";
        assert!(brightness(&browser.eval(background).await) > 200);
        let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
        browser.command("Emulation.setEmulatedMedia", dark).await;
        assert!(brightness(&browser.eval(background).await) < 60);
        assert!(brightness(&browser.eval("getComputedStyle(document.body).color").await) > 200);
    })
    .await;
}

#[tokio::test]
async fn every_control_has_a_name_of_its_own() {
    both(|browser, sim| async move {
        sim.log_in().await;
        sim.running.control().push_consent(&webex_sim::types::Consent::Decline).await.unwrap();
        open(&browser, &sim).await;
        let names = browser
            .eval(
                "[...document.querySelectorAll('button')].map(own => own.getAttribute('aria-label') || own.textContent)",
            )
            .await;
        let mut names: Vec<_> = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_unstable();
        let mut different = names.clone();
        different.dedup();
        assert_eq!(names, different);
        let nameless = "[...document.querySelectorAll('input:not([type=hidden]), select')].filter(own => !own.labels.length).length";
        assert_eq!(browser.eval(nameless).await, 0, "each field has a label");
        let doubled = "[...document.querySelectorAll('[id]')].map(own => own.id).filter((id, n, all) => all.indexOf(id) !== n)";
        assert_eq!(browser.eval(doubled).await, json!([]), "ids are unique");
    })
    .await;
}

/// The brightest part of `rgb(…)`.
fn brightness(color: &Value) -> u32 {
    let color = color.as_str().unwrap();
    let numbers = color.trim_start_matches("rgb(").trim_end_matches(')').split(", ");
    numbers.map(|number| number.parse().unwrap()).max().unwrap()
}
