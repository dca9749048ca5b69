//! The HTTPS administration of the simulated FortiGate: real requests over real TLS.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::terminal::{Terminal, device, key_on};
use fgtkey::fortios::version::Version;
use fgtkey::sim::{Device, DeviceSpec, Https, SimOptions, Trap, VdomMode};

const STATUS: &str = "/api/v2/monitor/system/status";
const ADDRESSES: &str = "/api/v2/cmdb/firewall/address";

/// A device that answers HTTPS, and what its client trusts.
struct Site {
    device: Device,
    https: Https,
    trusted: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    body: String,
    /// The certificates that were presented.
    chain: Vec<Vec<u8>>,
}

async fn site(change: impl FnOnce(&mut DeviceSpec)) -> Site {
    listening(change, ([127, 0, 0, 1], 0).into()).await
}

async fn listening(change: impl FnOnce(&mut DeviceSpec), addr: SocketAddr) -> Site {
    let device = device(change);
    let https = Https::start(device.clone(), addr).await.unwrap();
    let trusted = device.ca().unwrap();
    Site { device, https, trusted }
}

fn trap(name: &str) -> impl FnOnce(&mut DeviceSpec) {
    let trap: Trap = name.parse().unwrap();
    move |spec| trap.apply(spec)
}

impl Site {
    /// Makes the API user `reader`, who may read firewall addresses, and his key; `lines` say what else he is.
    fn key(&self, lines: &[&str]) -> String {
        let multi = self.device.spec().vdom_mode.is_on();
        let mut terminal = Terminal::tall(&self.device);
        terminal.lines(if multi { &["config global"] } else { &[] });
        terminal.lines(&["config system accprofile", "edit reader", "set fwgrp custom", "config fwgrp-permission"]);
        terminal.lines(&["set address read", "end", "next", "end"]);
        terminal.lines(&["config system api-user", "edit reader", "set accprofile reader"]);
        terminal.lines(lines);
        terminal.lines(&["next", "end"]);
        self.generate(&mut terminal, "execute api-user generate-key reader")
    }

    fn generate(&self, terminal: &mut Terminal, command: &str) -> String {
        let said = terminal.lines(&[command]);
        let said = if said.ends_with("password: ") { terminal.types("admin\n") } else { said };
        key_on(&said).unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    fn cli(&self, lines: &[&str]) -> String {
        Terminal::tall(&self.device).lines(lines)
    }

    async fn get(&self, path: &str, key: &str) -> Reply {
        self.try_get(path, key).await.unwrap()
    }

    async fn try_get(&self, path: &str, key: &str) -> std::io::Result<Reply> {
        get(self.https.addr(), &self.trusted, path, key).await
    }

    async fn status(&self, path: &str, key: &str) -> u16 {
        self.get(path, key).await.status
    }
}

/// One request over a connection of its own, to a server that the CA `trusted` vouches for.
async fn get(addr: SocketAddr, trusted: &[u8], path: &str, key: &str) -> std::io::Result<Reply> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.to_vec())).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let connector = TlsConnector::from(Arc::new(builder.with_no_client_auth()));
    let stream = TcpStream::connect(addr).await?;
    let name = ServerName::from(addr.ip());
    let mut tls = connector.connect(name, stream).await?;
    let chain = tls.get_ref().1.peer_certificates().unwrap().iter().map(|der| der.to_vec()).collect();
    let authorization = if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
    let head = format!("GET {path} HTTP/1.1\r\nHost: fw1\r\nConnection: close\r\n{authorization}\r\n");
    tls.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    tls.read_to_end(&mut bytes).await?;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Reply { status, body: body.to_owned(), chain })
}

