//! The commands of a client, read from one line each (RFC 5321 section 4.1, RFC 2033 section 4).

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Lhlo(String),
    Mail {
        /// Without brackets; empty for `<>`.
        sender: String,
        /// The size that the client announces (RFC 1870), in octets.
        size: Option<u64>,
    },
    /// Without brackets.
    Rcpt(String),
    Data,
    Rset,
    Noop,
    Vrfy,
    /// What the client says of who handed the mail to it; the attributes as written.
    Xforward(String),
    /// The same, of who it speaks for from now on.
    Xclient(String),
    Quit,
}

/// To who takes us for an SMTP server.
pub(super) const THIS_IS_LMTP: &str = "500 5.5.1 This is LMTP: begin with LHLO";

impl Command {
    /// Reads a line without its end; the error is the answer to give.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        if line.contains(char::is_control) {
            return Err("500 5.5.2 A control character can't stand in a command");
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "LHLO" if rest.is_empty() => Err("501 5.5.4 LHLO needs your name"),
            "LHLO" => Ok(Self::Lhlo(rest.to_owned())),
            "HELO" | "EHLO" => Err(THIS_IS_LMTP),
            "MAIL" => mail(rest),
            "RCPT" => rcpt(rest),
            "DATA" => bare(rest, Self::Data),
            "RSET" => bare(rest, Self::Rset),
            "QUIT" => bare(rest, Self::Quit),
            "NOOP" => Ok(Self::Noop),
            "VRFY" => Ok(Self::Vrfy),
            "XFORWARD" => Ok(Self::Xforward(rest.to_owned())),
            "XCLIENT" => Ok(Self::Xclient(rest.to_owned())),
            _ => Err("500 5.5.1 No such command here"),
        }
    }
}

fn bare(rest: &str, command: Command) -> Result<Command, &'static str> {
    if rest.is_empty() {
        Ok(command)
    } else {
        Err("501 5.5.4 That command takes no argument")
    }
}

fn mail(rest: &str) -> Result<Command, &'static str> {
    let (sender, parameters) =
        after_keyword(rest, "FROM:").ok_or("501 5.5.4 Write MAIL FROM:<address>")?;
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match (
            name.to_ascii_uppercase().as_str(),
            value.to_ascii_uppercase().as_str(),
        ) {
            ("SIZE", digits) if is_number(digits) => {
                // Too large for the type is surely too large for us.
                size = Some(digits.parse().unwrap_or(u64::MAX));
            }
            ("BODY", "7BIT" | "8BITMIME") | ("SMTPUTF8", "") => {}
            ("SIZE" | "BODY" | "SMTPUTF8", _) => return Err("501 5.5.4 Bad parameter value"),
            _ => return Err("555 5.5.4 Unknown parameter of MAIL"),
        }
    }
    Ok(Command::Mail { sender, size })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn rcpt(rest: &str) -> Result<Command, &'static str> {
    let (recipient, parameters) =
        after_keyword(rest, "TO:").ok_or("501 5.5.4 Write RCPT TO:<address>")?;
    if !parameters.trim().is_empty() {
        return Err("555 5.5.4 Unknown parameter of RCPT");
    }
    if recipient.is_empty() {
        return Err("501 5.1.3 A recipient can't be empty");
    }
    Ok(Command::Rcpt(recipient))
}

/// The path after `keyword` without brackets and source route, and what follows it.
fn after_keyword<'a>(rest: &'a str, keyword: &str) -> Option<(String, &'a str)> {
    let (head, tail) = rest.split_at_checked(keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let path = tail.trim_start().strip_prefix('<')?;
    let end = closing_bracket(path)?;
    let (address, after) = (&path[..end], &path[end + 1..]);
    if !(after.is_empty() || after.starts_with(' ')) {
        return None;
    }
    // RFC 5321 appendix C: a source route is accepted and ignored.
    let address = match address.split_once(':') {
        Some((route, address)) if route.starts_with('@') => address,
        _ => address,
    };
    Some((address.to_owned(), after))
}

/// Where the first `>` outside a quoted local part stands.
fn closing_bracket(path: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, octet) in path.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn from(sender: &str, size: Option<u64>) -> Command {
        Command::Mail {
            sender: sender.to_owned(),
            size,
        }
    }

    #[rstest]
    #[case("LHLO mx.acme.com", Command::Lhlo("mx.acme.com".to_owned()))]
    #[case("mail from:<>", from("", None))]
    #[case(
        "MAIL FROM: <ann@acme.com> SIZE=12 BODY=8bitmime SMTPUTF8",
        from("ann@acme.com", Some(12))
    )]
    #[case(
        "MAIL FROM:<a@b> SIZE=99999999999999999999999",
        from("a@b", Some(u64::MAX))
    )]
    #[case(
        "MAIL FROM:<\"a>b \\\"c\"@acme.com>",
        from("\"a>b \\\"c\"@acme.com", None)
    )]
    #[case("MAIL FROM:<@one,@two:ann@acme.com>", from("ann@acme.com", None))]
    #[case("RCPT TO:<jürgen@müller.example>", Command::Rcpt("jürgen@müller.example".to_owned()))]
    #[case("rset ", Command::Rset)]
    #[case("NOOP anything", Command::Noop)]
    #[case("VRFY ann", Command::Vrfy)]
    fn reads(#[case] line: &str, #[case] expected: Command) {
        assert_eq!(Command::parse(line.as_bytes()), Ok(expected));
    }

    #[rstest]
    #[case(b"", "500 5.5.1")]
    #[case(b"EHLO acme.com", "500 5.5.1 This is LMTP")]
    #[case(b"HELO acme.com", "500 5.5.1 This is LMTP")]
    #[case(b"LHLO", "501 5.5.4")]
    #[case(b"BDAT 12 LAST", "500 5.5.1")]
    #[case(b"MAIL FROM:ann@acme.com", "501 5.5.4")]
    #[case(b"MAIL FROM:<ann@acme.com", "501 5.5.4")]
    #[case(b"MAIL FROM:<ann@acme.com>SIZE=1", "501 5.5.4")]
    #[case(b"MAIL FROM:<a@b> SIZE=many", "501 5.5.4")]
    #[case(b"MAIL FROM:<a@b> BODY=BINARYMIME", "501 5.5.4")]
    #[case(b"MAIL FROM:<a@b> RET=HDRS", "555 5.5.4")]
    #[case(b"RCPT TO:<a@b> NOTIFY=NEVER", "555 5.5.4")]
    #[case(b"RCPT TO:<>", "501 5.1.3")]
    #[case(b"MAIL FR\xc3", "501 5.5.4")]
    #[case(b"MAIL FROM:<a\x00@b>", "500 5.5.2")]
    #[case(b"DATA now", "501 5.5.4")]
    fn refuses(#[case] line: &[u8], #[case] answer: &str) {
        let refusal = Command::parse(line).unwrap_err();
        assert!(refusal.starts_with(answer), "{refusal}");
    }
}
