//! Every table and column of the database, as the database itself tells.

use crate::store::{Connection, StoreError};

#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// How a row is told apart: `rowid` or `ctid`; `None` where there is neither, and a value stands for
    /// its row.
    locator: Option<Locator>,
}

#[derive(Debug, Clone, Copy)]
enum Locator {
    Rowid,
    Ctid,
}

#[derive(Debug)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// Whether it is part of the key.
    pub in_key: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Bytes,
}

impl Table {
    /// Whether it has such a column of numbers.
    pub fn has(&self, column: &str) -> bool {
        let is_it = |one: &Column| one.name == column && one.kind == Kind::Number;
        self.columns.iter().any(is_it)
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(move |column| column.kind == kind)
    }

    pub fn has_locator(&self) -> bool {
        self.locator.is_some()
    }

    /// What tells a row apart, as text, in a `SELECT`; else the value of `column`.
    pub fn locating(&self, column: &str) -> String {
        match self.locator {
            Some(Locator::Rowid) => "CAST(rowid AS TEXT)".to_owned(),
            Some(Locator::Ctid) => "CAST(ctid AS TEXT)".to_owned(),
            None => column.to_owned(),
        }
    }

    /// The row that `$1` locates.
    pub fn located(&self, column: &str) -> String {
        match self.locator {
            Some(Locator::Rowid) => "rowid = CAST($1 AS INTEGER)".to_owned(),
            Some(Locator::Ctid) => "ctid = CAST($1 AS tid)".to_owned(),
            None => format!("{column} = $1"),
        }
    }
}

/// Whether the octets in a column hold the text `$1`, which is in lower case as far as ASCII goes.
pub fn holds(connection: &Connection, column: &str) -> String {
    match connection {
        Connection::Sqlite(_) => format!("instr(lower(CAST({column} AS TEXT)), $1) > 0"),
        // Octets that are no text are escaped, in both alike.
        Connection::Postgres(_) => format!(
            "strpos(lower(encode({column}, 'escape')),
                lower(encode(convert_to($1, 'UTF8'), 'escape'))) > 0"
        ),
    }
}

/// Without what holds nothing of anybody.
pub async fn of(connection: &mut Connection) -> Result<Vec<Table>, StoreError> {
    const OF_NOBODY: [&str; 2] = ["keys", "transactions"];
    type Row = (String, String, String, i64, i64);
    let (columns, is_postgres) = match connection {
        Connection::Sqlite(_) => (
            "SELECT tables.name, columns.name, columns.type, columns.pk, tables.wr
            FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
            WHERE tables.schema = 'main' AND tables.type = 'table'
            AND tables.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tables.name <> '_sqlx_migrations'
            ORDER BY tables.name, columns.cid",
            false,
        ),
        Connection::Postgres(_) => (
            "SELECT it.table_name::text, it.column_name::text, it.data_type::text,
                (SELECT count(*) FROM information_schema.key_column_usage AS part
                 JOIN information_schema.table_constraints AS whole
                 ON whole.constraint_name = part.constraint_name
                 AND whole.table_name = part.table_name
                 WHERE whole.constraint_type = 'PRIMARY KEY'
                 AND part.table_name = it.table_name AND part.column_name = it.column_name),
                0::bigint
            FROM information_schema.columns AS it
            WHERE it.table_schema = current_schema() AND it.table_name <> '_sqlx_migrations'
            ORDER BY it.table_name, it.ordinal_position",
            true,
        ),
    };
    let mut tables: Vec<Table> = Vec::new();
    for (table, name, kind, key, without_rowid) in fetch_all!(connection, Row, columns) {
        if OF_NOBODY.contains(&table.as_str()) {
            continue;
        }
        if tables.last().is_none_or(|last| last.name != table) {
            let locator = match (is_postgres, without_rowid) {
                (true, _) => Some(Locator::Ctid),
                (false, 0) => Some(Locator::Rowid),
                (false, _) => None,
            };
            tables.push(Table {
                name: table,
                columns: Vec::new(),
                locator,
            });
        }
        let kind = match kind.to_lowercase().as_str() {
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            _ => Kind::Number,
        };
        if let Some(table) = tables.last_mut() {
            table.columns.push(Column {
                name,
                kind,
                in_key: key > 0,
            });
        }
    }
    Ok(tables)
}
