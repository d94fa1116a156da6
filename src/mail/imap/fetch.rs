//! Lists mails, and reads them in pieces: however large a mail is, one piece is in memory.

use std::collections::{BTreeMap, HashMap};

use imap_proto::{AttributeValue, MessageSection, Response, SectionPath};
use jiff::{Timestamp, fmt::strtime};

use super::{
    fault::Fault,
    session::{Ended, Session, Unreadable},
};

/// Octets that are asked for at once.
pub const PIECE: u32 = 256 * 1024;
/// Mails that are listed at once.
const MOST_LISTED: usize = 5000;

/// A mail as the server lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    pub uid: u32,
    /// In octets, as far as the server knows.
    pub size: u32,
    /// When the server got it (INTERNALDATE); `None` if it doesn't tell.
    pub came_at: Option<Timestamp>,
}

/// What came of asking for a part of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Up to as many octets as were asked for; fewer at the mail's end.
    Bytes(Vec<u8>),
    /// The server says no.
    Refused(String),
    /// The server has nothing to say: the mail is gone, or can't be read.
    Nothing,
}

impl Session {
    /// The mails from `uid` on, in order; of very many only the first ones. A server that can't read
    /// one of them may not tell sizes: without `with_sizes` all are 0.
    pub async fn list(&mut self, uid: u32, with_sizes: bool) -> Result<Vec<Listed>, Fault> {
        let mut found = BTreeMap::new();
        // The last mail is listed whatever its UID is (RFC 3501 section 6.4.8).
        let sizes = if with_sizes { " RFC822.SIZE" } else { "" };
        let command = format!("UID FETCH {uid}:* (UID INTERNALDATE{sizes})");
        let hear = |answer: &Response| {
            if let Some(listed) = listed(answer, with_sizes).filter(|listed| listed.uid >= uid) {
                found.insert(listed.uid, listed);
                if found.len() > MOST_LISTED {
                    found.pop_last();
                }
            }
        };
        self.demand("UID FETCH", &command, Unreadable::Fail, hear)
            .await?;
        Ok(found.into_values().collect())
    }

    /// Whether the mail is still there.
    pub async fn has(&mut self, uid: u32) -> Result<bool, Fault> {
        let mut found = false;
        let command = format!("UID FETCH {uid} (UID)");
        let hear = |answer: &Response| found |= uid_of(answer) == Some(uid);
        self.demand("UID FETCH", &command, Unreadable::Fail, hear)
            .await?;
        Ok(found)
    }

    /// The UID of the folder's last mail; 0 if it is empty.
    pub(super) async fn last_uid(&mut self) -> Result<u32, Fault> {
        let mut last = 0;
        let hear = |answer: &Response| last = last.max(uid_of(answer).unwrap_or_default());
        self.demand("UID FETCH", "UID FETCH * (UID)", Unreadable::Fail, hear)
            .await?;
        Ok(last)
    }

    /// The first [`PIECE`] of each of these mails, as far as the server gives them; none is marked
    /// as read.
    pub async fn beginnings(&mut self, uids: &[u32]) -> Result<HashMap<u32, Vec<u8>>, Fault> {
        let mut found = HashMap::new();
        let command = format!("UID FETCH {} (UID BODY.PEEK[]<0.{PIECE}>)", set(uids));
        let hear = |answer: &Response| {
            if let Some(uid) = uid_of(answer)
                && uids.contains(&uid)
                && let Some(bytes) = body(answer, 0)
            {
                found.entry(uid).or_insert_with(|| bytes.to_vec());
            }
        };
        // A refusal concerns one of them: who asks sees which are missing.
        self.command(&command, Unreadable::Fail, hear).await?;
        Ok(found)
    }

