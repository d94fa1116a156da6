//! Area `homeserver`: is it there, does it know us, and as we are.

use jiff::Timestamp;
use ruma::OwnedUserId;

use super::{
    ping, registration,
    report::{Advice, Area, Check},
    scene::Scene,
};
use crate::matrix::{
    probe::{Answer, Probe},
    registration::Registration,
};

const REACHABLE: &str = "reachable";
const VERSIONS: &str = "versions";
const TOKEN: &str = "token";
const BOT: &str = "bot";
const NAMESPACE: &str = "namespace";
const PING: &str = "ping";

/// What was found, and what others may build on.
#[derive(Debug, Default)]
pub struct Findings {
    pub checks: Vec<Check>,
    /// Where it may be asked further, if it takes our token.
    pub access: Option<Access>,
    /// Its clock and ours at the same moment.
    pub clocks: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug, Clone)]
pub struct Access {
    pub probe: Probe,
    pub bot: OwnedUserId,
}

pub async fn examine(scene: &Scene) -> Findings {
    let mut findings = Findings::default();
    let Some(own) = &scene.registration else {
        findings.skip_from(REACHABLE, "there is no registration");
        return findings;
    };
    look(&mut findings, own, scene).await;
    findings.checks.extend(registration::examine(own, scene));
    findings
}

impl Findings {
    /// Notes everything from `first` on as not checked.
    fn skip_from(&mut self, first: &str, why: &str) {
        let all = [REACHABLE, VERSIONS, TOKEN, BOT, NAMESPACE, PING];
        let rest = all.into_iter().skip_while(|name| *name != first);
        self.checks
            .extend(rest.map(|name| Area::Homeserver.skipped(name, why)));
    }
}

async fn look(findings: &mut Findings, own: &Registration, scene: &Scene) {
    let url = &scene.config.homeserver.url;
    let asked = match Probe::new(url, own.as_token.clone()) {
        Ok(probe) => probe.versions().await.map(|answer| (probe, answer)),
        Err(silence) => Err(silence),
    };
    let (probe, answer) = match asked {
        Ok(answered) => answered,
        Err(silence) => {
            let advice = Advice::new(
                format!("{url}: {silence}"),
                "Nothing can be posted, and mail waits. Nothing is lost.",
                "See whether it runs (systemctl status matrix-synapse), and whether \
                 homeserver.url is where it listens.",
            );
            let check = Area::Homeserver.fault(REACHABLE, advice);
            findings.checks.push(check);
            findings.skip_from(VERSIONS, "the homeserver can't be reached");
            return;
        }
    };
    findings.clocks = answer.date.map(|theirs| (theirs, scene.clock.now()));
    let Some(versions) = answer.body["versions"].as_array() else {
        let advice = Advice::new(
            format!(
                "{url} answers {}, and not as a homeserver does",
                answer.status
            ),
            "Something else listens there, or a proxy before the homeserver passes nothing on.",
            "Put the address of the homeserver's client API into homeserver.url.",
        );
        findings
            .checks
            .push(Area::Homeserver.fault(REACHABLE, advice));
        findings.skip_from(VERSIONS, "no homeserver answers");
        return;
    };
    findings
        .checks
        .push(Area::Homeserver.ok(REACHABLE, url.as_str()));
    let versions: Vec<&str> = versions.iter().filter_map(|it| it.as_str()).collect();
    findings.checks.push(versions_check(&versions));
    if let Err(check) = introduce(findings, probe, own, scene).await {
        findings.checks.push(check);
        findings.skip_from(BOT, "the homeserver doesn't take our token");
    }
}

/// Pings of appservices are the newest thing that Postroom needs.
fn versions_check(versions: &[&str]) -> Check {
    const NEEDED: u32 = 7;
    let minor = |version: &&str| version.strip_prefix("v1.")?.parse::<u32>().ok();
    match versions.iter().filter_map(minor).max() {
        Some(newest) if newest >= NEEDED => {
            Area::Homeserver.ok(VERSIONS, format!("up to Matrix 1.{newest}"))
        }
        _ => Area::Homeserver.fault(
            VERSIONS,
            Advice::new(
                format!("{}, but not v1.{NEEDED}", versions.join(", ")),
                "Postroom needs what came with Matrix 1.7, such as the ping.",
                "Upgrade the homeserver; Synapse has it from 1.84 on.",
            ),
        ),
    }
}

