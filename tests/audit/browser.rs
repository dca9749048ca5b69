//! The page in headless Chromium, driven by chromedriver over WebDriver: it filters, it prints, it fits a phone, it is
//! readable in light and dark, and what a device says does nothing in it.
//!
//! Skipped where there is no chromedriver, unless `FGTKEY_REQUIRE_PEERS` is set. With `FGTKEY_SCREENSHOTS=DIR` the
//! pictures are kept.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use serde_json::{Value, json};

use super::forms::{hostile, page};
use super::scene::{audited, on};

/// A running chromedriver, and one browser session of it.
struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// `None`: there is no chromedriver here.
    fn start(width: u32, phone: bool) -> Option<Browser> {
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = driver else {
            assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "chromedriver is not installed");
            eprintln!("SKIPPED: chromedriver is not installed (Debian: chromium chromium-driver)");
            return None;
        };
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map(|line| line.unwrap()).find_map(|line| {
            Some(line.split_once("started successfully on port ")?.1.trim_end_matches('.').to_owned())
        });
        let root = format!("http://127.0.0.1:{}", port.expect("chromedriver tells its port"));
        let mut options = json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", format!("--window-size={width},900")] });
        if phone {
            options["mobileEmulation"] =
                json!({ "deviceMetrics": { "width": width, "height": 844, "pixelRatio": 2, "mobile": true } });
        }
        let asked =
            json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } });
        let answer = post(&format!("{root}/session"), &asked);
        let session = format!("{root}/session/{}", answer["sessionId"].as_str().unwrap());
        Some(Browser { driver, session })
    }

    fn open(&self, file: &Path) {
        post(&format!("{}/url", self.session), &json!({ "url": format!("file://{}", file.display()) }));
    }

    fn js(&self, script: &str) -> Value {
        post(&format!("{}/execute/sync", self.session), &json!({ "script": script, "args": [] }))
    }

    fn prefers(&self, scheme: &str) {
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.cdp("Emulation.setEmulatedMedia", &params);
    }

    fn cdp(&self, cmd: &str, params: &Value) -> Value {
        post(&format!("{}/goog/cdp/execute", self.session), &json!({ "cmd": cmd, "params": params }))
    }

    /// A picture of the whole page.
    fn picture(&self, name: &str) -> Vec<u8> {
        let answer = self.cdp("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }));
        let png = Base64::decode_vec(answer["data"].as_str().unwrap()).unwrap();
        if let Some(folder) = std::env::var_os("FGTKEY_SCREENSHOTS") {
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), &png).unwrap();
        }
        png
    }

    fn visible(&self, kind: &str) -> u64 {
        let script = format!(
            "return [...document.querySelectorAll('[data-kind={kind}]')].filter(e => e.checkVisibility()).length"
        );
        self.js(&script).as_u64().unwrap()
    }

    fn find(&self, text: &str) {
        self.js(&format!(
            "const t = document.querySelector('#text'); t.value = {text:?}; t.dispatchEvent(new Event('input'));"
        ));
    }

    fn press(&self, selector: &str) {
        self.js(&format!("document.querySelector({selector:?}).click()"));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn post(url: &str, body: &Value) -> Value {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let mut answer = ureq::Agent::new_with_config(config).post(url).send_json(body).unwrap();
    let answer: Value = answer.body_mut().read_json().unwrap();
    assert!(answer["value"]["error"].is_null(), "{url}: {}", answer["value"]);
    answer["value"].clone()
}

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
    let answer = post(&format!("{}/print", browser.session), &json!({ "page": { "width": 21.0, "height": 29.7 } }));
    let pdf = Base64::decode_vec(answer.as_str().unwrap()).unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 10_000, "{} bytes", pdf.len());
    if let Some(folder) = std::env::var_os("FGTKEY_SCREENSHOTS") {
        std::fs::write(PathBuf::from(folder).join("audit.pdf"), &pdf).unwrap();
    }
    assert_eq!(browser.js("return window.unfolded"), 0);
    assert!(browser.js("return document.querySelectorAll('details:not([open])').length").as_u64().unwrap() > 0);
}

/// The contrast of text and what is behind it, as WCAG 2 counts it, the worst of the page.
const CONTRAST: &str = r"
const number = (text) => (text.match(/[\d.]+/g) || []).map(Number);
const light = (rgb) => { const [r, g, b] = rgb.slice(0, 3).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = number(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
let worst = [99, ''];
for (const e of document.querySelectorAll('body *')) {
  if (!e.checkVisibility() || e.matches('script, style, :disabled, :disabled *') || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
  const [a, b] = [light(number(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < worst[0]) worst = [ratio, e.className + ': ' + e.textContent.trim().slice(0, 40)];
}
return worst;";

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
