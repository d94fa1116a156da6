//! `appservice`: where the homeserver reaches Postroom.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use url::Url;

use super::{
    section::Section,
    tree::{self, Value},
    values::http_url,
};

#[derive(Debug, Clone)]
pub struct Appservice {
    pub listen: SocketAddr,
    /// The same place as the homeserver sees it.
    pub url: Url,
    /// The registration file; it was there and had both tokens when the configuration was read.
    pub registration: PathBuf,
}

impl Appservice {
    /// Reads the section. The registration file is looked at only if `registered`.
    pub(super) fn read(section: &mut Section, registered: bool) -> Option<Self> {
        let listen = section.listen("listen", "127.0.0.1:29381");
        let url = section.required("url", "http://127.0.0.1:29381", http_url);
        let registration = section
            .required("registration", "registration.yaml", |text| {
                Ok(text.to_owned())
            })
            .map(|path| section.path(&path));
        if let Some(path) = registration.as_deref().filter(|_| registered)
            && let Err(what) = check_registration(path)
        {
            section.wrong(
                "registration",
                what,
                "run `postroom init` for a new set-up, or `postroom registration --create` for \
                 this one",
            );
        }
        Some(Self {
            listen: listen?,
            url: url?,
            registration: registration?,
        })
    }
}

/// Whether there is a registration at `path`. What is in it is the business of `matrix`.
fn check_registration(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let Ok(Value::Map(entries)) = tree::parse(&text).map(|root| root.value) else {
        return Err(format!("{} is not a registration", path.display()));
    };
    for key in ["id", "as_token", "hs_token", "sender_localpart"] {
        let given = entries.iter().any(|entry| {
            entry.key == key && matches!(&entry.node.value, Value::Scalar(text) if !text.is_empty())
        });
        if !given {
            return Err(format!("{} has no {key}", path.display()));
        }
    }
    Ok(())
}
