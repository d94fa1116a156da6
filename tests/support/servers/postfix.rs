//! Postfix's part of [`mail_servers`](super::mail_servers): its configuration and its start.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::certificates::Certificates;
use super::folder::{Folder, chown};
use super::mail_servers::{BEYOND_ASCII, HOST, MailOptions, Ports};
use super::process::Process;
use super::provider::{PROVIDER, Way};

/// Owner of all mailboxes; no user of this number needs to exist.
pub(super) const OWNER: u32 = 5555;

/// Starts `master` itself. `postfix start` spends a second on checks, and `start-fg` leaves
/// `master` in a session of its own, which outlives the script that started it; debugging mode
/// keeps it with the process that is watched.
pub fn start(folder: &Folder) -> Result<Process> {
    let mut master = Command::new("/usr/lib/postfix/sbin/master");
    Process::start(
        "postfix",
        master.arg("-d").arg("-c").arg(folder.join("conf")),
        folder,
    )
}

/// Writes everything that Postfix reads, and its queue.
pub fn configure(
    options: &MailOptions,
    ports: &Ports,
    way: &Way,
    certificates: &Certificates,
    folder: &Folder,
) -> Result<()> {
    folder.create_dir("conf")?;
    create_queue(folder)?;

    let mut domains: Vec<&str> = options.customers.iter().map(String::as_str).collect();
    let mut own: Vec<&str> = options
        .own
        .iter()
        .filter_map(|it| it.split('@').nth(1))
        .collect();
    own.sort_unstable();
    own.dedup();
    domains.extend(&own);
    domains.push(BEYOND_ASCII);

    let customers = options.customers.iter().map(|domain| format!("@{domain}"));
    let recipients = options.own.iter().cloned().chain(customers);
    let mut recipients: Vec<String> = recipients.map(|it| format!("{it} yes\n")).collect();
    recipients.push(format!("@{BEYOND_ASCII} {BEYOND_ASCII}/everybody/\n"));
    write_aged("conf/recipients", &recipients.concat(), folder)?;

    let refused = options.refused.iter();
    let refused: Vec<String> = refused
        .map(|it| format!("{it} 550 5.1.1 No such mailbox here\n"))
        .collect();
    write_aged("conf/refused", &refused.concat(), folder)?;

    // What customers send to us goes out into the world, and comes in again.
    let goes_out = |domain: &&str| {
        let way = way.port();
        format!("{domain} FILTER provider:[127.0.0.1]:{way}\n")
    };
    let goes_out: Vec<String> = own.iter().map(goes_out).collect();
    write_aged("conf/goes_out", &goes_out.concat(), folder)?;

    let transport =
        |port: u16| move |domain: &&str| format!("{domain} lmtp:inet:127.0.0.1:{port}\n");
    let mut transports: Vec<String> = match options.lmtp_port {
        Some(port) => own.iter().map(transport(port)).collect(),
        None => Vec::new(),
    };
    transports.push(format!("{BEYOND_ASCII} virtual:\n"));
    let unknown = options.unknown.iter();
    transports.extend(unknown.map(|it| format!("{it} error:5.1.1 User unknown\n")));
    write_aged("conf/transports", &transports.concat(), folder)?;

    let milter = options.milter;
    write_aged("conf/forged", FORGED, folder)?;
    write_aged("conf/master.cf", &master_cf(milter, ports, folder), folder)?;
    write_aged(
        "conf/main.cf",
        &main_cf(&domains.join(", "), milter, certificates, folder),
        folder,
    )?;
    Ok(())
}

/// What docs/operations.md tells to take out where a filter's word counts.
const FORGED: &str = "/^(Authentication-Results|X-Spam[^:]*|X-Rspamd[^:]*|X-Virus[^:]*)[[:space:]]*:/ \
                      IGNORE\n";

