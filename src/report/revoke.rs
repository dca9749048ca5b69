//! The words of a revocation.

use serde::Serialize;

use super::step::listed;
use super::{Reporter, Verbosity};
use crate::fortios::disabled::NOWHERE;
use crate::fortios::retirement::Stays;
use crate::verbs::access::{Switch, Switched};
use crate::verbs::revoke::Sight;

impl Reporter {
    /// Says what would go and what stays, before anybody is asked.
    pub fn sight(&mut self, device: &str, sight: &Sight) {
        let removed = sight.retirement.delete_user.iter().map(|user| format!("the API user {user} and its key"));
        let profile = sight.retirement.delete_profile.iter().map(|profile| format!("the access profile {profile}"));
        let removes: Vec<String> = removed.chain(profile).collect();
        for text in removes {
            self.told(Verbosity::Story, device, "removes", &text);
        }
        if let Some(stays) = &sight.retirement.profile_stays {
            self.told(Verbosity::Story, device, "keeps", &format!("the access profile: {}", reason(stays)));
        }
        if let Some(profile) = &sight.other_profile {
            let text = format!("the access profile {profile}: it is not that of the request");
            self.told(Verbosity::Story, device, "keeps", &text);
        }
        for other in &sight.others {
            let text = format!("the API user {other}, of the same pair: it is left alone");
            self.told(Verbosity::Story, device, "keeps", &text);
        }
    }

    /// Says that nothing was left to be removed.
    pub fn nothing_to_revoke(&mut self, device: &str, api_user: &str) {
        self.told(Verbosity::Story, device, "done", &format!("there is no API user {api_user}, and nothing of it"));
    }

    /// Says that it is gone.
    pub fn revoked(&mut self, device: &str, sight: &Sight) {
        let names: Vec<String> =
            gone(sight).into_iter().map(|change| format!("{} {}", change.object, change.name)).collect();
        let text = format!("{} removed, and read again to prove it", listed(&names));
        self.told(Verbosity::Story, device, "done", &text);
    }

    /// Says that nobody was asked because nobody is there.
    pub fn nobody_to_ask(&mut self) {
        self.bad_usage(
            "there is no terminal to ask on whether this is meant",
            Some("say --yes, or look first with --dry-run"),
        );
    }

    /// Says that the person did not mean it.
    pub fn not_meant(&mut self, device: &str) {
        self.note(&format!("{device}: nothing was changed"));
    }

    /// Says what a switch came to.
    pub fn switched(&mut self, device: &str, api_user: &str, switch: Switch, switched: &Switched) {
        let text = match (switch, switched.changed) {
            (Switch::Disable, true) => format!(
                "{api_user}: its key is refused from everywhere: the only trusted host is {NOWHERE}, an address of \
                 TEST-NET-1 (RFC 5737) that nobody has"
            ),
            (Switch::Disable, false) => format!("{api_user} is disabled already"),
            (Switch::Enable, true) => format!("{api_user} has the trusted hosts again that it had"),
            (Switch::Enable, false) => format!("{api_user} is not disabled"),
        };
        self.told(Verbosity::Story, device, "done", &text);
        if switched.restore.is_some() && self.verbosity >= Verbosity::Story {
            self.note(
                "`fgtkey revoke --enable` brings them back on this machine; on another one, the CLI on stdout does",
            );
        }
    }
}

fn reason(stays: &Stays) -> String {
    match stays {
        Stays::Asked => "--keep-profile".into(),
        Stays::BuiltIn => "FortiOS brings it".into(),
        Stays::NotOurs => "it is not known to be made for this API user (-r FILE with the request says so)".into(),
        Stays::UsedBy(users) => format!("it is used by {}", listed(users)),
    }
}

/// One object that went.
#[derive(Serialize)]
struct Gone {
    object: &'static str,
    name: String,
    action: &'static str,
}

fn gone(sight: &Sight) -> Vec<Gone> {
    let one = |object, name: &String| Gone { object, name: name.clone(), action: "deleted" };
    let user = sight.retirement.delete_user.iter().map(|name| one("system api-user", name));
    user.chain(sight.retirement.delete_profile.iter().map(|name| one("system accprofile", name))).collect()
}

/// One JSON object on one line: what went.
pub fn to_json(device: &str, api_user: &str, sight: &Sight) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        device: &'a str,
        api_user: &'a str,
        changes: Vec<Gone>,
        others: &'a [String],
    }
    let object = Object { device, api_user, changes: gone(sight), others: &sight.others };
    // Strings and lists of them always have a JSON form.
    serde_json::to_string(&object).map(|line| line + "\n").unwrap_or_default()
}
