//! Words around an id that say no more than that it is one.

use std::collections::HashSet;

/// The words of one text that say nothing.
pub(super) struct Fillers {
    own: HashSet<String>,
    /// It is said that this is an id.
    pub(super) speak_of_an_id: bool,
    /// Whoever asks for somebody asks for themselves.
    ask_for_themselves: bool,
}

impl Fillers {
    /// `name` is what the author calls themselves.
    pub(super) fn of(text: &str, name: &str) -> Self {
        let mut own: HashSet<String> = name.split_whitespace().map(word).collect();
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        // Whoever is greeted, in a line of its own.
        if let [first, _, ..] = lines[..] {
            let words: Vec<String> = first.split_whitespace().map(word).collect();
            let is_greeting = words
                .first()
                .is_some_and(|word| GREETINGS.contains(&word.as_str()));
            if is_greeting && words.len() <= 5 && !first.contains(['@', ':']) {
                own.extend(words);
            }
        }
        // Whoever signs, below a farewell.
        let farewell = lines.iter().rposition(|line| is_farewell(line));
        if let Some(at) = farewell {
            let below = lines[at..].iter().flat_map(|line| line.split_whitespace());
            let words: Vec<String> = below.map(word).collect();
            if words.len() <= 10 && lines[at..].iter().all(|line| !line.contains(['@', ':'])) {
                own.extend(words);
            }
        }
        let words: Vec<String> = text.split_whitespace().map(word).collect();
        let speak_of_an_id = words.iter().any(|word| ID_WORDS.contains(&word.as_str()));
        let mut pairs = words.windows(2);
        let ask_for_themselves =
            pairs.any(|pair| ASKING.contains(&pair[0].as_str()) && pair[1] == "me");
        Self {
            own,
            speak_of_an_id,
            ask_for_themselves,
        }
    }

    pub(super) fn has(&self, token: &str) -> bool {
        let word = word(token);
        let is_one = |words: &[&str]| words.contains(&word.as_str());
        word.is_empty()
            || is_one(&WORDS)
            || is_one(&ASKING) && self.ask_for_themselves
            || self.own.contains(&word)
    }
}

fn is_farewell(line: &str) -> bool {
    let first = line.split_whitespace().next().map(word).unwrap_or_default();
    FAREWELLS.contains(&first.as_str()) && line.split_whitespace().count() <= 6
}

fn word(token: &str) -> String {
    let word = token
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_lowercase();
    // As German writes it: "Matrix-Kennung".
    match word.strip_prefix("matrix-") {
        Some(rest) => rest.to_owned(),
        None => word,
    }
}

const GREETINGS: [&str; 12] = [
    "hello", "hi", "hey", "dear", "bonjour", "salut", "cher", "chère", "hallo", "guten", "liebe",
    "lieber",
];
const FAREWELLS: [&str; 16] = [
    "best",
    "kind",
    "regards",
    "cheers",
    "thanks",
    "thank",
    "cordialement",
    "bien",
    "merci",
    "mit",
    "viele",
    "beste",
    "freundliche",
    "danke",
    "lg",
    "vg",
];
const ID_WORDS: [&str; 15] = [
    "id",
    "mxid",
    "username",
    "user",
    "handle",
    "identifier",
    "identifiant",
    "pseudo",
    "kennung",
    "benutzername",
    "benutzerkennung",
    "nutzername",
    "account",
    "konto",
    "compte",
];
/// "Invite @bob:acme.com" is about somebody else; "invite me" is not.
const ASKING: [&str; 2] = ["invite", "add"];
/// English, French, German. "Not" and its like are none: they say something. Nor is "and": behind it
/// stands somebody else.
const WORDS: [&str; 92] = [
    "hello",
    "hi",
    "hey",
    "dear",
    "all",
    "team",
    "my",
    "the",
    "this",
    "that",
    "here",
    "is",
    "it",
    "its",
    "it's",
    "here's",
    "i",
    "i'm",
    "am",
    "on",
    "in",
    "at",
    "as",
    "a",
    "an",
    "to",
    "for",
    "matrix",
    "matrix-id",
    "matrixid",
    "element",
    "id",
    "mxid",
    "user",
    "username",
    "userid",
    "name",
    "handle",
    "account",
    "address",
    "identifier",
    "please",
    "me",
    "thanks",
    "thank",
    "you",
    "regards",
    "best",
    "kind",
    "cheers",
    "bonjour",
    "salut",
    "mon",
    "ma",
    "voici",
    "est",
    "c'est",
    "identifiant",
    "compte",
    "adresse",
    "pseudo",
    "merci",
    "cordialement",
    "bien",
    "vous",
    "s'il",
    "plaît",
    "sur",
    "hallo",
    "guten",
    "tag",
    "moin",
    "meine",
    "mein",
    "ist",
    "lautet",
    "hier",
    "die",
    "der",
    "das",
    "kennung",
    "benutzername",
    "benutzerkennung",
    "nutzername",
    "konto",
    "bitte",
    "danke",
    "viele",
    "grüße",
    "gruß",
    "mit",
    "freundlichen",
];
