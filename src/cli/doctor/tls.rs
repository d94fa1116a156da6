//! Certificates of mail servers, for every area that meets one.

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::{
    config::{Encryption, MailServer},
    mail::certificate::{Certificate, CertificateFault},
};

/// When it is time to renew a certificate that nobody renews, in days.
const SOON: i64 = 14;

/// How long a certificate that is believed will be. `meaning` tells what its end would mean.
pub fn validity(
    area: Area,
    name: String,
    server: &MailServer,
    certificate: Option<&Certificate>,
    meaning: &str,
    scene: &Scene,
) -> Check {
    if server.encryption == Encryption::Insecure {
        return area.ok(name, "none needed: nothing leaves this machine");
    }
    let Some(certificate) = certificate else {
        return area.ok(name, "believed");
    };
    let left = certificate.not_after.duration_since(scene.clock.now());
    let left = left.as_hours() / 24;
    let found = format!("{}; valid for {left} more days", names(certificate));
    if left >= SOON {
        return area.ok(name, found);
    }
    let meaning = format!("When it has expired: {}", lower(meaning));
    area.warning(name, Advice::new(found, meaning, renew(&server.host)))
}

/// What to do about a certificate that isn't believed; `key` is the server's place in the
/// configuration.
pub fn advice(
    fault: &CertificateFault,
    server: &MailServer,
    key: &str,
    certificate: Option<&Certificate>,
    meaning: &str,
    scene: &Scene,
) -> Advice {
    let host = &server.host;
    let known = certificate.map_or_else(String::new, names);
    let (found, remedy) = match fault {
        CertificateFault::Expired => {
            let days = certificate.map_or(0, |it| {
                scene.clock.now().duration_since(it.not_after).as_hours() / 24
            });
            (format!("expired {days} days ago ({known})"), renew(host))
        }
        CertificateFault::NotYetValid => (
            format!("not valid yet ({known})"),
            "Set the clocks of both machines: timedatectl set-ntp true".to_owned(),
        ),
        CertificateFault::OtherName => (
            format!("it is {known}, not for {host}"),
            format!("Write a name that stands on it into {key}.url."),
        ),
        CertificateFault::Untrusted => (
            format!("nobody whom this machine trusts has signed it ({known})"),
            format!(
                "If it is your own authority's: {key}.ca_file: FILE, with its certificate in PEM. \
                 Else let {host} show the intermediate certificates, too."
            ),
        ),
        CertificateFault::Other(what) => (
            what.clone(),
            format!(
                "Give {host} a certificate as mail programs want it; one of Let's Encrypt does."
            ),
        ),
    };
    let meaning = format!("Nothing is told to a server that can't prove who it is. {meaning}");
    Advice::new(found, meaning, remedy)
}

fn renew(host: &str) -> String {
    format!("Renew it on {host} (certbot renew), and reload the mail server.")
}

fn names(certificate: &Certificate) -> String {
    match certificate.names.as_slice() {
        [] => "for no name".to_owned(),
        names => format!("for {}", names.join(", ")),
    }
}

/// A sentence that goes on after a colon.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
