//! What the standards ask of a mail, each rule named by its section: whatever leaves the house is held
//! against them.

/// The rules that the mail breaks. `utf8` says that it was offered with SMTPUTF8.
#[expect(clippy::too_many_lines, reason = "it is one list of rules")]
pub fn broken(mail: &[u8], utf8: bool) -> Vec<String> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, name: &str, what: &str| {
        if !holds {
            let what: String = what.chars().take(120).collect();
            broken.push(format!("{name}: {what:?}"));
        }
    };
    let text = String::from_utf8_lossy(mail);
    rule(!mail.contains(&0), "RFC 5322 4: no NUL", "");
    let bare = text.replace("\r\n", "");
    rule(
        !bare.contains(['\r', '\n']),
        "RFC 5322 2.3: no bare CR or LF",
        "",
    );
    rule(
        text.ends_with("\r\n"),
        "RFC 5321 4.1.1.4: ends with CRLF",
        "",
    );
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    rule(body.is_ascii(), "RFC 2045 2.7: the body is 7bit", body);
    rule(
        utf8 || head.is_ascii(),
        "RFC 6532 3.2: UTF-8 only with SMTPUTF8",
        head,
    );
    for line in text.split("\r\n") {
        rule(
            line.len() <= 998,
            "RFC 5322 2.1.1: at most 998 octets",
            line,
        );
    }
    for line in head.split("\r\n") {
        // What can't be folded may be longer: an id, an address, a URL.
        let longest = line.split(' ').map(str::len).max().unwrap_or_default();
        rule(
            line.len() <= 78 || longest > 60,
            "RFC 5322 2.1.1: 78 if possible",
            line,
        );
        rule(
            line.trim() != "",
            "RFC 5322 3.2.2: no line of white space alone",
            line,
        );
    }
    let fields = fields(head);
    for (name, value) in &fields {
        let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        rule(sound, "RFC 5322 2.2: a field name", name);
        rule(
            !value.trim().is_empty() || name == "Subject",
            "RFC 5322 3.6: no empty field",
            name,
        );
        encoded_words(name, value, &mut rule);
    }
    let all = |name: &str| -> Vec<&str> {
        let of_name = fields
            .iter()
            .filter(|(it, _)| it.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str()).collect()
    };
    for name in [
        "Date",
        "From",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Subject",
    ] {
        rule(all(name).len() == 1, "RFC 5322 3.6: exactly one", name);
    }
    for name in [
        "To",
        "Cc",
        "Reply-To",
        "In-Reply-To",
        "References",
        "List-Id",
        "List-Unsubscribe",
    ] {
        rule(all(name).len() <= 1, "RFC 5322 3.6: at most one", name);
    }
    rule(all("Bcc").is_empty(), "RFC 5322 3.6.3: no Bcc", "");
    let to = all("To").len() + all("Cc").len();
    rule(to > 0, "RFC 5322 3.6.3: somebody it is for", "");
    for date in all("Date") {
        rule(is_date(date), "RFC 5322 3.3: a date with offset", date);
    }
    let own = all("From").concat();
    let domain = own
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .trim_end_matches('>')
        .to_owned();
    for id in all("Message-ID") {
        let its = id
            .trim()
            .trim_end_matches('>')
            .rsplit('@')
            .next()
            .unwrap_or_default();
        let is_ours = its == domain || its.ends_with(&format!(".{domain}"));
        rule(
            is_ids(id) && is_ours,
            "RFC 5322 3.6.4: an id of our domain",
            id,
        );
    }
    for name in ["In-Reply-To", "References"] {
        for ids in all(name) {
            rule(is_ids(ids), "RFC 5322 3.6.4: ids", ids);
            rule(
                ids.len() <= 1000,
                "RFC 5322 2.1.1: References that servers take",
                ids,
            );
        }
    }
    for name in ["From", "To", "Cc", "Reply-To"] {
        for value in all(name) {
            addresses(value, utf8, &mut rule);
        }
    }
    for version in all("MIME-Version") {
        rule(version == "1.0", "RFC 2045 4: version 1.0", version);
    }
    if !all("List-Unsubscribe-Post").is_empty() {
        let way_out = all("List-Unsubscribe").concat();
        rule(
            way_out.contains("<https://"),
            "RFC 8058 3.1: one https URI",
            &way_out,
        );
        let post = all("List-Unsubscribe-Post").concat();
        rule(
            post == "List-Unsubscribe=One-Click",
            "RFC 8058 3.1: the one value",
            &post,
        );
    }
    parts(&all("Content-Type").concat(), body, &mut rule);
    broken
}

