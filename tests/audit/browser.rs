//! The page in headless Chromium: it filters, it prints, it fits a phone, it is readable in light and dark, and what a device
//! says does nothing in it.

use std::path::PathBuf;

use super::chromium::{Browser, CONTRAST};
use super::forms::{hostile, page};
use super::scene::{audited, on};

/// The page of two devices, in a file.
async fn in_a_file() -> (tempfile::TempDir, PathBuf) {
    let mut second = audited(on("8.0.0")).await;
    second.device = "fw2".into();
    let page = page(&[audited(on("7.4.8")).await, second]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.html");
    std::fs::write(&path, page).unwrap();
    (folder, path)
}

#[tokio::test]
async fn filters_hide_what_does_not_fit() {
    let Some(browser) = Browser::start(1280, false) else { return };
    let (_folder, path) = in_a_file().await;
    browser.open(&path);
    assert_eq!((browser.visible("finding"), browser.visible("user"), browser.visible("device")), (8, 4, 2));
    browser.press(".tile.high");
    assert_eq!(browser.visible("finding"), 6, "without high");
    browser.find("FGT001");
    assert_eq!((browser.visible("finding"), browser.visible("user")), (2, 2), "the rule and the users that break it");
    browser.js("const d = document.querySelector('#device'); d.value = 'fw2'; d.dispatchEvent(new Event('change'));");
    assert_eq!((browser.visible("finding"), browser.visible("user"), browser.visible("device")), (1, 1, 1));
    assert_eq!(browser.js("return document.querySelector('#shown').textContent"), "1 of 8");
    browser.find("nobody has this name");
    assert_eq!(browser.visible("finding"), 0);
    assert_eq!(browser.js("return document.querySelector('#nothing').checkVisibility()"), true);
    browser.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))");
    assert_eq!(browser.visible("finding"), 8, "Escape shows all");
    browser.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: '/' }))");
    assert_eq!(browser.js("return document.activeElement.id"), "text");
}

#[tokio::test]
async fn it_prints_with_everything_unfolded() {
    let Some(browser) = Browser::start(1280, false) else { return };
    let (_folder, path) = in_a_file().await;
    browser.open(&path);
    browser.js("window.unfolded = null; addEventListener('beforeprint', () => { window.unfolded = document.querySelectorAll('details:not([open])').length; });");
    let pdf = browser.printed("audit");
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 10_000, "{} bytes", pdf.len());
    assert_eq!(browser.js("return window.unfolded"), 0);
    assert!(browser.js("return document.querySelectorAll('details:not([open])').length").as_u64().unwrap() > 0);
}

#[tokio::test]
async fn it_is_readable_in_light_and_dark_on_a_desktop_and_on_a_phone() {
    let (_folder, path) = in_a_file().await;
    for (name, width, phone) in [("desktop", 1280, false), ("phone", 390, true)] {
        let Some(browser) = Browser::start(width, phone) else { return };
        let mut pictures = Vec::new();
        for scheme in ["light", "dark"] {
            browser.prefers(scheme);
            browser.open(&path);
            browser.js("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
            let wider =
                browser.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wider, 0, "{name} {scheme}: nothing stands out to the right");
            let worst = browser.js(CONTRAST);
            assert!(worst[0].as_f64().unwrap() >= 4.5, "{name} {scheme}: {worst}");
            pictures.push(browser.picture(&format!("{name}-{scheme}")));
        }
        assert_ne!(pictures[0], pictures[1], "{name}");
        let page = || browser.js("return getComputedStyle(document.body).backgroundColor");
        let dark = page();
        browser.press("#scheme");
        assert_ne!(page(), dark, "the button turns it light where the system is dark");
    }
}

#[tokio::test]
async fn what_a_device_says_does_nothing() {
    let Some(browser) = Browser::start(1280, false) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.html");
    std::fs::write(&path, page(&[hostile(), hostile()])).unwrap();
    browser.open(&path);
    assert_eq!(browser.js("return document.querySelectorAll('img, iframe, object').length"), 0);
    assert_eq!(browser.js("return document.scripts.length"), 1);
    browser.find("onerror=alert(1)");
    assert!(browser.visible("finding") > 0, "it is text that can be found");
    let blocked = browser.js(
        "const img = document.createElement('img'); img.src = 'https://192.0.2.1/x'; document.body.append(img); \
         const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s); return window.ran === undefined",
    );
    assert_eq!(blocked, true, "its policy would not let an injected script run");
}

#[tokio::test]
async fn it_has_landmarks_and_every_control_has_a_name() {
    let Some(browser) = Browser::start(1280, false) else { return };
    let (_folder, path) = in_a_file().await;
    browser.open(&path);
    for landmark in ["header", "main", "footer", "[role=search]", "[role=status]", "html[lang]"] {
        assert_eq!(browser.js(&format!("return document.querySelectorAll({landmark:?}).length")), 1, "{landmark}");
    }
    let nameless = browser.js("return [...document.querySelectorAll('button, input, select, summary')].filter((e) => \
         !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length))).length");
    assert_eq!(nameless, 0);
    let levels = browser.js("return [...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1])).every((l, i, all) => i === 0 ? l === 1 : l <= all[i - 1] + 1)");
    assert_eq!(levels, true, "no heading skips a level");
}
