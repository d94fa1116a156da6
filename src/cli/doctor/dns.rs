//! Area `dns`: what other mail servers find out about the mailboxes' domains.

use std::collections::BTreeSet;

use super::{
    dkim,
    report::{Advice, Area, Check},
    scene::Scene,
    spf,
};
use crate::{
    config::TrustBy,
    domain::token::TOKEN_LENGTH,
    mail::dns::{NoAnswer, Resolver},
};

pub async fn examine(scene: &Scene) -> Vec<Check> {
    let resolver = match Resolver::new(&scene.config.dns) {
        Ok(resolver) => resolver,
        Err(why) => return vec![without(&why, scene)],
    };
    let mailboxes = || scene.config.mailboxes.values();
    let senders: BTreeSet<String> = mailboxes()
        .map(|mailbox| mailbox.address.domain().to_owned())
        .collect();
    let mut receivers = senders.clone();
    receivers.extend(mailboxes().map(|mailbox| {
        let address = mailbox.reply_address.with_token(&"a".repeat(TOKEN_LENGTH));
        address.domain().to_owned()
    }));
    let receiving = receivers.iter().map(|domain| exchangers(domain, &resolver));
    let sending = senders.iter().map(async |domain| {
        let (spf, dmarc) = tokio::join!(spf(domain, &resolver), dmarc(domain, &resolver));
        [spf, dmarc]
    });
    let (server, receiving, sending, signing) = tokio::join!(
        server(senders.first(), scene, &resolver),
        futures_util::future::join_all(receiving),
        futures_util::future::join_all(sending),
        dkim::examine(scene, &resolver)
    );
    [server]
        .into_iter()
        .chain(receiving)
        .chain(sending.into_iter().flatten())
        .chain(signing)
        .collect()
}

/// Whether there is an answer at all, be it a no.
async fn server(domain: Option<&String>, scene: &Scene, resolver: &Resolver) -> Check {
    let domain = domain.map_or("example.org", String::as_str);
    match resolver.texts(domain).await {
        Ok(_) => Area::Dns.ok(SERVER, "answers"),
        Err(why) => without(&why, scene),
    }
}

fn without(why: &NoAnswer, scene: &Scene) -> Check {
    let mut mailboxes = scene.config.mailboxes.values();
    if !mailboxes.any(|mailbox| mailbox.trust.by == TrustBy::Own) {
        return Area::Dns.skipped(SERVER, why.to_string());
    }
    let advice = Advice::new(
        why.to_string(),
        "Nobody can be asked who may send a mail: customers' answers wait for a quarter of an hour, \
         and then are shown with a mark or held.",
        "Let /etc/resolv.conf name a DNS server that answers on this machine, or set dns.server, \
         such as \"127.0.0.1:53\".",
    );
    Area::Dns.warning(SERVER, advice)
}

const SERVER: &str = "server";

async fn exchangers(domain: &str, resolver: &Resolver) -> Check {
    let name = format!("{domain}: MX");
    let found = match resolver.exchangers(domain).await {
        Ok(found) => found,
        Err(why) => return Area::Dns.skipped(name, why.to_string()),
    };
    let fault = |found: &str| {
        Area::Dns.fault(
            &name,
            Advice::new(
                found,
                "No mail server on the internet can hand over mail for this domain: customers' \
                 answers never come.",
                format!("In the zone: {domain}. MX 10 mail.{domain}."),
            ),
        )
    };
    match found.as_slice() {
        [] => match resolver.has_address(domain).await {
            Ok(true) => Area::Dns.warning(
                &name,
                Advice::new(
                    "none; mail servers try the domain's own address",
                    "That works only if a mail server listens there.",
                    format!("In the zone: {domain}. MX 10 mail.{domain}."),
                ),
            ),
            Ok(false) => fault("none, and no address either"),
            Err(why) => Area::Dns.skipped(name, why.to_string()),
        },
        [only] if only.host.is_empty() => fault("“.”: the domain says that it takes no mail"),
        several => {
            let hosts: Vec<_> = several.iter().map(|it| it.host.as_str()).collect();
            Area::Dns.ok(&name, hosts.join(", "))
        }
    }
}

