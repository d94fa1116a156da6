//! Area `dns`, the keys that sign letters: whether the world finds their public halves.

use super::{
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::{
    config::{Mailbox, MailboxName},
    mail::{
        dkim::{Published, Signer},
        dns::Resolver,
    },
};

pub async fn examine(scene: &Scene, resolver: &Resolver) -> Vec<Check> {
    let mailboxes = scene.config.mailboxes.iter();
    let signing = mailboxes.filter(|(_, mailbox)| !mailbox.dkim.is_empty());
    let each = signing.map(|(name, mailbox)| of_mailbox(name, mailbox, resolver));
    futures_util::future::join_all(each).await.concat()
}

async fn of_mailbox(name: &MailboxName, mailbox: &Mailbox, resolver: &Resolver) -> Vec<Check> {
    let signer = match Signer::new(&mailbox.dkim, &mailbox.address) {
        Ok(signer) => signer,
        Err(fault) => {
            let advice = Advice::new(
                format!("the key {fault}"),
                "Postroom does not start with it.",
                format!(
                    "openssl genrsa -out dkim.pem 2048, chmod 600 dkim.pem, and name the file in \
                     mailboxes.{name}.dkim.key_file."
                ),
            );
            return vec![Area::Dns.fault(format!("{name}: DKIM"), advice)];
        }
    };
    let each = signer
        .published()
        .map(|key| published(name, key, mailbox, resolver));
    futures_util::future::join_all(each).await
}

async fn published(
    mailbox_name: &MailboxName,
    key: &Published,
    mailbox: &Mailbox,
    resolver: &Resolver,
) -> Check {
    let name = format!("{mailbox_name}: DKIM {}", key.name);
    let texts = match resolver.texts(&key.name).await {
        Ok(texts) => texts,
        Err(why) => return Area::Dns.skipped(name, why.to_string()),
    };
    let remedy = || format!("In the zone: {}. TXT {}", key.name, quoted(&key.record()));
    let fault = |found: String| {
        let meaning = "Receivers can't verify the signatures of letters, and take them for broken: \
                       they may end in the spam folder.";
        Area::Dns.fault(&name, Advice::new(found, meaning, remedy()))
    };
    let record = match texts.as_slice() {
        [] => return fault("no record".to_owned()),
        [record] => record,
        several => return fault(format!("{} records, which count as none", several.len())),
    };
    if let Some(differs) = key.differs(record) {
        return fault(format!("{differs}: {record}"));
    }
    // DMARC asks that the signature is by the domain of From, or by one that it belongs to.
    let own = mailbox.address.domain();
    if own != key.domain && !own.ends_with(&format!(".{}", key.domain)) {
        let advice = Advice::new(
            format!("signs for {}, and letters are from {own}", key.domain),
            "Signatures of another domain don't count for DMARC.",
            format!("Take mailboxes.{mailbox_name}.dkim.domain out, and publish the key at {own}."),
        );
        return Area::Dns.warning(name, advice);
    }
    Area::Dns.ok(name, format!("the record is that of our {} key", key.kind))
}

/// As zone files have it: in pieces of at most 255 characters (RFC 1035 section 3.3.14).
fn quoted(record: &str) -> String {
    let mut pieces = Vec::new();
    let mut rest = record;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.len().min(250));
        pieces.push(format!("\"{piece}\""));
        rest = more;
    }
    pieces.join(" ")
}
