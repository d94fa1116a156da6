//! Mail that anybody can send, as much as they like: staff see a handful of messages, and what matters
//! among it.

use crate::{
    desk::{BOT, Desk, JANE, mail},
    support::{lmtp_client::LmtpClient, world::Options},
};

const US: &str = "support@example.org";
/// What our own server writes above what comes from outside; above that stands what its filter writes.
const OUR_SERVER: &str = "Received: from mail.far.example (out [192.0.2.1]) by mx.example.org\n";

/// What an innocent server writes back, to whom others wrote in our name.
fn backscatter(number: usize) -> String {
    format!(
        "From: MAILER-DAEMON@mx{number}.example\nTo: {US}\n\
         Subject: Undelivered Mail Returned to Sender\nMessage-ID: <{number}@mx{number}.example>\n\
         Date: Sun, 22 Nov 2026 10:00:00 +0100\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nYour mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx{number}.example\n\nFinal-Recipient: rfc822; u{number}@far.example\n\
         Action: failed\nStatus: 5.1.1\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nFrom: {US}\nTo: u{number}@far.example\n\
         Subject: Cheap pills\nMessage-ID: <{number}@bot.example>\n\n--b--\n"
    )
}

async fn hand_in(door: &mut LmtpClient, sender: &str, to: &str, raw: &str) {
    let raw = raw.replace('\n', "\r\n");
    let replies = door.deliver(sender, &[to], raw.as_bytes()).await.unwrap();
    assert_eq!(replies[0].code, 250, "{replies:?}");
}

/// What staff have been told since the desk was opened: in the control room, and in the desk's.
fn told(desk: &Desk) -> [Vec<String>; 2] {
    [&desk.world.control_room, &desk.room].map(|room| {
        let said = desk.world.said_by(room, BOT).into_iter();
        said.skip(1).collect()
    })
}

async fn an_hour_later(desk: &mut Desk) {
    desk.world.stop_postroom().await;
    let mut database = desk.world.database().await;
    database
        .execute("UPDATE tallies SET began_at = began_at - 3600000")
        .await;
    database.close().await;
    desk.world.start_postroom().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_bounces_to_what_others_sent_are_a_handful_of_messages() {
    let mut desk = Desk::open(Options::default()).await;
    let before = told(&desk);
    let mut door = desk.world.lmtp().await;
    for number in 0..1000 {
        hand_in(&mut door, "", US, &backscatter(number)).await;
        // Among them one that is about our letter.
        if number == 500 {
            let ours = backscatter(number)
                .replace("u500@far.example", "jane@acme.com")
                .replace("<500@bot.example>", &desk.letter_id);
            hand_in(&mut door, "", &desk.letter.sender, &ours).await;
        }
    }
    desk.world.quiet().await;
    let [reports, here] = told(&desk);
    let reports = &reports[before[0].len()..];
    assert_eq!(reports.len(), 3, "{reports:?}");
    assert!(
        reports
            .iter()
            .all(|text| text.contains("it is a delivery report"))
    );
    assert!(
        reports[2].contains("more are kept and only counted"),
        "{}",
        reports[2]
    );
    let here = &here[before[1].len()..];
    let [failed] = here else { panic!("{here:?}") };
    assert!(failed.starts_with("Not delivered to Jane Doe"), "{failed}");

    an_hour_later(&mut desk).await;
    let counted = "Within an hour 997 more reports";
    let is_told = || desk.world.bot_says(&desk.world.control_room, counted);
    desk.world.until("the others are told of", is_told).await;
    // The next one is news again.
    let mut door = desk.world.lmtp().await;
    hand_in(&mut door, "", US, &backscatter(1000)).await;
    desk.world.quiet().await;
    let [reports, _] = told(&desk);
    assert_eq!(reports.len() - before[0].len(), 5, "{reports:?}");
    an_hour_later(&mut desk).await;
    desk.world.quiet().await;
    assert_eq!(told(&desk)[0].len() - before[0].len(), 5);
    desk.close().await;
}

/// Of one kind after the other, each from somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_mails_of_all_kinds_are_some_dozen_messages() {
    let mut desk = Desk::open(Options {
        more: "guard: {unknowns: 0}",
        ..Options::default()
    })
    .await;
    let before = told(&desk);
    let token = desk.token.clone();
    let mut door = desk.world.lmtp().await;
    for number in 0..300 {
        let somebody = format!("eve{number}@d{number}.example");
        let text = format!("Words {number}");
        let plain = |to: &str, headers: &str| mail(&somebody, to, headers, &text);
        let (to, raw) = match number % 10 {
            0 => (US, backscatter(number)),
            1 => (US, plain(US, "")),
            2 => (token.as_str(), plain(&token, "")),
            3 => (
                US,
                format!("X-Spam-Flag: YES\n{OUR_SERVER}{}", plain(US, "")),
            ),
            4 => (US, plain(US, "Precedence: bulk\nList-Id: <news.example>\n")),
            5 => (US, plain(US, "Auto-Submitted: auto-replied\n")),
            6 => (US, plain(US, "").replace("From: ", "X-From: ")),
            7 => (token.as_str(), plain(&token, "X-Spam-Level: ***\n")),
            8 => (
                token.as_str(),
                plain(&token, "Auto-Submitted: auto-replied\n"),
            ),
            _ => (US, format!("Subject: nothing else {number}\n\n")),
        };
        let sender = if number % 10 == 0 { "" } else { &somebody };
        hand_in(&mut door, sender, to, &raw).await;
    }
    desk.world.quiet().await;
    let [reports, here] = told(&desk);
    let told_in_all = reports.len() + here.len() - before[0].len() - before[1].len();
    println!(
        "300 mails: {} messages in the control room, {} in the room",
        reports.len() - before[0].len(),
        here.len() - before[1].len()
    );
    assert!((30..=36).contains(&told_in_all), "{reports:?} {here:?}");
    let held = here.iter().filter(|text| text.starts_with('✋')).count();
    assert_eq!(held, 10);
    assert!(
        here.iter()
            .any(|text| text.contains("`!email held` lists what waits"))
    );
    // Nobody is shown, and nothing is lost.
    assert_eq!(
        desk.said()
            .iter()
            .filter(|text| text.contains("Words"))
            .count(),
        0
    );
    let listed = desk.world.ask(&desk.room, "!email held").await;
    assert!(listed.contains("60"), "{listed}");

    an_hour_later(&mut desk).await;
    let is_told = |what: &str| desk.world.bot_says(&desk.world.control_room, what);
    for what in [
        "more reports or other mails by machines that lead to nothing here came",
        "more mails that belong nowhere here came",
    ] {
        desk.world.until(what, || is_told(what)).await;
    }
    // A customer is heard through all that.
    let raw = mail(JANE, &token, "", "Still me");
    desk.take(&token, &raw).await;
    assert!(desk.said().iter().any(|text| text == "Still me"));
    desk.close().await;
}
