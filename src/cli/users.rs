//! The users of this machine.

use std::os::unix::fs::MetadataExt as _;

/// The name of a user of this machine, or the number as `sudo -u` takes it.
pub fn user_name(id: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("#{id}"))
}

/// The user that this program runs as.
pub fn own_user() -> u32 {
    std::fs::metadata("/proc/self").map_or(0, |own| own.uid())
}

/// What stands before a command that somebody else types for the account: those of services have no
/// shell to type it in.
pub fn run_as(user: u32) -> String {
    run_as_named(user, &user_name(user))
}

/// The first number of a person's account is 1000.
fn run_as_named(user: u32, name: &str) -> String {
    if (1..1000).contains(&user) && !name.starts_with('#') {
        format!("runuser -u {name} -- ")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(101, "postroom", "runuser -u postroom -- ")]
    #[case(0, "root", "")]
    #[case(1000, "ann", "")]
    #[case(101, "#101", "")]
    fn services_have_no_shell(#[case] user: u32, #[case] name: &str, #[case] expected: &str) {
        assert_eq!(run_as_named(user, name), expected);
    }
}
