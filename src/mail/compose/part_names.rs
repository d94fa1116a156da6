//! What the files in a mail are called: safe names, and none of them twice.

use std::collections::{HashMap, HashSet};

use crate::mail::parse::file_name::{LONGEST, by_type, clean, extension};

/// The names of one mail. Two that differ only in upper and lower case count as the same: they would
/// overwrite each other in a folder of Windows or macOS.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// In lower case.
    taken: HashSet<String>,
    /// By which number a name was told apart last.
    last: HashMap<String, usize>,
}

impl Names {
    /// The name for the next file: `name` without what harms, or one by its type where nothing is left,
    /// numbered if there is one such already. At most [`LONGEST`] octets.
    pub(super) fn choose(&mut self, name: &str, content_type: &str) -> String {
        let name = clean(name).unwrap_or_else(|| by_type(content_type).to_owned());
        let key = name.to_lowercase();
        if self.taken.insert(key.clone()) {
            return name;
        }
        let number = self.last.entry(key).or_insert(1);
        loop {
            *number += 1;
            let numbered = numbered(&name, *number);
            if self.taken.insert(numbered.to_lowercase()) {
                return numbered;
            }
        }
    }
}

/// `plan.pdf` becomes `plan (2).pdf`.
fn numbered(name: &str, number: usize) -> String {
    let extension = extension(name);
    let stem = &name[..name.len() - extension.len()];
    let suffix = format!(" ({number}){extension}");
    let end = stem.floor_char_boundary(LONGEST - suffix.len());
    format!("{}{suffix}", &stem[..end])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["plan.pdf", "Plan.pdf", "plan.pdf"], &["plan.pdf", "Plan (2).pdf", "plan (3).pdf"])]
    #[case(&["a", "a (2)", "a"], &["a", "a (2)", "a (3)"])]
    #[case(&["../../etc/passwd", "C:\\x\\passwd"], &["passwd", "passwd (2)"])]
    #[case(&["", "\r\n", "x\r\nBcc: evil@x"], &["document.pdf", "document (2).pdf", "x Bcc: evil@x"])]
    #[case(&["con.txt", ".bashrc", ".bashrc"], &["_con.txt", ".bashrc", ".bashrc (2)"])]
    fn chooses(#[case] given: &[&str], #[case] expected: &[&str]) {
        let mut names = Names::default();
        let chosen: Vec<_> = given
            .iter()
            .map(|name| names.choose(name, "application/pdf"))
            .collect();
        assert_eq!(chosen, expected);
    }

    #[test]
    fn a_thousand_of_one_name() {
        let mut names = Names::default();
        let long = format!("{}.pdf", "é".repeat(200));
        let chosen: HashSet<_> = (0..1000).map(|_| names.choose(&long, "a/b")).collect();
        assert_eq!(chosen.len(), 1000);
        assert!(
            chosen
                .iter()
                .all(|name| name.len() <= LONGEST && extension(name) == ".pdf")
        );
    }
}
