//! Readers of single values that more than one section has.

use std::{fs::File, path::Path, time::Duration};

use jiff::tz::{self, TimeZone};
use url::Url;

use super::wrong::Wrong;
use crate::domain::{
    command::timezone,
    settings::{self, Fault},
};

/// Text on one line, for headers and names: 1 to 100 characters.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.contains(char::is_control) {
        return Err(Wrong::new(
            "has a line break or another control character",
            "write it on one line",
        ));
    }
    if text.chars().count() > 100 {
        return Err(Wrong::new("is longer than 100 characters", "shorten it"));
    }
    Ok(text.to_owned())
}

/// An `http` or `https` URL to which paths can be added.
pub(super) fn http_url(text: &str) -> Result<Url, Wrong> {
    let url = Url::parse(text).map_err(|fault| format!("is not a URL: {fault}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is neither an http nor an https URL".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new(
            "has credentials in it",
            "take out what stands before the \"@\"",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            "has a query or a fragment",
            "take out what follows the \"?\" or \"#\"",
        ));
    }
    Ok(url)
}

/// A time such as `90s`, `1m 30s` or `0`, at most a week.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    settings::duration(text).map_err(|fault| {
        let what = match fault {
            Fault::LongerThanAWeek => "longer than a week",
            _ => "not a time",
        };
        Wrong::new(
            format!("\"{text}\" is {what}"),
            "write a number and a unit, such as \"30s\", \"5m\" or \"1h\"",
        )
    })
}

/// A zone by its name in the time zone database.
pub(super) fn zone(text: &str) -> Result<TimeZone, Wrong> {
    TimeZone::get(text).map_err(|_| {
        let names = tz::db().available().map(|name| name.to_string());
        let remedy = match timezone::near(text, names).first() {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write a name of the time zone database, such as \"Europe/Paris\"".to_owned(),
        };
        Wrong::new(format!("\"{text}\" is not a time zone"), remedy)
    })
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, Wrong> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Wrong::new(
            format!("\"{text}\" is neither true nor false"),
            "write \"true\" or \"false\"",
        )),
    }
}

/// A size such as `50MB`, `512KiB` or a number of octets, in octets; at least one octet and at
/// most 1 GiB.
pub(super) fn size(text: &str) -> Result<u64, Wrong> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => 0,
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|size| (1..=1 << 30).contains(size))
        .ok_or_else(|| format!("\"{text}\" is not a size between 1B and 1GiB").into())
}

/// Opens the file at `path`, to see whether a later reader will be able to.
pub(super) fn readable(path: &Path) -> Result<(), String> {
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let metadata = File::open(path)
        .and_then(|file| file.metadata())
        .map_err(|error| cannot(&error))?;
    if metadata.is_file() {
        Ok(())
    } else {
        Err(cannot(&"it is not a file"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("50MB", Some(50_000_000))]
    #[case("512 KiB", Some(524_288))]
    #[case("1000", Some(1000))]
    #[case("1b", Some(1))]
    #[case("0", None)]
    #[case("50", Some(50))]
    #[case("50 horses", None)]
    #[case("MB", None)]
    #[case("-1", None)]
    #[case("18446744073709551615GB", None)]
    fn reads_sizes(#[case] text: &str, #[case] expected: Option<u64>) {
        assert_eq!(size(text).ok(), expected);
    }

    #[rstest]
    #[case("0", Some(0))]
    #[case("1m", Some(60))]
    #[case("1m 30s", Some(90))]
    #[case("5", None)]
    #[case("1 year", None)]
    fn reads_durations(#[case] text: &str, #[case] seconds: Option<u64>) {
        assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs));
    }
}
