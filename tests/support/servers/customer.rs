//! What a customer's mail program sends.

use anyhow::{Context, Result};
use lettre::Message;
use lettre::message::SinglePart;
use mail_parser::MessageParser;

/// A mail to submit.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub raw: Vec<u8>,
}

/// The answer to a letter: `text` above the whole letter as quoted history, with the recipient and
/// the ids that the letter's own headers ask for. `from` may have a name; `id` has no brackets.
pub fn answer(letter: &[u8], from: &str, text: &str, id: &str) -> Result<Mail> {
    let parsed = MessageParser::new()
        .parse(letter)
        .context("the letter is no mail")?;
    let reply_to = parsed
        .reply_to()
        .or(parsed.from())
        .and_then(|list| list.first()?.address())
        .context("the letter does not say where to answer")?;
    let answered = header(letter, "Message-ID").context("the letter has no Message-ID")?;
    let chain = header(letter, "References").unwrap_or_default();
    let subject = header(letter, "Subject").unwrap_or_default();
    let date = parsed
        .date()
        .map(mail_parser::DateTime::to_rfc822)
        .unwrap_or_default();
    let history: Vec<String> = body(letter)
        .lines()
        .map(|line| format!("> {line}\n"))
        .collect();
    let history = history.concat();
    let mail = Message::builder()
        .from(from.parse()?)
        .to(reply_to.parse()?)
        .subject(format!("Re: {}", subject.trim_start_matches("Re: ")))
        .in_reply_to(answered.clone())
        .references(format!("{chain} {answered}").trim().to_owned())
        .message_id(Some(format!("<{id}>")))
        .singlepart(SinglePart::plain(format!(
            "{text}\n\nOn {date}, Bootlin wrote:\n{history}"
        )))?;
    Ok(Mail {
        to: reply_to.to_owned(),
        raw: mail.formatted(),
    })
}

/// One header of a raw mail, unfolded; `None` if it isn't there.
pub fn header(raw: &[u8], name: &str) -> Option<String> {
    let mail = MessageParser::new().parse(raw)?;
    let value = mail.header_raw(name)?;
    Some(value.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text of a raw mail.
pub fn body(raw: &[u8]) -> String {
    let mail = MessageParser::new().parse(raw);
    mail.and_then(|mail| mail.body_text(0).map(std::borrow::Cow::into_owned))
        .unwrap_or_default()
}
