//! Servers that serve one connection on stdin and stdout, as `inetd` starts them, in a mount namespace where
//! `/etc/passwd` and its like are ours: the server knows one user, whose password is `admin` and whose shell is the
//! device. Nothing of the machine is changed, and nothing of the person's is run.

use std::fs::{OpenOptions, Permissions};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::peer::{is_there, works};
use crate::site::{Site, USER};

/// `openssl passwd -6 -salt fgtkey admin`
const PASSWORD_HASH: &str =
    "$6$fgtkey$eEYPtb.qoizF.ojDZXMSU1P0Vkk1xlDXFv1PFgz1oclPihl95aFO88BY3xvr50ox3i4ia5IOl/o30jp.cYu9L1";

/// Puts our files over the machine's, then becomes the server. The user's home is `/mnt`, since tinysshd takes no keys
/// from a place below a directory that others may write to, such as `/tmp`.
const ENTER: &str = r#"
set -e
at=$1
shift
mount --bind "$at" /mnt
for name in passwd shadow shells pam.d; do mount --bind "$at/etc/$name" "/etc/$name"; done
exec "$@"
"#;

/// Whether a mount namespace can be had, which takes root.
pub fn has_namespaces() -> bool {
    let mut enter = Command::new("unshare");
    is_there(
        "mount namespaces (`unshare --mount` as root)",
        works(enter.args(["--mount", "sh", "-c", "mount --bind /etc /mnt"])),
    )
}

/// Listens, and starts `server` for each connection. Returns the port.
pub fn serve(site: &Site, server: &[&str]) -> u16 {
    write_etc(site.at());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let at = site.at().to_owned();
    let server: Vec<String> = server.iter().map(|word| word.replace("{at}", &at.display().to_string())).collect();
    std::thread::spawn(move || {
        // Both threads end with the tests; a session ends with its connection.
        for stream in listener.incoming().flatten() {
            let mut started = start(&at, &server, stream.into());
            std::thread::spawn(move || started.wait());
        }
    });
    port
}

fn start(at: &Path, server: &[String], socket: OwnedFd) -> Child {
    let mut enter = Command::new("unshare");
    enter.args(["--mount", "sh", "-c", ENTER, "sh"]).arg(at).args(server);
    enter.stdin(socket.try_clone().unwrap()).stdout(socket).stderr(log(at)).spawn().unwrap()
}

fn log(at: &Path) -> Stdio {
    OpenOptions::new().append(true).create(true).open(at.join("log")).unwrap().into()
}

fn write_etc(at: &Path) {
    let etc = at.join("etc");
    let write = |name: &str, lines: String| std::fs::write(etc.join(name), lines).unwrap();
    std::fs::create_dir_all(etc.join("pam.d")).unwrap();
    write_authorized_keys(at);
    let at = at.display();
    // sshd wants its own user for what it does before the login.
    write(
        "passwd",
        format!("root:x:0:0::/:/bin/false\n{USER}:x:0:0::/mnt:{at}/shell\nsshd:x:65534:65534::/run/sshd:/bin/false\n"),
    );
    write("shadow", format!("{USER}:{PASSWORD_HASH}:19000:0:99999:7:::\n"));
    write("shells", format!("{at}/shell\n"));
    let permit = "account required pam_permit.so\nsession required pam_permit.so\n";
    write("pam.d/sshd", format!("auth required pam_unix.so\n{permit}"));
}

/// Neither the file nor a directory above it may be writable to others, whatever the umask is here.
fn write_authorized_keys(at: &Path) {
    std::fs::set_permissions(at, Permissions::from_mode(0o700)).unwrap();
    let directory = at.join(".ssh");
    std::fs::DirBuilder::new().mode(0o700).create(&directory).unwrap();
    let file = directory.join("authorized_keys");
    std::fs::copy(at.join("authorized_keys"), &file).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
}
