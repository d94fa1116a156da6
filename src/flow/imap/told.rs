//! What staff have been told about one mailbox, and what is news to them: pure.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::wording::mailbox::Unreadable;

/// What staff know of one mailbox already, for all of its folders.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Since when a folder hasn't been read.
    unread_since: HashMap<String, Timestamp>,
    of_account: bool,
    missing_folders: HashSet<String>,
    unmarked_folders: HashSet<String>,
}

/// What is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Again {
    /// All of the mailbox is read.
    pub account: bool,
    /// The folder is there.
    pub folder: bool,
}

/// A server that is away for a moment is nobody's business.
const TOLD_AFTER: SignedDuration = SignedDuration::from_mins(5);

impl Told {
    /// A folder can't be read; whether staff are to be told now.
    pub(super) fn fails(&mut self, folder: &str, why: &Unreadable, now: Timestamp) -> bool {
        if let Unreadable::NoFolder(_) = why {
            self.unread_since.remove(folder);
            return self.missing_folders.insert(folder.to_owned());
        }
        let since = *self.unread_since.entry(folder.to_owned()).or_insert(now);
        let is_due = is_certain(why) || now.duration_since(since) > TOLD_AFTER;
        is_due && !std::mem::replace(&mut self.of_account, true)
    }

    /// A folder has been read to its end.
    pub(super) fn is_read(&mut self, folder: &str) -> Again {
        self.unread_since.remove(folder);
        let all_are_read = self.unread_since.is_empty();
        Again {
            account: all_are_read && std::mem::take(&mut self.of_account),
            folder: self.missing_folders.remove(folder),
        }
    }

    /// Mails of a folder can't be marked; whether staff are to be told.
    pub(super) fn not_marked(&mut self, folder: &str) -> bool {
        self.unmarked_folders.insert(folder.to_owned())
    }
}

/// Whether waiting won't help. Servers hang up now and then, and name servers fail to answer; whoever
/// comes back at once has missed nothing.
pub(super) fn is_certain(why: &Unreadable) -> bool {
    match why {
        Unreadable::Unreachable(_) | Unreadable::UnknownHost(_) | Unreadable::OwnFault => false,
        Unreadable::Login(_)
        | Unreadable::Certificate(_)
        | Unreadable::NoStartTls(_)
        | Unreadable::NoFolder(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Again = Again {
        account: false,
        folder: false,
    };
    const ALL_IS_READ: Again = Again {
        account: true,
        folder: false,
    };

    fn minute(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn away() -> Unreadable {
        Unreadable::Unreachable("refused".to_owned())
    }

    #[test]
    fn a_server_that_is_away_is_told_of_once_after_five_minutes() {
        let mut told = Told::default();
        let due: Vec<i64> = (0..60)
            .filter(|now| told.fails("INBOX", &away(), minute(*now)))
            .collect();
        assert_eq!(due, [6]);
        assert_eq!(told.is_read("INBOX"), ALL_IS_READ);
        assert_eq!(told.is_read("INBOX"), NOTHING);
        // The next time counts from its own beginning.
        assert!(!told.fails("INBOX", &away(), minute(70)));
        assert_eq!(told.is_read("INBOX"), NOTHING);
        assert!(!told.fails("INBOX", &away(), minute(80)));
        assert!(told.fails("INBOX", &away(), minute(86)));
    }

    #[test]
    fn a_name_server_that_fails_for_a_moment_is_nobodys_business() {
        let mut told = Told::default();
        let why = Unreadable::UnknownHost("imap.example.org".to_owned());
        let due: Vec<i64> = (0..60)
            .filter(|now| told.fails("INBOX", &why, minute(*now)))
            .collect();
        assert_eq!(due, [6]);
    }

    #[test]
    fn what_waiting_does_not_help_is_told_of_at_once() {
        for why in [
            Unreadable::Login(String::new()),
            Unreadable::Certificate(String::new()),
            Unreadable::NoStartTls(String::new()),
        ] {
            let mut told = Told::default();
            assert!(told.fails("INBOX", &why, minute(0)), "{why:?}");
            assert!(!told.fails("Junk", &why, minute(1)), "{why:?}");
        }
    }

    /// One folder that is read, again and again, doesn't hide the other that never is.
    #[test]
    fn one_folder_hides_no_other() {
        let mut told = Told::default();
        let mut due = Vec::new();
        for now in 0..20 {
            assert_eq!(told.is_read("INBOX"), NOTHING);
            if told.fails("Junk", &away(), minute(now)) {
                due.push(now);
            }
        }
        assert_eq!(due, [6]);
        assert!(!told.fails("INBOX", &away(), minute(20)));
        assert_eq!(told.is_read("INBOX"), NOTHING);
        assert_eq!(told.is_read("Junk"), ALL_IS_READ);
    }

    #[test]
    fn a_missing_folder_is_told_of_by_itself() {
        let mut told = Told::default();
        let why = Unreadable::NoFolder(Vec::new());
        assert!(told.fails("Kunden", &why, minute(0)));
        assert!(!told.fails("Kunden", &why, minute(1)));
        assert!(told.fails("Junk", &why, minute(1)));
        assert_eq!(told.is_read("INBOX"), NOTHING);
        let again = told.is_read("Kunden");
        assert_eq!((again.account, again.folder), (false, true));
    }
}
