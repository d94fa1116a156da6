//! `names`: what customers are to see in place of the names in the rooms.

use std::collections::HashMap;

use ruma::OwnedUserId;

use super::{section::Section, values::line, wrong::Wrong};

/// Reads the section `names`: a name for each Matrix id.
pub(super) fn read(section: &mut Section) -> HashMap<OwnedUserId, String> {
    let names = section.each_value("\"@ann:example.org\": Ann Example", |user, name| {
        let user = OwnedUserId::try_from(user).map_err(|_| {
            Wrong::new(
                format!("\"{user}\" is not a Matrix id"),
                "write the whole id in quotes, such as \"@ann:example.org\"",
            )
        })?;
        Ok((user, line(name)?))
    });
    names.into_iter().collect()
}
