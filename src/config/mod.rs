//! The configuration: one YAML file, one Rust file per section, secrets in files of their own.
//!
//! May import `domain` and `content`; may be imported by every floor above, though most parts
//! want only their section. What is in [`Config`] has been checked: the types are the proof.

mod appservice;
mod blobs;
mod database;
mod desk;
mod dkim;
mod dns;
mod environment;
mod faults;
mod guard;
mod homeserver;
mod imap;
mod intake;
mod letters;
mod lmtp;
mod log;
mod logo;
mod mailbox;
mod names;
mod onboarding;
mod operations;
mod public;
mod references;
mod rooms;
mod section;
mod server;
mod smtp;
mod spelling;
#[cfg(test)]
mod tests;
mod tree;
mod trust;
mod values;
mod wrong;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use ruma::{OwnedRoomId, OwnedUserId, RoomId};

pub use self::{
    appservice::Appservice,
    blobs::Blobs,
    database::Database,
    desk::Desk,
    dkim::Dkim,
    dns::Dns,
    environment::{environment, is_colour_unwanted},
    faults::{ConfigFaults, Fault, Place},
    guard::{Clamd, Guard},
    homeserver::Homeserver,
    imap::{Imap, KEYWORD, Processed},
    intake::Intake,
    letters::Letters,
    lmtp::Lmtp,
    log::Log,
    mailbox::{Mailbox, MailboxName, ReturnPath},
    onboarding::Welcomes,
    operations::Operations,
    public::Public,
    rooms::Rooms,
    section::SecretPlace,
    server::{Credentials, Encryption, MailServer},
    smtp::Smtp,
    trust::{Network, Trust, TrustBy, is_in},
};
use self::{
    section::{Reading, Section},
    tree::Node,
    wrong::Wrong,
};
use crate::domain::{
    onboarding::Rules,
    senders::SenderLists,
    staff::{StaffList, StaffPattern},
};

/// The whole configuration. Every path in it is absolute or relative to the working directory.
#[derive(Debug, Clone)]
pub struct Config {
    pub homeserver: Homeserver,
    pub appservice: Appservice,
    pub database: Database,
    pub blobs: Blobs,
    /// In the order of the file; at least one.
    pub mailboxes: IndexMap<MailboxName, Mailbox>,
    /// `None`: mail comes in by IMAP only.
    pub lmtp: Option<Lmtp>,
    pub staff: StaffList,
    /// Members of a room with this power level are staff there, too; `None`: only `staff` are.
    pub staff_power_level: Option<i64>,
    /// How customers see people of whom something else stands in the rooms.
    pub names: HashMap<OwnedUserId, String>,
    /// The staff room for what concerns no single conversation.
    pub control_room: Option<OwnedRoomId>,
    pub letters: Letters,
    pub desk: Desk,
    /// What rooms must be.
    pub rooms: Rooms,
    pub guard: Guard,
    /// Whose mail is blocked or let through, whatever mailbox it is to.
    pub senders: SenderLists,
    /// The way from mail to Matrix.
    pub onboarding: Rules,
    /// `None`: there are no pages for customers.
    pub public: Option<Public>,
    pub dns: Dns,
    /// `None`: no health checks.
    pub operations: Option<Operations>,
    pub log: Log,
}

impl Config {
    /// Reads the file at `path` with the variables of `environment` (see
    /// [`environment()`]) over it.
    ///
    /// # Errors
    ///
    /// Every mistake at once, each with its place and remedy.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigFaults> {
        load(path, environment, Stage::Whole)
    }

    /// As much of it as can be read, whatever is wrong with the rest.
    pub fn inspect(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Inspected {
        inspect(path, environment, Stage::Whole)
    }

    /// The same without a look at the registration file, for the command that makes it.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn load_unregistered(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigFaults> {
        load(path, environment, Stage::Unregistered)
    }

    /// What is wrong with a configuration that is going to be written to `path`. The files that it
    /// names needn't be there yet; the folders must.
    #[must_use]
    pub fn faults_of_draft(source: &str, path: &Path) -> ConfigFaults {
        inspect_source(source, path, [], Stage::Draft).faults
    }

    fn read(section: &mut Section, registered: bool) -> Option<Self> {
        let homeserver = section.required_section(
            "homeserver",
            "{url: \"http://127.0.0.1:8008\", server_name: example.org}",
            Homeserver::read,
        );
        let appservice = section.required_section(
            "appservice",
            "{listen: \"127.0.0.1:29381\", url: \"http://127.0.0.1:29381\", registration: \
             registration.yaml}",
            |section| Appservice::read(section, registered),
        );
        let database =
            section.required_section("database", "{url: \"sqlite:postroom.db\"}", Database::read);
        let blobs = section.required_section("blobs", "{url: \"file:blobs\"}", Blobs::read);
        // Before the mailboxes, of which each may have some of it otherwise.
        let desk = section.optional_section("desk", |section| Some(Desk::read(section)));
        let (desk, hours) = desk.unwrap_or_default();
        let mailboxes = section.required_section(
            "mailboxes",
            "{support: {name: …, address: …, reply_address: …, smtp: …}}",
            |section| Some(mailbox::read_all(section, &hours)),
        );
        let lmtp = section.optional_section("lmtp", Lmtp::read);
        let staff = section.required_list("staff", "[\"@*:example.org\"]", staff_pattern);
        let staff_power_level = section.optional("staff_power_level", "50", power_level);
        let names = section.optional_section("names", |section| Some(names::read(section)));
        let control_room = section.optional("control_room", "!abc:example.org", room_id);
        let letters = section.optional_section("letters", Letters::read);
        let rooms = section.optional_section("rooms", |section| Some(Rooms::read(section)));
        let guard = section.optional_section("guard", |section| Some(Guard::read(section)));
        let senders = section.optional_section("senders", |section| Some(guard::senders(section)));
        let onboarding =
            section.optional_section("onboarding", |section| Some(onboarding::read(section)));
        let public = section.optional_section("public", Public::read);
        let dns = section.optional_section("dns", |section| Some(Dns::read(section)));
        let operations = section.optional_section("operations", Operations::read);
        let log = section.optional_section("log", |section| Some(Log::read(section)));
        let config = Self {
            homeserver: homeserver?,
            appservice: appservice?,
            database: database?,
            blobs: blobs?,
            mailboxes: mailboxes?,
            lmtp,
            staff: staff?.into_iter().collect(),
            staff_power_level,
            names: names.unwrap_or_default(),
            control_room,
            letters: letters.unwrap_or_default(),
            desk,
            rooms: rooms.unwrap_or_default(),
            guard: guard.unwrap_or_default(),
            senders: senders.unwrap_or_default(),
            onboarding: onboarding.unwrap_or_default(),
            public,
            dns: dns.unwrap_or_default(),
            operations,
            log: log.unwrap_or_default(),
        };
        references::check(&config, section);
        Some(config)
    }
}

