//! A real secret store, OpenBao: what we write its own command reads, and whatever happens to it in mid-run, the key is
//! there or in the escrow.

mod command;
mod server;

use std::error::Error;
use std::path::PathBuf;

use fgtkey::deliver::{
    self, DeliverError, Destination, Device, EscrowPlace, Escrowed, Format, Record, Reservation, Undelivered,
};
use fgtkey::secret::Secret;
use serde_json::{Value, json};
use server::Bao;

const KEY: &str = "fccys3cfbhyhqbqghkyzm1QGNnm31r";

/// What a policy has to allow, as the hint of a refusal says it.
const POLICY: &str = r#"path "secret/data/fortigate/*" { capabilities = ["create", "read", "update"] }"#;

fn device() -> Device {
    Device { name: "fw1".into(), address: "192.0.2.1".into() }
}

fn record() -> Record {
    Record { address: Some("192.0.2.1".into()), api_user: Some("terraform".into()), ..Record::new("fw1") }
}

fn escrow(bao: &Bao) -> EscrowPlace {
    EscrowPlace::open(bao.path("escrow"))
}

fn reserve(bao: &Bao, destination: Destination) -> Result<Reservation, DeliverError> {
    deliver::reserve(&[destination], &device(), Format::Key, &escrow(bao))
}

/// Reserves and stores in one go.
fn put(bao: &Bao, destination: Destination) -> Record {
    let mut record = record();
    reserve(bao, destination).unwrap().store(&mut record, Secret::new(KEY)).unwrap();
    assert_eq!(std::fs::read_dir(bao.path("escrow")).unwrap().count(), 0);
    record
}

/// An error with its causes, as the person gets it.
fn whole(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}

/// Why it cannot be reserved, and what to do.
fn refusal(bao: &Bao, destination: Destination) -> (String, String) {
    let error = reserve(bao, destination).err().unwrap();
    (whole(&error), error.hint().unwrap_or_default())
}

/// Stores, which fails: why, and what the escrow has.
fn escrowed(reservation: Reservation) -> (String, PathBuf, Value) {
    let undelivered: Box<Undelivered> = reservation.store(&mut record(), Secret::new(KEY)).unwrap_err();
    let Escrowed::At(path) = &undelivered.escrowed else { panic!("{undelivered:?}") };
    let kept: Value = std::fs::read_to_string(path).unwrap().parse().unwrap();
    assert_eq!(kept["record"]["key"], KEY);
    (whole(&undelivered.failures[0]), path.clone(), kept)
}

