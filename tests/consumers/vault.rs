//! The policy and the AppRole of `examples/vault`, on a real OpenBao in development mode.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Output, Stdio};

use crate::ansible::beside_python;
use crate::desk::{Desk, is_there, text};
use crate::files::{example, repository};

struct Bao {
    server: Child,
    program: String,
    address: String,
}

impl Drop for Bao {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Bao {
    fn start(desk: &Desk) -> Option<Bao> {
        let program = beside_python("bao");
        if !is_there(&program, "version") {
            return None;
        }
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = desk.command(&program);
        command.args(["server", "-dev", "-dev-root-token-id=root", &format!("-dev-listen-address={listen}")]);
        let mut server = command.stderr(Stdio::null()).spawn().unwrap();
        // The last lines of its greeting come when it answers.
        let mut told = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(told.any(|line| line.contains("Root Token")), "bao does not start");
        // Somebody has to read what it goes on to tell.
        std::thread::spawn(move || told.for_each(drop));
        Some(Bao { server, program, address: format!("http://{listen}") })
    }

    /// What the operator of the server runs.
    fn operator(&self, desk: &Desk, program: &str, arguments: &[&str]) -> String {
        let ran: Output = desk
            .command(program)
            .args(arguments)
            .env("VAULT", &self.program)
            .env("VAULT_ADDR", &self.address)
            .env("VAULT_TOKEN", "root")
            .output()
            .unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}{}", text(&ran.stdout), text(&ran.stderr));
        text(&ran.stdout)
    }
}

#[test]
fn the_policy_is_enough_to_deliver_a_key_and_to_use_it() {
    let desk = Desk::new();
    let Some(bao) = Bao::start(&desk) else { return };
    let setup = repository("examples/vault/setup.sh").display().to_string();
    let role = bao.operator(&desk, "sh", &[&setup]).lines().last().unwrap().to_owned();
    let secret = ["write", "-f", "-field=secret_id", "auth/approle/role/fgtkey/secret-id"];
    desk.write("secret-id", &bao.operator(&desk, &bao.program, &secret));
    let at = format!("vault:secret/fortigate/{{{{ device.name }}}},role-id={role},secret-id-file=secret-id");
    let run = |arguments: &[&str]| desk.command("fgtkey").args(arguments).env("VAULT_ADDR", &bao.address).output();
    let minted = run(&["mint", "--sim", "--to", &at]).unwrap();
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    let used = run(&["exec", "sim", "--from", &at, "--", "printenv", "FORTIOS_ACCESS_TOKEN"]).unwrap();
    let field = ["kv", "get", "-mount=secret", "-field=access_token", "fortigate/sim"];
    let stored = bao.operator(&desk, &bao.program, &field);
    assert_eq!(text(&used.stdout).trim(), stored.trim(), "{}", text(&used.stderr));
}

#[test]
fn the_policy_names_nothing_beside_the_keys() {
    let policy = example("vault/policy.hcl");
    let paths: Vec<&str> = policy.lines().filter(|line| line.starts_with("path ")).collect();
    assert_eq!(paths, ["path \"secret/data/fortigate/*\" {"]);
}
