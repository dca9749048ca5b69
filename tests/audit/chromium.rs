//! Headless Chromium, driven by chromedriver over WebDriver.
//!
//! Skipped where there is no chromedriver, unless `FGTKEY_REQUIRE_PEERS` is set. With `FGTKEY_SCREENSHOTS=DIR` the
//! pictures are kept.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use serde_json::{Value, json};

/// The contrast of text and what is behind it, as WCAG 2 counts it, the worst of the page.
pub const CONTRAST: &str = r"
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

/// A running chromedriver, and one browser session of it.
pub struct Browser {
    driver: Child,
    session: String,
}

/// A chromedriver and its port; none where there is no such program, and where it ends at once.
fn driver() -> Option<(Child, String)> {
    let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut driver = driver.ok()?;
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("started successfully on port ")?.1.trim_end_matches('.').to_owned()));
    if port.is_none() {
        let _ = driver.wait();
    }
    Some((driver, port?))
}

impl Browser {
    /// `None`: there is no chromedriver here.
    pub fn start(width: u32, phone: bool) -> Option<Browser> {
        // Of several that start at once, one may lose the port that it has chosen.
        let Some((driver, port)) = (0..5).find_map(|_| driver()) else {
            assert!(std::env::var_os("FGTKEY_REQUIRE_PEERS").is_none(), "chromedriver is not installed");
            eprintln!("SKIPPED: chromedriver is not installed (Debian: chromium chromium-driver)");
            return None;
        };
        let root = format!("http://127.0.0.1:{port}");
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

    pub fn open(&self, file: &Path) {
        post(&format!("{}/url", self.session), &json!({ "url": format!("file://{}", file.display()) }));
    }

    pub fn js(&self, script: &str) -> Value {
        post(&format!("{}/execute/sync", self.session), &json!({ "script": script, "args": [] }))
    }

    pub fn prefers(&self, scheme: &str) {
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.cdp("Emulation.setEmulatedMedia", &params);
    }

    pub fn cdp(&self, cmd: &str, params: &Value) -> Value {
        post(&format!("{}/goog/cdp/execute", self.session), &json!({ "cmd": cmd, "params": params }))
    }

    /// A picture of the whole page.
    pub fn picture(&self, name: &str) -> Vec<u8> {
        let answer = self.cdp("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }));
        let png = Base64::decode_vec(answer["data"].as_str().unwrap()).unwrap();
        if let Some(folder) = std::env::var_os("FGTKEY_SCREENSHOTS") {
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), &png).unwrap();
        }
        png
    }

    /// The page on A4, as PDF.
    pub fn printed(&self, name: &str) -> Vec<u8> {
        let answer = post(&format!("{}/print", self.session), &json!({ "page": { "width": 21.0, "height": 29.7 } }));
        let pdf = Base64::decode_vec(answer.as_str().unwrap()).unwrap();
        if let Some(folder) = std::env::var_os("FGTKEY_SCREENSHOTS") {
            std::fs::write(PathBuf::from(folder).join(format!("{name}.pdf")), &pdf).unwrap();
        }
        pdf
    }

    pub fn visible(&self, kind: &str) -> u64 {
        let script = format!(
            "return [...document.querySelectorAll('[data-kind={kind}]')].filter(e => e.checkVisibility()).length"
        );
        self.js(&script).as_u64().unwrap()
    }

    pub fn find(&self, text: &str) {
        self.js(&format!(
            "const t = document.querySelector('#text'); t.value = {text:?}; t.dispatchEvent(new Event('input'));"
        ));
    }

    pub fn press(&self, selector: &str) {
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
