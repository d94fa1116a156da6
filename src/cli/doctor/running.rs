//! Whether Postroom runs on this configuration right now, seen from outside.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};

/// What is known of it.
#[derive(Debug, Clone, Default)]
pub struct Running {
    pub door: Door,
    /// Who holds the lock beside the database.
    pub process: Option<Process>,
}

/// Who answers where the homeserver is to reach Postroom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Door {
    #[default]
    Nobody,
    Postroom,
    /// Somebody else, or a Postroom with another registration; the words say what was answered.
    SomethingElse(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    /// The user that it runs as.
    pub user: u32,
}

impl Running {
    pub fn is_so(&self) -> bool {
        self.door == Door::Postroom || self.process.is_some()
    }
}

/// How long somebody on this machine may take for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks Postroom's own listener; a ping changes nothing.
pub async fn door(listen: SocketAddr, hs_token: &SecretString) -> Door {
    let ping = async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE);
        let url = format!("http://{}/_matrix/app/v1/ping", reachable(listen));
        let request = client.build()?.post(url);
        request
            .bearer_auth(hs_token.expose_secret())
            .header(http::header::CONTENT_TYPE, "application/json")
            .body("{}")
            .send()
            .await
    };
    match ping.await {
        Ok(answer) if answer.status().is_success() => Door::Postroom,
        Ok(answer) if answer.status() == http::StatusCode::FORBIDDEN => Door::SomethingElse(
            "a program that doesn't take this registration's hs_token".to_owned(),
        ),
        Ok(answer) => Door::SomethingElse(format!("a program that answers {}", answer.status())),
        Err(error) if error.is_connect() => Door::Nobody,
        Err(_) => Door::SomethingElse("a program that doesn't answer as Postroom does".to_owned()),
    }
}

/// Where a listener is reached from this machine.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Who holds the lock in the file, without touching it: Linux lists every lock.
pub fn holder(lock: &Path) -> Option<Process> {
    let inode = lock.metadata().ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let id = locks.lines().find_map(|line| holder_in(line, inode))?;
    let user = std::fs::metadata(format!("/proc/{id}")).ok()?.uid();
    Some(Process { id, user })
}

/// `1: FLOCK  ADVISORY  WRITE 812 08:01:1234 0 EOF`: the process, if it is the lock of this file.
fn holder_in(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_ascii_whitespace().skip(1);
    if words.next()? != "FLOCK" {
        return None;
    }
    let process = words.nth(2)?.parse().ok()?;
    let file = words.next()?.rsplit(':').next()?.parse::<u64>().ok()?;
    (file == inode).then_some(process)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::cli::users::own_user;

    #[rstest]
    #[case("1: FLOCK  ADVISORY  WRITE 812 08:01:1234 0 EOF", Some(812))]
    #[case("17: POSIX  ADVISORY  WRITE 812 08:01:1234 0 EOF", None)]
    #[case("2: FLOCK  ADVISORY  WRITE 812 08:01:99 0 EOF", None)]
    #[case("2: -> FLOCK  ADVISORY  WRITE 812 08:01:1234 0 EOF", None)]
    #[case("", None)]
    fn reads_locks(#[case] line: &str, #[case] expected: Option<u32>) {
        assert_eq!(holder_in(line, 1234), expected);
    }

    #[test]
    fn sees_who_holds_a_lock() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(holder(file.path()), None);
        file.as_file().lock().unwrap();
        let own = Process {
            id: std::process::id(),
            user: own_user(),
        };
        assert_eq!(holder(file.path()), Some(own));
    }
}
