//! Environment variables that stand in for keys of the file:
//! `POSTROOM__MAILBOXES__SUPPORT__SMTP__URL` is `mailboxes.support.smtp.url`.

use super::{
    faults::{Fault, Place},
    tree::{Entry, Node, Value},
};

const PREFIX: &str = "POSTROOM__";

/// The process's variables that are meant for the configuration.
#[must_use]
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .collect()
}

/// Whether the user asks every program for output without colours (<https://no-color.org>).
#[must_use]
pub fn is_colour_unwanted() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Puts the values of `variables` over those of the file, in the order of their names. An empty
/// value takes the key away. Returns a fault for every variable that can't stand for a key.
pub(super) fn overlay(
    root: &mut Node,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Vec<Fault> {
    let mut variables: Vec<_> = variables
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    variables.sort();
    let mut faults = Vec::new();
    for (name, value) in variables {
        let value = if value.is_empty() {
            Value::Nothing
        } else {
            Value::Scalar(value)
        };
        let path: Vec<_> = name[PREFIX.len()..].split("__").collect();
        let place = Place::Variable(name.clone());
        if !put(root, &path, value, &place) {
            faults.push(Fault {
                place,
                what: "a part of its path is a value and has no keys".to_owned(),
                remedy: "look at the names between the double underscores".to_owned(),
            });
        }
    }
    faults
}

/// Whether there was a place for `value`.
fn put(node: &mut Node, path: &[&str], value: Value, place: &Place) -> bool {
    let Some((key, rest)) = path.split_first() else {
        *node = Node {
            value,
            place: place.clone(),
        };
        return true;
    };
    if matches!(node.value, Value::Nothing) {
        node.value = Value::Map(Vec::new());
        node.place = place.clone();
    }
    let Value::Map(entries) = &mut node.value else {
        return false;
    };
    let index = entries
        .iter()
        .position(|entry| same_key(&entry.key, key))
        .unwrap_or_else(|| {
            entries.push(Entry {
                key: key.to_lowercase(),
                place: place.clone(),
                node: Node {
                    value: Value::Nothing,
                    place: place.clone(),
                },
            });
            entries.len() - 1
        });
    put(&mut entries[index].node, rest, value, place)
}

/// Shells allow no `-` in the name of a variable: `_` stands for it.
fn same_key(in_file: &str, in_variable: &str) -> bool {
    in_file
        .replace('-', "_")
        .eq_ignore_ascii_case(&in_variable.replace('-', "_"))
}
