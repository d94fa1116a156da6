//! What `postroom init` writes, and what it says to do next.

use std::{collections::BTreeSet, os::unix::fs::MetadataExt as _, path::Path};

use anyhow::Context as _;

use super::{APPSERVICE_URL, Init, REGISTRATION};
use crate::{
    cli::users,
    domain::{address::EmailAddress, reply_address::ReplyPattern},
};

impl Init {
    pub(super) fn config_text(&self) -> anyhow::Result<String> {
        let mut mailboxes = String::new();
        for mailbox in self.mailboxes()? {
            mailboxes.push_str(&self.mailbox_text(&mailbox)?);
        }
        let server = &self.server_name;
        let homeserver = self.homeserver_url.as_str().trim_end_matches('/');
        let rest = self.rest_text();
        Ok(format!(
            r#"# Postroom's configuration; docs/configuration.md explains every key.
# Relative paths begin in the folder of this file. Any key can be set from the environment, too:
# POSTROOM__HOMESERVER__URL is homeserver.url.

homeserver:
  # Where Postroom reaches the homeserver, and what it is called.
  url: "{homeserver}"
  server_name: "{server}"

appservice:
  # Where Postroom listens for the homeserver, and the same place as the homeserver sees it.
  listen: "127.0.0.1:29381"
  url: "{APPSERVICE_URL}"
  registration: {REGISTRATION}

database:
  # Or "postgres://postroom@localhost/postroom?host=/run/postgresql".
  url: "sqlite:postroom.db"

# Large mails are kept in this folder.
blobs:
  url: "file:blobs"

# One entry for each address under which customers know you. The key is stored with the
# conversations: don't change it later.
mailboxes:
{mailboxes}
{rest}"#
        ))
    }

    /// What follows the mailboxes.
    fn rest_text(&self) -> String {
        let server = &self.server_name;
        // Mail that is fetched needs nobody who hands it over.
        let off = if self.imap_url.is_some() { "# " } else { "" };
        format!(
            r#"# Where your mail server hands over mail for the addresses above and their reply addresses.
{off}lmtp:
{off}  listen: "127.0.0.1:2424"
{off}  max_size: 50MB

# Who may command the bot. "*" stands for any text; it never matches users of other bridges
# (whose names begin with "_").
staff: ["@*:{server}"]

# How customers see people who call themselves something else in the rooms.
# names: {{"@ann:{server}": "Ann Example"}}

# The staff room for what concerns no single conversation. Invite the bot to it.
# Its id stands in its settings (in Element under Advanced: Internal room ID); write it in quotes.
# control_room: "!abc:{server}"

# A mail is sent when the room has been quiet for so long, and at the latest after at_most.
# quiet: 0 sends every message at once. `!email settings` sets it for a single room.
letters:
  quiet: 1m
  at_most: 5m
  # Or at these times of the day only.
  # digest: ["08:00", "16:30"]
  # Whether what other bots say goes out, and who comes and goes.
  notices: false
  changes: false

# Pages on which customers fetch files that are too large for a mail; without them such files are
# not sent. A web server with TLS at this address must pass everything on to the listener.
# public: {{url: "https://post.{server}", listen: "127.0.0.1:29382"}}

# When somebody is there to answer, and after how long staff are reminded.
# desk: {{remind_after: 8h, hours: {{friday: "09:00-15:00", time_zone: Europe/Paris}}}}

# What rooms must be.
# rooms: {{prefix: "Support: ", moderators: ["@ann:{server}"]}}

# The way from mail to Matrix.
# onboarding: {{welcome: true, allowed_servers: [matrix.org]}}

# Health checks and metrics for your monitoring.
operations: {{listen: "127.0.0.1:9381"}}

# human or json; error, warn, info, debug or trace.
log: {{format: human, level: info}}
"#
        )
    }

    /// The mailboxes to write, at least one.
    fn mailboxes(&self) -> anyhow::Result<Vec<NewMailbox>> {
        let mut addresses = self.addresses.clone();
        if addresses.is_empty() {
            let domain = self.server_name.host();
            let address = EmailAddress::parse(&format!("support@{domain}"))
                .context("give the mailbox's address with --address")?;
            addresses.push(address);
        }
        let mut seen = BTreeSet::new();
        addresses.retain(|address| seen.insert(address.clone()));
        let is_alone = addresses.len() == 1;
        let mut names = BTreeSet::new();
        let mailboxes = addresses.into_iter().map(|address| {
            let name = mailbox_name(&address, &mut names);
            let password_file = self.password_file.as_ref().map(|file| {
                // Each logs in with its own address, and so with its own password.
                let own = Path::new(file).with_file_name(format!("{name}-password"));
                if is_alone {
                    file.clone()
                } else {
                    own.display().to_string()
                }
            });
            NewMailbox {
                name,
                address,
                password_file,
            }
        });
        Ok(mailboxes.collect())
    }