    /// The octets of a mail from `offset` on, up to [`PIECE`]; it is not marked as read.
    pub async fn piece(&mut self, uid: u32, offset: u32) -> Result<Piece, Fault> {
        let mut found = None;
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<{offset}.{PIECE}>)");
        let hear = |answer: &Response| {
            if uid_of(answer) == Some(uid)
                && let Some(bytes) = body(answer, offset)
            {
                found = Some(bytes.to_vec());
            }
        };
        let ended = self.command(&command, Unreadable::Fail, hear).await?;
        Ok(match (found, ended) {
            (Some(bytes), _) if bytes.len() > PIECE as usize => {
                return Err(Fault::Nonsense(
                    "it sends more of a mail than was asked for",
                ));
            }
            (Some(bytes), Ended::Ok) => Piece::Bytes(bytes),
            (_, Ended::No(answer)) => Piece::Refused(answer),
            (None, Ended::Ok) => Piece::Nothing,
        })
    }

    /// The header of a mail, up to 64 KiB.
    pub async fn header(&mut self, uid: u32) -> Result<Vec<u8>, Fault> {
        let mut found = Vec::new();
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[HEADER]<0.65536>)");
        let hear = |answer: &Response| {
            for attribute in attributes(answer) {
                if let AttributeValue::BodySection {
                    section: Some(SectionPath::Full(MessageSection::Header)),
                    data: Some(bytes),
                    ..
                } = attribute
                    && uid_of(answer) == Some(uid)
                {
                    found = bytes.to_vec();
                }
            }
        };
        self.command(&command, Unreadable::Skip, hear).await?;
        Ok(found)
    }
}

/// UIDs as a sequence set: `1:3,7`. They must be in order.
pub(super) fn set(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => ranges.push((*uid, *uid)),
        }
    }
    let texts: Vec<String> = ranges
        .iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}:{last}")
            }
        })
        .collect();
    texts.join(",")
}

fn attributes<'a>(answer: &'a Response<'a>) -> &'a [AttributeValue<'a>] {
    match answer {
        Response::Fetch(_, attributes) => attributes,
        _ => &[],
    }
}

fn uid_of(answer: &Response) -> Option<u32> {
    attributes(answer)
        .iter()
        .find_map(|attribute| match attribute {
            AttributeValue::Uid(uid) => Some(*uid),
            _ => None,
        })
}

/// The octets of the whole mail from `offset` on; behind its end some servers say that there are
/// none.
fn body<'a>(answer: &'a Response<'a>, offset: u32) -> Option<&'a [u8]> {
    attributes(answer)
        .iter()
        .find_map(|attribute| match attribute {
            AttributeValue::BodySection {
                section: None,
                index,
                data,
            } if index.unwrap_or(0) == offset => match data {
                Some(bytes) => Some(bytes.as_ref()),
                None => (offset > 0).then_some(&[][..]),
            },
            _ => None,
        })
}

fn listed(answer: &Response, with_sizes: bool) -> Option<Listed> {
    let uid = uid_of(answer)?;
    let mut listed = Listed {
        uid,
        size: 0,
        came_at: None,
    };
    let mut is_listed = !with_sizes;
    for attribute in attributes(answer) {
        match attribute {
            AttributeValue::Rfc822Size(size) => {
                listed.size = *size;
                is_listed = true;
            }
            AttributeValue::InternalDate(text) => listed.came_at = internal_date(text),
            _ => {}
        }
    }
    // Without a size it only tells of somebody's new flags.
    is_listed.then_some(listed)
}

/// ` 7-Feb-1994 22:43:04 -0800` (RFC 3501 section 9, date-time).
fn internal_date(text: &str) -> Option<Timestamp> {
    let time = strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim_start()).ok()?;
    time.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[], "")]
    #[case(&[7], "7")]
    #[case(&[1, 2, 3, 7, 9, 10], "1:3,7,9:10")]
    #[case(&[u32::MAX - 1, u32::MAX], "4294967294:4294967295")]
    fn writes_sets(#[case] uids: &[u32], #[case] expected: &str) {
        assert_eq!(set(uids), expected);
    }

    #[rstest]
    #[case("17-Jul-1996 02:44:25 -0700", Some("1996-07-17T09:44:25Z"))]
    #[case(" 7-Feb-1994 22:43:04 +0000", Some("1994-02-07T22:43:04Z"))]
    #[case("yesterday", None)]
    #[case("", None)]
    fn reads_dates(#[case] text: &str, #[case] expected: Option<&str>) {
        let read = internal_date(text).map(|time| time.to_string());
        assert_eq!(read.as_deref(), expected);
    }
}