async fn spf(domain: &str, resolver: &Resolver) -> Check {
    let name = format!("{domain}: SPF");
    let found = match resolver.texts(domain).await {
        Ok(texts) => spf::records(texts),
        Err(why) => return Area::Dns.skipped(name, why.to_string()),
    };
    let example = format!(
        "In the zone: {domain}. TXT \"v=spf1 mx -all\", with every server that sends for you."
    );
    let [record] = found.as_slice() else {
        return if found.is_empty() {
            let meaning = "Many providers take mail without it for spam.";
            Area::Dns.warning(name, Advice::new("none", meaning, example))
        } else {
            let advice = Advice::new(
                format!("{} records: {}", found.len(), found.join(" | ")),
                "More than one counts as none, and as an error besides.",
                "Join them into one record.",
            );
            Area::Dns.fault(name, advice)
        };
    };
    let tree = match spf::follow(record, resolver).await {
        Ok(tree) => tree,
        Err(why) => return Area::Dns.skipped(name, why.to_string()),
    };
    if tree.lookups > spf::MOST_LOOKUPS {
        let advice = Advice::new(
            format!("{record}: more than {} look-ups", spf::MOST_LOOKUPS),
            "Receivers stop there, and the record is void for every mail.",
            "Take includes out that you don't use, or name addresses (ip4:, ip6:) in their place.",
        );
        return Area::Dns.fault(name, advice);
    }
    if !tree.missing.is_empty() {
        let advice = Advice::new(
            format!("{record}: no record at {}", tree.missing.join(", ")),
            "A record that leads nowhere is void for every mail.",
            "Correct or take out the include or redirect.",
        );
        return Area::Dns.fault(name, advice);
    }
    match tree.all {
        Some('-' | '~') => Area::Dns.ok(name, record),
        _ => Area::Dns.warning(
            name,
            Advice::new(
                record,
                "It says nothing about mail from elsewhere: anybody can send in your name.",
                "Let it end with -all, or with ~all as long as you aren't sure that all servers \
                 are in it.",
            ),
        ),
    }
}

async fn dmarc(domain: &str, resolver: &Resolver) -> Check {
    let name = format!("{domain}: DMARC");
    // The domain's own record, or that of one above it, but of no top-level domain.
    let mut place = domain;
    loop {
        let texts = match resolver.texts(&format!("_dmarc.{place}")).await {
            Ok(texts) => texts,
            Err(why) => return Area::Dns.skipped(name, why.to_string()),
        };
        let is_record = |text: &String| text.to_ascii_lowercase().starts_with("v=dmarc1");
        let found: Vec<String> = texts.into_iter().filter(is_record).collect();
        match found.as_slice() {
            [] => {}
            [record] => return policy(name, record),
            several => {
                let advice = Advice::new(
                    format!("{} records at _dmarc.{place}", several.len()),
                    "More than one counts as none.",
                    "Keep one.",
                );
                return Area::Dns.fault(name, advice);
            }
        }
        match place.split_once('.') {
            Some((_, above)) if above.contains('.') => place = above,
            _ => break,
        }
    }
    let advice = Advice::new(
        "none",
        "Some providers take less mail from a domain without it, and anybody can write in its name.",
        format!("In the zone: _dmarc.{domain}. TXT \"v=DMARC1; p=none\", and stricter later."),
    );
    Area::Dns.warning(name, advice)
}

fn policy(name: String, record: &str) -> Check {
    let policy = record.split(';').find_map(|tag| {
        let (tag, value) = tag.split_once('=')?;
        (tag.trim().eq_ignore_ascii_case("p")).then(|| value.trim().to_ascii_lowercase())
    });
    match policy.as_deref() {
        Some("none") => Area::Dns.ok(name, "p=none: what fails is still delivered"),
        Some(policy @ ("quarantine" | "reject")) => Area::Dns.ok(name, format!("p={policy}")),
        _ => Area::Dns.fault(
            name,
            Advice::new(
                record,
                "A record without a policy counts as none.",
                "Add p=none, p=quarantine or p=reject.",
            ),
        ),
    }
}
