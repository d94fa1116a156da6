//! All of a SQLite database into an empty PostgreSQL database: one transaction, in bounded memory,
//! and looked at on both sides before it counts.

use std::{fmt::Write as _, path::Path};

use futures_util::TryStreamExt as _;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection, ValueRef as _,
    postgres::PgRow, sqlite::SqliteRow,
};

use super::{Refusal, StoreError, postgres::Server, sqlite};

/// So much is gathered before it is sent on, in bytes; one value may be larger.
const PORTION: usize = 256 * 1024;

/// How one table fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedTable {
    pub name: String,
    /// In the order of the key, from both sides.
    pub from: Summary,
    pub to: Summary,
}

/// What a table holds: its rows and a SHA-256 over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    pub digest: [u8; 32],
}

/// Copies the database in the file `from`, with which no Postroom may be working. The result counts
/// only if both sides of every table are the same; else nothing was written.
///
/// # Errors
///
/// The file is not Postroom's or is in use; the target can't be used, is in use, or holds anything.
pub async fn copy(from: &Path, to: &SecretString) -> Result<Vec<CopiedTable>, StoreError> {
    if !from.is_file() {
        return Err(Refusal::NothingToCopy(from.display().to_string()).into());
    }
    // Locked, and with all migrations: the tables of both are alike.
    let mut source = sqlite::open(from).await?;
    let (mut target, _) = Server::new(to)?.take(None).await?;
    sqlx::raw_sql("SET statement_timeout = 0")
        .execute(&mut target)
        .await?;
    let tables = tables(&mut source.writes).await?;
    let mut all = target.begin().await?;
    let mut copied = Vec::new();
    for table in &tables {
        table.refuse_unless_empty(&mut all).await?;
    }
    for table in &tables {
        let from = table.send(&mut source.writes, &mut all).await?;
        let to = table.summary(&mut all).await?;
        table.advance_numbers(&mut source.writes, &mut all).await?;
        let name = table.name.clone();
        copied.push(CopiedTable { name, from, to });
    }
    if copied.iter().all(|table| table.from == table.to) {
        all.commit().await?;
    } else {
        all.rollback().await?;
    }
    Ok(copied)
}

#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    name: String,
    kind: Kind,
    /// Place in the key, from 1; 0 if it isn't part of it.
    in_key: i64,
}

/// The store uses no other types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Bytes,
}

/// A value on its way.
enum Cell {
    Nothing,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Postroom's tables, each after those that it refers to.
async fn tables(source: &mut SqliteConnection) -> Result<Vec<Table>, StoreError> {
    let names = "
        SELECT name FROM sqlite_master WHERE type = 'table'
        AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> '_sqlx_migrations' ORDER BY rowid";
    let names: Vec<String> = sqlx::query_scalar(names).fetch_all(&mut *source).await?;
    let mut waiting = Vec::new();
    for name in names {
        let columns = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid";
        let columns: Vec<(String, String, i64)> = sqlx::query_as(columns)
            .bind(&name)
            .fetch_all(&mut *source)
            .await?;
        let columns = columns.into_iter().map(|(name, kind, in_key)| {
            let kind = match kind.as_str() {
                "INTEGER" => Kind::Number,
                "TEXT" => Kind::Text,
                "BLOB" => Kind::Bytes,
                other => return Err(StoreError::Value(format!("column {name} of type {other}"))),
            };
            Ok(Column { name, kind, in_key })
        });
        let columns = columns.collect::<Result<_, StoreError>>()?;
        let parents = r#"SELECT DISTINCT "table" FROM pragma_foreign_key_list($1)"#;
        let parents: Vec<String> = sqlx::query_scalar(parents)
            .bind(&name)
            .fetch_all(&mut *source)
            .await?;
        waiting.push((Table { name, columns }, parents));
    }
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let is_there = |parent: &String, own: &str| {
            parent == own || ordered.iter().any(|table| table.name == *parent)
        };
        let ready = |(table, parents): &(Table, Vec<String>)| {
            parents.iter().all(|parent| is_there(parent, &table.name))
        };
        let next = waiting.iter().position(ready).ok_or_else(|| {
            StoreError::Value("tables that refer to each other in a circle".to_owned())
        })?;
        ordered.push(waiting.remove(next).0);
    }
    Ok(ordered)
}

impl Table {
    async fn refuse_unless_empty(&self, target: &mut PgConnection) -> Result<(), StoreError> {
        let sql = format!("SELECT 1::bigint FROM {} LIMIT 1", self.name);
        let row = sqlx::query(AssertSqlSafe(sql))
            .fetch_optional(target)
            .await?;
        match row {
            Some(_) => Err(Refusal::NotEmpty(self.name.clone()).into()),
            None => Ok(()),
        }
    }

