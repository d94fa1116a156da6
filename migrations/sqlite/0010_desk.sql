-- The bot's one answer to a command, which is changed while work goes on.
CREATE TABLE answers (
    -- The event that it answers.
    event_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL,
    -- Of the row of the outbox that said it first.
    effect_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What staff make of a conversation: domain::desk. `state` says whether anybody takes part in it.
ALTER TABLE conversations ADD COLUMN progress TEXT NOT NULL DEFAULT 'open'
    CHECK (progress IN ('open', 'pending', 'done'));
-- What staff call it; empty: as its subject.
ALTER TABLE conversations ADD COLUMN title TEXT NOT NULL DEFAULT '';
-- Since when its customer waits for an answer.
ALTER TABLE conversations ADD COLUMN waits_since INTEGER;
-- Since when it had waited before it was answered, and the place in the inbox of what answered it: if no
-- answer goes in the end, it still waits.
ALTER TABLE conversations ADD COLUMN waited_since INTEGER;
ALTER TABLE conversations ADD COLUMN answered_seq INTEGER;
-- When staff were last told that it waits too long.
ALTER TABLE conversations ADD COLUMN reminded_at INTEGER;
CREATE INDEX conversations_waiting ON conversations (waits_since) WHERE waits_since IS NOT NULL;
CREATE INDEX conversations_reminded ON conversations (reminded_at) WHERE reminded_at IS NOT NULL;
CREATE INDEX conversations_by_progress ON conversations (progress, id);
CREATE INDEX conversations_of_assignee ON conversations (assignee) WHERE assignee <> '';

-- What staff have noted with a conversation.
CREATE TABLE conversation_notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL,
    -- A Matrix user id.
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    written_at INTEGER NOT NULL
) STRICT;
CREATE INDEX conversation_notes_of ON conversation_notes (conversation_id, id);

-- What comes for a conversation that is no more goes on in another one.
CREATE TABLE merged_conversations (
    conversation_id INTEGER PRIMARY KEY,
    into_id INTEGER NOT NULL,
    merged_at INTEGER NOT NULL
) STRICT;
CREATE INDEX merged_conversations_into ON merged_conversations (into_id);

-- Direct chats with the bot.
CREATE TABLE direct_rooms (
    room_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- To which rooms aliases lead, as far as commands have named them; an empty room: to none.
CREATE TABLE room_aliases (
    alias TEXT PRIMARY KEY,
    room_id TEXT NOT NULL,
    looked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