    fn mailbox_text(&self, mailbox: &NewMailbox) -> anyhow::Result<String> {
        let NewMailbox {
            name,
            address,
            password_file,
        } = mailbox;
        let (local, domain) = (address.local_part(), address.domain());
        let reply_address = ReplyPattern::parse(&format!("{local}+{{token}}@{domain}"))
            .with_context(|| format!("{address} leaves no place for a token"))?;
        // A JSON string is a YAML string.
        let shown = serde_json::to_string(self.name.as_deref().unwrap_or(domain))?;
        let smtp = match &self.smtp_url {
            Some(url) => url.to_string(),
            None => format!("smtp://mail.{domain}:587"),
        };
        let login = if password_file.is_some() { "" } else { "# " };
        let password_file = password_file.as_deref().unwrap_or("mail-password");
        let password_file = serde_json::to_string(password_file)?;
        let off = if self.imap_url.is_some() { "" } else { "# " };
        let imap = match &self.imap_url {
            Some(url) => url.to_string(),
            None => format!("imaps://mail.{domain}"),
        };
        Ok(format!(
            r##"  {name}:
    # How customers see you.
    name: {shown}
    address: "{address}"
    # Every conversation has its own; your mail server must deliver all of them.
    reply_address: "{reply_address}"
    # What the law wants below every letter.
    # footer: "Example Ltd, 1 High Street, London"
    # Of the letters: en, fr or de.
    language: en
    # The clock of the letters, where it isn't the system's.
    # time_zone: Europe/Paris
    # How the letters look.
    # colour: "#1d5fa8"
    # logo: logo.png
    smtp:
      # smtp:// uses STARTTLS, smtps:// TLS from the first byte; smtp+insecure:// is for a server
      # on this machine.
      url: "{smtp}"
      {login}username: "{address}"
      {login}password_file: {password_file}
      # ca_file: ca.pem
    # Signs the letters, where your mail server doesn't; `postroom doctor` prints the DNS record.
    # dkim: {{selector: post, key_file: dkim.pem}}
    # Where bounces go: auto, verp (a token for each delivery) or plain.
    # return_path: auto
    # Fetches the mail from a mailbox, where no server hands it over by LMTP.
    {off}imap:
    {off}  url: "{imap}"
    {off}  username: "{address}"
    {off}  password_file: {password_file}
    {off}  folders: [INBOX, Junk]
    {off}  processed: keyword
    # What happens to mail that belongs to no conversation: triage, room, reject or keep.
    # intake: triage
    # The id of the room in which staff are asked about it, in quotes; else it is the control room.
    # triage_room: "!abc:{domain}"
    # Who may command the bot in its rooms, where it isn't who may everywhere.
    # staff: ["@ann:{domain}"]
"##
        ))
    }

    pub(super) fn next_steps(&self, registration: &Path) -> String {
        let config = self.config.display();
        let user = owner(registration);
        let postroom = format!("{}postroom", user.map(users::run_as).unwrap_or_default());
        let folder = owner(folder_of(&self.config));
        let mut steps = Vec::new();
        steps.extend(user.zip(folder).and_then(|(user, folder)| {
            let files = [&self.config, registration].map(|file| file.display().to_string());
            handing_over(user, folder, &files.join(" "))
        }));
        let registration = registration.display();
        steps.extend([
            format!("Look through {config}: names, addresses, and the mail servers."),
            format!(
                "Tell the homeserver of {registration}: in Synapse's homeserver.yaml add its path \
                 under\n   app_service_config_files, make it readable for Synapse only, and restart \
                 Synapse."
            ),
        ]);
        for mailbox in self.mailboxes().unwrap_or_default() {
            if let Some(file) = &mailbox.password_file {
                let file = folder_of(&self.config).join(file);
                let (file, address) = (file.display(), &mailbox.address);
                steps.push(format!("Write the password of {address} into {file}."));
            }
        }
        if self.imap_url.is_none() {
            steps.push(
                "Let your mail server hand mail for the addresses over by LMTP to 127.0.0.1:2424."
                    .to_owned(),
            );
        }
        steps.push(format!("Start: {postroom} run --config {config}"));
        steps.push(format!("Check: {postroom} doctor --config {config}"));
        let steps: Vec<String> = (1..)
            .zip(steps)
            .map(|(number, step)| format!("{number}. {step}"))
            .collect();
        let steps = steps.join("\n");
        format!("Wrote {config} and {registration}.\n\nWhat to do next:\n{steps}\n")
    }
}

/// A mailbox to write.
struct NewMailbox {
    name: String,
    address: EmailAddress,
    password_file: Option<String>,
}

/// The folder of a file.
pub(super) fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn owner(path: &Path) -> Option<u32> {
    path.metadata().ok().map(|metadata| metadata.uid())
}

/// Files that root has written into somebody else's folder, who can't read them.
fn handing_over(user: u32, folder: u32, files: &str) -> Option<String> {
    let name = users::user_name(folder);
    let name = name.trim_start_matches('#');
    (user == 0 && folder != 0).then(|| {
        format!("They are root's, and the folder is for another user: chown {name} {files}")
    })
}

/// A name for the mailbox made of its address, unlike those in `taken`.
fn mailbox_name(address: &EmailAddress, taken: &mut BTreeSet<String>) -> String {
    let letters = address.local_part().to_ascii_lowercase();
    let name = letters
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let name = if name.is_empty() { "mailbox" } else { &name };
    let name = &name[..name.len().min(60)];
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_writes_is_handed_over() {
        let told = handing_over(0, 65_533, "config.yaml registration.yaml").unwrap();
        assert!(told.contains("chown 65533 config.yaml registration.yaml"));
        assert_eq!(handing_over(0, 0, "config.yaml"), None);
        assert_eq!(handing_over(65_533, 65_533, "config.yaml"), None);
    }
}
