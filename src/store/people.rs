//! Contacts, their ghosts, and the customers that they make up.

use super::{Connection, StoreError, Tx};
use crate::domain::{
    address::{EmailAddress, NamedAddress},
    ghost,
    ids::{ContactId, CustomerId},
};

statements! {
    SELECT_BY_ADDRESS = "
        SELECT id, written, name, ghost, registered, profile_name FROM contacts WHERE address = $1";
    SELECT_BY_GHOST = "
        SELECT id, written, name, ghost, registered, profile_name FROM contacts WHERE ghost = $1";
    SELECT = "SELECT id, written, name, ghost, registered, profile_name FROM contacts WHERE id = $1";
    INSERT = "
        INSERT INTO contacts (address, written, name, named_by_staff, ghost, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    NAME_BY_STAFF = "UPDATE contacts SET name = $2, named_by_staff = 1 WHERE id = $1";
    NAME_BY_MAIL = "UPDATE contacts SET name = $2 WHERE id = $1 AND named_by_staff = 0";
    SET_REGISTERED = "UPDATE contacts SET registered = 1 WHERE id = $1";
    SET_PROFILE_NAME = "UPDATE contacts SET profile_name = $2 WHERE id = $1";
    SELECT_CUSTOMERS = "
        SELECT customers.id, (SELECT count(*) FROM customer_contacts WHERE customer_id = customers.id)
        FROM customers JOIN customer_contacts ON customer_id = customers.id
        WHERE contact_id = $1 AND mailbox = $2 ORDER BY customers.id";
    IS_IN_CUSTOMER = "SELECT count(*) FROM customer_contacts WHERE customer_id = $1 AND contact_id = $2";
    INSERT_CUSTOMER = "INSERT INTO customers (mailbox, created_at) VALUES ($1, $2) RETURNING id";
    INSERT_CUSTOMER_CONTACT = "INSERT INTO customer_contacts (customer_id, contact_id) VALUES ($1, $2)";
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: ContactId,
    pub address: EmailAddress,
    /// What they or staff say they are called; may be empty.
    pub name: String,
    /// Localpart of the ghost.
    pub ghost: String,
    pub registered: bool,
    /// The display name that the homeserver knows for the ghost.
    pub profile_name: String,
}

impl Contact {
    /// What people call them: never empty.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() {
            self.address.local_part()
        } else {
            &self.name
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    written: String,
    name: String,
    ghost: String,
    registered: i64,
    profile_name: String,
}

impl TryFrom<Row> for Contact {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: ContactId(row.id),
            address: address(&row.written)?,
            name: row.name,
            ghost: row.ghost,
            registered: row.registered == 1,
            profile_name: row.profile_name,
        })
    }
}

/// An address that was written by this program.
pub(super) fn address(text: &str) -> Result<EmailAddress, StoreError> {
    EmailAddress::parse(text).map_err(|fault| StoreError::Value(fault.to_string()))
}

/// The contact with this address; a new one gets a ghost whose id ends in `tail`, from chance. A
/// name given here is one that staff gave.
pub async fn ensure_contact(
    tx: &mut Tx,
    person: &NamedAddress,
    tail: &str,
    now: i64,
) -> Result<ContactId, StoreError> {
    if let Some(known) = by_address(tx.connection(), &person.address).await? {
        if let Some(name) = &person.name {
            execute!(tx.connection(), NAME_BY_STAFF, known.0, name);
        }
        return Ok(known);
    }
    insert(tx, person, person.name.is_some(), tail, now).await
}

/// As [`ensure_contact`], for somebody whom a mail names: of a known one it changes nothing.
pub async fn ensure_copied_in(
    tx: &mut Tx,
    person: &NamedAddress,
    tail: &str,
    now: i64,
) -> Result<ContactId, StoreError> {
    match by_address(tx.connection(), &person.address).await? {
        Some(known) => Ok(known),
        None => insert(tx, person, false, tail, now).await,
    }
}

async fn by_address(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<Option<ContactId>, StoreError> {
    let row = fetch_optional!(connection, Row, SELECT_BY_ADDRESS, address.key());
    Ok(row.map(|row| ContactId(row.id)))
}

async fn insert(
    tx: &mut Tx,
    person: &NamedAddress,
    is_named_by_staff: bool,
    tail: &str,
    now: i64,
) -> Result<ContactId, StoreError> {
    let connection = tx.connection();
    let name = person.name.as_deref().unwrap_or_default();
    let (id,) = fetch_one!(
        connection,
        (i64,),
        INSERT,
        person.address.key(),
        person.address.as_str(),
        name,
        i64::from(is_named_by_staff),
        ghost::localpart(name, &person.address, tail),
        now,
    );
    Ok(ContactId(id))
}

/// The contact with this address.
pub async fn find(
    connection: &mut Connection,
    address: &EmailAddress,
) -> Result<Option<Contact>, StoreError> {
    fetch_optional!(connection, Row, SELECT_BY_ADDRESS, address.key())
        .map(TryInto::try_into)
        .transpose()
}

pub async fn contact(connection: &mut Connection, id: ContactId) -> Result<Contact, StoreError> {
    fetch_one!(connection, Row, SELECT, id.0).try_into()
}

pub async fn by_ghost(
    connection: &mut Connection,
    localpart: &str,
) -> Result<Option<Contact>, StoreError> {
    fetch_optional!(connection, Row, SELECT_BY_GHOST, localpart)
        .map(TryInto::try_into)
        .transpose()
}

/// Takes over what a mail says its sender is called, unless staff have named them.
pub async fn name_by_mail(tx: &mut Tx, id: ContactId, name: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), NAME_BY_MAIL, id.0, name);
    Ok(())
}

pub async fn set_registered(tx: &mut Tx, id: ContactId) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_REGISTERED, id.0);
    Ok(())
}

pub async fn set_profile_name(tx: &mut Tx, id: ContactId, name: &str) -> Result<(), StoreError> {
    execute!(tx.connection(), SET_PROFILE_NAME, id.0, name);
    Ok(())
}

/// The mailbox's customer who is made up of exactly these contacts.
pub async fn ensure_customer(
    tx: &mut Tx,
    mailbox: &str,
    contacts: &[ContactId],
    now: i64,
) -> Result<CustomerId, StoreError> {
    let connection = tx.connection();
    let first = contacts.first().map_or(0, |contact| contact.0);
    let size = i64::try_from(contacts.len()).unwrap_or(i64::MAX);
    for (customer, members) in fetch_all!(connection, (i64, i64), SELECT_CUSTOMERS, first, mailbox)
    {
        let mut same = members == size;
        for contact in contacts {
            same =
                same && fetch_one!(connection, (i64,), IS_IN_CUSTOMER, customer, contact.0).0 == 1;
        }
        if same {
            return Ok(CustomerId(customer));
        }
    }
    let (customer,) = fetch_one!(connection, (i64,), INSERT_CUSTOMER, mailbox, now);
    for contact in contacts {
        execute!(connection, INSERT_CUSTOMER_CONTACT, customer, contact.0);
    }
    Ok(CustomerId(customer))
}
