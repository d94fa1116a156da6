//! Reads sections: every key is asked for by name, and whatever nobody asked for is unknown.
//!
//! A section is read by a function `fn read(section: &mut Section) -> Option<Self>` that asks for
//! all of its keys before it looks at what it got, so that every mistake is found; `None` means
//! that at least one fault is noted.

mod homes;
mod lists;
mod secret;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

#[cfg(test)]
pub(super) use self::homes::HOMES;
pub(super) use self::secret::read_secret;
use super::{
    faults::{Fault, Place},
    spelling::closest,
    tree::{Entry, Node, Value},
    wrong::{Wrong, write_such_as},
};

/// What the reading of one file has in common.
#[derive(Debug)]
pub(super) struct Reading {
    /// Relative paths in the file begin here.
    pub folder: PathBuf,
    pub faults: Vec<Fault>,
    /// Every address to listen on so far, with the key that has it.
    pub listeners: Vec<(SocketAddr, String)>,
    pub secrets: Vec<SecretPlace>,
    /// Where each key is, by its path from the root, if it was asked for and given.
    pub places: BTreeMap<String, Place>,
    /// Whether it isn't in use yet: the files that it names may be missing.
    pub is_draft: bool,
}

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// In the configuration file itself, under this key.
    Inline(String),
    /// In a file of its own.
    File(PathBuf),
}

/// A map whose keys are being read.
#[derive(Debug)]
pub(super) struct Section<'a> {
    reading: &'a mut Reading,
    /// The path from the root, such as `mailboxes.support`; empty for the root.
    name: String,
    place: Place,
    unread: Vec<Entry>,
    asked: Vec<Asked>,
    missing: Vec<(&'static str, Fault)>,
}

/// A key that was asked for.
#[derive(Debug)]
struct Asked {
    key: &'static str,
    given: bool,
    /// Of its value; where none is given, of whatever it is missing from.
    place: Place,
}

impl<'a> Section<'a> {
    /// Reads `node` with `read`, then notes the keys that `read` didn't ask for.
    pub fn read<T>(
        node: Node,
        name: &str,
        reading: &'a mut Reading,
        read: impl FnOnce(&mut Section<'_>) -> Option<T>,
    ) -> Option<T> {
        let unread = match node.value {
            Value::Map(entries) => entries,
            Value::Nothing => Vec::new(),
            Value::Scalar(_) | Value::Unquoted(_) | Value::List(_) => {
                let (what, remedy) = if let Place::Variable(variable) = &node.place {
                    (
                        format!("{name} is a section, it can't be set as a whole"),
                        format!("set its keys one by one, as {variable}__KEY"),
                    )
                } else {
                    (
                        format!("{} must be a section", subject(name)),
                        "write its keys below it, indented, each as \"key: value\"".to_owned(),
                    )
                };
                reading.faults.push(Fault {
                    place: node.place,
                    what,
                    remedy,
                });
                return None;
            }
        };
        let mut section = Section {
            reading,
            name: name.to_owned(),
            place: node.place,
            unread,
            asked: Vec::new(),
            missing: Vec::new(),
        };
        section.drop_repeated_keys();
        let value = read(&mut section);
        section.finish();
        value
    }

    /// The value of a key that must be there. `example` is shown to whoever got it wrong.
    pub fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let Some(node) = self.take(key) else {
            self.note_missing(key, example);
            return None;
        };
        self.read_scalar(key, node, example, read)
    }

