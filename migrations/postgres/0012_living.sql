-- What a room is besides who is in it, and where it is in its life.
CREATE TABLE room_lives (
    room_id TEXT COLLATE "C" PRIMARY KEY,
    -- JSON: domain::room_rules::Creation; empty until it is known.
    creation TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- JSON: domain::room_rules::Levels; empty: there are none, or they aren't known.
    levels TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- The canonical alias.
    alias TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- Nobody of staff is left in it.
    deserted BIGINT NOT NULL DEFAULT 0,
    -- The bot has decided to leave.
    leaving BIGINT NOT NULL DEFAULT 0
);

-- Rooms that are replaced by others.
CREATE TABLE successions (
    old_room_id TEXT COLLATE "C" PRIMARY KEY,
    new_room_id TEXT COLLATE "C" NOT NULL,
    said_by TEXT COLLATE "C" NOT NULL,
    said_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'moved', 'refused')),
    -- Staff know that the bot can't get in.
    told BIGINT NOT NULL DEFAULT 0,
    moved_at BIGINT
);
CREATE INDEX successions_of_new ON successions (new_room_id);

-- Ghosts that staff have invited to rooms in which the bot isn't yet.
CREATE TABLE bids (
    room_id TEXT COLLATE "C" NOT NULL,
    localpart TEXT COLLATE "C" NOT NULL,
    invited_by TEXT COLLATE "C" NOT NULL,
    invited_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, localpart)
);

-- What people of a room were told, and when last.
CREATE TABLE told (
    room_id TEXT COLLATE "C" NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, about)
);

-- Conversations whose thread stayed behind in the room that was replaced: what is shown of them next
-- begins another one.
CREATE TABLE uprooted (
    conversation_id BIGINT PRIMARY KEY
);

-- The room by whose id the links for leaving are signed, of a subscription that has moved with its room
-- since; empty: by its own.
ALTER TABLE subscriptions ADD COLUMN signed_in TEXT COLLATE "C" NOT NULL DEFAULT '';

-- A room that is replaced takes along what ended in it, too.
CREATE INDEX requests_of_room ON requests (room_id);
CREATE INDEX requests_dismissed ON requests (told_in) WHERE state = 'dismissed';
CREATE INDEX room_aliases_of_room ON room_aliases (room_id);
CREATE INDEX held_in_room ON held (room_id);
CREATE INDEX outbox_pending ON outbox (lane, id) WHERE settled_at IS NULL;
