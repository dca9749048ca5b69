//! Random pairs of what a device has and what is asked for, over the whole schema.

use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::request::RequestFlags;
use fgtkey::fortios::schema::{Group, Schema};
use fgtkey::fortios::transaction::Transaction;
use fgtkey::fortios::version::Version;
use fgtkey::sim::{Device, DeviceSpec, Fault, VdomMode};
use fgtkey::verbs::failure::{Left, Remains};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::desk::{Desk, spec, told};

/// Somebody else's objects, which must be as they were whatever happens.
const OTHERS: &str = "config system accprofile\nedit ops\nset sysgrp read\nend\nconfig system api-user\nedit ops\nset accprofile ops\nend\n";

const LEVELS: [&str; 3] = ["none", "read", "read-write"];

/// What a device has, what is asked for, and what goes wrong.
#[derive(Debug, Clone)]
struct Case {
    version: Version,
    vdoms: bool,
    profile: Option<Vec<Permission>>,
    user: Option<Vec<String>>,
    keyed: bool,
    wanted: Vec<Permission>,
    hosts: Vec<String>,
    comments: Option<String>,
    transaction: Transaction,
    /// The line, and whether it is refused; else the connection ends behind it.
    fault: (usize, bool),
}

/// A group and its level, or children with theirs.
#[derive(Debug, Clone)]
struct Permission {
    group: &'static str,
    level: &'static str,
    children: Vec<(&'static str, &'static str)>,
}

fn permission(version: Version) -> impl Strategy<Value = Permission> {
    let groups: Vec<&'static Group> = Schema::of(version).groups().filter(|group| !group.model_dependent).collect();
    select(groups).prop_flat_map(move |group| {
        // What only some models have, the simulated one may not have.
        let every = Schema::of(version).children(group).filter(|child| !child.model_dependent);
        let children: Vec<&'static str> = every.map(|child| child.name.as_str()).collect();
        let takes = !children.is_empty() && group.takes_custom(version);
        let some = if takes { 0..4_usize } else { 0..1_usize };
        let child = if children.is_empty() { vec!["none"] } else { children };
        (select(&LEVELS[..]), btree_map(select(child), select(&LEVELS[..]), some)).prop_map(move |(level, children)| {
            Permission { group: &group.name, level, children: children.into_iter().collect() }
        })
    })
}

fn permissions(version: Version) -> impl Strategy<Value = Vec<Permission>> {
    vec(permission(version), 1..5).prop_map(|mut all| {
        all.sort_by_key(|one| one.group);
        all.dedup_by_key(|one| one.group);
        all
    })
}

fn host() -> impl Strategy<Value = String> {
    let v4 = (1..200_u8, any::<u8>(), any::<u8>()).prop_map(|(a, b, c)| format!("{a}.{b}.{c}.0/24"));
    let v6 = any::<u16>().prop_map(|part| format!("2001:db8:{part:x}::/64"));
    prop_oneof![v4, v6]
}

fn case() -> impl Strategy<Value = Case> {
    let versions: Vec<Version> = Version::lines().collect();
    (select(versions), any::<bool>()).prop_flat_map(|(version, vdoms)| {
        let comment = prop::option::of("[a-z][a-z ,.:/_-]{0,20}[a-z]");
        let objects = (prop::option::of(permissions(version)), prop::option::of(vec(host(), 0..4)), any::<bool>());
        let wanted = (permissions(version), vec(host(), 1..4), comment);
        let transaction = select(vec![Transaction::Off, Transaction::Auto]);
        (objects, wanted, transaction, (0..30_usize, any::<bool>())).prop_map(
            move |(has, wants, transaction, fault)| {
                let ((profile, user, keyed), (wanted, hosts, comments)) = (has, wants);
                // An API user has a profile.
                let user = user.filter(|_| profile.is_some());
                let keyed = keyed && user.is_some();
                Case { version, vdoms, profile, user, keyed, wanted, hosts, comments, transaction, fault }
            },
        )
    })
}

impl Case {
    fn spec(&self) -> DeviceSpec {
        let spec = DeviceSpec { version: self.version, ..spec(&format!("{OTHERS}{}", self.config())) };
        let keyed_users = if self.keyed { vec!["tf".to_owned()] } else { Vec::new() };
        let vdom_mode = if self.vdoms { VdomMode::Multiple } else { VdomMode::Disable };
        DeviceSpec { keyed_users, vdom_mode, ..spec }
    }

