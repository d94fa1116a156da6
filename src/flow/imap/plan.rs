//! Which mails are taken, and how: pure.

use jiff::{SignedDuration, Timestamp};

use crate::mail::imap::Listed;

/// What is done next, in the order of the UIDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Group {
    /// Small mails that are fetched by one command.
    Together(Vec<Listed>),
    Alone(Listed),
    TooLarge(Listed),
    /// They were there before us.
    NotOurs(Vec<Listed>),
}

/// What decides about a mail besides what is listed of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Mails below may be older than our interest in the folder.
    pub compare_below: u32,
    /// When our interest began.
    pub since: Timestamp,
    pub max_size: u64,
    /// One of the mails below ended the connection: each is taken alone.
    pub careful_below: u32,
}

/// A mail that is fetched together with others has at most so many octets.
const SMALL: u32 = 64 * 1024;
/// … and all of them together.
const SMALL_TOGETHER: u32 = 512 * 1024;
const MOST_TOGETHER: usize = 50;
/// The server's clock and ours may differ by that.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// Sorts mails, which are listed by UID, into groups; each is in one of them.
pub(super) fn plan(listed: &[Listed], terms: &Terms) -> Vec<Group> {
    let mut groups = Vec::new();
    for mail in listed {
        let was_before = mail.came_at.is_some_and(|came_at| {
            came_at
                .saturating_add(SLACK)
                .is_ok_and(|at| at < terms.since)
        });
        if mail.uid < terms.compare_below && was_before {
            match groups.last_mut() {
                Some(Group::NotOurs(mails)) => mails.push(*mail),
                _ => groups.push(Group::NotOurs(vec![*mail])),
            }
        } else if u64::from(mail.size) > terms.max_size {
            groups.push(Group::TooLarge(*mail));
        } else if mail.size > SMALL || mail.uid < terms.careful_below {
            groups.push(Group::Alone(*mail));
        } else {
            match groups.last_mut() {
                Some(Group::Together(mails)) if has_room(mails, mail) => mails.push(*mail),
                _ => groups.push(Group::Together(vec![*mail])),
            }
        }
    }
    groups
}

fn has_room(mails: &[Listed], mail: &Listed) -> bool {
    let size: u32 = mails.iter().map(|mail| mail.size).sum();
    mails.len() < MOST_TOGETHER && size + mail.size <= SMALL_TOGETHER
}

/// How often was tried what did not succeed.
#[derive(Debug, Default, Clone)]
pub(super) struct Tries {
    uid: u32,
    begun: u32,
    refused: u32,
    /// What the server said last.
    reason: String,
    /// As in [`Terms`].
    pub careful_below: u32,
    /// The server could not list the mails with their sizes.
    pub without_sizes: bool,
}

/// Between them, and the one of several mails before, lie 15 to 30 seconds: a server may have a weak
/// moment.
const MOST_REFUSALS: u32 = 3;
/// Between them lie ten minutes and more: a network may be bad.
const MOST_BEGINNINGS: u32 = 12;

impl Tries {
    /// A mail is about to be fetched alone.
    pub(super) fn begin(&mut self, uid: u32) {
        if self.uid != uid {
            self.uid = uid;
            self.begun = 0;
            self.refused = 0;
        }
        self.begun += 1;
    }

    /// The server has refused that mail, or hung up over it with these words.
    pub(super) fn refuse(&mut self, reason: &str) {
        self.refused += 1;
        reason.clone_into(&mut self.reason);
    }