fn main_cf(
    domains: &str,
    milter: Option<u16>,
    certificates: &Certificates,
    folder: &Folder,
) -> String {
    let place = folder.path().display();
    let forged = match milter {
        Some(_) => format!("header_checks = regexp:{place}/conf/forged\n"),
        None => String::new(),
    };
    let certificate = certificates.certificate.display();
    let key = certificates.key.display();
    format!(
        "\
compatibility_level = 3.6
# All three of its own, or it fights with the machine's instance.
queue_directory = {place}/queue
data_directory = {place}/data
multi_instance_name = postfix-postroom
# No syslog: the log is the output of the process.
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {HOST}
mydomain = example.org
myorigin = example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
notify_classes =
recipient_delimiter = +
message_size_limit = 52428800
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = texthash:{place}/conf/recipients
virtual_mailbox_limit = 0
virtual_mailbox_base = {place}/mail
virtual_uid_maps = static:{OWNER}
virtual_gid_maps = static:{OWNER}
virtual_transport = lmtp:unix:private/dovecot-lmtp
transport_maps = texthash:{place}/conf/transports
# Everybody else is an error: nothing is looked up, nothing leaves the machine.
default_transport = error:5.1.2 No mail leaves this machine
relay_transport = error:5.1.2 No mail leaves this machine
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
# Postroom hears from whom a mail came.
lmtp_send_xforward_command = yes
# A filter that is away lets nothing through.
milter_default_action = tempfail
{forged}milter_mail_macros = i {{mail_addr}} {{client_addr}} {{client_name}} {{auth_authen}}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = reject_unauth_destination, reject_unlisted_recipient
in_flow_delay = 0
# A listener that was away gets its mail soon after it is back.
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
maximal_queue_lifetime = 1h
bounce_queue_lifetime = 1h
"
    )
}

/// No service runs in a chroot jail: a private queue has no `etc` in it. Submission takes every
/// recipient but those named in `refused`, so that the ones who do not exist cause a bounce, as they
/// do at most providers. Customers' submission lets what is for us go out as their provider's.
fn master_cf(milter: Option<u16>, ports: &Ports, folder: &Folder) -> String {
    let place = folder.path().display();
    let smtp = ports.smtp.address();
    let submission = ports.submission.address();
    let customers = ports.customers.address();
    let provider = PROVIDER.name;
    let milter = milter.map_or_else(String::new, |port| {
        format!("  -o smtpd_milters=inet:127.0.0.1:{port}\n")
    });
    format!(
        "\
{smtp} inet n - n - - smtpd
  -o smtpd_authorized_xclient_hosts=127.0.0.1
{milter}{submission} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=check_recipient_access,texthash:{place}/conf/refused,permit_sasl_authenticated,reject
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
{customers} inet n - n - - smtpd
  -o syslog_name=postfix/customers
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=check_recipient_access,texthash:{place}/conf/goes_out,permit_sasl_authenticated,reject
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
provider unix - - n - - smtp
  -o smtp_helo_name={provider}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"
    )
}

/// Every Postfix program reads a file that is younger than two seconds again and again until it
/// is older, lest it see it half written.
fn write_aged(name: &str, content: &str, folder: &Folder) -> Result<()> {
    const LONG_AGO: Duration = Duration::from_hours(24);
    let path = folder.write(name, content)?;
    let file = File::options().write(true).open(path)?;
    file.set_modified(SystemTime::UNIX_EPOCH + LONG_AGO)?;
    Ok(())
}

/// How many files there are; Postfix spreads large queues over folders.
pub fn files_below(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let count = |entry: std::fs::DirEntry| {
        if entry.file_type().is_ok_and(|it| it.is_dir()) {
            files_below(&entry.path())
        } else {
            1
        }
    };
    entries.flatten().map(count).sum()
}

/// The folders that `postfix check` would make, one program run at a time.
fn create_queue(folder: &Folder) -> Result<()> {
    const PRIVATE: [&str; 11] = [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
        "saved", "trace",
    ];
    let mut of_postfix = vec![folder.create_dir("data")?];
    for name in PRIVATE {
        of_postfix.push(folder.create_dir(&format!("queue/{name}"))?);
    }
    chown("postfix", &of_postfix)?;
    for path in &of_postfix {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    folder.create_dir("queue/pid")?;
    // Local programs hand mail in through these two.
    let shared = [
        folder.create_dir("queue/public")?,
        folder.create_dir("queue/maildrop")?,
    ];
    chown("postfix:postdrop", &shared)?;
    std::fs::set_permissions(&shared[0], Permissions::from_mode(0o710))?;
    std::fs::set_permissions(&shared[1], Permissions::from_mode(0o730))?;
    Ok(())
}
