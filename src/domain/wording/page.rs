//! What stands on the pages for customers, in their language.

use jiff::Zoned;

use crate::domain::letter::Language;

/// Above a page about a file.
#[must_use]
pub fn title(filename: &str, language: Language) -> String {
    match (language, filename) {
        (Language::English, "") => "A file".to_owned(),
        (Language::English, name) => name.to_owned(),
    }
}

/// The link is older than it lasts.
#[must_use]
pub fn expired(language: Language) -> &'static str {
    match language {
        Language::English => {
            "This link has expired. We can make it work again: just ask, and you get a mail as soon \
             as it does."
        }
    }
}

/// The button below [`expired`].
#[must_use]
pub fn ask_again(language: Language) -> &'static str {
    match language {
        Language::English => "Ask for the file",
    }
}

/// After that button.
#[must_use]
pub fn asked(language: Language) -> &'static str {
    match language {
        Language::English => {
            "Thank you, we were told. You get a mail as soon as the link works again."
        }
    }
}

/// Above [`works`].
#[must_use]
pub fn works(language: Language) -> &'static str {
    match language {
        Language::English => "This link works again.",
    }
}

/// What leads to the file.
#[must_use]
pub fn download(language: Language) -> &'static str {
    match language {
        Language::English => "Download",
    }
}

/// Whoever shared the file has taken it back, or the homeserver has lost it.
#[must_use]
pub fn taken_back(language: Language) -> &'static str {
    match language {
        Language::English => {
            "This file isn't available any more. If you need it, just answer the mail that you had \
             the link from."
        }
    }
}

/// There is no such page.
#[must_use]
pub fn unknown(language: Language) -> &'static str {
    match language {
        Language::English => {
            "There is nothing here. Please look whether the link is complete: some mail programs cut \
             long ones."
        }
    }
}

/// The title of that page.
#[must_use]
pub fn unknown_title(language: Language) -> &'static str {
    match language {
        Language::English => "Not found",
    }
}

/// The file can't be had right now.
#[must_use]
pub fn later(language: Language) -> &'static str {
    match language {
        Language::English => {
            "The file can't be fetched right now. Please try again in a few minutes."
        }
    }
}

/// In a letter, once a link that had expired works again.
#[must_use]
pub fn link_works_again(filename: &str, url: &str, until: &Zoned, language: Language) -> String {
    match language {
        Language::English => {
            let file = if filename.is_empty() {
                "The file that you asked for".to_owned()
            } else {
                format!("The file “{filename}”")
            };
            let until = until.strftime("%-d %B %Y");
            format!("{file} can be fetched again until {until}: {url}")
        }
    }
}