#[test]
fn the_key_is_put_where_the_own_command_of_the_store_reads_it() {
    let Some(bao) = Bao::development() else { return };
    let token = bao.token(POLICY, &[]);
    let record = put(&bao, bao.destination("secret/fortigate/{{ device.name }}", &token));
    assert_eq!(record.delivered_to, ["vault:secret/fortigate/fw1"]);
    assert_eq!(bao.bao(&["kv", "get", "-field=access_token", "-mount=secret", "fortigate/fw1"]).trim(), KEY);
    let (fields, version) = bao.secret("secret/data/fortigate/fw1");
    assert_eq!((fields["hostname"].as_str(), fields["api_user"].as_str()), (Some("192.0.2.1"), Some("terraform")));
    assert!(fields["generated_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!((fields.as_object().unwrap().len(), version), (4, 1));
    let fetched = bao.destination("secret/fortigate/fw1", &token).fetch(&device()).unwrap();
    assert_eq!((fetched.key.expose(), fetched.api_user.as_deref()), (KEY, Some("terraform")));
}

#[test]
fn odd_names_get_to_where_they_say() {
    let Some(bao) = Bao::development() else { return };
    for name in ["fw 1", "fw#1?", "fw%41", "Zürich+1&2=x"] {
        let destination = bao.for_root("secret/{{ device.name }}");
        let device = Device { name: name.into(), ..device() };
        let reserved = deliver::reserve(&[destination], &device, Format::Key, &escrow(&bao)).unwrap();
        reserved.store(&mut record(), Secret::new(KEY)).unwrap();
    }
    let names: Value = bao.bao(&["kv", "list", "-format=json", "secret"]).parse().unwrap();
    assert_eq!(names, json!(["Zürich+1&2=x", "fw 1", "fw#1?", "fw%41"]));
}

#[test]
fn fields_of_others_stay_also_when_they_are_large() {
    let Some(bao) = Bao::development() else { return };
    let large = "x\"\\ü".repeat(100_000);
    let others = json!({ "password": "p", "number": 12, "nested": { "list": [1, null] }, "large": large });
    std::fs::write(bao.path("others.json"), others.to_string()).unwrap();
    bao.bao(&["kv", "put", "-mount=secret", "fw1", &format!("@{}", bao.path("others.json"))]);
    put(&bao, bao.for_root("secret/fw1"));
    let (fields, version) = bao.secret("secret/data/fw1");
    assert_eq!((&fields["access_token"], version), (&json!(KEY), 2));
    for (name, value) in others.as_object().unwrap() {
        assert_eq!(&fields[name], value);
    }
}

#[test]
fn what_others_write_in_between_stays() {
    let Some(bao) = Bao::development() else { return };
    let reserved = reserve(&bao, bao.for_root("secret/fw1")).unwrap();
    bao.bao(&["kv", "put", "-mount=secret", "fw1", "owner=somebody"]);
    reserved.store(&mut record(), Secret::new(KEY)).unwrap();
    let (fields, version) = bao.secret("secret/data/fw1");
    assert_eq!((&fields["owner"], &fields["access_token"], version), (&json!("somebody"), &json!(KEY), 2));
}

#[test]
fn a_newer_key_that_was_put_there_in_between_is_not_replaced() {
    let Some(bao) = Bao::development() else { return };
    let reserved = reserve(&bao, bao.for_root("secret/fw1")).unwrap();
    bao.bao(&["kv", "put", "-mount=secret", "fw1", "access_token=other", "generated_at=2999-01-01T00:00:00Z"]);
    let (why, _, _) = escrowed(reserved);
    assert!(why.contains("which is newer than this one"), "{why}");
    assert_eq!(bao.secret("secret/data/fw1").0["access_token"], "other");
}

#[test]
fn a_secret_that_was_deleted_is_written_anew() {
    let Some(bao) = Bao::development() else { return };
    for (round, delete) in [["kv", "delete"], ["kv", "destroy"]].into_iter().enumerate() {
        let path = format!("fw{round}");
        bao.bao(&["kv", "put", "-mount=secret", &path, "access_token=old"]);
        let version: &[&str] = if round == 0 { &[] } else { &["-versions=1"] };
        bao.bao(&[&delete[..], &["-mount=secret"], version, &[path.as_str()]].concat());
        put(&bao, bao.for_root(&format!("secret/{path}")));
        assert_eq!(bao.secret(&format!("secret/data/{path}")).1, 2);
    }
}

#[test]
fn permissions_that_are_missing_are_named_before_there_is_a_key() {
    let Some(bao) = Bao::development() else { return };
    let path = "secret/data/fortigate/fw1";
    let cases = [
        (r#"path "secret/data/*" { capabilities = ["read"] }"#, format!("permission to create {path} is denied")),
        (
            r#"path "secret/data/*" { capabilities = ["create", "update"] }"#,
            format!("permission to read {path} is denied"),
        ),
        (r#"path "other/*" { capabilities = ["read"] }"#, "there is no secrets engine for secret/fortigate/fw1".into()),
    ];
    for (policy, words) in cases {
        let token = bao.token(policy, &[]);
        let (text, hint) = refusal(&bao, bao.destination("secret/fortigate/fw1", &token));
        assert!(text.contains(&words), "{text}");
        assert!(hint.contains(path) || hint.contains("vault secrets list"), "{hint}");
    }
    let (text, hint) = refusal(&bao, bao.destination("secret/fortigate/fw1", "s.nonsense"));
    assert!(text.ends_with("the token is not valid, or has expired") && hint.contains("vault login"), "{text}");
}

#[test]
fn a_token_without_the_default_policy_is_enough() {
    let Some(bao) = Bao::development() else { return };
    let token = bao.token(POLICY, &["-no-default-policy"]);
    put(&bao, bao.destination("secret/fortigate/fw1", &token));
    assert_eq!(bao.secret("secret/data/fortigate/fw1").1, 1, "proving it has written nothing");
    let token = bao.token(r#"path "secret/data/*" { capabilities = ["read"] }"#, &["-no-default-policy"]);
    let (text, _) = refusal(&bao, bao.destination("secret/fortigate/fw1", &token));
    assert!(text.contains("permission to update secret/data/fortigate/fw1 is denied"), "{text}");
}

#[test]
fn a_token_that_ends_in_between_leaves_the_key_in_the_escrow_and_another_one_finishes() {
    let Some(bao) = Bao::development() else { return };
    let token = bao.token(POLICY, &["-ttl=90s"]);
    let reserved = reserve(&bao, bao.destination("secret/fortigate/fw1", &token)).unwrap();
    bao.bao(&["token", "revoke", &token]);
    let (why, path, kept) = escrowed(reserved);
    assert!(why.starts_with("vault:secret/fortigate/fw1: could not write the key: permission to"), "{why}");
    assert!(!std::fs::read_to_string(path).unwrap().contains(&token), "the escrow has the token");
    // What the escrow names is enough for another run.
    std::fs::write(bao.path("token"), bao.root()).unwrap();
    let again: Destination = kept["undelivered"][0].as_str().unwrap().parse().unwrap();
    let reserved = deliver::reserve(&[again], &device(), Format::Key, &escrow(&bao)).unwrap();
    reserved.store(&mut record(), Secret::new(KEY)).unwrap();
    assert_eq!(bao.secret("secret/data/fortigate/fw1").0["access_token"], KEY);
}

#[test]
fn a_token_that_is_used_up_in_between_leaves_the_key_in_the_escrow() {
    let Some(bao) = Bao::development() else { return };
    let token = bao.token(POLICY, &["-use-limit=9"]);
    let destination = bao.destination("secret/fortigate/fw1", &token);
    let reserved = reserve(&bao, destination.clone()).unwrap();
    while destination.fetch(&device()).is_err_and(|error| matches!(error, deliver::FetchError::Nothing { .. })) {}
    let (why, _, _) = escrowed(reserved);
    assert!(why.contains("permission to read secret/data/fortigate/fw1 is denied"), "{why}");
}

#[test]
fn a_token_that_ends_within_a_minute_is_refused() {
    let Some(bao) = Bao::development() else { return };
    let token = bao.token(POLICY, &["-ttl=30s"]);
    let (text, _) = refusal(&bao, bao.destination("secret/fortigate/fw1", &token));
    assert!(text.contains("the token ends in"), "{text}");
}

#[test]
fn a_sealed_store_is_told_before_there_is_a_key_and_in_between() {
    let Some(bao) = Bao::in_earnest() else { return };
    let reserved = reserve(&bao, bao.for_root("secret/fw1")).unwrap();
    bao.seal();
    let (text, hint) = refusal(&bao, bao.for_root("secret/fw1"));
    assert!(text.ends_with("is sealed") && hint == "`vault operator unseal`", "{text}");
    let (why, _, kept) = escrowed(reserved);
    assert!(why.ends_with("is sealed"), "{why}");
    bao.unseal();
    let again: Destination = kept["undelivered"][0].as_str().unwrap().parse().unwrap();
    reserve(&bao, again).unwrap().store(&mut record(), Secret::new(KEY)).unwrap();
    assert_eq!(bao.secret("secret/data/fw1").0["access_token"], KEY);
}

#[test]
fn a_store_that_was_restarted_in_between_takes_the_key() {
    let Some(mut bao) = Bao::in_earnest() else { return };
    let reserved = reserve(&bao, bao.for_root("secret/fw1")).unwrap();
    bao.restart();
    bao.unseal();
    reserved.store(&mut record(), Secret::new(KEY)).unwrap();
    assert_eq!(bao.secret("secret/data/fw1").0["access_token"], KEY);
    let reserved = reserve(&bao, bao.for_root("secret/fw2")).unwrap();
    bao.stop();
    let (why, _, _) = escrowed(reserved);
    assert!(why.contains("cannot be reached"), "{why}");
}

#[test]
fn only_the_ca_that_was_named_is_trusted() {
    let Some(bao) = Bao::in_earnest() else { return };
    put(&bao, bao.for_root("secret/fw1"));
    let with = |ca: &str| {
        let text = format!("secret/fw1,address={},token-file={}{ca}", bao.address, bao.path("token"));
        Destination::new("vault", &text).unwrap()
    };
    for ca in [String::new(), format!(",ca-file={}", bao.path("other-ca.pem"))] {
        let (text, hint) = refusal(&bao, with(&ca));
        assert!(text.contains("the certificate of 127.0.0.1:") && text.contains("is not trusted"), "{text}");
        assert!(hint.contains("VAULT_CACERT"), "{hint}");
    }
    std::fs::create_dir(bao.path("cas")).unwrap();
    std::fs::copy(bao.path("ca.pem"), bao.path("cas/1.pem")).unwrap();
    std::fs::write(bao.path("cas/README"), "not a certificate").unwrap();
    put(&bao, with(&format!(",ca-path={}", bao.path("cas"))));
    let (text, _) = refusal(&bao, with(&format!(",ca-file={}", bao.path("token"))));
    assert!(text.ends_with("holds no certificate"), "{text}");
    let (text, _) = refusal(&bao, with(&format!(",ca-file={}", bao.path("missing"))));
    assert!(text.contains("cannot be read"), "{text}");
}

#[test]
fn a_namespace_has_engines_of_its_own() {
    let Some(bao) = Bao::development() else { return };
    bao.bao(&["namespace", "create", "net"]);
    bao.enable("team/kv", &["-namespace=net"]);
    let record = put(&bao, bao.for_root("team/kv/fw1,namespace=net/"));
    assert_eq!(record.delivered_to, ["vault:team/kv/fw1"]);
    let got = bao.bao(&["kv", "get", "-namespace=net", "-field=access_token", "-mount=team/kv", "fw1"]);
    assert_eq!(got.trim(), KEY);
    let (text, hint) = refusal(&bao, bao.for_root("team/kv/fw1,namespace=nowhere"));
    assert!(text.ends_with("there is no such namespace") && hint.contains("VAULT_NAMESPACE"), "{text}");
}

#[test]
fn the_mount_may_have_slashes_and_may_be_named() {
    let Some(bao) = Bao::development() else { return };
    bao.enable("team/net", &[]);
    put(&bao, bao.for_root("team/net/a/fw1"));
    put(&bao, bao.for_root("a/fw2,mount=team/net"));
    let names: Value = bao.bao(&["kv", "list", "-format=json", "-mount=team/net", "a"]).parse().unwrap();
    assert_eq!(names, json!(["fw1", "fw2"]));
    let (text, _) = refusal(&bao, bao.for_root("net/fw1,mount=team"));
    assert!(text.contains("there is no secrets engine for team/net/fw1"), "{text}");
}

#[test]
fn an_engine_that_is_no_kv_version_2_is_refused() {
    let Some(bao) = Bao::development() else { return };
    bao.bao(&["secrets", "enable", "-path=old", "-version=1", "kv"]);
    let (text, hint) = refusal(&bao, bao.for_root("old/fw1"));
    assert!(text.ends_with("old/ is KV version 1, not KV version 2"), "{text}");
    assert_eq!(hint, "`vault kv enable-versioning old/`");
    let (text, _) = refusal(&bao, bao.for_root("cubbyhole/fw1"));
    assert!(text.contains("cubbyhole/ is a secrets engine of the type cubbyhole"), "{text}");
    let (text, hint) = refusal(&bao, bao.for_root("missing/fw1"));
    assert!(text.contains("there is no secrets engine for missing/fw1") && hint.contains("secrets list"), "{text}");
}

#[test]
fn an_approle_logs_in_with_its_secret() {
    let Some(bao) = Bao::development() else { return };
    bao.write_policy("test", POLICY);
    for mount in ["approle", "robots"] {
        bao.bao(&["auth", "enable", &format!("-path={mount}"), "approle"]);
        let role = format!("auth/{mount}/role/fgtkey");
        bao.bao(&["write", &role, "token_policies=test", "token_ttl=10m", "secret_id_num_uses=1"]);
        let role_id = bao.bao(&["read", "-field=role_id", &format!("{role}/role-id")]);
        let secret_id = bao.bao(&["write", "-f", "-field=secret_id", &format!("{role}/secret-id")]);
        std::fs::write(bao.path("secret-id"), format!("{}\n", secret_id.trim())).unwrap();
        let (role_id, file) = (role_id.trim(), bao.path("secret-id"));
        let text = format!(
            "secret/fortigate/{mount},address={},role-id={role_id},secret-id-file={file},approle-mount={mount}",
            bao.address
        );
        let destination = Destination::new("vault", &text).unwrap();
        put(&bao, destination.clone());
        assert_eq!(bao.secret(&format!("secret/data/fortigate/{mount}")).0["access_token"], KEY);
        // Its secret was good for one login.
        let (text, _) = refusal(&bao, destination);
        assert!(text.contains(&format!("AppRole does not let us in at auth/{mount}")), "{text}");
    }
}
