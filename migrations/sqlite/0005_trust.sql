-- Who sent a mail is found out once, after it is stored and before it is decided on.
-- Of mail that a server of ours handed over: who had handed it to that one, if it said so (XFORWARD).
ALTER TABLE mails ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE mails ADD COLUMN client_helo TEXT NOT NULL DEFAULT '';
-- JSON: domain::evidence::Evidence.
ALTER TABLE mails ADD COLUMN evidence TEXT NOT NULL DEFAULT '';
-- What follows from it; empty until somebody has looked.
ALTER TABLE mails ADD COLUMN verdict TEXT NOT NULL DEFAULT '' CHECK (verdict IN
    ('', 'verified', 'unverified', 'failed'));
-- How often the DNS gave no answer, and until when it isn't asked again.
ALTER TABLE mails ADD COLUMN checks INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mails ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;
CREATE INDEX mails_unchecked ON mails (not_before, id) WHERE state = 'waiting' AND verdict = '';
CREATE INDEX mails_checked ON mails (id) WHERE state = 'waiting' AND verdict <> '';

-- Mails that staff decide about; none is ever deleted or decided about by time.
CREATE TABLE held (
    -- People see it as the number of what is held.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mail_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    room_id TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    -- domain::trust::Held
    why TEXT NOT NULL,
    -- The sender was one of the conversation's people.
    is_member INTEGER NOT NULL,
    -- Staff are not told of it by a notice of its own.
    is_quiet INTEGER NOT NULL DEFAULT 0,
    -- For lists and reminders, as they stood in the mail.
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- As in `postings`: the same mail that comes twice is held once.
    message_id TEXT NOT NULL,
    from_address TEXT NOT NULL,
    date TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'releasing', 'released', 'dropped')),
    -- A Matrix user id.
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at INTEGER,
    -- The sender is to become one of the conversation's people.
    admits INTEGER NOT NULL DEFAULT 0,
    UNIQUE (mail_id, conversation_id),
    UNIQUE (conversation_id, message_id, from_address, date)
) STRICT;
CREATE INDEX held_waiting ON held (room_id, id) WHERE state = 'waiting';
CREATE INDEX held_told ON held (room_id) WHERE state = 'waiting' AND is_quiet = 0;
CREATE INDEX held_waiting_anywhere ON held (id) WHERE state = 'waiting';
CREATE INDEX held_releasing ON held (mail_id) WHERE state = 'releasing';

-- When staff were last reminded of what waits for them in a room.
CREATE TABLE reminders (
    room_id TEXT PRIMARY KEY,
    reminded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a conversation's address is signed with besides its number: numbers come again after a backup was
-- restored, and with a new salt old addresses lead nowhere. Conversations of earlier versions have none.
CREATE TABLE address_salts (
    conversation_id INTEGER PRIMARY KEY,
    salt TEXT NOT NULL DEFAULT (lower(hex(randomblob(10))))
) STRICT;
