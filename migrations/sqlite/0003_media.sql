-- What of which mail the homeserver keeps already, so that a file goes up once however often its event
-- is tried.
CREATE TABLE uploads (
    mail_id INTEGER NOT NULL,
    -- `file 0`, `text` or `original`.
    part TEXT NOT NULL,
    -- JSON: what an event's content says of it.
    content TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    PRIMARY KEY (mail_id, part)
) STRICT, WITHOUT ROWID;

-- Which events show which mail.
CREATE TABLE shown (
    event_id TEXT NOT NULL,
    conversation_id INTEGER NOT NULL,
    mail_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (event_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- What staff's reaction to a notice of the bot does.
CREATE TABLE offers (
    event_id TEXT PRIMARY KEY,
    -- JSON: domain::outgoing::Offer.
    offer TEXT NOT NULL,
    -- When somebody took it up; NULL until then.
    taken_at INTEGER
) STRICT, WITHOUT ROWID;

-- The last lines of what each sender wrote lately: those that come again are their signature.
CREATE TABLE endings (
    sender TEXT NOT NULL,
    mail_id INTEGER NOT NULL,
    -- JSON array, in the order in which they stood.
    lines TEXT NOT NULL,
    PRIMARY KEY (sender, mail_id)
) STRICT, WITHOUT ROWID;
