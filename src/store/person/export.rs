//! Gathers everything that is stored about a person: every row that is theirs or names them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;

use super::{
    Conversations, Person, needle,
    schema::{self, Kind, Table},
};
use crate::{
    domain::ids::MailId,
    store::{
        Connection, StoreError, erasures,
        mails::{self, RawMail},
    },
};

statements! {
    SELECT_LETTERS = "
        SELECT DISTINCT letter_id FROM outbox
        WHERE way = 'mail' AND letter_id IS NOT NULL AND lane LIKE $1 ESCAPE '!' ORDER BY letter_id";
}

/// The rows of each table that has any, each as an object; octets are left out.
pub type Rows = BTreeMap<String, Vec<Value>>;

pub async fn rows(connection: &mut Connection, person: &Person) -> Result<Rows, StoreError> {
    let own = person.mails(connection).await?;
    let lane = erasures::lane_of(&person.address);
    let letters = fetch_all!(connection, (i64,), SELECT_LETTERS, &lane);
    let letters: Vec<i64> = letters.into_iter().map(|(letter,)| letter).collect();
    let conversations = person.conversations(connection).await?;
    let mut all = Rows::new();
    for table in schema::of(connection).await? {
        let found = of_table(connection, &table, person, &own, &letters, &conversations).await?;
        if !found.is_empty() {
            all.insert(table.name, found);
        }
    }
    Ok(all)
}

/// The mails that they wrote, as they came.
pub async fn raw_mails(
    connection: &mut Connection,
    person: &Person,
) -> Result<Vec<(i64, RawMail)>, StoreError> {
    let mut all = Vec::new();
    for mail in person.mails(connection).await? {
        if let Some((raw, _)) = mails::raw(connection, MailId(mail)).await? {
            all.push((mail, raw));
        }
    }
    Ok(all)
}

async fn of_table(
    connection: &mut Connection,
    table: &Table,
    person: &Person,
    own_mails: &[i64],
    letters: &[i64],
    conversations: &Conversations,
) -> Result<Vec<Value>, StoreError> {
    let needles = person.needles();
    let [one, two, three, four, five, six, seven, eight] = needles.texts();
    let at = match connection {
        Connection::Sqlite(_) => "instr",
        Connection::Postgres(_) => "strpos",
    };
    let mut wanted: Vec<String> = table
        .of_kind(Kind::Text)
        .flat_map(|column| {
            let name = column.name.clone();
            (1..=needle::MOST).map(move |place| format!("{at}(lower({name}), ${place}) > 0"))
        })
        .collect();
    if wanted.is_empty() {
        // Every parameter is to be used.
        let is_none = (1..=needle::MOST).map(|place| format!("CAST(${place} AS TEXT) IS NULL"));
        wanted.extend(is_none);
    }
    if let (true, Some(contact)) = (table.has("contact_id"), person.contact) {
        wanted.push(format!("contact_id = {contact}"));
    }
    let mut among = |column: &str, numbers: &[i64]| {
        if table.has(column) && !numbers.is_empty() {
            let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
            wanted.push(format!("{column} IN ({})", numbers.join(", ")));
        }
    };
    among("mail_id", own_mails);
    match table.name.as_str() {
        "mails" => among("id", own_mails),
        "letters" => among("id", letters),
        "conversations" => among("id", &conversations.all),
        "conversation_notes" => among("conversation_id", &conversations.alone),
        "letter_items" => among("letter_id", letters),
        _ => {}
    }
    let columns: Vec<&schema::Column> = table
        .columns
        .iter()
        .filter(|column| column.kind != Kind::Bytes)
        .collect();
    // As text, whatever it is: both databases then tell the same.
    let names: Vec<String> = columns
        .iter()
        .map(|column| format!("coalesce(CAST({} AS TEXT), '')", column.name))
        .collect();
    // One text for the whole row: how many columns there are differs.
    let row = names.join(" || $9 || ");
    let sql = format!(
        "SELECT {row} FROM {} WHERE $9 <> '' AND ({})",
        table.name,
        wanted.join(" OR ")
    );
    let sql = AssertSqlSafe(sql);
    let rows = fetch_all!(
        connection,
        (String,),
        sql,
        one,
        two,
        three,
        four,
        five,
        six,
        seven,
        eight,
        BETWEEN
    );
    let object = |(row,): (String,)| {
        let values = row.split(BETWEEN);
        let pairs = columns.iter().zip(values).map(|(column, value)| {
            let value = match (column.kind, value.parse::<i64>()) {
                (Kind::Number, Ok(number)) => number.into(),
                (Kind::Number, Err(_)) => Value::Null,
                (Kind::Text | Kind::Bytes, _) => value.into(),
            };
            (column.name.clone(), value)
        });
        Value::Object(pairs.collect::<Map<String, Value>>())
    };
    Ok(rows.into_iter().map(object).collect())
}

/// Between two columns; in no text that was ever typed.
const BETWEEN: &str = "\u{1f}\u{1e}\u{1f}";
