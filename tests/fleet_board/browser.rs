//! The HTML report of 5,000 devices in headless Chromium.

use std::path::PathBuf;
use std::sync::LazyLock;

use fgtkey::report::fleet::{to_html, to_json};
use serde_json::Value;

use super::chromium::{Browser, CONTRAST};
use super::play::reported;

/// Removed with the folder of temporary files: all tests share it.
static PAGE: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet.html");
    std::fs::write(&path, to_html(&reported(5000)).unwrap()).unwrap();
    (folder, path)
});

fn opened(width: u32, phone: bool) -> Option<Browser> {
    let browser = Browser::start(width, phone)?;
    browser.open(&PAGE.1);
    Some(browser)
}

fn shown(browser: &Browser) -> Value {
    browser.js("return document.querySelector('#shown').textContent")
}

fn choose(browser: &Browser, selector: &str, value: &str) {
    browser.js(&format!(
        "const s = document.querySelector({selector:?}); s.value = {value:?}; s.dispatchEvent(new Event('change'));"
    ));
}

/// The name in the first row.
fn first(browser: &Browser) -> String {
    browser.js("return document.querySelector('#view .name').textContent").as_str().unwrap().to_owned()
}

#[test]
fn filters_and_orders_work_on_thousands_of_devices() {
    let Some(browser) = opened(1280, false) else { return };
    assert_eq!(shown(&browser), "5000 of 5000");
    assert!((15..60).contains(&browser.visible("device")), "only rows that can be seen are made");
    browser.press(".tile.fine");
    assert_eq!(shown(&browser), "251 of 5000", "without those that are done");
    browser.find("silent");
    assert_eq!(shown(&browser), "50 of 5000");
    assert_eq!(browser.visible("failure"), 50, "the table below is filtered too");
    browser.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");
    assert_eq!(shown(&browser), "5000 of 5000");
    assert_eq!(first(&browser), "fw-berlin-0");
    choose(&browser, "#sort", "end");
    assert_eq!(first(&browser), "fw-a-site-with-quite-a-long-name-in-it-89", "what needs a person comes first");
    choose(&browser, "#sort", "duration");
    let took = browser.js("return document.querySelector('#view .how').lastChild.textContent");
    assert!(took.as_str().unwrap().starts_with("30 s"), "{took}");
    choose(&browser, "#scale", "own");
    assert_eq!(browser.js("return document.querySelector('#view .work').style.left"), "0%");
    browser.js("document.querySelector('#rows').scrollTop = 1e7;");
    browser.js("document.querySelector('#rows').dispatchEvent(new Event('scroll'));");
    let last = "return new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r([...document.querySelectorAll('#view .line')].at(-1).getBoundingClientRect().bottom <= document.querySelector('#rows').getBoundingClientRect().bottom + 1))))";
    assert_eq!(browser.js(last), true, "the last row is reached");
    browser.press("#view .line:last-child .name");
    assert_eq!(browser.js("return document.querySelector('#chosen').checkVisibility()"), true);
}

#[test]
fn it_is_readable_in_light_and_dark_on_a_desktop_and_on_a_phone() {
    for (name, width, phone) in [("fleet-desktop", 1280, false), ("fleet-phone", 390, true)] {
        let Some(browser) = Browser::start(width, phone) else { return };
        for scheme in ["light", "dark"] {
            browser.prefers(scheme);
            browser.open(&PAGE.1);
            let wider =
                browser.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wider, 0, "{name} {scheme}: nothing stands out to the right");
            let worst = browser.js(CONTRAST);
            assert!(worst[0].as_f64().unwrap() >= 4.5, "{name} {scheme}: {worst}");
            browser.press("#view .line:nth-child(8) .name");
            browser
                .js("for (const row of [...document.querySelectorAll('[data-kind=failure]')].slice(12)) row.remove();");
            browser.picture(&format!("{name}-{scheme}"));
        }
    }
}

#[test]
fn it_prints_with_the_first_devices() {
    let Some(browser) = opened(1280, false) else { return };
    browser.js("window.lines = null; addEventListener('beforeprint', () => { window.lines = document.querySelectorAll('#view .line').length; });");
    let pdf = browser.printed("fleet");
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 20_000, "{} bytes", pdf.len());
    assert_eq!(browser.js("return window.lines"), 400);
    assert!((15..60).contains(&browser.visible("device")), "afterwards it is as before");
}

#[test]
fn what_devices_and_names_say_does_nothing() {
    let Some(browser) = opened(1280, false) else { return };
    assert_eq!(browser.js("return document.scripts.length"), 2, "the script and the devices");
    assert_eq!(browser.js("return document.querySelectorAll('b').length"), 0);
    browser.find("<script>alert(1)");
    assert_eq!(shown(&browser), "1 of 5000");
    assert_eq!(first(&browser), r"evil\u{1b}[2J\u{202e}<script>alert(1)</script>");
}

#[test]
fn it_has_landmarks_and_every_control_has_a_name() {
    let Some(browser) = opened(1280, false) else { return };
    for landmark in ["header", "main", "footer", "[role=search]", "html[lang]"] {
        assert_eq!(browser.js(&format!("return document.querySelectorAll({landmark:?}).length")), 1, "{landmark}");
    }
    let nameless = browser.js("return [...document.querySelectorAll('button, input, select, summary, [tabindex=\"0\"]')].filter((e) => \
         !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim() || (e.labels && e.labels.length))).length");
    assert_eq!(nameless, 0);
}

#[test]
fn without_its_script_the_page_is_a_table_of_what_failed() {
    let page = to_html(&reported(300)).unwrap();
    let body = page.split("<script type=\"application/json\"").next().unwrap();
    assert_eq!(body.matches("data-kind=\"failure\"").count(), 16, "each device that is not done");
    assert!(body.contains("the connection was lost behind `end`"));
    assert!(!body.contains("<script>alert"), "names are text");
    assert!(!page.contains("src=") && !page.contains("http:") && !page.contains("https:"), "nothing is loaded");
}

#[test]
fn the_report_for_programs_adds_up() {
    let report: Value = serde_json::from_str(&to_json(&reported(5000))).unwrap();
    let counts = &report["counts"];
    let ended = ["done", "differs", "failed", "escrowed", "needs_person", "not_started"]
        .map(|end| counts[end].as_u64().unwrap());
    assert_eq!((counts["devices"].as_u64().unwrap(), ended.iter().sum::<u64>()), (5000, 5000));
    let failures = report["failures"].as_array().unwrap();
    let failed: u64 = failures.iter().map(|group| group["devices"].as_u64().unwrap()).sum();
    assert_eq!(failed, 251);
    assert_eq!((&failures[0]["end"], &failures[0]["class"]), (&"needs-person".into(), &"dropped".into()));
    let devices = report["devices"].as_array().unwrap();
    assert_eq!(devices[1]["device"], "fw-oslo-1", "in the order of the inventory");
    assert_eq!(devices[1]["spans"][0], serde_json::json!({ "phase": "log-in", "from": 7, "to": 7 + 150 + 62 * 3 }));
    let longest = report["durations"].as_array().unwrap().last().unwrap();
    assert_eq!((longest["phase"].clone(), longest["devices"].as_u64()), (Value::Null, Some(5000)));
    assert!(report["stop"].is_null());
}
