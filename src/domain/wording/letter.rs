//! What stands in letters besides people's own words, in the language of the customer.

use jiff::Zoned;

use crate::domain::letter::Language;

/// Above the words of one of several authors.
#[must_use]
pub fn author_line(author: &str, time: &str) -> String {
    format!("{author} · {time}")
}

/// When something was written, in a letter of `letter_date`: the time alone on the same day.
#[must_use]
pub fn entry_time(at: &Zoned, letter_date: &Zoned, language: Language) -> String {
    let at = at.with_time_zone(letter_date.time_zone().clone());
    match language {
        Language::English if at.date() == letter_date.date() => at.strftime("%H:%M").to_string(),
        Language::English => at.strftime("%-d %B, %H:%M").to_string(),
    }
}

/// Below the words of a letter by a single author.
#[must_use]
pub fn sign_off(author: &str, organisation: &str) -> String {
    if author == organisation || organisation.is_empty() {
        return author.to_owned();
    }
    format!("{author} · {organisation}")
}

/// Above the new words of a message that had been mailed; `earlier` is a few words of it.
#[must_use]
pub fn correction(earlier: Option<&str>, language: Language) -> String {
    match (language, earlier) {
        (Language::English, Some(earlier)) => format!("Correction of “{earlier}”:"),
        (Language::English, None) => "Correction:".to_owned(),
    }
}

/// What somebody answered with a sign: "👍 (to “See you at nine”)".
#[must_use]
pub fn reaction(author: &str, what: &str, language: Language) -> String {
    match language {
        Language::English => format!("{author} reacted: {what}"),
    }
}

/// Below a letter that goes to many; `url` is this reader's own way out.
#[must_use]
pub fn leave_broadcast(url: &str, language: Language) -> String {
    match language {
        Language::English => format!("You would rather get no more of these mails? Leave: {url}"),
    }
}

/// In place of something that a letter can't carry, such as "a file named “plan.pdf”".
#[must_use]
pub fn missing_in_letter(author: &str, what: &str, language: Language) -> String {
    match language {
        Language::English => format!(
            "{author} shared {what}, which can't be sent by email. Just ask if you need it."
        ),
    }
}

/// Who reads the answer, where that is more than the author.
#[must_use]
pub fn readers(names: &[String], language: Language) -> String {
    match language {
        Language::English => format!("Your answer is read by: {}.", names.join(", ")),
    }
}

/// How to answer, in the first letter.
#[must_use]
pub fn how_to_answer(organisation: &str, language: Language) -> String {
    match language {
        Language::English if organisation.is_empty() => {
            "Just answer this mail: your answer appears in our team's chat.".to_owned()
        }
        Language::English => format!(
            "Just answer this mail: your answer appears in the chat of the team at {organisation}."
        ),
    }
}

/// Above the customer's last mail.
#[must_use]
pub fn attribution(author: &str, at: Option<&Zoned>, language: Language) -> String {
    match (language, at) {
        (Language::English, Some(at)) => {
            let at = at.strftime("%-d %B %Y at %H:%M");
            format!("On {at}, {author} wrote:")
        }
        (Language::English, None) => format!("{author} wrote:"),
    }
}
