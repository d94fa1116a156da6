//! What is told of a mail in sentences of ours, below its words: to the room, and to those who get the
//! mail from there by email, each in their language.

use jiff::civil::{Date, DateTime, Weekday};
use serde::{Deserialize, Serialize};

/// Something about a mail that is told in a sentence below it. The event that shows the mail holds it as
/// JSON, and so does the item of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// Signed by S/MIME or PGP; whether the signature is good was not looked at.
    Signed(Cryptography),
    /// Only the addressee's key opens it.
    Encrypted(Cryptography),
    /// An appointment; its file is attached.
    Invitation(Box<Invitation>),
    /// A visiting card; its file is attached.
    Contact(Contact),
    /// So many files would be too many for a room; the names of the first.
    OnlyInOriginal { names: Vec<String>, count: usize },
    /// What is shown is the beginning; all of it is a file of this name.
    RestInFile(String),
    /// The mail says nothing.
    Empty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cryptography {
    Smime,
    OpenPgp,
}

/// What a calendar part says of an appointment (RFC 5546).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub purpose: Purpose,
    pub what: Option<String>,
    pub when: Option<When>,
    pub repeats: Option<Repeats>,
    pub place: Option<String>,
    /// Name or address: who answers or proposes, else who invites.
    pub who: Option<String>,
    /// How many more appointments the part holds.
    pub others: usize,
}

/// Why an appointment is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Invite,
    Cancel,
    Answer(Answer),
    /// Another time, in answer to an invitation.
    Propose,
    /// For information.
    Tell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Accepted,
    Declined,
    Tentative,
    /// Delegated, or not decided yet.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Whole days, both included.
    Days {
        first: Date,
        last: Date,
    },
    Times {
        start: Moment,
        end: Option<Moment>,
    },
}

/// A time as the sender's calendar shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: DateTime,
    /// Its zone in the words of the IANA (`Europe/Paris`), else as the calendar calls it; `None`
    /// where it is the same on every clock.
    pub zone: Option<String>,
}

/// How an appointment comes again, simply said (RFC 5545 section 3.3.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeats {
    pub every: Every,
    /// At least 1: of so many days, weeks and so on.
    pub interval: u16,
    /// Of a week; empty where the rule names none.
    #[serde(with = "days")]
    pub on: Vec<Weekday>,
    /// The last day.
    pub until: Option<Date>,
    /// How often in all.
    pub count: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// More often than daily.
    Moment,
    Day,
    Week,
    Month,
    Year,
}

/// What a visiting card says (RFC 6350).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: Option<String>,
    pub organisation: Option<String>,
    pub phones: Vec<String>,
    pub addresses: Vec<String>,
}

/// Days of the week by their number, Monday first.
mod days {
    use jiff::civil::Weekday;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(days: &[Weekday], to: S) -> Result<S::Ok, S::Error> {
        let numbers: Vec<i8> = days.iter().map(|day| day.to_monday_one_offset()).collect();
        numbers.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Weekday>, D::Error> {
        let numbers = Vec::<i8>::deserialize(from)?;
        let days = numbers.into_iter().map(Weekday::from_monday_one_offset);
        days.collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}
