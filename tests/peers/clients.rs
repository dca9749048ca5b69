//! An SSH client that is neither OpenSSH nor ours.

use std::process::Command;

use crate::peer::{aside, dry_run, fed, is_there, scraped, serve, text, works};

#[tokio::test(flavor = "multi_thread")]
async fn dropbears_client_pastes_a_dry_run_and_its_log_holds_the_key() {
    if !is_there("dbclient", works(Command::new("dbclient").arg("-V"))) {
        return;
    }
    let (device, server) = serve(&[], |_| ()).await;
    let port = server.addr().port().to_string();
    let lines = dry_run(&["--fortios", "7.4"]) + "exit\n";
    let home = tempfile::tempdir().unwrap();
    let pasted = aside(move || {
        let mut client = Command::new("dbclient");
        client.args(["-y", "-y", "-T", "-p", &port, "admin@127.0.0.1"]);
        fed(client.env("HOME", home.path()).env("DROPBEAR_PASSWORD", "admin"), &lines)
    });
    let pasted = pasted.await;
    let log = text(&pasted.stdout);
    assert!(pasted.status.success(), "{}\n{log}", text(&pasted.stderr));
    assert!(device.key_is_live("terraform", &scraped(&log)), "{log}");
}
