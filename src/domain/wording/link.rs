//! What a letter says of a link that works again, in the language of the customer.

use jiff::Zoned;

use super::numbers;
use crate::domain::letter::Language;

/// `filename` may be empty.
#[must_use]
pub fn works_again(filename: &str, url: &str, until: &Zoned, language: Language) -> String {
    let date = numbers::date(until, language);
    match (language, filename) {
        (Language::English, "") => {
            format!("The file that you asked for can be downloaded again until {date}: {url}")
        }
        (Language::English, name) => {
            format!("“{name}” can be downloaded again until {date}: {url}")
        }
        (Language::French, "") => format!(
            "Le fichier que vous avez demandé est de nouveau disponible jusqu’au {date}\u{a0}: {url}"
        ),
        (Language::French, name) => format!(
            "«\u{202f}{name}\u{202f}» est de nouveau disponible jusqu’au {date}\u{a0}: {url}"
        ),
        (Language::German, "") => {
            format!("Die gewünschte Datei steht wieder bis zum {date} bereit: {url}")
        }
        (Language::German, name) => format!("„{name}“ steht wieder bis zum {date} bereit: {url}"),
    }
}
