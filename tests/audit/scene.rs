//! A simulated device with API users of the field, and an audit of it.

use std::time::Duration;

use fgtkey::fortios::audit::Policy;
use fgtkey::fortios::render::Templates;
use fgtkey::report::audit::DeviceView;
use fgtkey::secret::Secret;
use fgtkey::session::drive::Interrupt;
use fgtkey::sim::{Algorithms, Device, DeviceSpec, Listen, Server};
use fgtkey::ssh::{Dial, DialOptions, Endpoint, HostKeyPolicy, PasswordSource, Person};
use fgtkey::verbs::audit::{Audit, Audited};
use fgtkey::verbs::console::Line;
use fgtkey::verbs::failure::{Failure, Left, MintError};
use fgtkey::verbs::gate::Gate;
use fgtkey::verbs::{Event, Observer};

struct Nobody;

impl Observer for Nobody {
    fn on(&mut self, _device: &str, _event: Event) {}
}

/// One user that is fine, one that is weak in many ways.
pub const USERS: &str = r#"
config system interface
edit wan1
set allowaccess ping https
next
end
config system accprofile
edit narrow
set fwgrp custom
config fwgrp-permission
set address read
end
next
end
config system api-user
edit good
set accprofile narrow
config trusthost
edit 1
set ipv4-trusthost 192.0.2.10 255.255.255.255
next
end
next
edit bad
set accprofile super_admin
set cors-allow-origin "*"
set comments "nobody knows"
next
end
"#;

pub fn on(version: &str) -> DeviceSpec {
    DeviceSpec {
        version: version.parse().unwrap(),
        config: USERS.into(),
        keyed_users: vec!["good".into(), "bad".into()],
        ..DeviceSpec::default()
    }
}

/// Audits a device, and holds what every audit promises: it sends reads only, and changes nothing.
pub async fn run(spec: DeviceSpec, policy: Policy) -> (Result<Audited, Box<Failure>>, Device) {
    run_over(Algorithms::Strong, spec, policy).await
}

/// The same on a device that offers these algorithms.
pub async fn run_over(
    algorithms: Algorithms,
    spec: DeviceSpec,
    policy: Policy,
) -> (Result<Audited, Box<Failure>>, Device) {
    let device = Device::new(spec).unwrap();
    let server = Server::start(device.clone(), Listen { algorithms, ..Listen::default() }).await.unwrap();
    let before = device.config_text();
    let dial = Dial::new(DialOptions {
        password: PasswordSource::Ask,
        person: Person::answering(|_| Ok(Secret::new("admin"))),
        host_key: server.fingerprint().parse::<HostKeyPolicy>().unwrap(),
        legacy_algorithms: algorithms == Algorithms::Legacy,
        ..DialOptions::default()
    });
    let addr = server.addr();
    let endpoint =
        Endpoint { name: "fw1".into(), host: addr.ip().to_string(), port: addr.port(), user: "admin".into() };
    let within = Duration::from_secs(20);
    let line = Line {
        dial,
        endpoint,
        within,
        interrupt: Interrupt::never(),
        simulated: false,
        serial: None,
        gate: Gate::Open,
    };
    let audit = Audit { line, templates: Templates::embedded().unwrap(), policy };
    let result = audit.run(&mut Nobody).await;
    for command in device.commands() {
        let reads = ["get ", "show "].iter().any(|verb| command.starts_with(verb));
        assert!(reads || ["config global", "end", "exit", ""].contains(&command.as_str()), "{command}");
    }
    assert_eq!(device.commits(), [] as [&str; 0]);
    assert_eq!(device.config_text(), before);
    (result, device)
}

pub async fn audited(spec: DeviceSpec) -> Audited {
    run(spec, Policy::default()).await.0.unwrap()
}

/// The error of an audit that could not be made; nothing was changed.
pub async fn failed(spec: DeviceSpec) -> MintError {
    let failure = run(spec, Policy::default()).await.0.unwrap_err();
    assert!(matches!(failure.left, Left::Untouched), "{:?}", failure.left);
    failure.error
}

pub fn view(audited: &Audited) -> DeviceView {
    DeviceView::of(audited, &Templates::embedded().unwrap())
}

/// `FGT001 bad`.
pub fn found(audited: &Audited) -> Vec<String> {
    let findings = audited.audit.findings.iter();
    findings.map(|finding| format!("{} {}", finding.rule.about().id, finding.user.as_deref().unwrap_or("-"))).collect()
}
