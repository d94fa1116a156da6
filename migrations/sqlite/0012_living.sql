-- What a room is besides who is in it, and where it is in its life.
CREATE TABLE room_lives (
    room_id TEXT PRIMARY KEY,
    -- JSON: domain::room_rules::Creation; empty until it is known.
    creation TEXT NOT NULL DEFAULT '',
    -- JSON: domain::room_rules::Levels; empty: there are none, or they aren't known.
    levels TEXT NOT NULL DEFAULT '',
    -- The canonical alias.
    alias TEXT NOT NULL DEFAULT '',
    -- Nobody of staff is left in it.
    deserted INTEGER NOT NULL DEFAULT 0,
    -- The bot has decided to leave.
    leaving INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Rooms that are replaced by others.
CREATE TABLE successions (
    old_room_id TEXT PRIMARY KEY,
    new_room_id TEXT NOT NULL,
    said_by TEXT NOT NULL,
    said_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'moved', 'refused')),
    -- Staff know that the bot can't get in.
    told INTEGER NOT NULL DEFAULT 0,
    moved_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX successions_of_new ON successions (new_room_id);

-- Ghosts that staff have invited to rooms in which the bot isn't yet.
CREATE TABLE bids (
    room_id TEXT NOT NULL,
    localpart TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    invited_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, localpart)
) STRICT, WITHOUT ROWID;

-- What people of a room were told, and when last.
CREATE TABLE told (
    room_id TEXT NOT NULL,
    about TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, about)
) STRICT, WITHOUT ROWID;

-- Conversations whose thread stayed behind in the room that was replaced: what is shown of them next
-- begins another one.
CREATE TABLE uprooted (
    conversation_id INTEGER PRIMARY KEY
) STRICT;

-- The room by whose id the links for leaving are signed, of a subscription that has moved with its room
-- since; empty: by its own.
ALTER TABLE subscriptions ADD COLUMN signed_in TEXT NOT NULL DEFAULT '';

-- A room that is replaced takes along what ended in it, too.
CREATE INDEX requests_of_room ON requests (room_id);
CREATE INDEX requests_dismissed ON requests (told_in) WHERE state = 'dismissed';
CREATE INDEX room_aliases_of_room ON room_aliases (room_id);
CREATE INDEX held_in_room ON held (room_id);
CREATE INDEX outbox_pending ON outbox (lane, id) WHERE settled_at IS NULL;
