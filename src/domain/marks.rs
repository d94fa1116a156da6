//! What filters on the mailbox's servers have written into the header of a mail.

/// The verdicts of filters, and how far the mail has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The field that calls it spam, on one line.
    pub spam: Option<String>,
    /// The field that says what malware is in it.
    pub virus: Option<String>,
    /// Servers that it has passed.
    pub hops: usize,
}

impl Marks {
    /// More than any mail passes on its way to somebody; a loop of servers passes without end. They
    /// count themselves (RFC 5321 section 6.3), but each of them may write to its own limit.
    pub const MOST_HOPS: usize = 30;

    /// Takes in a field of a filter. `level` is how many stars in X-Spam-Level are spam.
    pub fn read(&mut self, name: &str, value: &str, level: Option<u32>) {
        let shown = || {
            let line = format!("{name}: {}", value.trim());
            line.chars()
                .filter(|c| !c.is_control())
                .take(LONGEST_SHOWN)
                .collect()
        };
        if self.spam.is_none() && is_spam(name, value, level) {
            self.spam = Some(shown());
        }
        if self.virus.is_none() && is_infected(name, value) {
            self.virus = Some(shown());
        }
    }

    /// Whether a field of that name says anything here.
    #[must_use]
    pub fn knows(name: &str) -> bool {
        SPAM.iter()
            .chain(VIRUS)
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}

const LONGEST_SHOWN: usize = 120;

const SPAM: &[&str] = &[
    "X-Spam",
    "X-Spam-Flag",
    "X-Spam-Status",
    "X-Spam-Level",
    "X-Rspamd-Action",
    "X-Spamd-Result",
    "X-MS-Exchange-Organization-SCL",
    "X-Forefront-Antispam-Report",
];

const VIRUS: &[&str] = &["X-Virus-Status", "X-Virus", "X-Amavis-Alert"];

fn is_spam(name: &str, value: &str, level: Option<u32>) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let first = value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        // SpamAssassin, Rspamd and those who write as they do.
        "x-spam" | "x-spam-flag" | "x-spam-status" => matches!(first, "yes" | "true"),
        "x-spam-level" => {
            let stars = value.bytes().take_while(|byte| *byte == b'*').count();
            level.is_some_and(|level| stars >= level as usize)
        }
        "x-rspamd-action" => matches!(
            value.as_str(),
            "reject" | "add header" | "rewrite subject" | "quarantine" | "discard"
        ),
        // “default: True [17.60 / 15.00]”
        "x-spamd-result" => value
            .split_once(':')
            .is_some_and(|(_, result)| result.trim_start().starts_with("true")),
        // The spam confidence level of Exchange: 5 and more is spam, -1 was not looked at.
        "x-ms-exchange-organization-scl" => is_high(&value),
        "x-forefront-antispam-report" => value
            .split(';')
            .filter_map(|pair| pair.split_once(':'))
            .any(|(key, value)| key.trim() == "scl" && is_high(value)),
        _ => false,
    }
}

fn is_high(level: &str) -> bool {
    level
        .trim()
        .parse::<i32>()
        .is_ok_and(|level| (5..=9).contains(&level))
}

fn is_infected(name: &str, value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    match name.to_ascii_lowercase().as_str() {
        // clamav-milter: “Infected (Eicar-Test-Signature)”.
        "x-virus-status" => value.starts_with("infected") || value.starts_with("yes"),
        // Rspamd names what it has found.
        "x-virus" => !matches!(
            value.as_str(),
            "" | "no" | "none" | "clean" | "false" | "0" | "not scanned" | "unknown"
        ),
        // “INFECTED, message contains virus: Eicar-Test-Signature”
        "x-amavis-alert" => value.starts_with("infected"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("X-Spam-Flag", "YES", true)]
    #[case("x-spam-flag", " yes", true)]
    #[case("X-Spam-Flag", "NO", false)]
    #[case("X-Spam-Flag", "yesterday", false)]
    #[case(
        "X-Spam-Status",
        "Yes, score=17.6 required=5.0 tests=[BAYES_99=5]",
        true
    )]
    #[case("X-Spam-Status", "No, score=-1.9 required=5.0", false)]
    #[case("X-Spam", "Yes", true)]
    #[case("X-Rspamd-Action", "add header", true)]
    #[case("X-Rspamd-Action", "reject", true)]
    #[case("X-Rspamd-Action", "no action", false)]
    #[case("X-Rspamd-Action", "greylist", false)]
    #[case(
        "X-Spamd-Result",
        "default: True [17.60 / 15.00]; R_SPF_FAIL(1.00)",
        true
    )]
    #[case("X-Spamd-Result", "default: False [-1.60 / 15.00]; NOT_True(0)", false)]
    #[case("X-MS-Exchange-Organization-SCL", "5", true)]
    #[case("X-MS-Exchange-Organization-SCL", "9", true)]
    #[case("X-MS-Exchange-Organization-SCL", "1", false)]
    #[case("X-MS-Exchange-Organization-SCL", "-1", false)]
    #[case(
        "X-Forefront-Antispam-Report",
        "CIP:192.0.2.1;CTRY:FR;SCL:6;SFV:SPM;",
        true
    )]
    #[case("X-Forefront-Antispam-Report", "CIP:192.0.2.1;SCL:1;SFV:NSPM;", false)]
    #[case("X-Spam-Level", "*******", true)]
    #[case("X-Spam-Level", "*****", false)]
    #[case("Subject", "YES", false)]
    fn knows_spam(#[case] name: &str, #[case] value: &str, #[case] expected: bool) {
        let mut marks = Marks::default();
        marks.read(name, value, Some(6));
        assert_eq!(marks.spam.is_some(), expected);
        assert_eq!(marks.virus, None);
    }

    #[rstest]
    #[case("X-Virus-Status", "Infected (Eicar-Test-Signature)", true)]
    #[case("X-Virus-Status", "Clean", false)]
    #[case("X-Virus-Status", "Not Scanned", false)]
    #[case("X-Virus", "Eicar-Test-Signature", true)]
    #[case("X-Virus", "none", false)]
    #[case("X-Amavis-Alert", "INFECTED, message contains virus: Eicar", true)]
    #[case("X-Amavis-Alert", "BANNED, message contains .exe", false)]
    #[case("X-Virus-Scanned", "clamav-milter 1.0 at mx", false)]
    fn knows_malware(#[case] name: &str, #[case] value: &str, #[case] expected: bool) {
        let mut marks = Marks::default();
        marks.read(name, value, None);
        assert_eq!(marks.virus.is_some(), expected);
        assert_eq!(marks.spam, None);
    }

    #[test]
    fn shows_a_line() {
        let mut marks = Marks::default();
        marks.read(
            "X-Spam-Flag",
            &format!(" YES\r\n\t{}", "x".repeat(9000)),
            None,
        );
        let shown = marks.spam.unwrap();
        assert!(shown.starts_with("X-Spam-Flag: YES") && shown.len() == LONGEST_SHOWN);
    }

    #[test]
    fn every_name_that_is_read_is_known() {
        for name in ["x-spam", "X-SPAM-LEVEL", "x-virus-status", "X-Amavis-Alert"] {
            assert!(Marks::knows(name), "{name}");
        }
        assert!(!Marks::knows("X-Mailer"));
    }
}
