//! What is wrong with a value, told by who reads it.

/// What a reader of a value has against it: what is wrong, and what to do about it if that is
/// more than to write something like the key's example.
#[derive(Debug)]
pub(super) struct Wrong {
    pub what: String,
    pub remedy: Option<String>,
}

impl Wrong {
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// Both in one sentence, for a value that stands in no file.
    pub fn sentence(self, example: &str) -> String {
        let remedy = self.remedy.unwrap_or_else(|| write_such_as(example));
        format!("{}; {remedy}", self.what)
    }
}

impl<T: Into<String>> From<T> for Wrong {
    fn from(what: T) -> Self {
        Self {
            what: what.into(),
            remedy: None,
        }
    }
}

pub(super) fn write_such_as(example: &str) -> String {
    format!("write something such as `{example}`")
}
