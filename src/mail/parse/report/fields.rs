//! Blocks of fields as in headers, within a text (RFC 3464 section 2.1).

/// The fields of one block: name in lower case, value on one line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    fields: Vec<(String, String)>,
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let named = self.fields.iter().find(|(own, _)| own == name);
        named.map(|(_, value)| value.as_str())
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| value.as_str())
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.fields.append(&mut other.fields);
    }

    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        self.fields
            .iter()
            .any(|(own, _)| names.contains(&own.as_str()))
    }
}

/// The blocks of fields in `text`; other lines part them as blank ones do. Folded lines are joined.
pub(super) fn blocks(text: &str) -> Vec<Fields> {
    let mut blocks = Vec::new();
    let mut block = Fields::default();
    for line in text.lines() {
        let is_folded = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if is_folded && let Some((_, value)) = block.fields.last_mut() {
            if value.len() < LONGEST {
                value.push(' ');
                value.push_str(start_of(line.trim()));
            }
        } else if let Some((name, value)) = field(line) {
            if block.fields.len() < MOST_FIELDS {
                let value = start_of(value.trim()).to_owned();
                block.fields.push((name.to_ascii_lowercase(), value));
            }
        } else if !block.fields.is_empty() {
            if blocks.len() == MOST_BLOCKS {
                return blocks;
            }
            blocks.push(std::mem::take(&mut block));
        }
    }
    if !block.fields.is_empty() {
        blocks.push(block);
    }
    blocks
}

/// Name and value, if `line` begins a field.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let sound = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    sound.then_some((name, value))
}

fn start_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

/// In octets; what servers say is shorter.
const LONGEST: usize = 4000;
const LONGEST_NAME: usize = 50;
const MOST_FIELDS: usize = 100;
const MOST_BLOCKS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_blocks() {
        let blocks = blocks("A: b\n c\nD-E : f\n\nand so on: no field\n\na:g\nA: h\n");
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].get("a"), Some("b c"));
        assert_eq!(blocks[0].get("d-e"), Some("f"));
        assert_eq!(blocks[1].all("a").collect::<Vec<_>>(), ["g", "h"]);
        assert!(blocks[1].has_any(&["x", "a"]));
    }

    #[test]
    fn stops_at_some_length() {
        let text = format!("A: {}\n{}", "é".repeat(5000), " b\n".repeat(5000));
        let blocks = blocks(&text);
        assert!(blocks[0].get("a").unwrap().len() < 2 * LONGEST);
        assert_eq!(super::blocks(&"A: b\n\n".repeat(5000)).len(), MOST_BLOCKS);
    }
}
