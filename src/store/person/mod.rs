//! Everything of one person, in whatever table it stands: found by what identifies them, not by a list
//! of tables, so that a new table can't be forgotten.
//!
//! [`sweep`] makes it go, [`export`] gathers it.

pub mod about;
pub mod export;
mod needle;
pub(super) mod schema;
pub mod sweep;

use sqlx::AssertSqlSafe;

use self::needle::Needles;
use super::{Connection, StoreError};
use crate::domain::{address::EmailAddress, erased, ids::ContactId};

statements! {
    SELECT_CONTACT = "SELECT id, written, name, ghost FROM contacts WHERE address = $1";
    SELECT_MAILS = "
        SELECT mail_id FROM shown WHERE contact_id = $1
        UNION SELECT mail_id FROM postings WHERE from_address = $2
        UNION SELECT mail_id FROM held WHERE from_address = $2
        UNION SELECT mail_id FROM junk WHERE from_address = $2
        UNION SELECT mail_id FROM request_mails WHERE from_address = $2
        UNION SELECT mail_id FROM endings WHERE sender = $2
        UNION SELECT id FROM mails WHERE lower(sender) = $2";
    COUNT_NAMESAKES = "
        SELECT (SELECT count(*) FROM contacts WHERE id <> $1 AND lower(name) LIKE $2 ESCAPE '!')
            + (SELECT count(*) FROM members WHERE lower(name) LIKE $2 ESCAPE '!'
                AND user_id NOT LIKE $3 ESCAPE '!')";
    SELECT_USER = "
        SELECT user_id FROM matrix_links WHERE contact_id = $1
        UNION SELECT user_id FROM moves WHERE contact_id = $1 ORDER BY user_id LIMIT 1";
    COUNT_ROOMS_OF_USER = "
        SELECT count(*) FROM members WHERE user_id = $1 AND membership IN ('join', 'invite')";
    SELECT_CONVERSATIONS = "SELECT conversation_id FROM participants WHERE contact_id = $1";
    SELECT_ALONE = "
        SELECT conversation_id FROM participants AS own WHERE contact_id = $1
        AND NOT EXISTS (
            SELECT 1 FROM participants AS other JOIN contacts ON contacts.id = other.contact_id
            WHERE other.conversation_id = own.conversation_id AND other.contact_id <> $1
            AND address NOT LIKE $2)";
}

/// Who is meant.
#[derive(Debug, Clone)]
pub struct Person {
    /// `None`: somebody who only wrote to us, and is nobody's contact.
    pub contact: Option<ContactId>,
    /// In lower case.
    pub address: String,
    /// As its owner writes it.
    pub written: String,
    /// May be empty.
    pub name: String,
    /// Nobody else here is called so, or has it in their name: it may be looked for.
    pub is_only_name: bool,
    /// Localpart of the ghost; empty if there is none.
    pub ghost: String,
    /// The Matrix user that they are; empty where that isn't known, and where that user is in our rooms:
    /// who reads and writes there is nobody to be forgotten.
    pub user: String,
}

/// The numbers of the conversations in which somebody is or was.
#[derive(Debug)]
struct Conversations {
    all: Vec<i64>,
    /// Those in which nobody else ever was, but for others who are erased.
    alone: Vec<i64>,
}

impl Person {
    /// Whoever has this address.
    pub async fn of(
        connection: &mut Connection,
        address: &EmailAddress,
    ) -> Result<Self, StoreError> {
        type Row = (i64, String, String, String);
        let key = address.key().to_owned();
        let Some((id, written, name, ghost)) =
            fetch_optional!(connection, Row, SELECT_CONTACT, &key)
        else {
            return Ok(Self {
                contact: None,
                address: key,
                written: address.as_str().to_owned(),
                name: String::new(),
                is_only_name: false,
                ghost: String::new(),
                user: String::new(),
            });
        };
        Ok(Self {
            contact: Some(ContactId(id)),
            is_only_name: is_only_name(connection, id, &name, &ghost).await?,
            user: user_outside(connection, id).await?,
            address: key,
            written,
            name,
            ghost,
        })
    }

