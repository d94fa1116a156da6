//! What everybody agreed on and no compiler checks: the documents are true, databases of older
//! versions open, nothing unfinished or private is left in the repository.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

#[path = "conventions/documents.rs"]
mod documents;
#[path = "conventions/leftovers.rs"]
mod leftovers;
#[path = "conventions/migrations.rs"]
mod migrations;

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every file below `folder`, but for what is built, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_symlink() || name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as it is told to people: below the repository.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(repository()).unwrap_or(path);
    path.display().to_string()
}
