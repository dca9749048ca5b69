//! The variables of Ansible that say something to us.

use super::super::Note;
use super::super::variables::Variable;

/// What a variable is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Something that is used.
    Used(Variable),
    /// `ansible_group_priority`.
    Priority,
    /// Something that is not used, and should be told.
    Told(Note),
    /// Nothing to us.
    Nothing,
}

pub(super) fn meaning(name: &str) -> Meaning {
    match name {
        "ansible_host" => Meaning::Used(Variable::Address),
        "ansible_ssh_host" => Meaning::Used(Variable::OldAddress),
        "ansible_port" => Meaning::Used(Variable::Port),
        "ansible_ssh_port" => Meaning::Used(Variable::OldPort),
        "ansible_user" => Meaning::Used(Variable::User),
        "ansible_ssh_user" => Meaning::Used(Variable::OldUser),
        "ansible_ssh_private_key_file" => Meaning::Used(Variable::Identity),
        "ansible_private_key_file" => Meaning::Used(Variable::OldIdentity),
        "ansible_group_priority" => Meaning::Priority,
        "ansible_ssh_common_args" | "ansible_ssh_extra_args" | "ansible_ssh_args" => Meaning::Told(Note::SshArguments),
        "ansible_password"
        | "ansible_ssh_pass"
        | "ansible_ssh_password"
        | "ansible_httpapi_pass"
        | "ansible_httpapi_password" => Meaning::Told(Note::Password),
        _ => Meaning::Nothing,
    }
}
