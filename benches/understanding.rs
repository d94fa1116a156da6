//! How fast a mail is understood: parsed, its answer parted from its history, made fit for Matrix.
//!
//! Measured are mails as clients write them (`tests/fixtures/clients`), large ones, and ones that are
//! made to be slow; with `POSTROOM_BENCH_MAILS=/some/folder` also every file in that folder and those
//! below it. `docs/benchmarks.md` says what the figures mean.

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use postroom::mail::parse;

/// For how long the mixed set is read again and again.
const MIXED_FOR: Duration = Duration::from_secs(5);
const ROUNDS: usize = 5;

struct Mail {
    name: String,
    raw: Vec<u8>,
}

fn main() -> Result<()> {
    let mut mixed = folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/clients"))?;
    if let Some(more) = std::env::var_os("POSTROOM_BENCH_MAILS") {
        mixed.extend(folder(Path::new(&more))?);
    }
    anyhow::ensure!(!mixed.is_empty(), "there are no mails to measure");
    throughput(&mixed);
    println!("\n| mail | size | time | most memory |\n| --- | ---: | ---: | ---: |");
    let mut slowest: Vec<(Duration, u64, &Mail)> = Vec::new();
    for mail in &mixed {
        let (time, memory) = measure(mail)?;
        slowest.push((time, memory, mail));
    }
    slowest.sort_by_key(|(time, _, _)| std::cmp::Reverse(*time));
    for (time, memory, mail) in slowest.into_iter().take(5) {
        tell(mail, time, memory);
    }
    for mail in &large_and_hostile() {
        let (time, memory) = measure(mail)?;
        tell(mail, time, memory);
    }
    Ok(())
}

fn folder(path: &Path) -> Result<Vec<Mail>> {
    let mut mails = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                waiting.push(entry?.path());
            }
        } else {
            let raw = std::fs::read(&path)?;
            let name = path.file_name().context("a file has a name")?;
            let name = name.to_string_lossy().into_owned();
            mails.push(Mail { name, raw });
        }
    }
    mails.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mails)
}

/// One after the other, on one processor.
fn throughput(mails: &[Mail]) {
    let begun = Instant::now();
    let (mut count, mut octets) = (0_u32, 0_usize);
    while begun.elapsed() < MIXED_FOR {
        for mail in mails {
            black_box(parse::parse(&mail.raw));
            count += 1;
            octets += mail.raw.len();
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{} mails, {} kB on average: {:.0} mails/s, {:.1} MB/s",
        mails.len(),
        octets / count as usize / 1000,
        f64::from(count) / seconds,
        f64::from(u32::try_from(octets / 1000).unwrap_or(u32::MAX)) / 1000.0 / seconds
    );
}

/// The median of some rounds, and by how many octets the process had grown at most.
fn measure(mail: &Mail) -> Result<(Duration, u64)> {
    let before = resident("VmRSS:")?;
    // Linux: the peak is counted anew from here on (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5").context("the peak of memory can't be reset")?;
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            black_box(parse::parse(&mail.raw));
            begun.elapsed()
        })
        .collect();
    times.sort();
    let peak = resident("VmHWM:")?;
    Ok((times[ROUNDS / 2], peak.saturating_sub(before)))
}

fn resident(key: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib.context("no figure of memory")?.parse::<u64>()? * 1024)
}

fn tell(mail: &Mail, time: Duration, memory: u64) {
    println!(
        "| {} | {} kB | {:.2} ms | {:.1} MB |",
        mail.name,
        mail.raw.len() / 1000,
        time.as_secs_f64() * 1000.0,
        f64::from(u32::try_from(memory / 1000).unwrap_or(u32::MAX)) / 1000.0
    );
}

/// Large ones, and ones that others take seconds or minutes for.
fn large_and_hostile() -> Vec<Mail> {
    const MEGABYTE: usize = 1_000_000;
    let of = |unit: &str, size: usize| unit.repeat(size / unit.len());
    let text = |name: &str, body: String| mail(name, "text/plain", &body);
    let html = |name: &str, body: String| mail(name, "text/html", &body);
    let encoded = of(
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2Nzg5QUJDREVGR0hJSktMTU5PUFFS\n",
        40 * MEGABYTE,
    );
    vec![
        text(
            "1 MB of words",
            of("Some words in a line of a letter.\n", MEGABYTE),
        ),
        text(
            "1 MB of quotes",
            of("> some words that were quoted\n", MEGABYTE),
        ),
        text("1 MB of quote marks", of(">", MEGABYTE)),
        text("1 MB in one line", of("words ", MEGABYTE)),
        text(
            "1 MB of introductions",
            of("On Tue, 3 Mar 2026 at 09:12, Ann Lee wrote:\n", MEGABYTE),
        ),
        text(
            "1 MB of header lines",
            of("From: Ann Lee\nSubject: x\n", MEGABYTE),
        ),
        text("1 MB of signature marks", of("-- \n", MEGABYTE)),
        html(
            "1 MB of paragraphs",
            of("<p>Some <b>words</b> here.</p>\n", MEGABYTE),
        ),
        html("1 MB of open divisions", of("<div>", MEGABYTE)),
        html(
            "1 MB of open quotes",
            of("<blockquote type=cite>x", MEGABYTE),
        ),
        html(
            "1 MB of open cells",
            format!("<table>{}", of("<td>x", MEGABYTE)),
        ),
        html("1 MB of open formatting", of("<b><i><a href=x>x", MEGABYTE)),
        mail(
            "a file of 30 MB",
            "multipart/mixed; boundary=b",
            &format!(
                "--b\n\nSee here.\n--b\nContent-Type: application/zip\n\
                 Content-Transfer-Encoding: base64\n\n{encoded}\n--b--\n"
            ),
        ),
    ]
}

fn mail(name: &str, content_type: &str, body: &str) -> Mail {
    let raw = format!(
        "From: Jane Doe <jane@acme.com>\nTo: support@example.org\nSubject: Re: Training\n\
         Message-ID: <1@acme.com>\nIn-Reply-To: <0@example.org>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: {content_type}\n\n{body}"
    );
    Mail {
        name: name.to_owned(),
        raw: raw.into_bytes(),
    }
}
