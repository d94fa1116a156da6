//! Area `lmtp`: the door through which the local mail server hands mail over (RFC 2033).

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{
    report::{Advice, Area, Check},
    running::reachable,
    scene::Scene,
};
use crate::domain::token::TOKEN_LENGTH;

const PATIENCE: Duration = Duration::from_secs(5);
/// More than any greeting needs.
const LONGEST_REPLY: u64 = 16 * 1024;

const DOOR: &str = "door";
const OURS: &str = "our addresses";
const OTHERS: &str = "other addresses";

pub async fn examine(scene: &Scene) -> Vec<Check> {
    let Some(lmtp) = &scene.config.lmtp else {
        if scene
            .config
            .mailboxes
            .values()
            .all(|mailbox| mailbox.imap.is_some())
        {
            return vec![Area::Lmtp.ok(DOOR, "none: mail is fetched by IMAP")];
        }
        let advice = Advice::new(
            "none is configured",
            "Mailboxes without imap get no mail.",
            "lmtp: {listen: \"127.0.0.1:2424\"}, and let your mail server deliver there; or \
             mailboxes.NAME.imap, to fetch mail from a provider",
        );
        return vec![Area::Lmtp.warning(DOOR, advice)];
    };
    let mut checks = if scene.running.is_so() {
        visit(lmtp.listen, scene).await
    } else {
        vec![is_free(Area::Lmtp, DOOR, lmtp.listen, "lmtp.listen").await]
    };
    if !lmtp.listen.ip().is_loopback() {
        let advice = Advice::new(
            format!("{} can be reached from the network", lmtp.listen),
            "LMTP has no login: who reaches the port hands in mail in any name.",
            "lmtp.listen: \"127.0.0.1:2424\"; or let a firewall admit only your mail server",
        );
        checks.push(Area::Lmtp.warning("reach", advice));
    }
    checks
}

/// Whether Postroom could listen there.
pub async fn is_free(area: Area, name: &str, listen: SocketAddr, key: &str) -> Check {
    match TcpListener::bind(listen).await {
        Ok(_) => area.ok(
            name,
            format!("Postroom doesn't run, and {listen} is free for it"),
        ),
        Err(error) => area.fault(
            name,
            Advice::new(
                format!("{listen}: {error}"),
                "Postroom can't start while it can't listen there.",
                format!("See who has it (ss -tlnp), or put another address into {key}."),
            ),
        ),
    }
}

async fn visit(listen: SocketAddr, scene: &Scene) -> Vec<Check> {
    let dialogue = tokio::time::timeout(PATIENCE, talk(reachable(listen), scene)).await;
    let dialogue = dialogue.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let Answers { ours, stranger } = match dialogue {
        Ok(answers) => answers,
        Err(error) => {
            let advice = Advice::new(
                format!("{listen}: {error}"),
                "Postroom runs, but takes no mail there: it waits with your mail server.",
                "Postroom may have been started with another configuration: systemctl restart \
                 postroom",
            );
            return vec![
                Area::Lmtp.fault(DOOR, advice),
                Area::Lmtp.skipped(OURS, "the door is closed"),
                Area::Lmtp.skipped(OTHERS, "the door is closed"),
            ];
        }
    };
    let mut checks = vec![Area::Lmtp.ok(DOOR, format!("Postroom answers on {listen}"))];
    let refused: Vec<String> = ours
        .into_iter()
        .filter(|(_, reply)| !reply.starts_with('2'))
        .map(|(address, reply)| format!("{address}: {reply}"))
        .collect();
    checks.push(if refused.is_empty() {
        Area::Lmtp.ok(OURS, "taken, reply addresses, too")
    } else {
        let advice = Advice::new(
            refused.join("; "),
            "Mail to it is turned away: the running Postroom has another configuration.",
            "systemctl restart postroom",
        );
        Area::Lmtp.fault(OURS, advice)
    });
    checks.push(if stranger.starts_with('2') {
        let advice = Advice::new(
            format!("an address that isn't ours is taken: {stranger}"),
            "Something else than Postroom listens there.",
            format!("See who has {listen} (ss -tlnp)."),
        );
        Area::Lmtp.fault(OTHERS, advice)
    } else {
        Area::Lmtp.ok(OTHERS, "turned away")
    });
    checks
}

struct Answers {
    /// Of every mailbox the address and a reply address, each with the reply to it.
    ours: Vec<(String, String)>,
    stranger: String,
}

/// Asks for recipients, and leaves before there is a mail.
async fn talk(door: SocketAddr, scene: &Scene) -> io::Result<Answers> {
    let mut stream = BufReader::new(TcpStream::connect(door).await?);
    expect(reply(&mut stream).await?)?;
    expect(command("LHLO doctor.invalid", &mut stream).await?)?;
    expect(command("MAIL FROM:<>", &mut stream).await?)?;
    let mut ours = Vec::new();
    for mailbox in scene.config.mailboxes.values() {
        let answered = mailbox.reply_address.with_token(&"a".repeat(TOKEN_LENGTH));
        for address in [&mailbox.address, &answered] {
            let said = command(&format!("RCPT TO:<{address}>"), &mut stream).await?;
            ours.push((address.to_string(), said));
        }
    }
    let stranger = command("RCPT TO:<nobody@postroom-doctor.invalid>", &mut stream).await?;
    command("RSET", &mut stream).await?;
    command("QUIT", &mut stream).await?;
    Ok(Answers { ours, stranger })
}

fn expect(reply: String) -> io::Result<()> {
    if reply.starts_with('2') {
        Ok(())
    } else {
        Err(io::Error::other(reply))
    }
}

async fn command(line: &str, stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    reply(stream).await
}

/// The last line of a reply.
async fn reply(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut limited = stream.take(LONGEST_REPLY);
    loop {
        let mut line = Vec::new();
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.get(3) != Some(&b'-') {
            return Ok(String::from_utf8_lossy(&line).trim().to_owned());
        }
    }
}
