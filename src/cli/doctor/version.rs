//! The version of the database's tables, of either kind.

use super::report::{Advice, Area, Check};
use crate::store::{Connection, inspect};

pub const VERSION: &str = "version";

/// Whether this program can go on with the database; `unreadable` is for one that doesn't tell.
pub async fn check(
    connection: &mut Connection,
    unreadable: impl FnOnce(String) -> Advice,
) -> Check {
    let own = inspect::own_version();
    match inspect::version(connection).await {
        Ok(None) => Area::Database.ok(VERSION, "empty; set up at the first start"),
        Ok(Some(found)) if found == own => {
            Area::Database.ok(VERSION, format!("{found}, as this program has it"))
        }
        Ok(Some(found)) if found < own => Area::Database.ok(
            VERSION,
            format!("{found}; the next start brings it to {own}"),
        ),
        Ok(Some(found)) => Area::Database.fault(VERSION, newer(found)),
        Err(error) => Area::Database.fault(VERSION, unreadable(error.to_string())),
    }
}

/// For a database of the version `found`.
pub fn newer(found: i64) -> Advice {
    Advice::new(
        format!(
            "{found}, but this program knows only {}",
            inspect::own_version()
        ),
        "A newer Postroom has used this database; this one does not start on it.",
        "Install the newer Postroom again, or put back the backup from before the upgrade.",
    )
}