    /// What the device has of `tf`.
    fn config(&self) -> String {
        let mut text = String::new();
        if let Some(permissions) = &self.profile {
            text.push_str("config system accprofile\nedit tf\n");
            permissions.iter().for_each(|one| text.push_str(&one.config()));
            text.push_str("end\n");
        }
        if let Some(hosts) = &self.user {
            text.push_str("config system api-user\nedit tf\nset accprofile tf\n");
            if self.vdoms {
                text.push_str("set vdom root\n");
            }
            text.push_str("config trusthost\n");
            for (at, host) in hosts.iter().enumerate() {
                let family = if host.contains(':') { "ipv6-trusthost" } else { "ipv4-trusthost" };
                text.push_str(&format!("edit {}\nset type {family}\nset {family} {host}\nnext\n", at * 2 + 1));
            }
            text.push_str("end\nend\n");
        }
        text
    }

    fn flags(&self) -> RequestFlags {
        RequestFlags {
            api_user: Some("tf".into()),
            grants: self.wanted.iter().flat_map(Permission::grants).collect(),
            trusted_hosts: self.hosts.clone(),
            vdoms: if self.vdoms { vec!["root".into()] } else { Vec::new() },
            comments: self.comments.clone(),
            allow_weak: true,
            ..RequestFlags::default()
        }
    }

    /// The device without `tf`.
    fn bare(&self) -> String {
        Device::new(DeviceSpec { config: OTHERS.into(), keyed_users: Vec::new(), ..self.spec() }).unwrap().config_text()
    }

    async fn desk(&self, spec: DeviceSpec) -> Desk {
        let mut desk = Desk::at(spec).await;
        desk.transaction = self.transaction;
        desk.consent = Consent { replace_key: true, ..Consent::default() };
        desk
    }

    async fn goes_there_and_back(&self) {
        let flags = self.flags();
        let mut desk = self.desk(self.spec()).await;
        if let Err(failure) = desk.mint(&flags).await {
            panic!("{}", told(&failure));
        }
        desk.consent = Consent::default();
        assert_eq!(desk.differences(&flags).await, [""; 0], "the second plan is empty");
        let user = desk.device.api_user("tf").unwrap();
        let (mut got, mut asked) = (user.trusted_hosts.len(), self.hosts.clone());
        asked.sort();
        asked.dedup();
        got -= asked.len();
        assert!(got == 0 && user.has_key && user.accprofile == "tf", "{user:?}");
        desk.revoke(true).await.unwrap();
        assert_eq!(desk.device.config_text(), self.bare(), "all of it is gone, and nothing else");
    }

    /// The device is as it was, or the failure says in what it is not.
    async fn fails_safely(&self) {
        let (nth, refused) = self.fault;
        let mut desk = self.desk(self.spec()).await;
        let before = desk.device.config_text();
        // The lines that change something come behind the survey.
        let action = if refused { "refuse" } else { "drop-after" };
        let fault = format!("{}={action}", if self.vdoms { 14 + nth } else { 7 + nth });
        desk = self.desk(DeviceSpec { faults: vec![fault.parse::<Fault>().unwrap()], ..self.spec() }).await;
        let Err(failure) = desk.mint(&self.flags()).await else { return };
        match &failure.left {
            Left::Untouched | Left::Undone(_) => assert_eq!(desk.device.config_text(), before, "{}", told(&failure)),
            Left::NeedsPerson { what: Remains::KeyVoid { .. } | Remains::KeyUnknown { .. }, .. } => {
                assert_eq!(without_keys(&desk.device.config_text()), without_keys(&before));
            }
            Left::NeedsPerson { mend, .. } => assert!(mend.is_some(), "{}", told(&failure)),
            left => panic!("{left:?}: {}", told(&failure)),
        }
    }
}

fn without_keys(config: &str) -> String {
    config.lines().filter(|line| !line.contains("api-key")).collect::<Vec<_>>().join("\n")
}

impl Permission {
    fn config(&self) -> String {
        // A child that is `none` is one that was never set: no `show` tells the two apart.
        let children: Vec<_> = self.children.iter().filter(|(_, level)| *level != "none").collect();
        if children.is_empty() {
            return format!("set {} {}\n", self.group, self.level);
        }
        let children = children.iter().map(|(child, level)| format!("set {child} {level}\n"));
        format!("set {0} custom\nconfig {0}-permission\n{1}end\n", self.group, children.collect::<String>())
    }

    fn grants(&self) -> Vec<String> {
        if self.children.is_empty() {
            return vec![format!("{}={}", self.group, self.level)];
        }
        self.children.iter().map(|(child, level)| format!("{}.{child}={level}", self.group)).collect()
    }
}

fn run(test: impl AsyncFnOnce()) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn after_a_mint_the_device_is_as_asked_and_after_a_revocation_as_it_was(case in case()) {
        run(async || case.goes_there_and_back().await);
    }

    #[test]
    fn whatever_line_fails_the_device_is_as_it_was_or_the_failure_says_what_is_not(case in case()) {
        run(async || case.fails_safely().await);
    }
}
