//! A simulated FortiGate in a process of its own, as `fgtkey sim` runs it, known to `ssh_config` as `fw1`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::desk::{Desk, PASSWORD};

pub struct Simulator {
    process: Child,
    /// `https://127.0.0.1:PORT`, where the REST API answers.
    pub https: String,
}

impl Simulator {
    /// Starts one; `ca.pem` at the desk is its CA. Both names that the examples use, `fw1` and `fw1.example.net`, are it.
    pub fn start(desk: &Desk) -> Simulator {
        let listen = ["--listen", "127.0.0.1:0", "--https", "127.0.0.1:0", "--https-ca", "ca.pem"];
        let mut command = desk.command("fgtkey");
        command.arg("sim").args(listen).args(["--admin", "automation", "--password", PASSWORD]);
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<&str> = line.trim_end().split('\t').collect();
        let port = words[1].rsplit(':').next().unwrap();
        let config = format!(
            "Host fw1 fw1.example.net\n  HostName 127.0.0.1\n  Port {port}\n  User automation\n  \
             StrictHostKeyChecking accept-new\n"
        );
        desk.write(".ssh/config", &config);
        Simulator { process, https: words[3].to_owned() }
    }
}

impl Simulator {
    /// Nobody answers any more.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop();
    }
}
