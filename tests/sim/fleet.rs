//! Many devices in one process.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fgtkey::sim::{Login, Mishap, Shell, SimOptions};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

fn options(devices: u16, rates: &[&str]) -> SimOptions {
    let rates = rates.iter().map(|rate| rate.parse().unwrap()).collect();
    SimOptions { devices, mixed: true, rates, seed: Some(7), https: None, ..SimOptions::default() }
}

#[tokio::test]
async fn each_device_of_a_fleet_has_a_name_a_serial_number_a_host_key_and_a_port_of_its_own() {
    let fleet = options(300, &[]).run().await.unwrap();
    let own = fleet.devices().iter().flat_map(|device| {
        [device.name.clone(), device.device.serial(), device.server.fingerprint(), device.server.addr().to_string()]
    });
    assert_eq!(own.collect::<BTreeSet<_>>().len(), 4 * 300);
}

#[tokio::test]
async fn a_seed_gives_the_same_host_keys_and_lets_the_same_devices_go_wrong() {
    let started = async |seed| {
        let fleet = SimOptions { seed: Some(seed), ..options(50, &["hang=10%"]) }.run().await.unwrap();
        let told = fleet.devices().iter().map(|device| (device.server.fingerprint(), device.mishap.clone()));
        told.collect::<Vec<_>>()
    };
    let first = started(1).await;
    assert_eq!(first, started(1).await);
    assert_ne!(first, started(2).await);
}

#[tokio::test]
async fn the_inventory_pins_another_host_key_for_the_devices_whose_key_is_wrong() {
    let fleet = options(40, &["wrong-host-key=10%"]).run().await.unwrap();
    let inventory = fleet.inventory();
    for device in fleet.devices() {
        let line = inventory.lines().find(|line| line.starts_with(&format!("  \"{}\":", device.name))).unwrap();
        assert!(line.contains(&format!("serial: {}", device.device.serial())), "{line}");
        assert!(line.contains(&format!("port: {}", device.server.addr().port())), "{line}");
        let wrong = device.mishap == Some(Mishap::WrongHostKey);
        assert_eq!(line.contains(&device.server.fingerprint()), !wrong, "{line}");
    }
    assert_eq!(fleet.devices().iter().filter(|device| device.mishap.is_some()).count(), 4);
}

#[tokio::test]
async fn a_closed_device_refuses_connections_and_a_silent_one_says_nothing() {
    let fleet = options(4, &["refuse-connection=25%", "silent=25%"]).run().await.unwrap();
    for device in fleet.devices() {
        let connected = TcpStream::connect(device.server.addr()).await;
        if device.mishap == Some(Mishap::RefuseConnection) {
            assert_eq!(connected.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
            continue;
        }
        let mut stream = connected.unwrap();
        let heard = tokio::time::timeout(Duration::from_millis(500), stream.read_u8()).await;
        assert_eq!(heard.is_err(), device.mishap == Some(Mishap::Silent));
        assert_eq!(device.ledger().connections, 1);
    }
}

#[tokio::test]
async fn the_ledger_of_a_device_tells_two_keys_from_one() {
    let fleet = SimOptions { mixed: false, ..options(1, &[]) }.run().await.unwrap();
    let device = &fleet.devices()[0];
    let (mut shell, _) = Shell::open(&device.device, Login::default());
    let mut typed = |text: &str| String::from_utf8_lossy(&shell.receive(text.as_bytes()).bytes).into_owned();
    typed("config system api-user\nedit terraform\nset accprofile prof_admin\nnext\nend\n");
    typed("execute api-user generate-key terraform\n");
    let once = device.ledger();
    typed("execute api-user generate-key terraform\n");
    let twice = device.ledger();
    assert_eq!((once.api_users_made, once.keys_generated, once.open_sessions), (1, 1, 1));
    assert_eq!((twice.api_users_made, twice.keys_generated), (1, 2));
    assert_ne!(once.api_users[0].key_sha256, twice.api_users[0].key_sha256);
    assert!(twice.to_json().contains(r#""keys_generated":2"#), "{}", twice.to_json());
    typed("config system api-user\ndelete terraform\nedit terraform\nset accprofile prof_admin\nnext\nend\n");
    assert_eq!(device.ledger().api_users_made, 2);
}

/// `fgtkey sim` with an inventory and a report in `folder`, once it has told where its devices are.
fn fleet_process(folder: &Path) -> (Child, Vec<String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fgtkey"));
    command.args(["sim", "--devices", "3", "--mixed", "--listen", "127.0.0.1:0"]);
    command.arg("--inventory-out").arg(folder.join("fleet.yaml")).arg("--report").arg(folder.join("report"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let told = BufReader::new(child.stdout.take().unwrap()).lines().take(3).map(Result::unwrap).collect();
    (child, told)
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

#[test]
fn a_fleet_process_writes_its_inventory_first_and_its_report_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, told) = fleet_process(folder.path());
    let inventory = std::fs::read_to_string(folder.path().join("fleet.yaml")).unwrap();
    for line in &told {
        let fingerprint = line.split('\t').nth(2).unwrap();
        assert!(inventory.contains(fingerprint), "{inventory}");
    }
    assert!(!folder.path().join("report").exists());
    signal(&child, Signal::SIGTERM);
    assert!(child.wait().unwrap().success());
    let report = std::fs::read_to_string(folder.path().join("report")).unwrap();
    assert_eq!(report.lines().count(), 3, "{report}");
    assert!(report.starts_with(r#"{"device":"fw1","#), "{report}");
}

#[test]
fn a_fleet_process_reports_when_it_is_asked_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _) = fleet_process(folder.path());
    signal(&child, Signal::SIGUSR1);
    let until = Instant::now() + Duration::from_secs(30);
    while !folder.path().join("report").exists() && Instant::now() < until {
        std::thread::yield_now();
    }
    let report = std::fs::read_to_string(folder.path().join("report")).unwrap();
    assert_eq!(report.lines().count(), 3, "{report}");
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, Signal::SIGTERM);
    assert!(child.wait().unwrap().success());
}