    /// Sends every row, in the order of the key.
    async fn send(
        &self,
        source: &mut SqliteConnection,
        target: &mut PgConnection,
    ) -> Result<Summary, StoreError> {
        let columns = self.names();
        let into = format!("COPY {} ({columns}) FROM STDIN", self.name);
        let mut copying = target.copy_in_raw(&into).await?;
        let mut sum = Sum::default();
        let mut portion = String::new();
        {
            let sql = AssertSqlSafe(self.select(""));
            let mut rows = sqlx::query(sql).fetch(source);
            while let Some(row) = rows.try_next().await? {
                for (place, column) in self.columns.iter().enumerate() {
                    let cell = from_sqlite(&row, place, column.kind)?;
                    sum.add(&cell);
                    if place > 0 {
                        portion.push('\t');
                    }
                    write_cell(&cell, &mut portion);
                }
                sum.rows += 1;
                portion.push('\n');
                if portion.len() >= PORTION {
                    copying.send(portion.as_bytes()).await?;
                    portion.clear();
                }
            }
        }
        copying.send(portion.as_bytes()).await?;
        copying.finish().await?;
        Ok(sum.end())
    }

    /// What the target holds.
    async fn summary(&self, target: &mut PgConnection) -> Result<Summary, StoreError> {
        let sql = AssertSqlSafe(self.select(r#" COLLATE "C""#));
        let mut rows = sqlx::query(sql).fetch(target);
        let mut sum = Sum::default();
        while let Some(row) = rows.try_next().await? {
            for (place, column) in self.columns.iter().enumerate() {
                sum.add(&from_postgres(&row, place, column.kind)?);
            }
            sum.rows += 1;
        }
        Ok(sum.end())
    }

    /// No number is given a second time, not even that of a row which is gone.
    async fn advance_numbers(
        &self,
        source: &mut SqliteConnection,
        target: &mut PgConnection,
    ) -> Result<(), StoreError> {
        let mut key = self.columns.iter().filter(|column| column.in_key > 0);
        let (Some(key), None) = (key.next(), key.next()) else {
            return Ok(());
        };
        if key.kind != Kind::Number {
            return Ok(());
        }
        let (table, column) = (&self.name, &key.name);
        let given = "SELECT max(seq) FROM sqlite_sequence WHERE name = $1";
        let (given,): (Option<i64>,) = sqlx::query_as(given).bind(table).fetch_one(source).await?;
        let advance = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), last) FROM (
                 SELECT greatest(max({column}), $1) AS last FROM {table}
             ) AS numbers WHERE last > 0"
        );
        sqlx::query(AssertSqlSafe(advance))
            .bind(given)
            .execute(target)
            .await?;
        Ok(())
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| &*column.name).collect();
        names.join(", ")
    }

    /// `collation` makes texts come byte by byte.
    fn select(&self, collation: &str) -> String {
        let mut key: Vec<&Column> = self
            .columns
            .iter()
            .filter(|column| column.in_key > 0)
            .collect();
        key.sort_by_key(|column| column.in_key);
        let part = |column: &&Column| match column.kind {
            Kind::Text => format!("{}{collation}", column.name),
            Kind::Number | Kind::Bytes => column.name.clone(),
        };
        let key: Vec<String> = key.iter().map(part).collect();
        let (names, table) = (self.names(), &self.name);
        format!("SELECT {names} FROM {table} ORDER BY {}", key.join(", "))
    }
}

fn from_sqlite(row: &SqliteRow, place: usize, kind: Kind) -> Result<Cell, StoreError> {
    if row.try_get_raw(place)?.is_null() {
        return Ok(Cell::Nothing);
    }
    Ok(match kind {
        Kind::Number => Cell::Number(row.try_get(place)?),
        // As everything that is written: see `sql::Bind`.
        Kind::Text => Cell::Text(row.try_get::<String, _>(place)?.replace('\0', "\u{fffd}")),
        Kind::Bytes => Cell::Bytes(row.try_get(place)?),
    })
}

fn from_postgres(row: &PgRow, place: usize, kind: Kind) -> Result<Cell, StoreError> {
    if row.try_get_raw(place)?.is_null() {
        return Ok(Cell::Nothing);
    }
    Ok(match kind {
        Kind::Number => Cell::Number(row.try_get(place)?),
        Kind::Text => Cell::Text(row.try_get(place)?),
        Kind::Bytes => Cell::Bytes(row.try_get(place)?),
    })
}

/// The text format of COPY.
///
/// <https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS>
fn write_cell(cell: &Cell, out: &mut String) {
    match cell {
        Cell::Nothing => out.push_str("\\N"),
        Cell::Number(number) => {
            let _never_fails = write!(out, "{number}");
        }
        Cell::Text(text) => {
            for c in text.chars() {
                match c {
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c => out.push(c),
                }
            }
        }
        Cell::Bytes(bytes) => {
            out.push_str("\\\\x");
            data_encoding::HEXLOWER.encode_append(bytes, out);
        }
    }
}

/// Every cell with its kind and its length before it, so that no two tables look the same.
#[derive(Default)]
struct Sum {
    rows: u64,
    digest: Sha256,
}

impl Sum {
    fn add(&mut self, cell: &Cell) {
        let number;
        let (kind, bytes): (u8, &[u8]) = match cell {
            Cell::Nothing => (0, &[]),
            Cell::Number(value) => {
                number = value.to_be_bytes();
                (1, &number)
            }
            Cell::Text(text) => (2, text.as_bytes()),
            Cell::Bytes(bytes) => (3, bytes),
        };
        self.digest.update([kind]);
        self.digest.update((bytes.len() as u64).to_be_bytes());
        self.digest.update(bytes);
    }

    fn end(self) -> Summary {
        Summary {
            rows: self.rows,
            digest: self.digest.finalize().into(),
        }
    }
}
