//! Commands that are about another room than the one in which they are given: `!email #7 close`,
//! `!email !room:example.org list`, `!email #alias:example.org list`.

use std::fmt;

use ruma::{OwnedRoomAliasId, OwnedRoomId};

use super::ids::ConversationId;

/// What a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Conversation(ConversationId),
    Room(OwnedRoomId),
    Alias(OwnedRoomAliasId),
}

impl Place {
    /// Reads `#7`, a room id, an alias, or a matrix.to link to one; `None` if it is none.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let linked;
        let word = match word.strip_prefix("https://matrix.to/#/") {
            Some(rest) => {
                let id = rest.split(['?', '/']).next().unwrap_or_default();
                linked = percent_decoded(id);
                linked.as_str()
            }
            None => word,
        };
        if let Some(number) = number(word).filter(|_| word.starts_with('#')) {
            return Some(Self::Conversation(number));
        }
        match word.chars().next()? {
            '#' => OwnedRoomAliasId::try_from(word).ok().map(Self::Alias),
            '!' if word.len() > 1 => OwnedRoomId::try_from(word).ok().map(Self::Room),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => write!(f, "#{id}"),
            Self::Room(room) => room.fmt(f),
            Self::Alias(alias) => alias.fmt(f),
        }
    }
}

/// `7` or `#7`, as people see a conversation's number.
#[must_use]
pub fn number(word: &str) -> Option<ConversationId> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let is_number = (1..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_number);
    number.filter(|number| *number > 0).map(ConversationId)
}

/// The place in what follows `!email`, and the command as it would be given there; `None` if there is no
/// place before the command.
#[must_use]
pub fn divide(rest: &str) -> Option<(Place, String)> {
    let rest = rest.trim();
    let (first, command) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let place = Place::parse(first)?;
    let command = command.trim();
    let (word, arguments) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let text = match &place {
        // What is meant of the room is that conversation.
        Place::Conversation(id) if takes_a_number(word) => {
            format!("!email {word} #{id} {}", arguments.trim())
        }
        _ => format!("!email {command}"),
    };
    Some((place, text.trim_end().to_owned()))
}

/// Commands about one conversation.
fn takes_a_number(word: &str) -> bool {
    let word = word.to_lowercase();
    [
        "open", "close", "pending", "assign", "unassign", "subject", "note", "status", "move",
        "merge", "revoke",
    ]
    .contains(&word.as_str())
}

fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let decoded = match others {
            [high, low, ..] if *first == b'%' => {
                let digit = |b: &u8| char::from(*b).to_digit(16);
                digit(high)
                    .zip(digit(low))
                    .and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        octets.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() {
            &others[2..]
        } else {
            others
        };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// The words of a message in which people and rooms stand by their ids, also where a client shows them
/// by name (`<a href="https://matrix.to/#/@bo:example.org">Bo</a>`).
#[must_use]
pub fn with_ids(body: &str, html: Option<&str>) -> String {
    let mut body = body.to_owned();
    let Some(html) = html else { return body };
    for link in html.split("<a ").skip(1).take(MOST_PILLS) {
        let Some((before, rest)) = link.split_once('>') else {
            continue;
        };
        let Some((label, _)) = rest.split_once("</a>") else {
            continue;
        };
        let Some((_, href)) = before.split_once("https://matrix.to/#/") else {
            continue;
        };
        let id = href.split(['"', '\'', '?', '/']).next().unwrap_or_default();
        let id = percent_decoded(id);
        let label = label
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        let is_id = id.starts_with(['@', '#', '!']) && !id.contains(char::is_whitespace);
        if is_id && !label.is_empty() && !label.contains('<') && label != id {
            body = body.replacen(&label, &id, 1);
        }
    }
    body
}

/// Links in a message that are looked at.
const MOST_PILLS: usize = 10;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("#7 close", "#7", "!email close #7")]
    #[case("#7 assign @bo:example.org", "#7", "!email assign #7 @bo:example.org")]
    #[case("#7 list", "#7", "!email list")]
    #[case("#7", "#7", "!email")]
    #[case("!room:example.org list", "!room:example.org", "!email list")]
    #[case("!v12room close 7", "!v12room", "!email close 7")]
    #[case("#desk:example.org list mine", "#desk:example.org", "!email list mine")]
    #[case(
        "https://matrix.to/#/%23desk:example.org list",
        "#desk:example.org",
        "!email list"
    )]
    #[case(
        "https://matrix.to/#/!room:example.org?via=example.org now",
        "!room:example.org",
        "!email now"
    )]
    fn finds_the_place(#[case] rest: &str, #[case] place: &str, #[case] text: &str) {
        let (found, rewritten) = divide(rest).unwrap();
        assert_eq!(
            (found.to_string().as_str(), rewritten.as_str()),
            (place, text)
        );
    }

    #[rstest]
    #[case("list")]
    #[case("7 close")]
    #[case("#0 close")]
    #[case("#desk list")]
    #[case("! list")]
    #[case("")]
    fn finds_none(#[case] rest: &str) {
        assert_eq!(divide(rest), None);
    }

    #[rstest]
    #[case(
        "!email assign Bo",
        Some("!email assign <a href=\"https://matrix.to/#/@bo:example.org\">Bo</a>"),
        "!email assign @bo:example.org"
    )]
    #[case(
        "!email move 7 Desk",
        Some("!email move 7 <a href='https://matrix.to/#/%23desk:example.org?via=x'>Desk</a>"),
        "!email move 7 #desk:example.org"
    )]
    #[case(
        "!email find x",
        Some("!email find <a href=\"https://example.org\">x</a>"),
        "!email find x"
    )]
    #[case("!email find x", None, "!email find x")]
    #[case(
        "!email find x",
        Some("<a <a href=\"https://matrix.to/#/\">"),
        "!email find x"
    )]
    fn pills_stand_for_ids(#[case] body: &str, #[case] html: Option<&str>, #[case] expected: &str) {
        assert_eq!(with_ids(body, html), expected);
    }
}
