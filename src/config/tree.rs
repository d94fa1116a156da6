//! YAML as a tree in which every value knows its place, so that a reader can go on after a fault.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{
    Location, Spanned,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use super::faults::{Fault, Place};

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub value: Value,
    pub place: Place,
}

/// Scalars stay as they are written: the reader of a key knows whether it wants a number, and a
/// password of digits keeps its leading zero.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// `null`, `~` or nothing: as if the key were not there.
    Nothing,
    Scalar(String),
    /// What YAML takes for a tag (`!word`) or an anchor (`&word`) of a value, as a room's id without
    /// quotes; up to the end of the value.
    Unquoted(String),
    List(Vec<Node>),
    /// In the order of the file; a key may occur twice.
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub place: Place,
    pub node: Node,
}

/// Reads one YAML document. The only fault that hides others is a text that isn't YAML.
pub(super) fn parse(source: &str) -> Result<Node, Fault> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        // Deeper than any configuration, and less than a small stack holds.
        budget: serde_saphyr::budget! { max_depth: DEEPEST },
    };
    serde_saphyr::from_str_with_options::<Spanned<Raw>>(source, options)
        .map(|raw| node(raw, source))
        .map_err(|error| not_yaml(&error))
}

/// Levels of lists and sections within each other.
const DEEPEST: usize = 32;

fn not_yaml(error: &serde_saphyr::Error) -> Fault {
    let whole = error.to_string();
    // The place is told by our own means.
    let what = whole
        .rsplit_once(" at line ")
        .map_or(whole.as_str(), |(what, _)| what);
    Fault {
        place: error.location().map_or(Place::File, place),
        remedy: remedy(what).to_owned(),
        what: format!("this is not YAML: {what}"),
    }
}

/// `@ann:example.org` and `*.acme.com` can't stand without quotes.
fn remedy(what: &str) -> &'static str {
    if what.starts_with("unexpected character") || what.contains("unknown anchor") {
        return "put the value in quotes";
    }
    "look at the indentation, colons and quotes here and in the line above"
}

fn place(location: Location) -> Place {
    if location == Location::UNKNOWN {
        return Place::File;
    }
    Place::Line {
        line: location.line(),
        column: location.column(),
    }
}

fn node(raw: Spanned<Raw>, source: &str) -> Node {
    let is_empty = matches!(raw.value, Raw::Nothing);
    if let Some(unquoted) = unquoted(is_empty, &raw, source) {
        return unquoted;
    }
    let value = match raw.value {
        Raw::Nothing => Value::Nothing,
        Raw::Text(text) => Value::Scalar(text),
        Raw::Typed(fallback) => Value::Scalar(as_written(raw.defined, source).unwrap_or(fallback)),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, source)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    place: place(key.referenced),
                    key: key.value,
                    node: node(value, source),
                })
                .collect(),
        ),
    };
    Node {
        value,
        place: place(raw.referenced),
    }
}

/// What was meant as a value and begins with a sign that means something else in YAML. An empty value
/// may have a tag or an anchor, another one a tag that isn't YAML's own (`!!str`).
fn unquoted(is_empty: bool, raw: &Spanned<Raw>, source: &str) -> Option<Node> {
    if matches!(raw.value, Raw::List(_) | Raw::Map(_)) {
        return None;
    }
    let number = raw.referenced.line();
    let line = usize::try_from(number).ok()?.checked_sub(1)?;
    let line = source.lines().nth(line)?;
    let column = usize::try_from(raw.referenced.column()).ok()?;
    let at = line.char_indices().nth(column.checked_sub(1)?);
    let (before, after) = line.split_at(at.map_or(line.len(), |(at, _)| at));
    let begins = |text: &str| text.starts_with('!') || is_empty && text.starts_with('&');
    // The library tells where the tag ends.
    let word = before.trim_end().rsplit(FLOW_OR_SPACE).next()?;
    let start = if begins(after) {
        before.len()
    } else {
        before.trim_end().len() - word.len()
    };
    let (before, text) = line.split_at(start);
    if !begins(text) || text.starts_with("!!") || text.starts_with("! ") {
        return None;
    }
    let text = text.split(" #").next().unwrap_or(text);
    let is_in_flow = before.contains(['{', '[']);
    let mut text = text.split(|c| is_in_flow && matches!(c, ',' | '}' | ']'));
    let text = text.next().unwrap_or_default().trim();
    Some(Node {
        value: Value::Unquoted(text.to_owned()),
        place: Place::Line {
            line: number,
            column: u64::try_from(before.chars().count()).ok()? + 1,
        },
    })
}

