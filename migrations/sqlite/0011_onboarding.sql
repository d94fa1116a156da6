-- From mail to Matrix. Who may come into a room by themselves, and what they read there, in the words of
-- the spec; empty where nobody has looked yet.
CREATE TABLE room_access (
    room_id TEXT PRIMARY KEY,
    join_rule TEXT NOT NULL DEFAULT '',
    history TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
-- The state of rooms from before is fetched once more, each with its next event.
UPDATE rooms SET known_at = NULL;

-- Which Matrix user a contact is: they have come into a room at our invitation, or staff have said so.
CREATE TABLE matrix_links (
    contact_id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    linked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX matrix_links_of_user ON matrix_links (user_id);

-- How far somebody is on their way from mail to Matrix, in each room.
CREATE TABLE moves (
    room_id TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    -- domain::onboarding::State
    state TEXT NOT NULL CHECK (state IN
        ('waiting', 'inviting', 'invited', 'refused', 'declined', 'joined', 'left', 'put_out')),
    -- They want mail besides.
    keeps_mail INTEGER NOT NULL DEFAULT 0,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX moves_of_user ON moves (room_id, user_id);
CREATE INDEX moves_of_contact ON moves (contact_id);
CREATE INDEX moves_unfinished ON moves (state) WHERE state IN ('waiting', 'refused');

-- Who has had the welcome mail of a mailbox.
CREATE TABLE welcomes (
    contact_id INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    PRIMARY KEY (contact_id, mailbox)
) STRICT, WITHOUT ROWID;

-- Servers that staff have allowed besides those of the configuration.
CREATE TABLE allowed_servers (
    -- As domain::matrix_id::ServerPattern has it.
    server TEXT PRIMARY KEY,
    allowed_by TEXT NOT NULL,
    allowed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
