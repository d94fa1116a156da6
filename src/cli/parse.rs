//! `postroom parse [--json | --explain] FILE…`: what Postroom would make of a mail.

mod sender;

use std::{
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use self::sender::Judge;
use crate::{
    content::reply::{Part, Reason},
    domain::{
        address::EmailAddress,
        bounce::{self, Action, FailedRecipient, FeedbackType, Report, StatusCode},
        evidence::{Evidence, Judgement, Verdict},
        ids::MessageId,
        incoming::{AttachmentInfo, Fate, IncomingMail, MailKind, Problem},
        wording,
    },
    mail::parse::{self, ParsedMail},
};

/// Show what Postroom would make of a mail
#[derive(Debug, Args)]
pub struct Parse {
    /// One JSON object per file, on one line each
    #[arg(long, conflicts_with = "explain")]
    json: bool,
    /// Say which rule took which lines
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    sender: sender::Options,
    /// Raw mails (RFC 5322)
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The JSON form. What is absent is null.
#[derive(Serialize)]
struct Shown<'a> {
    schema: u32,
    file: &'a str,
    #[serde(flatten)]
    mail: &'a IncomingMail,
    report: Option<ShownReport<'a>>,
    trust: &'a Judgement,
}

/// What a bounce or a complaint says.
#[derive(Serialize)]
struct ShownReport<'a> {
    kind: &'static str,
    recipients: Vec<ShownRecipient<'a>>,
    original_message_id: Option<&'a MessageId>,
    original_recipient: Option<&'a EmailAddress>,
    original_subject: Option<&'a str>,
}

/// One who was not reached, or who complained.
#[derive(Serialize)]
struct ShownRecipient<'a> {
    address: &'a EmailAddress,
    action: Option<Action>,
    status: Option<StatusCode>,
    reason: Option<ShownReason>,
    hard: bool,
    reply: Option<&'a str>,
    remote_mta: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ShownReason {
    Failure(bounce::Reason),
    Complaint(FeedbackType),
}

impl<'a> ShownReport<'a> {
    fn new(report: &'a Report) -> Self {
        let (kind, recipients) = match report {
            Report::Bounce(bounce) => {
                let recipients = bounce.recipients.iter().map(ShownRecipient::failed);
                ("bounce", recipients.collect())
            }
            Report::Complaint(complaint) => {
                let about = complaint.about;
                let recipients = complaint.recipients.iter();
                let recipients =
                    recipients.map(|address| ShownRecipient::complains(address, about));
                ("complaint", recipients.collect())
            }
        };
        let original = report.original();
        Self {
            kind,
            recipients,
            original_message_id: original.message_id.as_ref(),
            original_recipient: original.recipient.as_ref(),
            original_subject: original.subject.as_deref(),
        }
    }
}

impl<'a> ShownRecipient<'a> {
    fn failed(failed: &'a FailedRecipient) -> Self {
        Self {
            address: &failed.address,
            action: Some(failed.action),
            status: failed.status,
            reason: failed
                .is_failure()
                .then_some(ShownReason::Failure(failed.reason)),
            hard: failed.is_hard(),
            reply: failed.reply.as_deref(),
            remote_mta: failed.remote_mta.as_deref(),
        }
    }

    fn complains(address: &'a EmailAddress, about: FeedbackType) -> Self {
        Self {
            address,
            action: None,
            status: None,
            reason: Some(ShownReason::Complaint(about)),
            hard: false,
            reply: None,
            remote_mta: None,
        }
    }
}

/// A file's mail, and what can be said of its sender.
struct Read {
    parsed: ParsedMail,
    trust: Judgement,
}

impl Parse {
    /// One file after the other, in the order given; one that can't be read ends nothing, and is
    /// told of at the end besides.
    pub fn run(self) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        let mut unread = Vec::new();
        let judge = Judge::new(&self.sender)?;
        for path in &self.files {
            let Read { parsed, trust } = read(path, &judge).unwrap_or_else(|problem| {
                unread.push(path.display().to_string());
                nothing(problem)
            });
            let file = path.display().to_string();
            if self.json {
                let shown = Shown {
                    schema: 1,
                    file: &file,
                    mail: &parsed.mail,
                    report: parsed.report.as_ref().map(ShownReport::new),
                    trust: &trust,
                };
                serde_json::to_writer(&mut out, &shown)?;
                writeln!(out)?;
            } else {
                write_for_people(&parsed, &trust, &file, self.explain, &mut out)?;
            }
        }
        judge.end();
        anyhow::ensure!(unread.is_empty(), "could not read {}", unread.join(", "));
        Ok(())
    }
}

