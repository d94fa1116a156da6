//! Everything of one person, in whatever table it stands: found by what identifies them, not by a list
//! of tables, so that a new table can't be forgotten.
//!
//! [`sweep`] makes it go, [`export`] gathers it.

pub mod export;
mod needle;
pub(super) mod schema;
pub mod sweep;

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
        UNION SELECT mail_id FROM endings WHERE sender = $2
        UNION SELECT id FROM mails WHERE lower(sender) = $2";
    COUNT_NAMESAKES = "
        SELECT (SELECT count(*) FROM contacts WHERE id <> $1 AND lower(name) LIKE $2 ESCAPE '!')
            + (SELECT count(*) FROM members WHERE lower(name) LIKE $2 ESCAPE '!'
                AND user_id NOT LIKE $3 ESCAPE '!')";
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
            });
        };
        Ok(Self {
            contact: Some(ContactId(id)),
            is_only_name: is_only_name(connection, id, &name, &ghost).await?,
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
        Ok(rows.into_iter().map(|(mail,)| mail).collect())
    }

    /// What they are called once they are erased.
    fn anonymous(&self) -> Anonymous {
        let number = self.contact.map_or(0, |contact| contact.0);
        Anonymous {
            name: erased::name(number),
            address: erased::address(number),
            ghost: erased::ghost(number),
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
}

/// A name of a few letters, or one that somebody else bears or has in theirs, can't be looked for: other
/// people's words would go.
async fn is_only_name(
    connection: &mut Connection,
    contact: i64,
    name: &str,
    ghost: &str,
) -> Result<bool, StoreError> {
    if name.chars().count() < 3 {
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
