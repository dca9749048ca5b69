//! Request flags, and the files that they name.

use std::path::Path;

use crate::fortios::render::Templates;
use crate::fortios::request::{Request, RequestFile, RequestFlags};
use crate::report::with_causes;

use super::Usage;
use super::args::RequestArgs;
use super::devices::Device;

/// The request file, if one is named.
pub(super) fn file(args: &RequestArgs) -> Result<Option<RequestFile>, Usage> {
    args.request.as_deref().map(read).transpose()
}

/// The request file at `path`.
pub(super) fn read(path: &Path) -> Result<RequestFile, Usage> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| (format!("{name}: {}", with_causes(&error)), None))?;
    RequestFile::parse(&name, &text).map_err(|error| (error.to_string(), error.hint()))
}

/// The request of a device: what the inventory says of it over the file.
pub(super) fn overlaid(file: Option<&RequestFile>, device: Option<&Device>) -> Option<RequestFile> {
    match (file, device.and_then(Device::request)) {
        (file, None) => file.cloned(),
        (None, Some(over)) => Some(RequestFile::clone(over)),
        (Some(file), Some(over)) => Some(RequestFile::clone(over).overlaid(file.clone())),
    }
}

/// What the flags say of the request.
pub(super) fn flags(args: &RequestArgs, allow_weak: bool) -> RequestFlags {
    let RequestArgs { api_user, profile, preset, grants, trusted_hosts, vdoms, comments, .. } = args;
    RequestFlags {
        api_user: api_user.clone(),
        profile: profile.clone(),
        preset: preset.clone(),
        grants: grants.clone(),
        trusted_hosts: trusted_hosts.clone(),
        vdoms: vdoms.clone(),
        comments: comments.clone(),
        cors_origin: args.cors_origin.clone(),
        peer_group: args.peer_group.clone(),
        schedule: args.schedule.clone(),
        expires: args.expires.clone(),
        allow_weak,
    }
}

/// The serial number that the device must have: the flag's, else the file's.
pub(super) fn serial(args: &RequestArgs, request: &Request) -> Option<String> {
    args.serial.clone().or_else(|| request.serial.clone())
}

/// The templates, those of `--templates` over the embedded ones.
pub(super) fn templates(args: &RequestArgs) -> Result<Templates, Usage> {
    templates_in(args.templates.as_deref())
}

/// Those of a folder over the embedded ones.
pub(super) fn templates_in(folder: Option<&Path>) -> Result<Templates, Usage> {
    let files = match folder {
        None => Vec::new(),
        Some(folder) => template_files(folder)?,
    };
    Templates::replacing(files).map_err(|error| (error.to_string(), error.hint()))
}

/// Name, path and text of each template in a folder.
fn template_files(folder: &Path) -> Result<Vec<(String, String, String)>, Usage> {
    let failed =
        |path: &Path, error: &std::io::Error| (format!("--templates {}: {}", path.display(), with_causes(error)), None);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "cli") {
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, path.display().to_string(), text));
        }
    }
    files.sort();
    Ok(files)
}
