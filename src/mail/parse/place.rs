//! Which parts are read where they stand, and which are files.

use super::{file_name, structure::Part};

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the mail.
    Whole,
    Among,
    /// It is one of several forms of the same.
    Alternative,
}

/// Forms of a mail for particular programs, which say the same as the others.
pub(super) fn is_left_out(part: &Part, place: Place) -> bool {
    place == Place::Alternative && (part.is("text/x-amp-html") || part.is("text/watch-html"))
}

/// Whether a part is to be read in its place, rather than attached.
pub(super) fn is_text(part: &Part, place: Place) -> bool {
    if part.disposition.value == "attachment" {
        return false;
    }
    match part.content_type.value.as_str() {
        // Programs name their alternatives, too; elsewhere what bears a name is a file.
        "text/plain" | "text/html" => place != Place::Among || file_name::given(part).is_none(),
        "text/enriched" | "text/richtext" | "text/markdown" | "text/x-markdown" => {
            file_name::given(part).is_none()
        }
        // The fallback for a structure that can't be read.
        value => {
            place == Place::Whole
                && value.starts_with("text/")
                && !matches!(value, "text/calendar" | "text/vcard" | "text/x-vcard")
        }
    }
}
