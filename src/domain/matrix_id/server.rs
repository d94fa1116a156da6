//! Names of servers, and patterns of them.

/// Whether the text can be a server that others reach: a name of the DNS with a top-level domain, and
/// perhaps a port. Addresses of machines are none: nobody has an account there whom we know.
#[must_use]
pub fn is_server_name(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_port =
        |port: &str| port.len() <= 5 && port.parse::<u16>().is_ok_and(|number| number > 0);
    if name.len() > 230 || !port.is_none_or(is_port) {
        return false;
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, top)) = name.rsplit_once('.') else {
        return false;
    };
    let is_top = top.starts_with("xn--") && top.len() > 4
        || top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic());
    is_top && name.split('.').all(is_label)
}

/// A server, or with `*.` in front all that stand below one: `matrix.org`, `*.acme.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPattern(String);

/// Why a text is not a [`ServerPattern`]; the sentence is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerPatternFault {
    #[error("it is an address or an id: only what follows the “@” or the “:” names the server")]
    NotJustAServer,
    #[error("it is not the name of a server such as matrix.org")]
    NoServer,
}

impl ServerPattern {
    /// Reads a pattern; in any case.
    ///
    /// # Errors
    ///
    /// Says what is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, ServerPatternFault> {
        let text = text.trim().to_lowercase();
        if text.contains('@') {
            return Err(ServerPatternFault::NotJustAServer);
        }
        let name = text.strip_prefix("*.").unwrap_or(&text);
        if is_server_name(name) {
            Ok(Self(text))
        } else {
            Err(ServerPatternFault::NoServer)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn matches(&self, server: &str) -> bool {
        let server = server.to_lowercase();
        match self.0.strip_prefix('*') {
            Some(below) => server.ends_with(below),
            None => server == self.0,
        }
    }
}
