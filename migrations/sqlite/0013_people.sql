-- What other clients and tools are told of a room: that a bridge serves it, and who in it is the bot.
CREATE TABLE room_signs (
    room_id TEXT PRIMARY KEY,
    -- Somebody came or went: it may have to say something else.
    due INTEGER NOT NULL DEFAULT 0,
    -- JSON: domain::signs::Signs, as they were last put up; empty: there are none.
    stated TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX room_signs_due ON room_signs (room_id) WHERE due = 1;

-- The pictures of people, and what of them the homeserver has.
CREATE TABLE portraits (
    contact_id INTEGER PRIMARY KEY,
    -- The one that they sent themselves, drawn anew as PNG; NULL: their initials stand for them.
    picture BLOB,
    -- The digest of what they had sent.
    source TEXT NOT NULL DEFAULT '',
    -- What the homeserver was given last, and where it is then (mxc://…).
    uploaded TEXT NOT NULL DEFAULT '',
    mxc TEXT NOT NULL DEFAULT '',
    -- What the ghost's profile has.
    worn TEXT NOT NULL DEFAULT ''
) STRICT;

-- Which messages were said to be sent, late or not sent, by an event of its own: each is said once.
CREATE TABLE message_statuses (
    event_id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('sent', 'late', 'failed'))
) STRICT, WITHOUT ROWID;

-- People of whom everything is to go.
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- In lower case; empty once it is done.
    address TEXT NOT NULL,
    -- Zero if nobody of that address is known, or until that was looked for.
    contact_id INTEGER NOT NULL DEFAULT 0,
    -- What they have said in rooms is redacted, too.
    redacts INTEGER NOT NULL,
    -- A Matrix user id; empty: by the command line.
    asked_by TEXT NOT NULL,
    -- Where it is answered; empty: in the control room.
    room_id TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'leaving', 'retiring', 'done')),
    -- When the next step may be taken, and since when it waits for others.
    next_at INTEGER NOT NULL DEFAULT 0,
    since INTEGER NOT NULL DEFAULT 0,
    -- What the homeserver would not do.
    problem TEXT NOT NULL DEFAULT '',
    -- How much of what they have said and done could not be taken back.
    kept INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX erasures_open ON erasures (next_at) WHERE state <> 'done';

-- Blobs that are being written for mails of others, without somebody who is erased. One that takes no
-- mail's place is deleted.
CREATE TABLE crossed_out (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
