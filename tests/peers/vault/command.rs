//! The same through the program, with the environment that `bao` and `vault` read.

use std::process::{Command, Output};

use super::server::Bao;
use crate::peer::{fgtkey, text};

type Variable<'a> = (&'a str, &'a str);

/// `fgtkey mint --sim --to TO`, deaf to the environment but for `variables`.
fn mint(bao: &Bao, to: &str, variables: &[Variable]) -> Output {
    let mut command: Command = fgtkey();
    command.args(["mint", "--sim", "--to", to]).env_clear();
    command.env("HOME", bao.path("")).env("PATH", "/usr/bin:/bin").envs(variables.iter().copied());
    command.output().unwrap()
}

#[test]
fn the_environment_of_vault_is_enough() {
    let Some(bao) = Bao::in_earnest() else { return };
    let ca = bao.path("ca.pem");
    let variables = [("VAULT_ADDR", bao.address.as_str()), ("VAULT_TOKEN", bao.root()), ("VAULT_CACERT", &ca)];
    let minted = mint(&bao, "vault:secret/fortigate/{{ device.name }}", &variables);
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    assert_eq!(text(&minted.stdout), "");
    let names = bao.bao(&["kv", "list", "-mount=secret", "fortigate"]);
    let name = names.lines().last().unwrap().trim();
    let key = bao.bao(&["kv", "get", "-field=access_token", "-mount=secret", &format!("fortigate/{name}")]);
    assert_eq!(key.trim().len(), 30, "{key}");
    assert!(!text(&minted.stderr).contains(key.trim()));
    assert!(text(&minted.stderr).contains(&format!("vault:secret/fortigate/{name}")), "{}", text(&minted.stderr));
}

#[test]
fn the_names_of_openbao_go_before_those_of_vault_and_the_token_of_a_login_is_found() {
    let Some(bao) = Bao::development() else { return };
    std::fs::write(bao.path(".vault-token"), bao.root()).unwrap();
    let variables = [("VAULT_ADDR", "https://192.0.2.9"), ("BAO_ADDR", bao.address.as_str()), ("BAO_TOKEN", "")];
    let minted = mint(&bao, "vault:secret/fw1", &variables);
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    assert_eq!(bao.secret("secret/data/fw1").1, 1);
}

#[test]
fn an_approle_of_the_environment_logs_in() {
    let Some(bao) = Bao::development() else { return };
    bao.write_policy("test", super::POLICY);
    bao.bao(&["auth", "enable", "approle"]);
    bao.bao(&["write", "auth/approle/role/fgtkey", "token_policies=test"]);
    let role_id = bao.bao(&["read", "-field=role_id", "auth/approle/role/fgtkey/role-id"]);
    let secret_id = bao.bao(&["write", "-f", "-field=secret_id", "auth/approle/role/fgtkey/secret-id"]);
    let variables = [
        ("VAULT_ADDR", bao.address.as_str()),
        ("VAULT_ROLE_ID", role_id.trim()),
        ("VAULT_SECRET_ID", secret_id.trim()),
    ];
    let minted = mint(&bao, "vault:secret/fortigate/fw1", &variables);
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    assert_eq!(bao.secret("secret/data/fortigate/fw1").1, 1);
}

#[test]
fn what_is_missing_is_said_before_anything_is_minted() {
    let Some(bao) = Bao::development() else { return };
    let address = bao.address.as_str();
    let cases: [(&[Variable], &str, &str); 4] = [
        (&[], "no server is named", "VAULT_ADDR"),
        (&[("VAULT_ADDR", address)], "there is no token", "vault login"),
        (
            &[("VAULT_ADDR", "https://127.0.0.1:1"), ("VAULT_SKIP_VERIFY", "1")],
            "VAULT_SKIP_VERIFY asks to trust any certificate",
            "VAULT_CACERT",
        ),
        (
            &[("VAULT_ADDR", address), ("VAULT_TOKEN", "s.secret")],
            "the token is not valid, or has expired",
            "vault login",
        ),
    ];
    for (variables, words, hint) in cases {
        let minted = mint(&bao, "vault:secret/fw1", variables);
        let said = text(&minted.stderr);
        assert!(!minted.status.success() && minted.stdout.is_empty());
        assert!(said.contains(words) && said.contains(hint) && said.contains("the device was not contacted"), "{said}");
        assert!(!said.contains("s.secret"), "{said}");
    }
}
