//! What was found, in lines such as `ssh -G` prints; only what is said somewhere.

use std::path::PathBuf;
use std::time::Duration;

use fgtkey::ssh::config::{
    AddressFamily, AlgorithmList, Change, ConfigError, HostConfig, IdentityAgent, Jump, Setting, StrictHostKeyChecking,
};

/// The lines of a file of what is expected.
pub fn result(result: &Result<HostConfig, ConfigError>) -> String {
    match result {
        Ok(config) => {
            let list = |(keyword, value): (&str, String)| format!("{keyword} {value}\n");
            let plain = settings(config).into_iter().map(list);
            plain
                .chain(algorithms(config).into_iter().map(|(keyword, value)| list((keyword, as_written(value)))))
                .collect()
        }
        Err(error) => {
            let hint = error.hint().map(|hint| format!("hint: {hint}\n"));
            format!("error: {error}\n{}", hint.unwrap_or_default())
        }
    }
}

fn as_written(list: &AlgorithmList) -> String {
    let sign = match list.change {
        Change::Replace => "",
        Change::Append => "+",
        Change::Remove => "-",
        Change::Prepend => "^",
    };
    format!("{sign}{}", list.names.join(","))
}

pub fn algorithms(config: &HostConfig) -> Vec<(&'static str, &AlgorithmList)> {
    let settings = &config.settings;
    let lists = [
        ("casignaturealgorithms", &settings.ca_signature_algorithms),
        ("ciphers", &settings.ciphers),
        ("hostkeyalgorithms", &settings.host_key_algorithms),
        ("kexalgorithms", &settings.kex_algorithms),
        ("macs", &settings.macs),
        ("pubkeyacceptedalgorithms", &settings.pubkey_accepted_algorithms),
    ];
    lists.into_iter().filter_map(|(keyword, list)| Some((keyword, &list.as_ref()?.value))).collect()
}

pub fn settings(config: &HostConfig) -> Vec<(&'static str, String)> {
    let mut lines = Lines(Vec::new());
    let of = &config.settings;
    lines.0.push(("user", config.user.clone()));
    lines.0.push(("hostname", config.host.clone()));
    lines.0.push(("port", config.port.to_string()));
    lines.say("addressfamily", &of.address_family, address_family);
    lines.say("batchmode", &of.batch_mode, flag);
    lines.say("bindaddress", &of.bind_address, String::clone);
    lines.say("connecttimeout", &of.connect_timeout, seconds);
    lines.say("connectionattempts", &of.connection_attempts, u32::to_string);
    lines.say("globalknownhostsfile", &of.global_known_hosts_files, |files| paths(files));
    lines.say("hashknownhosts", &of.hash_known_hosts, flag);
    lines.say("hostkeyalias", &of.host_key_alias, String::clone);
    lines.say("identitiesonly", &of.identities_only, flag);
    lines.say("identityagent", &of.identity_agent, agent);
    lines.say("kbdinteractiveauthentication", &of.kbd_interactive_authentication, flag);
    lines.say("numberofpasswordprompts", &of.number_of_password_prompts, u32::to_string);
    lines.say("passwordauthentication", &of.password_authentication, flag);
    lines.say("preferredauthentications", &of.preferred_authentications, |list| list.join(","));
    lines.say("proxyjump", &of.proxy_jump, |list| jumps(list));
    lines.say("pubkeyauthentication", &of.pubkey_authentication, flag);
    lines.say("requiredrsasize", &of.required_rsa_size, u32::to_string);
    lines.say("serveralivecountmax", &of.server_alive_count_max, u32::to_string);
    lines.say("serveraliveinterval", &of.server_alive_interval, seconds);
    lines.say("stricthostkeychecking", &of.strict_host_key_checking, strict);
    lines.say("userknownhostsfile", &of.user_known_hosts_files, |files| paths(files));
    if let Some(files) = &of.identity_files {
        lines.say_all("identityfile", files);
        if files.is_empty() {
            lines.0.push(("identityfile", "none".to_owned()));
        }
    }
    lines.say_all("certificatefile", &of.certificate_files);
    lines.0
}

struct Lines(Vec<(&'static str, String)>);

impl Lines {
    fn say<T>(&mut self, keyword: &'static str, setting: &Option<Setting<T>>, told: impl Fn(&T) -> String) {
        self.0.extend(setting.as_ref().map(|setting| (keyword, told(&setting.value))));
    }

    fn say_all(&mut self, keyword: &'static str, files: &[Setting<PathBuf>]) {
        self.0.extend(files.iter().map(|file| (keyword, file.value.display().to_string())));
    }
}

fn flag(flag: &bool) -> String {
    if *flag { "yes" } else { "no" }.to_owned()
}

fn seconds(time: &Duration) -> String {
    time.as_secs().to_string()
}

fn paths(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    if paths.is_empty() { "none".to_owned() } else { paths.join(" ") }
}

fn address_family(family: &AddressFamily) -> String {
    match family {
        AddressFamily::Any => "any",
        AddressFamily::Inet => "inet",
        AddressFamily::Inet6 => "inet6",
    }
    .to_owned()
}

fn strict(checking: &StrictHostKeyChecking) -> String {
    match checking {
        StrictHostKeyChecking::Yes => "yes",
        StrictHostKeyChecking::AcceptNew => "accept-new",
        StrictHostKeyChecking::Ask => "ask",
        StrictHostKeyChecking::Off => "no",
    }
    .to_owned()
}

fn agent(agent: &IdentityAgent) -> String {
    match agent {
        IdentityAgent::None => "none".to_owned(),
        IdentityAgent::Variable(name) if name == "SSH_AUTH_SOCK" => name.clone(),
        IdentityAgent::Variable(name) => format!("${name}"),
        IdentityAgent::Socket(path) => path.display().to_string(),
    }
}

fn jumps(jumps: &[Jump]) -> String {
    let told: Vec<String> = jumps.iter().map(jump).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(",") }
}

fn jump(jump: &Jump) -> String {
    let user = jump.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let host = if jump.host.contains(':') { format!("[{}]", jump.host) } else { jump.host.clone() };
    let port = jump.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{user}{host}{port}")
}
