//! `group_vars` and `host_vars` beside an inventory: a file or a folder for a group or a host.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::Note;
use super::super::draft::Draft;
use super::super::error::InventoryError;
use super::super::variables::Variables;
use super::tree;

/// The ends of names, the first that is there counts.
const EXTENSIONS: [&str; 4] = ["", "yml", "yaml", "json"];

/// What a file of Ansible Vault begins with.
pub(in super::super) const VAULT: &str = "$ANSIBLE_VAULT;";

/// Adds what stands beside `inventory` to `draft`, whose groups and devices are known by now.
pub(in super::super) fn read(inventory: &Path, draft: &mut Draft) -> Result<(), InventoryError> {
    let folder = inventory.parent().unwrap_or(Path::new(""));
    for (name, path) in chosen(&folder.join("group_vars"))? {
        if let Some(group) = draft.find_group(&name) {
            let variables = variables(&path, draft)?;
            draft.file_of_group(group, variables)?;
        }
    }
    for (name, path) in chosen(&folder.join("host_vars"))? {
        if let Some(device) = draft.find_device(&name) {
            let variables = variables(&path, draft)?;
            draft.file_of_device(device, variables)?;
        }
    }
    Ok(())
}

/// For each name the file or folder that counts.
fn chosen(folder: &Path) -> Result<BTreeMap<String, PathBuf>, InventoryError> {
    let mut found: BTreeMap<String, (usize, PathBuf)> = BTreeMap::new();
    for path in listed(folder)? {
        for (rank, name) in names(&path) {
            if found.get(&name).is_none_or(|(before, _)| rank < *before) {
                found.insert(name, (rank, path.clone()));
            }
        }
    }
    Ok(found.into_iter().map(|(name, (_, path))| (name, path)).collect())
}

/// For whom a file may be: `fw1.yml` for `fw1`, and for a host of that whole name.
fn names(path: &Path) -> Vec<(usize, String)> {
    let whole = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let with = EXTENSIONS.iter().enumerate().skip(1).filter_map(|(rank, extension)| {
        let stem = whole.strip_suffix(extension)?.strip_suffix('.')?;
        Some((rank, stem.to_owned()))
    });
    std::iter::once((0, whole.to_owned())).chain(with).collect()
}

/// What is in a folder, by name; nothing when there is none.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, InventoryError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(|error| unreadable(folder, &error))?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| unreadable(folder, &error)));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// Of a folder, all files in it, a later one over an earlier one.
fn variables(path: &Path, draft: &mut Draft) -> Result<Variables, InventoryError> {
    let mut variables = Variables::default();
    if !path.is_dir() {
        of_file(path, draft, &mut variables)?;
        return Ok(variables);
    }
    for inner in listed(path)?.iter().filter(|inner| counts(inner)) {
        match inner.is_dir() {
            true => variables.replace_all(self::variables(inner, draft)?),
            false => of_file(inner, draft, &mut variables)?,
        }
    }
    Ok(variables)
}

fn counts(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let extension = path.extension().map(|extension| extension.to_string_lossy()).unwrap_or_default();
    !name.starts_with('.') && !name.ends_with('~') && EXTENSIONS.contains(&extension.as_ref())
}

fn of_file(path: &Path, draft: &mut Draft, variables: &mut Variables) -> Result<(), InventoryError> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    if text.starts_with(VAULT) {
        draft.notes.insert(Note::Encrypted);
        return Ok(());
    }
    let (read, notes) = tree::variables(&Arc::from(path.display().to_string()), &text)?;
    draft.notes.extend(notes);
    variables.replace_all(read);
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> InventoryError {
    InventoryError::Unreadable { file: path.display().to_string(), reason: error.to_string() }
}
