//! What doctor says of the ways of mail, and the mail that it sends to see whether it comes back.

use std::time::Duration;

use postroom::lifecycle::Clock;

use crate::{
    doctor::{append, change, doctor, healthy, run},
    support::{
        dns_server::Record,
        doctor::text,
        smtp_sink::{Stage, Trouble},
        tls_smtp::{Shown, TlsSmtp},
        world::World,
    },
};

const SMTP: [&str; 2] = ["--only", "smtp"];
const LMTP: [&str; 2] = ["--only", "lmtp"];
const DNS: [&str; 2] = ["--only", "dns"];
const LATER: (i32, u8, u8) = (2090, 1, 1);

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_not_there() {
    let (world, _dns) = healthy().await;
    let sink = world.sink.address().to_string();
    change(&world, "config.yaml", &sink, "127.0.0.1:1");
    let found = doctor(&world, &SMTP).await;
    found.says(
        "smtp/support: server",
        "fault",
        &["127.0.0.1:1", "mailboxes.support.smtp.url"],
    );
    found.says("smtp/support: login", "skipped", &[]);
    let nowhere = "smtps://nowhere.invalid";
    change(
        &world,
        "config.yaml",
        "smtp+insecure://127.0.0.1:1",
        nowhere,
    );
    let found = doctor(&world, &SMTP).await;
    found.says(
        "smtp/support: server",
        "fault",
        &["no address", "getent hosts nowhere.invalid"],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_does_not_want_us() {
    let (world, _dns) = healthy().await;
    let fault = Trouble::answer(Stage::Connect, 554, "5.7.1 Your address is listed");
    let trouble = world.sink.trouble(fault);
    let found = doctor(&world, &SMTP).await;
    found.says(
        "smtp/support: server",
        "fault",
        &["5.7.1 Your address is listed"],
    );
    world.sink.clear_trouble(trouble);

    let fault = Trouble::answer(Stage::Rcpt, 553, "5.7.1 Sender address rejected");
    let trouble = world.sink.trouble(fault);
    let found = doctor(&world, &SMTP).await;
    let parts = [
        "Sender address rejected",
        "support@example.org",
        "smtp.username",
    ];
    found.says("smtp/support: sender", "fault", &parts);
    world.sink.clear_trouble(trouble);

    let fault = Trouble::answer(Stage::Mail, 550, "5.7.60 SendAsDenied").for_address("support+");
    world.sink.trouble(fault);
    let found = doctor(&world, &SMTP).await;
    found.says("smtp/support: sender", "ok", &["may send"]);
    found.says(
        "smtp/support: return path",
        "ok",
        &["plain", "SendAsDenied"],
    );
    let address = "    address: support@example.org\n";
    let strict = format!("{address}    return_path: verp\n");
    change(&world, "config.yaml", address, &strict);
    let found = doctor(&world, &SMTP).await;
    let parts = ["SendAsDenied", "mailboxes.support.return_path: auto"];
    found.says("smtp/support: return path", "fault", &parts);
    assert_eq!(world.sink.count(), 0, "a mail was sent");
    world.finish().await;
}

/// A server with TLS in place of the world's.
async fn with_tls(
    world: &World,
    name: &str,
    until: (i32, u8, u8),
    refusals: &'static [(&'static str, &'static str)],
) -> TlsSmtp {
    let names = vec![name.to_owned(), "mail.example.org".to_owned()];
    let server = TlsSmtp::start(Shown { names, until }, refusals).await;
    server.write_authority(&world.folder.join("ca.pem"));
    let config = std::fs::read_to_string(world.folder.join("config.yaml")).unwrap();
    let begin = config.find("    smtp: ").unwrap();
    let end = begin + config[begin..].find('\n').unwrap();
    let smtp = format!(
        "    smtp: {{url: \"smtps://127.0.0.1:{}\", username: anna, \
         password: hunter2-of-the-story, ca_file: ca.pem}}",
        server.port()
    );
    let config = format!("{}{smtp}{}", &config[..begin], &config[end..]);
    std::fs::write(world.folder.join("config.yaml"), config).unwrap();
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_nobody_believes() {
    let (world, _dns) = healthy().await;
    let server = with_tls(&world, "127.0.0.1", LATER, &[]).await;
    let found = doctor(&world, &SMTP).await;
    assert_eq!(found.ill(), [""; 0], "{:#?}", found.checks);
    found.says(
        "smtp/support: certificate",
        "ok",
        &["127.0.0.1, mail.example.org", "more days"],
    );
    found.says("smtp/support: login", "ok", &["as anna"]);
    found.says("smtp/support: size", "ok", &["20.0 MB"]);
    let said = server.said();
    assert!(said.iter().all(|line| line != "DATA"), "{said:?}");
    assert_eq!(said.last().unwrap(), "QUIT");

    with_tls(&world, "192.0.2.1", LATER, &[]).await;
    let server = with_tls(&world, "192.0.2.1", LATER, &[]).await;
    let found = doctor(&world, &SMTP).await;
    let parts = [
        "192.0.2.1, mail.example.org",
        "not for 127.0.0.1",
        "mailboxes.support.smtp.url",
    ];
    found.says("smtp/support: certificate", "fault", &parts);
    found.says("smtp/support: login", "skipped", &[]);
    assert_eq!(server.said(), [""; 0], "a password was told");

    let _server = with_tls(&world, "127.0.0.1", (2024, 2, 3), &[]).await;
    let found = doctor(&world, &SMTP).await;
    let parts = ["expired ", "days ago", "Renew it on 127.0.0.1"];
    found.says("smtp/support: certificate", "fault", &parts);

    let _server = with_tls(&world, "127.0.0.1", LATER, &[]).await;
    change(&world, "config.yaml", ", ca_file: ca.pem", "");
    let found = doctor(&world, &SMTP).await;
    let parts = [
        "nobody whom this machine trusts",
        "mailboxes.support.smtp.ca_file",
    ];
    found.says("smtp/support: certificate", "fault", &parts);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_soon() {
    let (world, _dns) = healthy().await;
    let soon = Clock::System.now() + Duration::from_hours(5 * 24);
    let soon = soon.to_zoned(jiff::tz::TimeZone::UTC);
    let until = (
        i32::from(soon.year()),
        u8::try_from(soon.month()).unwrap(),
        u8::try_from(soon.day()).unwrap(),
    );
    let _server = with_tls(&world, "127.0.0.1", until, &[]).await;
    let found = doctor(&world, &SMTP).await;
    let parts = ["valid for 4 more days", "Renew it on 127.0.0.1"];
    found.says("smtp/support: certificate", "warning", &parts);
    assert_eq!(found.code, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused() {
    let (world, _dns) = healthy().await;
    // Some servers repeat what they were told: here "\0anna\0hunter2-of-the-story".
    let refusals: &[_] = &[(
        "AUTH",
        "535 5.7.8 hunter2-of-the-story (AGFubmEAaHVudGVyMi1vZi10aGUtc3Rvcnk=) is wrong",
    )];
    let _server = with_tls(&world, "127.0.0.1", LATER, refusals).await;
    let found = doctor(&world, &SMTP).await;
    let parts = [
        "535 5.7.8 … (…) is wrong",
        "smtp.username",
        "smtp.password_file",
    ];
    found.says("smtp/support: login", "fault", &parts);
    found.says("smtp/support: certificate", "ok", &[]);
    found.says("smtp/support: sender", "skipped", &[]);
    assert!(!text(&run(&world, &SMTP).await).contains("AGFubmEA"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_others_have() {
    let (mut world, _dns) = healthy().await;
    let door = world.lmtp_address().to_string();
    let sink = world.sink.address().to_string();
    // Running: somebody else answers there. A sink speaks SMTP and takes everything.
    change(&world, "config.yaml", &door, &sink);
    let found = doctor(&world, &LMTP).await;
    found.says("lmtp/door", "fault", &["502", "systemctl restart postroom"]);
    found.says("lmtp/our addresses", "skipped", &["closed"]);
    change(
        &world,
        "config.yaml",
        &format!("lmtp: {{listen: \"{sink}\""),
        &format!("lmtp: {{listen: \"{door}\""),
    );
    // Another mailbox than the running Postroom has.
    change(&world, "config.yaml", "support+{token}", "help+{token}");
    let found = doctor(&world, &LMTP).await;
    found.says(
        "lmtp/our addresses",
        "fault",
        &["help+", "550", "restart postroom"],
    );
    change(&world, "config.yaml", "help+{token}", "support+{token}");

    world.stop_postroom().await;
    change(&world, "config.yaml", &door, &sink);
    let found = doctor(&world, &LMTP).await;
    found.says("lmtp/door", "fault", &["in use", "ss -tlnp", "lmtp.listen"]);
    let port = sink.rsplit(':').next().unwrap();
    change(
        &world,
        "config.yaml",
        &format!("lmtp: {{listen: \"{sink}\""),
        &format!("lmtp: {{listen: \"0.0.0.0:{port}\""),
    );
    let found = doctor(&world, &LMTP).await;
    found.says("lmtp/reach", "warning", &["no login", "127.0.0.1:2424"]);
    change(&world, "config.yaml", "lmtp: {", "# lmtp: {");
    let found = doctor(&world, &LMTP).await;
    found.says("lmtp/door", "warning", &["lmtp: {listen"]);
    world.finish_stopped();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_dns_lacks() {
    let (world, dns) = healthy().await;
    let found = doctor(&world, &DNS).await;
    found.says("dns/example.org: MX", "ok", &["mail.example.org"]);
    found.says("dns/example.org: SPF", "ok", &["-all"]);
    found.says("dns/example.org: DMARC", "ok", &["p=quarantine"]);

    dns.add_text("example.org", "v=spf1 +all");
    let found = doctor(&world, &DNS).await;
    found.says(
        "dns/example.org: SPF",
        "fault",
        &["2 records", "one record"],
    );
    for name in ["example.org", "_dmarc.example.org"] {
        dns.remove(name);
    }
    let found = doctor(&world, &DNS).await;
    found.says(
        "dns/example.org: MX",
        "fault",
        &["none", "example.org. MX 10"],
    );
    found.says(
        "dns/example.org: SPF",
        "warning",
        &["none", "v=spf1 mx -all"],
    );
    found.says(
        "dns/example.org: DMARC",
        "warning",
        &["_dmarc.example.org. TXT"],
    );

    dns.add("example.org", Record::A([192, 0, 2, 1].into()));
    dns.add_text("example.org", "v=spf1 include:gone.example -all");
    dns.add_text(
        "_dmarc.example.org",
        "v=DMARC1; p=none; rua=mailto:x@example.org",
    );
    let found = doctor(&world, &DNS).await;
    found.says("dns/example.org: MX", "warning", &["own address"]);
    found.says(
        "dns/example.org: SPF",
        "fault",
        &["no record at gone.example"],
    );
    found.says("dns/example.org: DMARC", "ok", &["p=none"]);

    dns.remove("example.org");
    dns.add("example.org", Record::Mx(0, ".".to_owned()));
    dns.add_text("example.org", "v=spf1 a ?all");
    let found = doctor(&world, &DNS).await;
    found.says("dns/example.org: MX", "fault", &["takes no mail"]);
    found.says("dns/example.org: SPF", "warning", &["-all"]);

    // Two includes with five look-ups each are one too many with their own.
    dns.remove("example.org");
    dns.add_text(
        "example.org",
        "v=spf1 include:a.example include:b.example -all",
    );
    for name in ["a.example", "b.example"] {
        dns.add_text(
            name,
            "v=spf1 a:1.example a:2.example mx:3.example mx:4.example exists:5.example",
        );
    }
    let found = doctor(&world, &DNS).await;
    found.says(
        "dns/example.org: SPF",
        "fault",
        &["more than 10 look-ups", "ip4:"],
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_dns_is_nobodys_fault() {
    let (world, dns) = healthy().await;
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    change(&world, "config.yaml", &dns.address().to_string(), &address);
    let found = doctor(&world, &DNS).await;
    assert_eq!(found.code, 0);
    for what in ["MX", "SPF", "DMARC"] {
        found.says(&format!("dns/example.org: {what}"), "skipped", &["DNS"]);
    }
    world.finish().await;
}

/// Hands the first mail of the sink over to Postroom, as the mail server behind it would.
async fn bring_back(world: &World, times: usize, change: impl Fn(String) -> String) {
    assert!(world.sink.wait_for(1, Duration::from_secs(20)).await);
    let mail = &world.sink.mails()[0];
    let raw = change(mail.text());
    for _ in 0..times {
        let mut lmtp = world.lmtp().await;
        let to = [mail.recipients[0].as_str()];
        let replies = lmtp
            .deliver(&mail.sender, &to, raw.as_bytes())
            .await
            .unwrap();
        assert_eq!(replies[0].code, 250);
    }
}

const SEND: [&str; 3] = ["--send", "--only", "reply_address"];
const TRIP: &str = "reply_address/support: there and back";
const DKIM: &str = "reply_address/support: DKIM";

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_comes_back_ends_there() {
    let (world, dns) = healthy().await;
    dns.add_text("s1._domainkey.example.org", "v=DKIM1; p=MIIB");
    let signed = |raw| format!("DKIM-Signature: v=1; d=example.org; s=s1; b=x\r\n{raw}");
    let (found, ()) = tokio::join!(doctor(&world, &SEND), bring_back(&world, 2, signed));
    assert_eq!(found.ill(), [""; 0], "{:#?}", found.checks);
    found.says(TRIP, "ok", &["came back after", "mail 1"]);
    found.says(DKIM, "ok", &["selector s1"]);
    world.settled().await;
    // Twice there, and nothing came of it.
    assert_eq!(world.sink.count(), 1);
    let mail = &world.sink.mails()[0];
    assert!(mail.text().contains("Auto-Submitted: auto-generated"));
    assert!(mail.recipients[0].starts_with("support+"));
    assert_eq!(outcomes(&world).await, ["own", "own"]);
    let reports = world.said_by(&world.control_room, "@postroom:example.org");
    assert_eq!(reports.len(), 1, "only its introduction: {reports:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_known_although_its_id_was_changed_on_the_way() {
    let (world, _dns) = healthy().await;
    let other_id = |raw: String| {
        let begin = raw.find("Message-ID: <").unwrap();
        let end = begin + raw[begin..].find('\r').unwrap();
        format!(
            "{}Message-ID: <0102@ses.example>{}",
            &raw[..begin],
            &raw[end..]
        )
    };
    let (found, ()) = tokio::join!(doctor(&world, &SEND), bring_back(&world, 1, other_id));
    found.says(TRIP, "ok", &["came back after"]);
    found.says(DKIM, "warning", &["no signature", "OpenDKIM"]);
    assert_eq!(outcomes(&world).await, ["own"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_who_writes_to_a_probes_address_is_not_dropped() {
    let (world, _dns) = healthy().await;
    let foreign = |raw: String| raw.replace("support@example.org", "jane@acme.com");
    let wait = [&SEND[..], &["--wait", "3"]].concat();
    let (_, ()) = tokio::join!(doctor(&world, &wait), bring_back(&world, 1, foreign));
    world.settled().await;
    assert_eq!(outcomes(&world).await, ["passed_over"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_never_comes_back() {
    let (mut world, _dns) = healthy().await;
    let wait = [&SEND[..], &["--wait", "1"]].concat();
    let found = doctor(&world, &wait).await;
    let parts = ["250", "within 1 s", "lmtp.listen", "--wait"];
    found.says(TRIP, "fault", &parts);
    let fault = Trouble::answer(Stage::Rcpt, 550, "5.1.1 No plus here").for_address("support+");
    world.sink.trouble(fault);
    let found = doctor(&world, &wait).await;
    found.says(TRIP, "fault", &["No plus here", "doctor --only smtp"]);
    append(&world, "log: {}");
    world.stop_postroom().await;
    let found = doctor(&world, &["--send"]).await;
    assert_eq!(found.checks[0]["area"], "config");
    change(&world, "config.yaml", "\nlog: {}\n", "\n");
    let found = doctor(&world, &wait).await;
    found.says(TRIP, "skipped", &["doesn't run"]);
    world.finish_stopped();
}

async fn outcomes(world: &World) -> Vec<String> {
    let mut database = world.database().await;
    let rows: Vec<(String,)> = database.rows("SELECT outcome FROM mails ORDER BY id").await;
    rows.into_iter().map(|(outcome,)| outcome).collect()
}
