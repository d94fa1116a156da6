//! Letters as a receiver's spam filter sees them: rspamd with the rules that it comes with.

use anyhow::Result;

use crate::support::{
    database::Choice,
    dns_server::{DnsServer, Record},
    samples::{firmware, png},
    servers::{
        ports,
        rspamd::{Opinion, Rspamd, Sender},
    },
    smtp_sink::SinkMail,
    world::{Options, World, letter_text},
};

const RSA: &str = include_str!("../fixtures/dkim/rsa-pkcs1.pem");
const ED25519: &str = include_str!("../fixtures/dkim/ed25519.pem");
const PUBLIC_KEYS: [(&str, &str); 2] = [
    ("r1", include_str!("../fixtures/dkim/rsa.record")),
    ("e1", include_str!("../fixtures/dkim/ed25519.record")),
];
const SENDER: &str = "203.0.113.10";
/// More than this and some receivers begin to look twice.
const WORST: f64 = 2.0;

/// A DNS in which example.org is an honest domain.
async fn dns() -> DnsServer {
    let dns = DnsServer::start().await;
    dns.add("example.org", Record::A([203, 0, 113, 11].into()));
    dns.add("example.org", Record::Mx(10, "mail.example.org".to_owned()));
    dns.add_text("example.org", "v=spf1 ip4:203.0.113.10 -all");
    dns.add("mail.example.org", Record::A([203, 0, 113, 10].into()));
    dns.add("post.example.org", Record::A([203, 0, 113, 12].into()));
    dns.add_text("_dmarc.example.org", "v=DMARC1; p=reject; adkim=s");
    for (selector, record) in PUBLIC_KEYS {
        dns.add_text(&format!("{selector}._domainkey.example.org"), record.trim());
    }
    dns
}

/// What a receiver thinks of the letter, after a relay has put its line on top.
async fn opinion(letter: &SinkMail, rspamd: &Rspamd) -> Result<Opinion> {
    let received = format!(
        "Received: from mail.example.org (mail.example.org [{SENDER}])\r\n\
         \tby mx.acme.com (Postfix) with ESMTPS id 4Rxyz1234\r\n\
         \tfor <{}>; Sun, 22 Nov 2026 10:00:00 +0000 (UTC)\r\n",
        letter.recipients[0]
    );
    let mail = [received.as_bytes(), &letter.raw].concat();
    let sender = Sender {
        ip: SENDER,
        host: "mail.example.org",
        address: &letter.sender,
    };
    rspamd.check(&mail, &sender, &letter.recipients[0]).await
}

/// The filter's complaints, but for those about people's own words: accents and quotation marks in a
/// room's name.
fn held_against_us(opinion: &Opinion) -> Vec<&str> {
    let mut complaints = opinion.complaints();
    complaints.retain(|rule| *rule != "R_MIXED_CHARSET");
    complaints
}

const LONG: &str = "Hello Jane,\n\nthe board boots again with the patch below. Could you try it on \
    your side and tell us which revision of the carrier board you have?\n\n\
    ```\nmake imx8mp_defconfig && make -j8\n```\n\nThe whole story stands at \
    https://example.org/doc/boot.html; no hurry, tomorrow is fine.";
const FRENCH: &str = "Bonjour à tous,\n\nla formation commence à 9 h précises, salle « Évariste ». \
    Merci d’apporter votre pièce d’identité : l’accueil vous la demandera. Le déjeuner est prévu \
    sur place, et la journée s’achève vers 17 h 30.\n\nÀ bientôt !";
const GERMAN: &str = "Hallo zusammen,\n\ndie Platine startet mit dem Abbild unten wieder. Könnt ihr es \
    bitte bei euch ausprobieren und uns sagen, welche Fassung der Grundplatine ihr habt? Der \
    Prüfbericht hängt an, das Bild zeigt die Messstellen.\n\nViele Grüße";

