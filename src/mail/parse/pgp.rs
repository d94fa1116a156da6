//! PGP within a text (RFC 9580 sections 6.2 and 7).

/// A signed text out of its armour.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// With what stands before and after it.
    pub text: String,
    /// The headers and signatures that were taken out.
    pub armour: String,
}

/// Whether the text holds an encrypted message that is not quoted.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.lines().any(|line| line.trim_end() == MESSAGE)
}

/// Takes signed texts out of their armour; `None` if there is none, or if it has no end.
pub(super) fn open(text: &str) -> Option<Signed> {
    if !text.contains(SIGNED) {
        return None;
    }
    let mut signed = Signed {
        text: String::new(),
        armour: String::new(),
    };
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
    fn leaves_the_rest_alone() {
        assert_eq!(open("One\n"), None);
        assert_eq!(open(&format!("{SIGNED}\n\nOne\n")), None);
        assert_eq!(open(&format!("> {SIGNED}\n> {END}\n")), None);
        assert!(is_encrypted(&format!("Hello\n{MESSAGE} \nx\n")));
        assert!(!is_encrypted(&format!("> {MESSAGE}\n")));
    }
}
