//! Dovecot's part of [`mail_servers`](super::mail_servers): its configuration and its start.

use std::process::Command;

use anyhow::Result;

use super::certificates::Certificates;
use super::folder::{Folder, chown};
use super::mail_servers::{AWAY, FULL, MailOptions, Ports};
use super::postfix::OWNER;
use super::process::Process;
use super::provider::{PROVIDER, Way};

/// Starts it in the foreground. Two of its sockets are in Postfix's queue, which has to be there.
pub fn start(folder: &Folder) -> Result<Process> {
    let mut dovecot = Command::new("/usr/sbin/dovecot");
    Process::start(
        "dovecot",
        dovecot.arg("-F").arg("-c").arg(folder.join("dovecot.conf")),
        folder,
    )
}

/// What [`AWAY`] is told to do with every mail.
const AWAY_NOTE: &str = r#"require ["vacation"];
keep;
vacation :subject "Out of the office" "I am hiking until Monday.";
"#;

/// Writes its configuration, and the folder of all mailboxes.
pub fn configure(
    options: &MailOptions,
    ports: &Ports,
    way: &Way,
    certificates: &Certificates,
    folder: &Folder,
) -> Result<()> {
    let mail = folder.create_dir("mail")?;
    chown(&format!("{OWNER}:{OWNER}"), &[mail])?;
    let place = folder.path().display();
    let certificate = certificates.certificate.display();
    let key = certificates.key.display();
    let imap = ports.imap.number();
    let password = &options.password;
    write_special(folder)?;
    let (hostname, way) = (PROVIDER.name, way.port());
    let configuration = format!(
        r"
base_dir = {place}/run
state_dir = {place}/state
instance_name = postroom
hostname = {hostname}
submission_host = 127.0.0.1:{way}
log_path = /dev/stderr
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
first_valid_uid = {OWNER}
mail_location = maildir:{place}/mail/%d/%n
# The data do not outlive the process.
mail_fsync = never
recipient_delimiter = +
# support+x lands in the inbox; Delivered-To keeps the detail.
lmtp_save_to_detail_mailbox = no
lmtp_hdr_delivery_address = final
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {place}/special
  default_fields = uid={OWNER} gid={OWNER} home={place}/mail/%d/%n
}}
userdb {{
  driver = static
  args = uid={OWNER} gid={OWNER} home={place}/mail/%d/%n allow_all_users=yes
}}
protocol lmtp {{
  mail_plugins = quota sieve
}}
plugin {{
  quota = count:Mailbox
  quota_vsizes = yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = create
    special_use = \Drafts
  }}
  mailbox Sent {{
    auto = create
    special_use = \Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \Trash
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  unix_listener {place}/queue/private/dovecot-lmtp {{
    user = postfix
    group = postfix
    mode = 0600
  }}
}}
service auth {{
  unix_listener {place}/queue/private/auth {{
    user = postfix
    group = postfix
    mode = 0660
  }}
}}
"
    );
    folder.write("dovecot.conf", configuration)?;
    Ok(())
}

/// What is different for some users: attributes that take precedence over everybody's.
fn write_special(folder: &Folder) -> Result<()> {
    let note = folder.write("away.sieve", AWAY_NOTE)?;
    folder.write(
        "special",
        format!(
            "{FULL}:::::::userdb_quota_rule=*:bytes=1\n\
             {AWAY}:::::::userdb_sieve=file:{}\n",
            note.display()
        ),
    )?;
    Ok(())
}