/// A letter with a document, a picture that is shown, and a link.
async fn with_files(world: &World) -> SinkMail {
    let room = world
        .room("Platine startet nicht", &[("max@acme.com", "Max Größe")])
        .await;
    world.ask(&room, "!email language max@acme.com de").await;
    world.ask(&room, "!email settings quiet 10m").await;
    world.ann.say(&room, GERMAN);
    for (name, kind, octets) in [
        ("Prüfbericht.pdf", "application/pdf", document()),
        ("Platine.png", "image/png", png(600, 200)),
        (
            "Abbild 2.1.img",
            "application/octet-stream",
            firmware(1_500_000),
        ),
    ] {
        world.ann.send_file(&room, name, kind, &octets);
    }
    world.ask(&room, "!email now").await;
    let letter = world.mails_to("max@acme.com", 1).await.remove(0);
    let text = letter_text(&letter);
    for words in [
        "Prüfbericht.pdf",
        "Platine.png",
        "https://post.example.org/files/",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(letter.text().contains("multipart/mixed"));
    letter
}

/// A PDF of one empty page.
fn document() -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ];
    let mut file = vec!["%PDF-1.4\n".to_owned()];
    let mut table = vec!["xref\n0 4\n0000000000 65535 f \n".to_owned()];
    for (number, object) in objects.iter().enumerate() {
        table.push(format!("{:010} 00000 n \n", file.concat().len()));
        file.push(format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let begin = file.concat().len();
    let end = format!("trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{begin}\n%%EOF\n");
    [file, table, vec![end]].concat().concat().into_bytes()
}

/// A Postroom that signs its letters, has a logo, and pages for customers.
async fn signing_world() -> Result<World> {
    let pages = ports::free()?;
    let public = format!(
        "public: {{url: \"https://post.example.org\", listen: \"{}\"}}",
        pages.address()
    );
    let options = Options {
        max_size: "1MB",
        more: Box::leak(public.into_boxed_str()),
        database: Choice::Sqlite,
        ..Options::default()
    };
    let mut world = World::start(options.clone()).await;
    world.folder.write("rsa.pem", RSA)?;
    world.folder.write("ed25519.pem", ED25519)?;
    world.folder.write("logo.png", png(200, 60))?;
    world.write_configuration(&Options {
        mailbox: "dkim: [{selector: r1, key_file: rsa.pem}, {selector: e1, key_file: ed25519.pem}]\n    \
                  logo: logo.png",
        ..options
    });
    world.stop_postroom().await;
    world.start_postroom().await;
    Ok(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_letter_looks_like_spam() -> Result<()> {
    let dns = dns().await;
    let rspamd = Rspamd::start(dns.address()).await?;
    let world = signing_world().await?;

    let mut letters: Vec<(&str, SinkMail)> = Vec::new();
    let room = world
        .room("Board doesn't boot", &[("jane@acme.com", "Jane Doe")])
        .await;
    world.tell(&room, LONG).await;
    let first = world.mails_to("jane@acme.com", 1).await.remove(0);
    letters.push(("first letter", first.clone()));
    let mut last = first;
    for round in 0..5 {
        let id = format!("answer-{round}@acme.com");
        world
            .answer(&last, "jane@acme.com", &format!("Answer {round}"), &id)
            .await;
        let ghost = world.ghost(&room, "Jane Doe").unwrap();
        world
            .until("it is shown", || world.said_by(&room, &ghost).len() > round)
            .await;
        world
            .tell(&room, &format!("And again, number {round}: {LONG}"))
            .await;
        last = world
            .mails_to("jane@acme.com", round + 2)
            .await
            .pop()
            .unwrap();
    }
    letters.push(("answer in a long thread", last));
    world.tell(&room, "OK").await;
    let short = world.mails_to("jane@acme.com", 7).await.pop().unwrap();
    letters.push(("two letters", short));
    let room = world
        .room(
            "Formation « Linux embarqué »",
            &[("zoe@acme.com", "Zoé Léger")],
        )
        .await;
    world.tell(&room, FRENCH).await;
    let french = world.mails_to("zoe@acme.com", 1).await.remove(0);
    letters.push(("French", french));
    letters.push(("German, with files", with_files(&world).await));
    let room = world
        .room(
            "Training news",
            &[("bob@beta.com", "Bob"), ("eve@acme.com", "Eve")],
        )
        .await;
    let broadcast = format!(
        "INSERT INTO room_settings (room_id, key, value, set_by, set_at) \
         VALUES ('{room}', 'broadcast', 'on', '@ann:example.org', 0)"
    );
    world.database().await.execute(&broadcast).await;
    world.tell(&room, LONG).await;
    letters.push((
        "broadcast",
        world.mails_to("bob@beta.com", 1).await.remove(0),
    ));

    for (name, letter) in &letters {
        let opinion = opinion(letter, &rspamd).await?;
        println!(
            "{name}: {:.2}, against it: {:?}",
            opinion.score,
            opinion.complaints()
        );
        let whole = || format!("{name}: {opinion:#?}\n{}", letter.text());
        assert!(opinion.score < WORST, "{}", whole());
        for good in ["R_DKIM_ALLOW", "R_SPF_ALLOW", "DMARC_POLICY_ALLOW"] {
            assert!(opinion.has(good), "no {good}\n{}", whole());
        }
        assert_eq!(held_against_us(&opinion), Vec::<&str>::new(), "{}", whole());
    }

    // The same with a word changed: the filter does look.
    let mut forged = letters.remove(0).1;
    forged.raw = forged
        .text()
        .replace("Subject: Board", "Subject: Bored")
        .into_bytes();
    let opinion = opinion(&forged, &rspamd).await?;
    assert!(opinion.has("R_DKIM_REJECT"), "{opinion:#?}");
    world.finish().await;
    Ok(())
}