fn read(path: &Path, judge: &Judge) -> Result<Read, Problem> {
    let raw = std::fs::read(path).map_err(|error| Problem {
        code: "unreadable_file",
        detail: format!("The file can't be read: {error}."),
    })?;
    let read = || {
        let parsed = parse::parse(&raw);
        let trust = judge.judge(&raw, &parsed.mail.recipients);
        Read { parsed, trust }
    };
    panic::catch_unwind(AssertUnwindSafe(read)).map_err(|_| Problem {
        code: "internal_fault",
        detail: "Reading the mail failed by a fault in Postroom; please report it.".to_owned(),
    })
}

/// A mail of which nothing is known.
fn nothing(problem: Problem) -> Read {
    let mut parsed = parse::parse(b"");
    parsed.mail.problems = vec![problem];
    Read {
        parsed,
        trust: Evidence::default().judge(),
    }
}

fn write_for_people(
    parsed: &ParsedMail,
    trust: &Judgement,
    file: &str,
    explain: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mail = &parsed.mail;
    writeln!(out, "{file}")?;
    let from = mail.from.as_ref().map(ToString::to_string);
    let to: Vec<String> = mail.to.iter().map(ToString::to_string).collect();
    let cc: Vec<String> = mail.cc.iter().map(ToString::to_string).collect();
    for (name, value) in [
        ("kind", Some(kind(mail.kind).to_owned())),
        ("from", from),
        ("to", (!to.is_empty()).then(|| to.join(", "))),
        ("cc", (!cc.is_empty()).then(|| cc.join(", "))),
        ("date", mail.date.clone()),
        ("subject", mail.subject.clone()),
        ("sender", word(trust.verdict)),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {name:<9}{}", printable(&value))?;
        }
    }
    for file in &mail.attachments {
        writeln!(out, "  file     {}", printable(&in_short(file)))?;
    }
    for note in mail.notes.iter().filter(|_| !mail.is_told) {
        writeln!(
            out,
            "  note     {}",
            printable(&wording::mail::in_room(note))
        )?;
    }
    for problem in &mail.problems {
        writeln!(
            out,
            "  problem  {} ({})",
            printable(&problem.detail),
            problem.code
        )?;
    }
    if explain {
        writeln!(out)?;
        for reason in &parsed.reasons {
            writeln!(out, "  {}", printable(&why(reason)))?;
        }
    }
    section("shown", &mail.text, out)?;
    section(
        "signature",
        mail.signature.as_deref().unwrap_or_default(),
        out,
    )?;
    section("folded", mail.folded.as_deref().unwrap_or_default(), out)?;
    writeln!(out)
}

/// As it stands in the JSON.
fn word(verdict: Verdict) -> Option<String> {
    let value = serde_json::to_value(verdict).ok()?;
    value.as_str().map(str::to_owned)
}

/// A part of the text, each line with a mark before it, so that no text looks like ours.
fn section(name: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n  {name}")?;
    for line in text.lines() {
        writeln!(out, "  {}", format!("│ {}", printable(line)).trim_end())?;
    }
    Ok(())
}

/// Without what would command the terminal, or turn the line round.
fn printable(text: &str) -> String {
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_safe = |c: char| c == '\t' || !(c.is_control() || turns(c));
    text.chars()
        .map(|c| if is_safe(c) { c } else { '\u{fffd}' })
        .collect()
}

fn kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::Bounce => "bounce",
        MailKind::FeedbackReport => "feedback report",
        MailKind::Own => "our own mail",
        MailKind::AutoReply => "auto-reply",
        MailKind::List => "mailing list",
        MailKind::Forward => "forward",
        MailKind::Reply => "reply",
        MailKind::New => "new",
    }
}

fn in_short(file: &AttachmentInfo) -> String {
    let fate = match file.fate {
        Fate::Shown if file.inline => ", inline",
        Fate::Shown => "",
        Fate::Folded => ", folded",
        Fate::Withheld(_) => ", withheld from the room until staff release it",
    };
    let name = file.filename.as_deref().unwrap_or(wording::NAMELESS_FILE);
    format!(
        "{name} ({}, {}{fate})",
        file.content_type,
        wording::bytes(file.size)
    )
}

fn why(reason: &Reason) -> String {
    let part = match reason.part {
        Part::Shown => "shown",
        Part::Signature => "signature",
        Part::History => "folded",
    };
    let lines = match reason.lines {
        1 => "1 line".to_owned(),
        n => format!("{n} lines"),
    };
    format!(
        "{part:<9} {lines:>9}  {}: “{}”",
        reason.rule,
        wording::excerpt(&reason.first)
    )
}