async fn introduce(
    findings: &mut Findings,
    probe: Probe,
    own: &Registration,
    scene: &Scene,
) -> Result<(), Check> {
    let answer = who_am_i(None, &probe)
        .await
        .map_err(|why| Area::Homeserver.skipped(TOKEN, why))?;
    if !answer.is_success() {
        let advice = Advice::new(
            answer.words(),
            "The homeserver doesn't know the as_token in our registration: it has another \
             registration or none, or was not restarted since.",
            scene.load_registration(),
        );
        return Err(Area::Homeserver.fault(TOKEN, advice));
    }
    findings.checks.push(Area::Homeserver.ok(TOKEN, "taken"));
    let theirs = answer.body["user_id"].as_str().unwrap_or_default();
    let (check, bot) = bot(theirs, own, scene);
    findings.checks.push(check);
    findings.checks.push(namespace(&probe, scene).await);
    findings
        .checks
        .push(ping::examine(PING, own, &probe, scene).await);
    findings.access = bot.map(|bot| Access { probe, bot });
    Ok(())
}

fn bot(theirs: &str, own: &Registration, scene: &Scene) -> (Check, Option<OwnedUserId>) {
    let server = &scene.config.homeserver.server_name;
    let ours = own.bot_user_id(server).ok();
    if let Some(ours) = &ours
        && ours == theirs
    {
        return (Area::Homeserver.ok(BOT, theirs), Some(ours.clone()));
    }
    let expected = ours.as_ref().map_or("a user id", |id| id.as_str());
    let found = format!("{theirs}, and not {expected}");
    let advice = match theirs.split_once(':') {
        Some((_, name)) if name != server.as_str() => Advice::new(
            found,
            "The homeserver has another name than the configuration says: no user and no room \
             would be found.",
            format!(
                "Write homeserver.server_name: \"{name}\"; then bring the registration into line:\n\
                 postroom registration --config {}",
                scene.config_file.display()
            ),
        ),
        _ => Advice::new(
            found,
            "The homeserver has another sender_localpart for us than our registration.",
            scene.load_registration(),
        ),
    };
    (Area::Homeserver.fault(BOT, advice), None)
}

/// Whom the homeserver takes us for when we speak as somebody.
#[derive(Debug, PartialEq, Eq)]
enum Reserved {
    ForUs,
    NotForUs,
    /// It doesn't say.
    Unknown,
}

async fn namespace(probe: &Probe, scene: &Scene) -> Check {
    let server = &scene.config.homeserver.server_name;
    let prefix = Registration::ghost_prefix();
    // Nobody is called so, and nobody is made by asking.
    let ghost = format!("@{prefix}postroom-doctor:{server}");
    let stranger = format!("@postroom-doctor-{}:{server}", scene.chance.base32(8));
    let (inside, outside) = tokio::join!(
        who_am_i(Some(&ghost), probe),
        who_am_i(Some(&stranger), probe)
    );
    let (inside, outside) = match (inside, outside) {
        (Ok(inside), Ok(outside)) => (inside, outside),
        (Err(why), _) | (_, Err(why)) => return Area::Homeserver.skipped(NAMESPACE, why),
    };
    match (reserved(&inside), reserved(&outside)) {
        (Reserved::NotForUs, _) => Area::Homeserver.fault(
            NAMESPACE,
            Advice::new(
                format!("@{prefix}…:{server} is not ours: {}", inside.words()),
                "No customer can appear in a room: the homeserver has another namespace for us.",
                scene.load_registration(),
            ),
        ),
        (_, Reserved::ForUs) => Area::Homeserver.fault(
            NAMESPACE,
            Advice::new(
                "the homeserver would let us speak as anybody",
                "The namespace in its registration is too wide: other users' messages come to \
                 Postroom, too.",
                scene.load_registration(),
            ),
        ),
        (Reserved::ForUs, Reserved::NotForUs) => Area::Homeserver.ok(
            NAMESPACE,
            format!("@{prefix}…:{server} is ours, others are not"),
        ),
        (Reserved::Unknown, _) | (_, Reserved::Unknown) => Area::Homeserver.skipped(
            NAMESPACE,
            format!(
                "what the homeserver says can't be told apart: {}",
                inside.words()
            ),
        ),
    }
}

/// Synapse answers 403 in either case and tells them apart only in words; others have a code.
fn reserved(answer: &Answer) -> Reserved {
    let error = answer.error().to_ascii_lowercase();
    if answer.is_success() || error.contains("not registered") {
        Reserved::ForUs
    } else if answer.errcode() == "M_EXCLUSIVE" || error.contains("masquerade") {
        Reserved::NotForUs
    } else {
        Reserved::Unknown
    }
}

/// The error says why there is no answer.
async fn who_am_i(user: Option<&str>, probe: &Probe) -> Result<Answer, String> {
    let answer = probe.get(&["v3", "account", "whoami"], user).await;
    answer.map_err(|silence| format!("the homeserver gives no answer: {silence}"))
}