#[tokio::test]
async fn a_key_reads_the_status_in_the_shape_of_fortios() {
    let site = site(|_| ()).await;
    let reply = site.get(STATUS, &site.key(&[])).await;
    assert_eq!(reply.status, 200);
    let json: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(json["results"]["hostname"], "fw1");
    let told = ["http_method", "vdom", "path", "name", "action", "status", "serial", "version"].map(|name| &json[name]);
    assert_eq!(told, ["GET", "root", "system", "status", "", "success", "FG100FTK00000000", "v7.4.8"]);
    assert_eq!(json["build"], 2795);
}

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_the_answer_is_401() {
    let site = site(|_| ()).await;
    site.key(&[]);
    assert_eq!(site.status(STATUS, "").await, 401);
    assert_eq!(site.status(STATUS, "wrong").await, 401);
    assert_eq!(site.https.counters().refused.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_new_key_makes_the_old_one_void_at_once() {
    let site = site(|_| ()).await;
    let old = site.key(&[]);
    assert_eq!(site.status(STATUS, &old).await, 200);
    let new = site.key(&[]);
    assert_eq!((site.status(STATUS, &old).await, site.status(STATUS, &new).await), (401, 200));
    site.cli(&["config system api-user", "delete reader", "end"]);
    assert_eq!(site.status(STATUS, &new).await, 401);
}

#[tokio::test]
async fn the_source_has_to_be_a_trusted_host() {
    let host = |row| ["config trusthost", "edit 1", row, "next", "end"];
    for (row, status) in [
        ("set ipv4-trusthost 127.0.0.0/8", 200),
        ("set ipv4-trusthost 192.0.2.1/32", 401),
        // A row that was left at its default lets everybody in.
        ("set type ipv4-trusthost", 200),
    ] {
        let site = site(|_| ()).await;
        assert_eq!(site.status(STATUS, &site.key(&host(row))).await, status, "{row}");
    }
}

#[tokio::test]
async fn behind_nat_the_device_sees_https_come_from_where_ssh_comes() {
    let site = site(trap("nat")).await;
    let key = site.key(&["config trusthost", "edit 1", "set ipv4-trusthost 198.51.100.7/32", "next", "end"]);
    assert_eq!(site.status(STATUS, &key).await, 200);
}

#[tokio::test]
async fn another_source_than_that_of_ssh_is_a_trap_and_so_is_403_for_it() {
    let both = |spec: &mut DeviceSpec| {
        trap("https-other-source")(spec);
        trap("https-403")(spec);
    };
    let row = ["config trusthost", "edit 1", "set ipv4-trusthost 127.0.0.1/32", "next", "end"];
    let plain = site(trap("https-other-source")).await;
    assert_eq!(plain.status(STATUS, &plain.key(&row)).await, 401);
    let forbidding = site(both).await;
    let key = forbidding.key(&row);
    assert_eq!((forbidding.status(STATUS, &key).await, forbidding.status(STATUS, "wrong").await), (403, 401));
}

#[tokio::test]
async fn a_key_in_the_url_counts_before_7_4_5_and_then_where_the_switch_is_on() {
    for (version, switch, status) in [
        (Version::new(7, 4, 4), false, 200),
        (Version::new(7, 4, 5), false, 401),
        (Version::new(7, 4, 5), true, 200),
        (Version::new(7, 6, 0), false, 200),
        (Version::new(8, 0, 0), false, 401),
    ] {
        let site = site(|spec| {
            spec.version = version;
            spec.traps.asks_admin_password = Some(false);
        })
        .await;
        let key = site.key(&[]);
        if switch {
            site.cli(&["config system global", "set rest-api-key-url-query enable", "end"]);
        }
        let path = format!("{STATUS}?access_token={key}");
        assert_eq!(site.status(&path, "").await, status, "{version} {switch}");
        assert_eq!(site.status(STATUS, &key).await, 200, "{version}");
    }
}

#[tokio::test]
async fn each_resource_takes_its_permission() {
    let config = "config firewall address\nedit web\nset subnet 192.0.2.80/32\nnext\nend\n";
    let site = site(|spec| spec.config = config.into()).await;
    let key = site.key(&[]);
    let reply = site.get(ADDRESSES, &key).await;
    assert!(reply.status == 200 && reply.body.contains("192.0.2.80 255.255.255.255"), "{reply:?}");
    for (path, status) in [
        ("/api/v2/cmdb/firewall/address/web", 200),
        ("/api/v2/cmdb/firewall/address/nobody", 404),
        ("/api/v2/cmdb/firewall/policy", 403),
        ("/api/v2/monitor/router/ipv4", 403),
        ("/api/v2/monitor/system/resource/usage", 403),
        ("/api/v2/monitor/system/statuses", 404),
        ("/api/v2/nothing", 404),
    ] {
        assert_eq!(site.status(path, &key).await, status, "{path}");
    }
}

#[tokio::test]
async fn a_vdom_without_access_is_403_and_so_is_the_management_vdom() {
    let site = site(|spec| {
        spec.vdom_mode = VdomMode::Multiple;
        spec.vdoms = vec!["root".into(), "edge".into()];
    })
    .await;
    let key = site.key(&["set vdom edge"]);
    for (query, status) in [("", 403), ("?vdom=root", 403), ("?vdom=edge", 200), ("?vdom=nowhere", 403)] {
        assert_eq!(site.status(&format!("{STATUS}{query}"), &key).await, status, "{query}");
    }
    let key = site.key(&["set vdom root edge"]);
    assert_eq!(site.status(STATUS, &key).await, 200);
}

#[tokio::test]
async fn a_key_with_an_expiry_counts_until_then() {
    let site = site(|spec| {
        spec.version = Version::new(7, 6, 4);
        spec.traps.asks_admin_password = Some(false);
    })
    .await;
    site.key(&[]);
    let key = site.generate(&mut Terminal::tall(&site.device), "execute api-user generate-key reader 60");
    site.device.advance(Duration::from_secs(59 * 60));
    assert_eq!(site.status(STATUS, &key).await, 200);
    site.device.advance(Duration::from_secs(60));
    assert_eq!((site.status(STATUS, &key).await, site.device.user_of_key(&key)), (401, None));
}

#[tokio::test]
async fn a_source_that_fails_too_often_is_blocked_for_a_minute_when_the_trap_says_so() {
    let site = site(trap("https-429")).await;
    let key = site.key(&[]);
    for _ in 0..3 {
        assert_eq!(site.status(STATUS, "wrong").await, 401);
    }
    assert_eq!(site.status(STATUS, &key).await, 429);
    site.device.advance(Duration::from_secs(60));
    assert_eq!(site.status(STATUS, &key).await, 200);
}

#[tokio::test]
async fn a_member_that_does_not_have_the_keys_of_the_other_refuses_them() {
    let site = site(trap("https-foreign-keys")).await;
    assert_eq!(site.status(STATUS, &site.key(&[])).await, 401);
}

#[tokio::test]
async fn ipv6_is_served_and_judged_too() {
    let site = listening(|_| (), "[::1]:0".parse().unwrap()).await;
    let row = |host| ["config trusthost", "edit 1", "set type ipv6-trusthost", host, "next", "end"];
    assert_eq!(site.status(STATUS, &site.key(&row("set ipv6-trusthost ::1/128"))).await, 200);
    assert_eq!(site.status(STATUS, &site.key(&row("set ipv6-trusthost 2001:db8::/32"))).await, 401);
}

#[tokio::test]
async fn many_clients_are_served_at_once() {
    let site = Arc::new(site(|_| ()).await);
    let key = site.key(&[]);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (site, key) = (Arc::clone(&site), key.clone());
        clients.spawn(async move { site.status(STATUS, &key).await });
    }
    assert!(clients.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(site.https.counters().requests.load(Ordering::Relaxed), 100);
}

#[tokio::test]
async fn the_certificate_is_that_of_the_device_and_comes_with_its_ca() {
    let site = site(|_| ()).await;
    let presented = site.device.presented().unwrap().unwrap();
    let chain = site.get(STATUS, "").await.chain;
    assert_eq!(chain, [presented.leaf, presented.issuer.unwrap()]);
    assert_eq!(chain[1], site.trusted);
    assert!(site.https.ca_pem().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
}

#[tokio::test]
async fn without_the_chain_the_ca_alone_is_enough_for_a_client_that_has_it() {
    let site = site(trap("https-leaf-only")).await;
    assert_eq!(site.get(STATUS, "").await.chain.len(), 1);
}

#[tokio::test]
async fn a_client_that_trusts_the_devices_ca_refuses_every_other_certificate() {
    for (name, refused) in [
        ("https-expired", "Expired"),
        ("https-foreign-ca", "UnknownIssuer"),
        ("https-self-signed", "UnknownIssuer"),
        ("https-imported", "UnknownIssuer"),
    ] {
        let site = site(trap(name)).await;
        let error = site.try_get(STATUS, "").await.unwrap_err().to_string();
        assert!(error.contains(refused) || error.to_lowercase().contains(&refused.to_lowercase()), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_closed_port_refuses_and_the_cli_still_prints_it() {
    let site = site(trap("https-closed")).await;
    let error = site.try_get(STATUS, "").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    let printed = site.cli(&["get system global | grep admin-sport"]);
    assert!(printed.contains(&format!("admin-sport         : {}\n", site.https.addr().port())), "{printed}");
}

#[tokio::test]
async fn the_cli_may_print_another_port_at_which_nobody_answers() {
    let site = site(trap("https-other-port")).await;
    let printed = site.cli(&["get system global | grep admin-sport"]);
    let port: u16 = printed.split(": ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert_ne!(port, site.https.addr().port());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    assert_eq!(site.status(STATUS, &site.key(&[])).await, 200);
}

#[tokio::test]
async fn a_certificate_that_is_issued_again_differs_from_the_printed_one_and_has_the_same_ca() {
    let site = site(trap("https-reissued")).await;
    let printed = site.cli(&["get vpn certificate local details Fortinet_GUI_Server"]);
    let before = site.device.presented().unwrap().unwrap();
    let shown = site.get(STATUS, "").await.chain;
    assert!(shown[0] != before.leaf && shown[1] == before.issuer.unwrap());
    assert_ne!(site.cli(&["get vpn certificate local details Fortinet_GUI_Server"]), printed);
    assert_eq!(site.get(STATUS, "").await.chain, shown);
    site.device.reissue_certificate().unwrap();
    assert_ne!(site.get(STATUS, "").await.chain, shown);
}

#[tokio::test]
async fn the_chosen_certificate_is_the_one_that_is_presented() {
    let site = site(|_| ()).await;
    let refused = site.cli(&["config system global", "set admin-server-cert nobody"]);
    assert!(refused.contains("entry not found in datasource"), "{refused}");
    site.cli(&["config system global", "set admin-server-cert self-sign", "end"]);
    assert!(site.try_get(STATUS, "").await.is_err());
    assert_eq!(site.device.presented().unwrap().unwrap().issuer, None);
}

#[tokio::test]
async fn the_embedded_device_answers_https_as_well() {
    let running = SimOptions { devices: 2, ..SimOptions::default() }.run().await.unwrap().into_devices();
    for device in &running {
        let https = device.https.as_ref().unwrap();
        let trusted = device.device.ca().unwrap();
        assert_eq!(get(https.addr(), &trusted, STATUS, "").await.unwrap().status, 401);
    }
    let other = running[1].device.ca().unwrap();
    assert!(get(running[0].https.as_ref().unwrap().addr(), &other, STATUS, "").await.is_err());
}

/// A program that is stopped when the test ends.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn fgtkey_sim_tells_where_https_answers_and_writes_the_ca_down() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let program = Command::new(env!("CARGO_BIN_EXE_fgtkey"))
        .args(["sim", "--listen", "127.0.0.1:0", "--https", "127.0.0.1:0", "--https-ca"])
        .arg(&ca)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut program = Stopped(program.unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addr = line.trim_end().rsplit_once("\thttps://").unwrap().1.parse().unwrap();
    let trusted = CertificateDer::from_pem_file(&ca).unwrap();
    assert_eq!(get(addr, &trusted, STATUS, "").await.unwrap().status, 401);
}