    /// Why the mail is to be passed over, if it is.
    pub(super) fn given_up(&self, uid: u32) -> Option<String> {
        if self.uid != uid {
            return None;
        }
        if self.refused >= MOST_REFUSALS {
            return Some(self.reason.clone());
        }
        (self.begun >= MOST_BEGINNINGS).then(|| "the connection ends each time".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const DAY: i64 = 86_400;

    fn mail(uid: u32, size: u32, day: i64) -> Listed {
        let came_at = Timestamp::from_second(day * DAY).ok();
        Listed { uid, size, came_at }
    }

    fn terms() -> Terms {
        Terms {
            compare_below: 0,
            since: Timestamp::from_second(10 * DAY).unwrap(),
            max_size: 1_000_000,
            careful_below: 0,
        }
    }

    fn uids(mails: &[Listed]) -> String {
        let uids: Vec<String> = mails.iter().map(|mail| mail.uid.to_string()).collect();
        uids.join("+")
    }

    fn shown(groups: &[Group]) -> String {
        let shown: Vec<String> = groups
            .iter()
            .map(|group| match group {
                Group::Together(mails) => uids(mails),
                Group::Alone(mail) => format!("{}", mail.uid),
                Group::TooLarge(mail) => format!("!{}", mail.uid),
                Group::NotOurs(mails) => format!("-{}", uids(mails)),
            })
            .collect();
        shown.join(" ")
    }

    #[rstest]
    #[case::nothing(&[], "")]
    #[case::small(&[mail(1, 10, 20), mail(2, 10, 20), mail(9, 10, 20)], "1+2+9")]
    #[case::large_between(&[mail(1, 10, 20), mail(2, 70_000, 20), mail(3, 10, 20)], "1 2 3")]
    #[case::too_large(&[mail(1, 1_000_001, 20), mail(2, 1_000_000, 20)], "!1 2")]
    #[case::too_much_together(&[mail(1, 65_000, 20); 9], "1+1+1+1+1+1+1+1 1")]
    #[case::old_is_ours_by_its_uid(&[mail(1, 10, 1)], "1")]
    fn takes_what_is_new(#[case] listed: &[Listed], #[case] expected: &str) {
        assert_eq!(shown(&plan(listed, &terms())), expected);
    }

    #[test]
    fn after_a_change_of_uids_leaves_alone_what_was_there_before() {
        let undated = Listed {
            came_at: None,
            ..mail(4, 10, 0)
        };
        let listed = [
            mail(0, 9, 9),
            mail(1, 9, 9),
            mail(2, 9, 10),
            mail(3, 9, 11),
            undated,
        ];
        let later = [mail(5, 10, 9)];
        let terms = Terms {
            compare_below: 5,
            ..terms()
        };
        assert_eq!(shown(&plan(&listed, &terms)), "-0+1 2+3+4");
        assert_eq!(shown(&plan(&later, &terms)), "5");
    }

    #[test]
    fn takes_each_alone_where_one_of_them_ended_the_connection() {
        let listed = [
            mail(1, 10, 20),
            mail(2, 10, 20),
            mail(3, 10, 20),
            mail(4, 10, 20),
        ];
        let terms = Terms {
            careful_below: 3,
            ..terms()
        };
        assert_eq!(shown(&plan(&listed, &terms)), "1 2 3+4");
    }

    #[test]
    fn gives_a_mail_up_after_some_tries() {
        let mut tries = Tries::default();
        for _ in 0..MOST_REFUSALS {
            assert_eq!(tries.given_up(7), None);
            tries.begin(7);
            tries.refuse("can't");
        }
        assert_eq!(tries.given_up(7).as_deref(), Some("can't"));
        // Another mail begins anew.
        for _ in 0..MOST_BEGINNINGS {
            assert_eq!(tries.given_up(8), None);
            tries.begin(8);
        }
        assert!(tries.given_up(8).is_some() && tries.given_up(7).is_none());
    }

    proptest! {
        #[test]
        fn every_mail_is_in_one_group_and_in_order(
            sizes in proptest::collection::vec((any::<u32>(), 0_i64..20), 0..200),
            compare_below in 0_u32..200,
            careful_below in 0_u32..200,
        ) {
            let listed: Vec<Listed> = sizes
                .iter()
                .zip(1..)
                .map(|((size, day), uid)| mail(uid, *size, *day))
                .collect();
            let terms = Terms { compare_below, careful_below, ..terms() };
            let mut seen = Vec::new();
            for group in plan(&listed, &terms) {
                match group {
                    Group::Together(mails) => {
                        prop_assert!(mails.len() <= MOST_TOGETHER);
                        prop_assert!(mails.iter().map(|mail| mail.size).sum::<u32>() <= SMALL_TOGETHER);
                        seen.extend(mails);
                    }
                    Group::NotOurs(mails) => seen.extend(mails),
                    Group::Alone(mail) | Group::TooLarge(mail) => seen.push(mail),
                }
            }
            prop_assert_eq!(seen, listed);
        }
    }
}
