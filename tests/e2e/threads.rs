//! How mail programs sort mails into threads.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::support::servers::customer::header;
use crate::support::servers::folder::Folder;

/// Which mail hangs on which, by Message-ID, after the algorithm that mail programs share (Jamie
/// Zawinski's): ids named in References are there even if their mails aren't. No guess by subject.
#[derive(Debug, Default)]
pub struct Threads {
    parents: BTreeMap<String, String>,
    present: Vec<String>,
}

impl Threads {
    pub fn of(mails: &[&[u8]]) -> Result<Self> {
        let mut threads = Self::default();
        for mail in mails {
            let id = header(mail, "Message-ID").context("a mail without Message-ID")?;
            let mut chain = ids(mail, "References");
            if chain.is_empty() {
                chain = ids(mail, "In-Reply-To").into_iter().take(1).collect();
            }
            for pair in chain.windows(2) {
                let is_free = !threads.parents.contains_key(&pair[1]);
                if is_free && !threads.hangs_on(&pair[0], &pair[1]) {
                    threads.parents.insert(pair[1].clone(), pair[0].clone());
                }
            }
            // What a mail says of itself counts more than what others say of it.
            if let Some(parent) = chain.last().filter(|it| !threads.hangs_on(it, &id)) {
                threads.parents.insert(id.clone(), parent.clone());
            }
            threads.present.push(id);
        }
        Ok(threads)
    }

    /// How many threads a mail program would show.
    pub fn count(&self) -> usize {
        let mut roots: Vec<&str> = self.present.iter().map(|it| self.root(it)).collect();
        roots.sort_unstable();
        roots.dedup();
        roots.len()
    }

    /// The mail that this one is shown below.
    pub fn parent(&self, id: &str) -> Option<&str> {
        self.parents.get(id).map(String::as_str)
    }

    fn root<'a>(&'a self, id: &'a str) -> &'a str {
        let mut root = id;
        while let Some(parent) = self.parent(root) {
            root = parent;
        }
        root
    }

    fn hangs_on(&self, id: &str, ancestor: &str) -> bool {
        let mut next = Some(id);
        while let Some(here) = next {
            if here == ancestor {
                return true;
            }
            next = self.parent(here);
        }
        false
    }
}

fn ids(mail: &[u8], name: &str) -> Vec<String> {
    let value = header(mail, name).unwrap_or_default();
    let ids = value.split_whitespace();
    ids.map(str::to_owned).collect()
}

/// How many threads notmuch makes of the mails; `None` where it isn't installed.
pub fn count_by_notmuch(mails: &[&[u8]]) -> Result<Option<usize>> {
    if Command::new("notmuch").arg("--version").output().is_err() {
        return Ok(None);
    }
    let folder = Folder::create()?;
    for part in ["mail/cur", "mail/new", "mail/tmp"] {
        folder.create_dir(part)?;
    }
    for (number, mail) in mails.iter().enumerate() {
        folder.write(&format!("mail/cur/{number}:2,S"), mail)?;
    }
    let path = folder.join("mail");
    let config = folder.write(
        "config",
        format!(
            "[database]\npath={}\n[user]\nname=Jane\nprimary_email=jane@acme.com\n",
            path.display()
        ),
    )?;
    let notmuch = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("notmuch")
            .arg("--config")
            .arg(&config)
            .args(arguments)
            .output()?;
        ensure!(output.status.success(), "notmuch {arguments:?} failed");
        Ok(String::from_utf8(output.stdout)?)
    };
    notmuch(&["new", "--quiet"])?;
    let count = notmuch(&["count", "--output=threads", "*"])?;
    Ok(Some(count.trim().parse()?))
}

#[test]
fn mails_hang_on_what_they_refer_to() -> Result<()> {
    let first = b"Message-ID: <1@x>\r\n\r\n".as_slice();
    let second = b"Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n\r\n".as_slice();
    // Its parent isn't there, but the one before is.
    let fourth = b"Message-ID: <4@x>\r\nReferences: <1@x>\r\n <3@x>\r\n\r\n".as_slice();
    let other = b"Message-ID: <5@x>\r\nSubject: Re: the same\r\n\r\n".as_slice();
    let threads = Threads::of(&[fourth, second, first])?;
    assert_eq!(threads.count(), 1);
    assert_eq!(threads.parent("<4@x>"), Some("<3@x>"));
    assert_eq!(Threads::of(&[first, second, other])?.count(), 2);
    Ok(())
}
