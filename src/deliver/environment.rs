//! What the programs that are run for a delivery inherit.

use std::process::Command;

/// Keeps our own passwords from a program: every variable of ours that holds one.
pub(super) fn without_passwords(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if is_password(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
}

fn is_password(name: &str) -> bool {
    name.starts_with("FGTKEY_") && name.contains("PASSWORD")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssh::PASSWORD_VARIABLE;

    #[test]
    fn the_password_of_the_login_is_one_of_them() {
        assert!(is_password(PASSWORD_VARIABLE));
        assert!(!is_password("PASSWORD_STORE_DIR"));
    }
}