/// A configuration for whoever looks into what is wrong with it.
#[derive(Debug)]
pub struct Inspected {
    /// `None` if a key without which there is none is missing or wrong; what is wrong and optional
    /// is left out.
    pub config: Option<Config>,
    /// Every mistake; none if [`Config::load`] would succeed.
    pub faults: ConfigFaults,
    /// Every place from which a secret was read, or was to be read.
    pub secrets: Vec<SecretPlace>,
}

/// What there is besides the configuration itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Neither registration nor password files.
    Draft,
    /// No registration.
    Unregistered,
    Whole,
}

fn load(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    stage: Stage,
) -> Result<Config, ConfigFaults> {
    let inspected = inspect(path, environment, stage);
    match inspected.config {
        Some(config) if inspected.faults.faults.is_empty() => Ok(config),
        _ => Err(inspected.faults),
    }
}

fn inspect(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    stage: Stage,
) -> Inspected {
    match fs::read_to_string(path) {
        Ok(source) => inspect_source(&source, path, environment, stage),
        Err(error) => unread(
            path,
            Fault {
                place: Place::File,
                what: format!("cannot be read: {error}"),
                remedy: "run `postroom init` to write one, or name another with --config"
                    .to_owned(),
            },
        ),
    }
}

fn unread(path: &Path, fault: Fault) -> Inspected {
    Inspected {
        config: None,
        faults: ConfigFaults {
            file: path.to_owned(),
            faults: vec![fault],
        },
        secrets: Vec::new(),
    }
}

fn inspect_source(
    source: &str,
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    stage: Stage,
) -> Inspected {
    let mut root = match tree::parse(source) {
        Ok(root) => root,
        Err(fault) => return unread(path, fault),
    };
    let mut reading = Reading {
        folder: path.parent().map_or_else(PathBuf::new, Path::to_owned),
        faults: environment::overlay(&mut root, environment),
        listeners: Vec::new(),
        secrets: Vec::new(),
        places: BTreeMap::new(),
        is_draft: stage == Stage::Draft,
    };
    let config = read_root(root, &mut reading, stage == Stage::Whole);
    let mut faults = reading.faults;
    faults.sort_by(|one, other| one.place.cmp(&other.place));
    Inspected {
        config,
        faults: ConfigFaults {
            file: path.to_owned(),
            faults,
        },
        secrets: reading.secrets,
    }
}

fn read_root(root: Node, reading: &mut Reading, registered: bool) -> Option<Config> {
    Section::read(root, "", reading, |section| {
        Config::read(section, registered)
    })
}

fn staff_pattern(text: &str) -> Result<StaffPattern, Wrong> {
    StaffPattern::parse(text)
        .map_err(|fault| format!("\"{text}\" is not a pattern of user ids: {fault}").into())
}

/// Who has less than one can be anybody.
fn power_level(text: &str) -> Result<i64, Wrong> {
    let level = text.parse::<i64>().ok().filter(|level| *level > 0);
    level.ok_or_else(|| {
        Wrong::new(
            format!("\"{text}\" is not a power level that makes staff"),
            "write a number above 0: 50 for moderators, 100 for administrators",
        )
    })
}

fn room_id(text: &str) -> Result<OwnedRoomId, Wrong> {
    let id = OwnedRoomId::try_from(text).map_err(|_| {
        Wrong::new(
            format!("\"{text}\" is not a room id"),
            "take the id that begins with \"!\" from the room's settings, not its alias",
        )
    })?;
    if !is_whole(&id) {
        return Err(Wrong::new(
            format!("\"{text}\" is not a whole room id"),
            "copy it from the room's settings (Element: Settings → Advanced → Internal room ID)",
        ));
    }
    Ok(id)
}

/// From version 12 on a room's id is a SHA-256 in URL-safe Base64, and names no server
/// (<https://spec.matrix.org/v1.16/rooms/v12/>).
fn is_whole(id: &RoomId) -> bool {
    let opaque = id.as_str().trim_start_matches('!');
    if opaque.contains(':') {
        return !opaque.starts_with(':') && id.server_name().is_some();
    }
    let in_base64 = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    opaque.len() == 43 && opaque.bytes().all(in_base64)
}
