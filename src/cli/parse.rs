//! `postroom parse [--json] FILE…`: what Postroom would make of a mail.

use std::{io::Write, path::PathBuf};

use clap::Args;
use serde::Serialize;

use crate::{domain::incoming::IncomingMail, mail::parse};

/// Show what Postroom would make of a mail
#[derive(Debug, Args)]
pub struct Parse {
    /// One JSON object per file, on one line each
    #[arg(long)]
    json: bool,
    /// Raw mails (RFC 5322)
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The JSON form. What is absent is null.
#[derive(Serialize)]
struct Shown<'a> {
    schema: u32,
    file: String,
    #[serde(flatten)]
    mail: &'a IncomingMail,
    trust: Trust,
}

/// Postroom doesn't authenticate mail yet; without its envelope a file can't be in any case.
#[derive(Serialize)]
struct Trust {
    verdict: &'static str,
    reasons: Vec<String>,
}

impl Parse {
    pub fn run(self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let mut unread = 0;
        for file in self.files {
            let raw = match std::fs::read(&file) {
                Ok(raw) => raw,
                Err(error) => {
                    eprintln!("can't read {}: {error}", file.display());
                    unread += 1;
                    continue;
                }
            };
            let mail = parse::parse(&raw).mail;
            let file = file.display().to_string();
            if self.json {
                let trust = Trust {
                    verdict: "unverified",
                    reasons: Vec::new(),
                };
                let shown = Shown {
                    schema: 1,
                    file,
                    mail: &mail,
                    trust,
                };
                serde_json::to_writer(&mut out, &shown)?;
                writeln!(out)?;
            } else {
                write_for_people(&mail, &file, &mut out)?;
            }
        }
        anyhow::ensure!(unread == 0, "{unread} of the files could not be read");
        Ok(())
    }
}

fn write_for_people(mail: &IncomingMail, file: &str, out: &mut impl Write) -> std::io::Result<()> {
    let from = mail.from.as_ref().map_or_else(
        || "nobody".to_owned(),
        |from| match &from.name {
            Some(name) => format!("{name} <{}>", from.address),
            None => from.address.to_string(),
        },
    );
    writeln!(out, "{file}: {:?} from {from}", mail.kind)?;
    writeln!(
        out,
        "subject: {}",
        mail.subject.as_deref().unwrap_or("none")
    )?;
    writeln!(out, "\n{}\n", mail.text)?;
    for file in &mail.attachments {
        let name = file.filename.as_deref().unwrap_or("unnamed");
        writeln!(
            out,
            "attachment: {name} ({}, {} bytes)",
            file.content_type, file.size
        )?;
    }
    if let Some(signature) = &mail.signature {
        writeln!(
            out,
            "signature, folded: {} characters",
            signature.chars().count()
        )?;
    }
    if let Some(folded) = &mail.folded {
        writeln!(out, "folded: {} lines", folded.lines().count())?;
    }
    for problem in &mail.problems {
        writeln!(out, "problem: {}", problem.detail)?;
    }
    Ok(())
}
