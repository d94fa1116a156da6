//! What the customer's mail program makes of her answer: text and HTML, as Thunderbird writes them.

use anyhow::{Context, Result};
use lettre::Message;
use lettre::message::{Mailbox, MultiPart};
use mail_parser::MessageParser;

use crate::scene::ORGANISATION;
use crate::servers::customer::{Mail, body, header};

/// A piece of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    Says(&'a str),
    /// A line of the letter, left to stand above what answers it.
    Quotes(&'a str),
    /// The whole letter.
    History(&'a [u8]),
    Signature(&'a str),
}

/// The mail that answers `letter`, addressed as the letter asks for.
pub fn mail(pieces: &[Piece<'_>], letter: &[u8], from: Mailbox, id: &str) -> Result<Mail> {
    let parsed = MessageParser::new()
        .parse(letter)
        .context("the letter is no mail")?;
    let to = parsed
        .reply_to()
        .and_then(|list| list.first()?.address())
        .context("the letter does not say where to answer")?;
    let answered = header(letter, "Message-ID").context("the letter has no Message-ID")?;
    let chain = header(letter, "References").unwrap_or_default();
    let subject = header(letter, "Subject").unwrap_or_default();
    let text: Vec<String> = pieces.iter().map(text).collect();
    let html: String = pieces.iter().map(html).collect();
    let mail = Message::builder()
        .from(from)
        .to(Mailbox::new(Some(ORGANISATION.to_owned()), to.parse()?))
        .subject(format!("Re: {subject}"))
        .in_reply_to(answered.clone())
        .references(format!("{chain} {answered}").trim().to_owned())
        .message_id(Some(format!("<{id}@acme.com>")))
        .multipart(MultiPart::alternative_plain_html(
            text.join("\n\n"),
            format!("<html><body>{html}</body></html>"),
        ))?;
    Ok(Mail {
        to: to.to_owned(),
        raw: mail.formatted(),
    })
}

fn text(piece: &Piece<'_>) -> String {
    match piece {
        Piece::Says(words) => (*words).to_owned(),
        Piece::Quotes(words) => quoted(words),
        Piece::History(letter) => {
            let history = quoted(&body(letter));
            format!("{}\n{history}", attribution(letter))
        }
        Piece::Signature(words) => format!("-- \n{words}"),
    }
}

fn quoted(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
    lines.join("\n")
}

fn html(piece: &Piece<'_>) -> String {
    match piece {
        Piece::Says(words) => format!("<p>{words}</p>"),
        Piece::Quotes(words) => format!("<blockquote type=\"cite\"><p>{words}</p></blockquote>"),
        Piece::History(letter) => {
            let history = MessageParser::new()
                .parse(*letter)
                .and_then(|mail| mail.body_html(0).map(std::borrow::Cow::into_owned))
                .unwrap_or_default();
            format!(
                "<div class=\"moz-cite-prefix\">{}<br></div>\
                 <blockquote type=\"cite\">{history}</blockquote>",
                attribution(letter)
            )
        }
        Piece::Signature(words) => {
            format!("<div class=\"moz-signature\">-- <br>{words}</div>")
        }
    }
}

fn attribution(letter: &[u8]) -> String {
    let from = header(letter, "From").unwrap_or_default();
    let name = from.split(" <").next().unwrap_or_default();
    format!("{} wrote:", name.trim_matches('"'))
}