    /// The numbers of the mails that they have written.
    pub async fn mails(&self, connection: &mut Connection) -> Result<Vec<i64>, StoreError> {
        let contact = self.contact.map_or(-1, |contact| contact.0);
        let rows = fetch_all!(connection, (i64,), SELECT_MAILS, contact, &self.address);
        let mut mails: Vec<i64> = rows.into_iter().map(|(mail,)| mail).collect();
        // What was kept without a word, whoever its envelope names.
        for spelling in self.spellings() {
            let is_in = schema::holds(connection, "raw");
            let sql = format!("SELECT id, raw FROM mails WHERE raw IS NOT NULL AND {is_in}");
            let sql = AssertSqlSafe(sql);
            let naming = fetch_all!(connection, (i64, Vec<u8>), sql, &spelling);
            let is_theirs = |raw: &[u8]| {
                let from = from_header(raw).unwrap_or_default();
                self.needles().are_in(&from)
            };
            let theirs = naming.into_iter().filter(|(_, raw)| is_theirs(raw));
            mails.extend(theirs.map(|(mail, _)| mail));
        }
        mails.sort_unstable();
        mails.dedup();
        Ok(mails)
    }

    async fn conversations(
        &self,
        connection: &mut Connection,
    ) -> Result<Conversations, StoreError> {
        let contact = self.contact.map_or(-1, |contact| contact.0);
        let all = fetch_all!(connection, (i64,), SELECT_CONVERSATIONS, contact);
        let erased = format!("%@{}", erased::DOMAIN);
        let alone = fetch_all!(connection, (i64,), SELECT_ALONE, contact, &erased);
        let numbers = |rows: Vec<(i64,)>| rows.into_iter().map(|(number,)| number).collect();
        Ok(Conversations {
            all: numbers(all),
            alone: numbers(alone),
        })
    }

    /// The address in lower case as far as ASCII goes, as it may stand in octets.
    fn spellings(&self) -> Vec<String> {
        let mut spellings = vec![
            self.address.to_ascii_lowercase(),
            self.written.to_ascii_lowercase(),
        ];
        spellings.dedup();
        spellings
    }

    /// What they are called once they are erased.
    fn anonymous(&self) -> Anonymous {
        let number = self.contact.map_or(0, |contact| contact.0);
        Anonymous {
            name: erased::name(number),
            address: erased::address(number),
            ghost: erased::ghost(number),
            user: erased::user(number),
        }
    }

    fn needles(&self) -> Needles {
        Needles::of(self, &self.anonymous())
    }
}

struct Anonymous {
    name: String,
    address: String,
    ghost: String,
    user: String,
}

async fn user_outside(connection: &mut Connection, contact: i64) -> Result<String, StoreError> {
    let user = fetch_optional!(connection, (String,), SELECT_USER, contact);
    let Some((user,)) = user else {
        return Ok(String::new());
    };
    let rooms = fetch_one!(connection, (i64,), COUNT_ROOMS_OF_USER, &user).0;
    Ok(if rooms == 0 { user } else { String::new() })
}

/// The first From of a raw mail, with the lines on which it goes on.
fn from_header(raw: &[u8]) -> Option<Vec<u8>> {
    let mut lines = raw.split(|byte| *byte == b'\n');
    let is_end = |line: &&[u8]| line.is_empty() || *line == b"\r";
    let is_from = |line: &[u8]| line.len() > 5 && line[..5].eq_ignore_ascii_case(b"from:");
    let mut header = lines
        .by_ref()
        .take_while(|line| !is_end(line))
        .find(|line| is_from(line))?
        .to_vec();
    for line in lines.take_while(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
        header.extend_from_slice(line);
    }
    Some(header)
}

/// A name of one word or of a few letters, or one that somebody else bears or has in theirs, can't be looked
/// for: other people's words would go, and what is no name at all.
async fn is_only_name(
    connection: &mut Connection,
    contact: i64,
    name: &str,
    ghost: &str,
) -> Result<bool, StoreError> {
    if name.chars().count() < 3 || !name.trim().contains(char::is_whitespace) {
        return Ok(false);
    }
    let mut pattern = "%".to_owned();
    for c in name.to_ascii_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    let own = format!("@{}:%", ghost.replace('_', "!_"));
    let found = fetch_one!(connection, (i64,), COUNT_NAMESAKES, contact, &pattern, &own);
    Ok(found.0 == 0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "To: a@b.c\r\nFROM: Jane\r\n <jane@acme.com>\r\nCc: d@e.f\r\n\r\n",
        "FROM: Jane\r <jane@acme.com>\r"
    )]
    #[case("To: a@b.c\n\nFrom: jane@acme.com\n", "")]
    #[case("from:", "")]
    #[case("", "")]
    fn finds_who_wrote(#[case] raw: &str, #[case] expected: &str) {
        let found = from_header(raw.as_bytes()).unwrap_or_default();
        assert_eq!(String::from_utf8(found).unwrap(), expected);
    }
}
