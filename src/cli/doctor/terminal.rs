//! The report for people at a terminal of 80 columns.

use std::fmt::Write as _;

use super::report::{Check, Status};

const WIDTH: usize = 80;
/// Where what was found begins, at most.
const WIDEST_NAME: usize = 28;
/// Mark and gaps before a check's name.
const INDENT: usize = 4;

/// The whole report. `title` is its first line.
pub fn show(title: &str, checks: &[Check], colours: bool) -> String {
    let paint = Paint(colours);
    let mut text = format!("{}\n", paint.bold(title));
    for group in checks.chunk_by(|one, other| one.area() == other.area()) {
        let area = group.first().map(|check| check.area().to_string());
        let _ = write!(text, "\n{}\n", paint.bold(&area.unwrap_or_default()));
        let names = group.iter().map(|check| check.name().chars().count());
        let column = names.max().unwrap_or_default().min(WIDEST_NAME);
        for check in group {
            write_check(&mut text, check, column, paint);
        }
    }
    let _ = write!(text, "\n{}\n", summary(checks));
    text
}

fn write_check(text: &mut String, check: &Check, column: usize, paint: Paint) {
    let mark = match check.status() {
        Status::Ok => paint.green("✓"),
        Status::Warning => paint.yellow("!"),
        Status::Fault => paint.red("✗"),
        Status::Skipped => paint.faint("–"),
    };
    let name = check.name();
    let at = INDENT + column + 2;
    let _ = write!(text, "  {mark} {name}");
    let reason = check.meaning().unwrap_or_default();
    let found = match check.status() {
        Status::Skipped => format!("not checked: {reason}"),
        Status::Ok | Status::Warning | Status::Fault => {
            check.found().unwrap_or_default().to_owned()
        }
    };
    let taken = INDENT + name.chars().count();
    if taken + 2 > at {
        text.push('\n');
        text.push_str(&" ".repeat(at));
    } else {
        text.push_str(&" ".repeat(at - taken));
    }
    let lines = wrapped(&found, WIDTH - at);
    let _ = writeln!(text, "{}", lines.join(&format!("\n{}", " ".repeat(at))));
    if !matches!(check.status(), Status::Warning | Status::Fault) {
        return;
    }
    for line in wrapped(reason, WIDTH - INDENT) {
        let _ = writeln!(text, "{}{line}", " ".repeat(INDENT));
    }
    for (number, part) in check.remedy().unwrap_or_default().lines().enumerate() {
        let arrow = if number == 0 { "→" } else { " " };
        for (number, line) in wrapped(part, WIDTH - INDENT - 2).iter().enumerate() {
            let arrow = if number == 0 { arrow } else { " " };
            let _ = writeln!(text, "{}{arrow} {}", " ".repeat(INDENT), paint.bold(line));
        }
    }
}

fn summary(checks: &[Check]) -> String {
    let count = |status| checks.iter().filter(|it| it.status() == status).count();
    let several = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    let mut parts = Vec::new();
    let (faults, warnings) = (count(Status::Fault), count(Status::Warning));
    if faults > 0 {
        parts.push(several(faults, "fault"));
    }
    if warnings > 0 {
        parts.push(several(warnings, "warning"));
    }
    parts.push(format!("{} ok", count(Status::Ok)));
    let skipped = count(Status::Skipped);
    if skipped > 0 {
        parts.push(format!("{skipped} not checked"));
    }
    let mut line = format!("{}.", parts.join(", "));
    if faults > 1 {
        line.push_str("\nBegin with the first ✗: others may follow from it.");
    }
    line
}

/// Lines of at most `width` characters; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Colours, where they are wanted.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    fn yellow(self, text: &str) -> String {
        self.with("1;33", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::report::{Advice, Area};

    fn checks() -> Vec<Check> {
        let long = "the homeserver says: Invalid access token passed. It goes on to say that \
                    something else has to be done about it";
        vec![
            Area::Config.ok("configuration", "1 mailbox"),
            Area::Config.fault(
                "registration.yaml",
                Advice::new(
                    "mode 0644",
                    "Everybody on this machine can read the tokens in it and act as Postroom.",
                    "chmod 600 /etc/postroom/registration.yaml",
                ),
            ),
            Area::Homeserver.fault(
                "token",
                Advice::new(
                    long,
                    "It has another registration.",
                    "One thing.\nAnother thing.",
                ),
            ),
            Area::Homeserver.skipped("ping", "the homeserver doesn't take our token"),
            Area::Dns.warning(
                "a-very-long-mailbox-name-that-somebody-chose: SPF",
                Advice::new("none", "m", "r"),
            ),
        ]
    }

    #[test]
    fn fits_a_terminal() {
        let text = show("Postroom · config.yaml", &checks(), false);
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let painted = show("Postroom", &checks(), true);
        let mut plain = String::new();
        for (number, part) in painted.split('\u{1b}').enumerate() {
            let part = if number == 0 {
                part
            } else {
                part.split_once('m').unwrap().1
            };
            plain.push_str(part);
        }
        assert_eq!(plain, show("Postroom", &checks(), false));
        assert_ne!(painted, plain);
    }
}