/// Names and unfolded values.
fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), fields.last_mut()) {
            value.push_str(line);
        } else {
            let (name, value) = line.split_once(':').unwrap_or(("", line));
            fields.push((name.to_owned(), value.trim_start().to_owned()));
        }
    }
    fields
}

fn encoded_words(name: &str, value: &str, rule: &mut impl FnMut(bool, &str, &str)) {
    if !value.contains("=?") {
        return;
    }
    let structured = [
        "Message-ID",
        "Date",
        "References",
        "In-Reply-To",
        "Content-Type",
    ];
    rule(
        !structured.contains(&name),
        "RFC 2047 5: not in this field",
        value,
    );
    for word in value
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| word.contains("=?"))
    {
        let form = word.starts_with("=?") && word.ends_with("?=") && word.matches('?').count() == 4;
        rule(form, "RFC 2047 2: an encoded-word stands alone", word);
        rule(word.len() <= 75, "RFC 2047 2: at most 75 octets", word);
        let encoding = word.split('?').nth(2).unwrap_or_default();
        rule(
            matches!(encoding, "b" | "B" | "q" | "Q"),
            "RFC 2047 4: B or Q",
            word,
        );
    }
    // A subject has no quoted strings, only quotation marks.
    let is_structured = name != "Subject";
    let quoted = value
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|_| is_structured);
    for quoted in quoted {
        rule(
            !quoted.contains("=?"),
            "RFC 2047 5: not within a quoted string",
            value,
        );
    }
}

const DAYS: &str = "Mon, Tue, Wed, Thu, Fri, Sat, Sun,";
const MONTHS: &str = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";

/// `Thu, 12 Nov 2026 14:06:00 +0100`
fn is_date(date: &str) -> bool {
    let words: Vec<&str> = date.split(' ').collect();
    let [day, number, month, year, time, offset] = words.as_slice() else {
        return false;
    };
    let all = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    DAYS.split(' ').any(|it| it == *day)
        && MONTHS.split(' ').any(|it| it == *month)
        && (all(number, 1) || all(number, 2))
        && all(year, 4)
        && time.split(':').all(|it| all(it, 2))
        && time.split(':').count() == 3
        && offset.starts_with(['+', '-'])
        && all(&offset[1..], 4)
}

fn is_ids(ids: &str) -> bool {
    let is_id = |id: &str| {
        let inner = id.strip_prefix('<').and_then(|id| id.strip_suffix('>'));
        inner.is_some_and(|inner| {
            inner.bytes().all(|byte| byte.is_ascii_graphic()) && !inner.contains(['<', '>'])
        })
    };
    !ids.trim().is_empty() && ids.split_ascii_whitespace().all(is_id)
}

/// Mailboxes, and groups without members (RFC 6857 section 3.1.8).
fn addresses(value: &str, utf8: bool, rule: &mut impl FnMut(bool, &str, &str)) {
    for one in split_outside_quotes(value) {
        let one = one.trim();
        if let Some(group) = one.strip_suffix(":;") {
            rule(
                !group.contains(['<', '>', '@']),
                "RFC 6854 2.1: a group without members",
                one,
            );
            continue;
        }
        let address = match one.rsplit_once('<') {
            Some((_, address)) => address.strip_suffix('>').unwrap_or_default(),
            None => one,
        };
        let (local, domain) = address.rsplit_once('@').unwrap_or_default();
        let is_atom = |c: char| {
            c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || utf8 && !c.is_ascii()
        };
        let sound = !local.is_empty()
            && local.chars().all(is_atom)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        rule(sound, "RFC 5322 3.4.1: a local part", one);
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || utf8 && !c.is_ascii())
        };
        rule(
            domain.split('.').all(is_label),
            "RFC 5890 2.3: a domain in A-labels",
            one,
        );
        rule(
            address.len() <= 254,
            "RFC 5321 4.5.3.1.3: at most 254 octets",
            one,
        );
    }
}

