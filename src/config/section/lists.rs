//! Reads lists.

use super::{Node, Place, Section, Value, Wrong, unquoted, write_such_as};
use crate::config::tree;

impl Section<'_> {
    /// The values of a list that must be there and not empty, less those that are wrong. In a variable the list
    /// is written as in YAML: `["one", "two"]`.
    pub fn required_list<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let Some(node) = self.take(key) else {
            self.note_missing(key, example);
            return None;
        };
        let values = self.read_list(key, node, example, read)?;
        if values.is_empty() {
            self.wrong(key, "is empty", write_such_as(example));
            return None;
        }
        Some(values.into_iter().flatten().collect())
    }

    /// The values of a list that may be there; otherwise as [`Section::required_list`].
    pub fn optional_list<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let node = self.take(key)?;
        let values = self.read_list(key, node, example, read)?;
        if values.is_empty() {
            let remedy = format!("{}, or leave the key out", write_such_as(example));
            self.wrong(key, "is empty", remedy);
            return None;
        }
        Some(values.into_iter().flatten().collect())
    }

    /// As [`Section::optional_list`], where an empty list says something: that there are none.
    pub fn optional_list_or_none<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let node = self.take(key)?;
        let values = self.read_list(key, node, example, read)?;
        Some(values.into_iter().flatten().collect())
    }

    /// `None` for each value that is wrong.
    fn read_list<T>(
        &mut self,
        key: &'static str,
        node: Node,
        example: &str,
        read: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<Option<T>>> {
        let items = match list_in_variable(&node).unwrap_or(node.value) {
            Value::List(items) => items,
            Value::Unquoted(text) => {
                self.note_wrong(key, node.place, unquoted(&text), example);
                return None;
            }
            Value::Nothing | Value::Scalar(_) | Value::Map(_) => {
                self.wrong(key, "must be a list", write_such_as(example));
                return None;
            }
        };
        let values = items
            .into_iter()
            .map(|item| self.read_scalar(key, item, example, &read));
        Some(values.collect())
    }
}

fn list_in_variable(node: &Node) -> Option<Value> {
    let (Place::Variable(_), Value::Scalar(text)) = (&node.place, &node.value) else {
        return None;
    };
    let Value::List(mut items) = tree::parse(text).ok()?.value else {
        return None;
    };
    for item in &mut items {
        item.place = node.place.clone();
    }
    Some(Value::List(items))
}