const FLOW_OR_SPACE: [char; 5] = [' ', '\t', '{', '[', ','];

fn as_written(location: Location, source: &str) -> Option<String> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let text = source.get(start..start.checked_add(length)?)?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What the YAML library hands over.
enum Raw {
    Nothing,
    Text(String),
    /// A number or a truth value, which the library has converted already.
    Typed(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per value: place, path, value.
    fn outline(node: &Node, path: &str, lines: &mut Vec<String>) {
        let at = |place: &Place| match place {
            Place::Line { line, column } => format!("{line}:{column}"),
            other => format!("{other:?}"),
        };
        match &node.value {
            Value::Nothing => lines.push(format!("{} {path} nothing", at(&node.place))),
            Value::Scalar(text) => lines.push(format!("{} {path} {text:?}", at(&node.place))),
            Value::Unquoted(text) => {
                lines.push(format!("{} {path} unquoted {text:?}", at(&node.place)));
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    outline(item, &format!("{path}[{index}]"), lines);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    let path = format!("{path}.{}@{}", entry.key, at(&entry.place));
                    outline(&entry.node, &path, lines);
                }
            }
        }
    }

    #[test]
    fn keeps_scalars_as_written_and_every_place() {
        let source = "\
a: 0123
b: {c: yes, d: '0', e: 1.50 }
f:
  - ~
  - !!str 7
  - |
    two
    lines
g:
a: .inf
3: &x 0x1F
h: *x
ü: 12345678901234567890123 # far
";
        let mut lines = Vec::new();
        outline(&parse(source).unwrap(), "", &mut lines);
        insta::assert_snapshot!(lines.join("\n"), @r#"
        1:4 .a@1:1 "0123"
        2:8 .b@2:1.c@2:5 "yes"
        2:16 .b@2:1.d@2:13 "0"
        2:24 .b@2:1.e@2:21 "1.50"
        4:5 .f@3:1[0] nothing
        5:11 .f@3:1[1] "7"
        7:5 .f@3:1[2] "two\nlines\n"
        9:2 .g@9:1 nothing
        10:4 .a@10:1 ".inf"
        11:7 .3@11:1 "0x1F"
        12:4 .h@12:1 "0x1F"
        13:4 .ü@13:1 "12345678901234567890123"
        "#);
    }

    #[test]
    fn tells_what_lacks_quotes() {
        let source = "\
control_room: !control:verein.example # the staff's
rooms: {space: !space:verein.example, prefix: &RSE}
prefix: !RSE Chapters
password: !geheim
staff: [!cleo, \"!ann\", '&bob', a !b]
odd: !!str
";
        let mut lines = Vec::new();
        outline(&parse(source).unwrap(), "", &mut lines);
        insta::assert_snapshot!(lines.join("\n"), @r#"
        1:15 .control_room@1:1 unquoted "!control:verein.example"
        2:16 .rooms@2:1.space@2:9 unquoted "!space:verein.example"
        2:47 .rooms@2:1.prefix@2:39 unquoted "&RSE"
        3:9 .prefix@3:1 unquoted "!RSE Chapters"
        4:11 .password@4:1 unquoted "!geheim"
        5:9 .staff@5:1[0] unquoted "!cleo"
        5:16 .staff@5:1[1] "!ann"
        5:24 .staff@5:1[2] "&bob"
        5:32 .staff@5:1[3] "a !b"
        6:11 .odd@6:1 ""
        "#);
    }

    #[rstest::rstest]
    #[case("staff: [@cleo:verein.example]")]
    #[case("allowed_servers: [*.acme.com]")]
    fn says_that_a_value_wants_quotes(#[case] source: &str) {
        let fault = parse(source).unwrap_err();
        assert_eq!(fault.remedy, "put the value in quotes", "{}", fault.what);
    }

    #[test]
    fn tells_where_it_is_no_yaml() {
        let fault = parse("a: 1\nb: [1, 2\nc: }\n").unwrap_err();
        assert_eq!(fault.place, Place::Line { line: 3, column: 2 });
        assert!(
            fault.what.starts_with("this is not YAML: "),
            "{}",
            fault.what
        );
    }
}