/// The parts of a list, at commas that stand in no quoted string.
fn split_outside_quotes(value: &str) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    parts
}

/// The MIME structure, part by part.
fn parts(content_type: &str, body: &str, rule: &mut impl FnMut(bool, &str, &str)) {
    let Some(boundary) = parameter(content_type, "boundary") else {
        rule(
            !content_type.starts_with("multipart/"),
            "RFC 2046 5.1.1: a boundary",
            content_type,
        );
        return;
    };
    let sound = (1..=70).contains(&boundary.len()) && !boundary.ends_with(' ');
    rule(sound, "RFC 2046 5.1.1: a boundary of at most 70", &boundary);
    let body = format!("\r\n{body}");
    let delimiter = format!("\r\n--{boundary}");
    let mut pieces = body.split(delimiter.as_str()).skip(1).peekable();
    rule(
        pieces.peek().is_some(),
        "RFC 2046 5.1.1: at least one part",
        content_type,
    );
    let mut closed = false;
    while let Some(piece) = pieces.next() {
        if piece.starts_with("--") {
            closed = pieces.peek().is_none();
            break;
        }
        let piece = piece.strip_prefix("\r\n").unwrap_or(piece);
        let (head, body) = piece.split_once("\r\n\r\n").unwrap_or((piece, ""));
        let fields = fields(head);
        let field = |name: &str| {
            let mut of_name = fields
                .iter()
                .filter(|(it, _)| it.eq_ignore_ascii_case(name));
            of_name
                .next()
                .map(|(_, value)| value.clone())
                .unwrap_or_default()
        };
        let kind = field("Content-Type");
        rule(
            kind.contains('/'),
            "RFC 2045 5: every part says what it is",
            head,
        );
        if kind.starts_with("multipart/") {
            parts(&kind, body, rule);
            continue;
        }
        // In which charset a file is written nobody knows.
        let is_file = field("Content-Disposition").starts_with("attachment");
        if kind.starts_with("text/") && !is_file {
            let charset = parameter(&kind, "charset").unwrap_or_default();
            rule(
                charset.eq_ignore_ascii_case("utf-8"),
                "RFC 2046 4.1.2: a charset",
                &kind,
            );
        }
        let lines = || body.split("\r\n");
        match field("Content-Transfer-Encoding")
            .to_ascii_lowercase()
            .as_str()
        {
            "quoted-printable" => {
                rule(
                    lines().all(|line| line.len() <= 76),
                    "RFC 2045 6.7: at most 76",
                    body,
                );
                let no_blank_end = lines().all(|line| !line.ends_with([' ', '\t']));
                rule(
                    no_blank_end,
                    "RFC 2045 6.7: no white space at the end",
                    body,
                );
            }
            "base64" => {
                let sound = |line: &str| {
                    let known = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
                    line.len() <= 76 && line.bytes().all(known)
                };
                rule(
                    lines().all(sound),
                    "RFC 2045 6.8: base64 in lines of 76",
                    body,
                );
            }
            "" | "7bit" => {}
            other => rule(false, "RFC 2045 6.1: an encoding that is known", other),
        }
        for (name, value) in &fields {
            rule(
                value.is_ascii(),
                "RFC 2231 4: names beyond ASCII are encoded",
                value,
            );
            rule(!value.is_empty(), "RFC 2045 3: no empty field", name);
        }
    }
    rule(closed, "RFC 2046 5.1.1: closed at the end", &boundary);
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        let is_it = key.trim().eq_ignore_ascii_case(name);
        is_it.then(|| value.trim().trim_matches('"').to_owned())
    })
}
