//! Reads secrets: from the configuration, or from files of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::{Place, SecretPlace, Section, Value, about_unquoted};

impl Section<'_> {
    /// A secret, given as `key` or as the name of a file in `file_key`. The faults never repeat
    /// it.
    pub fn secret(&mut self, key: &'static str, file_key: &'static str) -> Option<SecretString> {
        let secret = self.secret_and_file(key, file_key);
        secret.map(|(secret, _)| secret)
    }

    /// As [`Section::secret`], with the file that it stands in.
    pub fn secret_and_file(
        &mut self,
        key: &'static str,
        file_key: &'static str,
    ) -> Option<(SecretString, Option<PathBuf>)> {
        let inline = self.take(key);
        let file = self.optional(file_key, "secrets/password", |text| Ok(text.to_owned()));
        match (inline, file) {
            (Some(_), Some(_)) => {
                let what = format!("both it and {key} are given");
                self.wrong(file_key, what, "keep one of the two");
                None
            }
            (Some(node), None) => match node.value {
                Value::Scalar(text) => {
                    if !matches!(node.place, Place::Variable(_)) {
                        let place = SecretPlace::Inline(self.key_name(key));
                        self.reading.secrets.push(place);
                    }
                    Some((text.into(), None))
                }
                Value::Unquoted(text) => {
                    let (what, remedy) = about_unquoted(&text);
                    self.wrong(key, what, remedy);
                    None
                }
                Value::Nothing | Value::List(_) | Value::Map(_) => {
                    self.wrong(key, "must be a single value", "put it into quotes");
                    None
                }
            },
            (None, Some(file)) => {
                let path = self.path(&file);
                self.reading.secrets.push(SecretPlace::File(path.clone()));
                match read_secret(&path) {
                    Err(_) if self.reading.is_draft && !path.exists() => {
                        Some((SecretString::default(), Some(path)))
                    }
                    Ok(secret) => Some((secret, Some(path))),
                    Err(what) => {
                        self.wrong(
                            file_key,
                            what,
                            "write the secret, and only it, into the file",
                        );
                        None
                    }
                }
            }
            (None, None) => None,
        }
    }
}

/// The one secret in a file; a line break at its end doesn't count.
pub(in crate::config) fn read_secret(path: &Path) -> Result<SecretString, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(secret.into())
}
