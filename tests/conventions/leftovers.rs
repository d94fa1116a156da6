//! Nothing unfinished, nothing private.

use std::fs;

use crate::{files, repository, shown};

#[test]
fn nothing_is_left_to_do_in_the_source() {
    let marks = ["TODO", "FIXME", "XXX", "todo!", "unimplemented!", "dbg!"];
    let mut faults = Vec::new();
    for folder in ["src", "migrations", "templates", "examples"] {
        for file in files(&repository().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in (1..).zip(text.lines()) {
                for mark in marks.iter().filter(|mark| line.contains(*mark)) {
                    faults.push(format!("{}:{number}: {mark}", shown(&file)));
                }
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}

/// Folders in which people, and the machines that build for them, keep their own things.
#[test]
fn no_path_of_somebodys_machine_is_left_behind() {
    let folders = ["home", "Users", "root", "work", "workspace", "builds"];
    let private = folders.map(|folder| format!("/{folder}/"));
    let mut faults = Vec::new();
    for file in files(&repository()) {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            let is_absolute = |folder: &&String| {
                line.match_indices(folder.as_str()).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "}.-_/…*".contains(c))
                })
            };
            for folder in private.iter().filter(is_absolute) {
                faults.push(format!("{}:{number}: {folder}", shown(&file)));
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}