    /// The value of a key that may be there.
    pub fn optional<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let node = self.take(key)?;
        self.read_scalar(key, node, example, read)
    }

    /// An address to listen on, which no other key may have as well.
    pub fn listen(&mut self, key: &'static str, example: &str) -> Option<SocketAddr> {
        let address = self.required(key, example, |text| {
            text.parse::<SocketAddr>()
                .map_err(|_| format!("\"{text}\" is not an IP address with a port").into())
        })?;
        let listeners = &self.reading.listeners;
        // Port 0 is a free port, another one each time.
        let same = |other: &&(SocketAddr, String)| other.0 == address && address.port() != 0;
        if let Some((_, other)) = listeners.iter().find(same) {
            let what = format!("{other} listens on {address}, too");
            self.wrong(key, what, "choose another port");
            return None;
        }
        let name = self.key_name(key);
        self.reading.listeners.push((address, name));
        Some(address)
    }

    /// Whether a key that was asked for is there, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.asked
            .iter()
            .any(|asked| asked.key == key && asked.given)
    }

    /// Whether no key is left to ask for.
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty()
    }

    pub fn required_section<T>(
        &mut self,
        key: &'static str,
        example: &str,
        read: impl FnOnce(&mut Section<'_>) -> Option<T>,
    ) -> Option<T> {
        if let Some(node) = self.take(key) {
            let name = self.key_name(key);
            return Section::read(node, &name, self.reading, read);
        }
        self.note_missing(key, example);
        None
    }

    pub fn optional_section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'_>) -> Option<T>,
    ) -> Option<T> {
        let node = self.take(key)?;
        let name = self.key_name(key);
        Section::read(node, &name, self.reading, read)
    }

    /// Reads a section that may be there, or a list of several.
    pub fn sections<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(&mut Section<'_>) -> Option<T>,
    ) -> Vec<T> {
        let mut nodes: Vec<Node> = self.take(key).into_iter().collect();
        if let Some(Value::List(items)) = nodes.first_mut().map(|node| &mut node.value) {
            nodes = std::mem::take(items);
        }
        let name = self.key_name(key);
        let read = |node| Section::read(node, &name, self.reading, &read);
        nodes.into_iter().filter_map(read).collect()
    }

    /// Reads every section in this one, for keys that the administrator chose.
    pub fn each_section(&mut self, mut read: impl FnMut(&str, &mut Section<'_>)) {
        for entry in std::mem::take(&mut self.unread) {
            let name = format!("{}.{}", self.name, entry.key);
            let places = &mut self.reading.places;
            places.insert(name.clone(), entry.place.clone());
            // An empty section has no place of its own worth showing.
            let node = Node {
                place: entry.place,
                ..entry.node
            };
            Section::read(node, &name, self.reading, |section| {
                read(&entry.key, section);
                Some(())
            });
        }
    }

    /// Reads every value in this section, for keys that the administrator chose: `read` gets key and
    /// value.
    pub fn each_value<T>(
        &mut self,
        example: &str,
        read: impl Fn(&str, &str) -> Result<T, Wrong>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for Entry { key, node, .. } in std::mem::take(&mut self.unread) {
            let name = self.key_name(&key);
            self.reading.places.insert(name, node.place.clone());
            if !matches!(node.value, Value::Nothing) {
                values.extend(self.read_scalar(&key, node, example, |text| read(&key, text)));
            }
        }
        values
    }

    /// Where `path`, as it stands in the file, leads to.
    pub fn path(&self, path: &str) -> PathBuf {
        self.reading.folder.join(path)
    }

    /// Notes a fault of a key of this section that was asked for.
    pub fn wrong(&mut self, key: &str, what: impl AsRef<str>, remedy: impl Into<String>) {
        let what = format!("{}: {}", self.key_name(key), what.as_ref());
        self.note(self.place_of(key), what, remedy);
    }

    /// Notes what a reader had against the value of a key that was asked for.
    pub fn wrong_value(&mut self, key: &str, wrong: Wrong, example: &str) {
        self.note_wrong(key, self.place_of(key), wrong, example);
    }

    /// Notes a fault that shows only when all is read; `key` is its path from the root.
    pub fn wrong_in_all(&mut self, key: &str, what: impl AsRef<str>, remedy: impl Into<String>) {
        let place = self.reading.places.get(key).cloned();
        let what = format!("{key}: {}", what.as_ref());
        self.note(place.unwrap_or(Place::File), what, remedy);
    }

    /// Whether a key was asked for and is given, right or wrong, anywhere in the file; `key` is its
    /// path from the root.
    pub fn is_given(&self, key: &str) -> bool {
        self.reading.places.contains_key(key)
    }

    /// Notes a fault of this section as a whole.
    pub fn wrong_as_a_whole(&mut self, what: impl AsRef<str>, remedy: impl Into<String>) {
        self.note(
            self.place.clone(),
            format!("{}: {}", self.name, what.as_ref()),
            remedy,
        );
    }

    /// Notes that one of this section's keys is missing, unless a misspelt one turns up.
    pub fn note_missing(&mut self, key: &'static str, example: &str) {
        let fault = Fault {
            place: self.place_of(key),
            what: format!("missing key \"{key}\" in {}", subject(&self.name)),
            remedy: format!("add it, such as `{key}: {example}`"),
        };
        self.missing.push((key, fault));
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        let index = self.unread.iter().position(|entry| entry.key == key);
        let entry = index.map(|index| self.unread.remove(index));
        let place = match &entry {
            None => self.place.clone(),
            Some(entry) => match (&entry.node.value, &entry.node.place) {
                // What a variable has emptied is missing from there.
                (Value::Scalar(_) | Value::Unquoted(_), place)
                | (Value::Nothing, place @ Place::Variable(_)) => place.clone(),
                (Value::Nothing, _) => self.place.clone(),
                // A section begins lines below its key, where nobody looks for it.
                (Value::Map(_) | Value::List(_), _) => entry.place.clone(),
            },
        };
        let node = entry
            .filter(|entry| !matches!(entry.node.value, Value::Nothing))
            .map(|entry| Node {
                value: entry.node.value,
                place: place.clone(),
            });
        if node.is_some() {
            let name = self.key_name(key);
            self.reading.places.insert(name, place.clone());
        }
        self.asked.push(Asked {
            key,
            given: node.is_some(),
            place,
        });
        node
    }

    fn read_scalar<T>(
        &mut self,
        key: &str,
        node: Node,
        example: &str,
        read: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let result = match &node.value {
            Value::Scalar(text) => read(text),
            Value::Unquoted(text) => Err(unquoted(text)),
            Value::Nothing | Value::List(_) | Value::Map(_) => Err("must be a single value".into()),
        };
        match result {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.note_wrong(key, node.place, wrong, example);
                None
            }
        }
    }

    fn drop_repeated_keys(&mut self) {
        let mut kept: Vec<Entry> = Vec::new();
        for entry in std::mem::take(&mut self.unread) {
            let first = kept.iter().find(|other| other.key == entry.key);
            if let Some(first) = first {
                let remedy = match first.place {
                    Place::Line { line, .. } => format!("keep this one or the one in line {line}"),
                    Place::File | Place::Variable(_) => "keep one of the two".to_owned(),
                };
                let what = format!(
                    "key \"{}\" a second time in {}",
                    entry.key,
                    subject(&self.name)
                );
                self.note(entry.place, what, remedy);
            } else {
                kept.push(entry);
            }
        }
        self.unread = kept;
    }

    fn finish(mut self) {
        let known: Vec<&str> = self.asked.iter().map(|asked| asked.key).collect();
        for entry in std::mem::take(&mut self.unread) {
            let absent = self.asked.iter().filter(|asked| !asked.given);
            let home = homes::home(&entry.key);
            let meant = closest(&entry.key, absent.map(|asked| asked.key))
                .or_else(|| closest(&entry.key, known.iter().copied()));
            let remedy = if let Some(home) = home {
                format!("it belongs into {home}")
            } else if let Some(meant) = meant {
                // A misspelt key is one mistake, not an unknown key and a missing one.
                self.missing.retain(|(key, _)| *key != meant);
                format!("did you mean \"{meant}\"?")
            } else {
                format!("the keys here are {}", known.join(", "))
            };
            let what = format!("unknown key \"{}\" in {}", entry.key, subject(&self.name));
            self.note(entry.place, what, remedy);
        }
        let missing = self.missing.into_iter().map(|(_, fault)| fault);
        self.reading.faults.extend(missing);
    }

    fn note_wrong(&mut self, key: &str, place: Place, wrong: Wrong, example: &str) {
        let what = format!("{}: {}", self.key_name(key), wrong.what);
        let remedy = wrong.remedy.unwrap_or_else(|| write_such_as(example));
        self.note(place, what, remedy);
    }

    fn place_of(&self, key: &str) -> Place {
        let asked = self.asked.iter().find(|asked| asked.key == key);
        asked.map_or_else(|| self.place.clone(), |asked| asked.place.clone())
    }

    fn note(&mut self, place: Place, what: String, remedy: impl Into<String>) {
        self.reading.faults.push(Fault {
            place,
            what,
            remedy: remedy.into(),
        });
    }

    fn key_name(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

fn subject(name: &str) -> &str {
    if name.is_empty() { "the file" } else { name }
}

/// Nothing of a secret is repeated: those are read elsewhere.
fn unquoted(text: &str) -> Wrong {
    let (what, remedy) = about_unquoted(text);
    Wrong::new(what, format!("{remedy}, \"{text}\""))
}

fn about_unquoted(text: &str) -> (&'static str, &'static str) {
    let what = if text.starts_with('&') {
        "what begins with \"&\" is an anchor in YAML"
    } else {
        "what begins with \"!\" is a tag in YAML"
    };
    (what, "put it in quotes")
}
