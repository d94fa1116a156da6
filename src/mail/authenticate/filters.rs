//! What the filters on the mailbox's own servers say about a mail. Anybody can write such a field:
//! those above the Received of the server that took the mail from outside were written after that.

use super::received;
use crate::{
    config::{Trust, TrustBy},
    domain::marks::Marks,
    mail::parse::{Filters, TraceField, trace},
};

/// Which fields of filters count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Wherever they stand: the servers take such fields out of what comes in.
    pub strips_forged: bool,
    /// How many stars in X-Spam-Level are spam.
    pub level: Option<u32>,
}

/// The verdicts among the fields `found` in `raw`, and how many servers the mail has passed. Linear in
/// the size of `raw`.
#[must_use]
pub fn marks(raw: &[u8], found: &Filters, trust: &Trust, reading: Reading) -> Marks {
    let mut marks = Marks {
        hops: found.hops,
        ..Marks::default()
    };
    if found.fields.is_empty() {
        return marks;
    }
    let ours = if reading.strips_forged {
        usize::MAX
    } else {
        written_by_us(raw, trust)
    };
    for field in &found.fields {
        if field.received_above < ours {
            marks.read(&field.name, &field.value, reading.level);
        }
    }
    marks
}

/// How many of the Received fields from the top our own servers have written, the one about somebody
/// else included; zero where that isn't known.
fn written_by_us(raw: &[u8], trust: &Trust) -> usize {
    let trace = trace(raw);
    let border = match trust.by {
        TrustBy::Microsoft365 => received::microsoft_border(&trace),
        TrustBy::Own | TrustBy::Header { .. } => {
            received::border(&trace, &trust.relays()).map(|border| border.field)
        }
    };
    let above = border.map_or(0, |border| border + 1);
    let fields = trace.fields[..above].iter();
    fields
        .filter(|field| matches!(field, TraceField::Received(_)))
        .count()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::mail::parse::filters;

    const IN: &str = "Received: from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org\n";
    const INNER: &str = "Received: from mx (mx [127.0.0.1]) by imap.example.org with LMTP\n";
    const FAR: &str = "Received: from pc (pc [198.51.100.7]) by mail.acme.com\n";
    const SPAM: &str = "X-Spam-Flag: YES\n";

    #[rstest]
    #[case::on_top(&[SPAM, IN, FAR], true)]
    #[case::between_our_servers(&[INNER, SPAM, IN, FAR], true)]
    #[case::below_ours(&[IN, SPAM, FAR], false)]
    #[case::at_the_end(&[IN, FAR, SPAM], false)]
    #[case::a_forged_server(&[IN, INNER, SPAM, FAR], false)]
    #[case::from_nowhere(&[SPAM], false)]
    #[case::ours_alone(&[INNER, SPAM], false)]
    fn only_our_own_servers_count(#[case] header: &[&str], #[case] expected: bool) {
        let raw = format!("{}Subject: x\n\nbody\n", header.concat());
        let read = |reading| {
            let raw = raw.as_bytes();
            marks(raw, &filters(raw), &Trust::default(), reading)
        };
        assert_eq!(read(Reading::default()).spam.is_some(), expected);
        let received = header.iter().filter(|line| line.starts_with("Rec")).count();
        assert_eq!(read(Reading::default()).hops, received);
        let everywhere = Reading {
            strips_forged: true,
            level: None,
        };
        assert!(read(everywhere).spam.is_some());
    }

    #[test]
    fn knows_the_door_of_microsoft() {
        let door = "Received: from x (192.0.2.1) by A.mail.protection.outlook.com (10.1.1.1)\n";
        let scl = "X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:5;\n";
        let trust = Trust {
            by: TrustBy::Microsoft365,
            ..Trust::default()
        };
        let read = |raw: String| {
            let raw = raw.as_bytes();
            marks(raw, &filters(raw), &trust, Reading::default())
        };
        assert!(read(format!("{scl}{door}\n")).spam.is_some());
        assert!(read(format!("{door}{scl}\n")).spam.is_none());
    }
}
