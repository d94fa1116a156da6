//! PGP within a text (RFC 9580 sections 6.2 and 7).

/// A text, and what was taken out of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    /// With what stands before and after a signed text.
    pub text: String,
    /// Headers and signatures, or encrypted messages.
    pub armour: String,
}

/// Whether the text holds an encrypted message that is not quoted.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == MESSAGE)
}

/// Takes encrypted messages out of a text; `None` if there is none, or if it has no end.
pub(super) fn without_encrypted(text: &str) -> Option<Opened> {
    let mut opened = Opened::default();
    let mut is_within = false;
    for line in text.lines() {
        let bare = line.trim_end();
        is_within |= bare == MESSAGE;
        let into = if is_within {
            &mut opened.armour
        } else {
            &mut opened.text
        };
        into.push_str(line);
        into.push('\n');
        is_within &= bare != MESSAGE_END;
    }
    (!is_within && !opened.armour.is_empty()).then_some(opened)
}

/// Takes signed texts out of their armour; `None` if there is none, or if it has no end.
pub(super) fn open(text: &str) -> Option<Opened> {
    if !text.contains(SIGNED) {
        return None;
    }
    let mut signed = Opened::default();
    let mut place = Place::Outside;
    for line in text.lines() {
        let bare = line.trim_end();
        let (next, into) = match place {
            Place::Outside if bare == SIGNED => (Place::Headers, Some(line)),
            Place::Outside => (Place::Outside, None),
            Place::Headers if bare.is_empty() => (Place::Text, Some(line)),
            Place::Headers => (Place::Headers, Some(line)),
            Place::Text if bare == SIGNATURE => (Place::Signature, Some(line)),
            Place::Text => (Place::Text, None),
            Place::Signature if bare == END => (Place::Outside, Some(line)),
            Place::Signature => (Place::Signature, Some(line)),
        };
        if let Some(line) = into {
            signed.armour.push_str(line);
            signed.armour.push('\n');
        } else {
            // Lines that begin with a dash were escaped.
            let line = match place {
                Place::Text => line.strip_prefix("- ").unwrap_or(line),
                _ => line,
            };
            signed.text.push_str(line);
            signed.text.push('\n');
        }
        place = next;
    }
    (place == Place::Outside && !signed.armour.is_empty()).then_some(signed)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Headers,
    Text,
    Signature,
}

const MESSAGE: &str = "-----BEGIN PGP MESSAGE-----";
const MESSAGE_END: &str = "-----END PGP MESSAGE-----";
const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_text_out() {
        let text = format!(
            "Before\n{SIGNED}\nHash: SHA256\n\nOne\n- -- \nTwo\n{SIGNATURE}\n\nabc=\n{END}\nAfter\n"
        );
        let signed = open(&text).unwrap();
        assert_eq!(signed.text, "Before\nOne\n-- \nTwo\nAfter\n");
        assert_eq!(
            signed.armour,
            format!("{SIGNED}\nHash: SHA256\n\n{SIGNATURE}\n\nabc=\n{END}\n")
        );
    }

    #[test]
    fn takes_what_is_encrypted_out() {
        let text = format!("Before\n{MESSAGE}\n\nabc=\n{MESSAGE_END}\nAfter\n");
        let opened = without_encrypted(&text).unwrap();
        assert_eq!(opened.text, "Before\nAfter\n");
        assert_eq!(opened.armour, format!("{MESSAGE}\n\nabc=\n{MESSAGE_END}\n"));
        assert_eq!(without_encrypted(&format!("{MESSAGE}\n\nabc=\n")), None);
        assert_eq!(without_encrypted(&format!("> {MESSAGE}\n")), None);
    }

    #[test]
    fn leaves_the_rest_alone() {
        assert_eq!(open("One\n"), None);
        assert_eq!(open(&format!("{SIGNED}\n\nOne\n")), None);
        assert_eq!(open(&format!("> {SIGNED}\n> {END}\n")), None);
        assert!(is_encrypted(&format!("Hello\n{MESSAGE} \nx\n")));
        assert!(!is_encrypted(&format!("> {MESSAGE}\n")));
    }
}
