-- Letters hold more than words now: what is shared in a room, and for whom it isn't. A table's check
-- can't be changed in SQLite, so its rows move.
CREATE TABLE letter_items_anew (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    letter_id INTEGER NOT NULL REFERENCES letters (id),
    event_id TEXT NOT NULL,
    -- Place of the event in the inbox.
    inbox_seq INTEGER NOT NULL,
    room_id TEXT NOT NULL,
    author TEXT NOT NULL,
    by_staff INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('text', 'emote', 'shared', 'not_carried', 'correction', 'reaction', 'remark')),
    -- The words; of what is shared, those that came with it.
    body TEXT NOT NULL,
    html TEXT,
    quote TEXT NOT NULL DEFAULT '',
    -- The event that this one replies to.
    reply_to TEXT NOT NULL DEFAULT '',
    -- Place in the inbox of the event that took it out.
    struck INTEGER NOT NULL DEFAULT 0,
    -- The letter is settled: taken or refused by everybody's server.
    settled INTEGER NOT NULL DEFAULT 0,
    -- JSON: domain::sharing::Shared.
    shared TEXT NOT NULL DEFAULT '',
    -- JSON: domain::sharing::Fate; how a file travels in this letter, once that is decided.
    fate TEXT NOT NULL DEFAULT '',
    -- JSON array of the ids of contacts who have it already: who wrote it, and who got that mail.
    had_by TEXT NOT NULL DEFAULT '[]',
    -- Of a correction: the beginning of the message as it had been sent.
    earlier TEXT NOT NULL DEFAULT '',
    -- The event that brought what is shared: this one, or the last edit in time that shares another file.
    file_event TEXT NOT NULL,
    -- The message that a correction or a reaction is about, or the poll of a result.
    about TEXT NOT NULL DEFAULT '',
    -- The Matrix thread that it stands in.
    thread_root TEXT NOT NULL DEFAULT '',
    UNIQUE (letter_id, event_id)
) STRICT;
INSERT INTO letter_items_anew
    (id, letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, html, quote,
     reply_to, struck, settled, file_event)
SELECT id, letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, html, quote,
    reply_to, struck, settled, event_id FROM letter_items;
DROP TABLE letter_items;
ALTER TABLE letter_items_anew RENAME TO letter_items;
CREATE INDEX letter_items_of_event ON letter_items (event_id);
CREATE INDEX letter_items_of_file ON letter_items (file_event);
CREATE INDEX letter_items_unsettled ON letter_items (room_id, inbox_seq) WHERE settled = 0;
CREATE INDEX letter_items_settled ON letter_items (room_id, inbox_seq) WHERE settled = 1;
CREATE INDEX letter_items_about ON letter_items (about) WHERE about <> '';
CREATE INDEX letter_items_in_thread ON letter_items (thread_root) WHERE thread_root <> '';
CREATE INDEX letter_items_replying ON letter_items (reply_to) WHERE reply_to <> '';

-- In octets, what the mail server was found to take of this letter; zero: nothing is known.
ALTER TABLE letters ADD COLUMN most INTEGER NOT NULL DEFAULT 0;
-- Its letter's files are being fetched: this attempt has touched no mail server.
ALTER TABLE outbox ADD COLUMN preparing INTEGER NOT NULL DEFAULT 0;

-- Files that were shared in rooms: each is fetched once, for however many letters.
CREATE TABLE files (
    event_id TEXT PRIMARY KEY,
    -- mxc://…
    source TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN
        ('waiting', 'kept', 'too_large', 'missing', 'taken_back')),
    -- Octets, once they are known.
    size INTEGER NOT NULL DEFAULT 0,
    -- By the bytes, not by what the sender's client said.
    content_type TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    -- A small file stands here, a large one in the blob store under the name in `blob`.
    content BLOB,
    blob TEXT NOT NULL DEFAULT '',
    -- What is shown of a picture in the letter, if that isn't the picture itself.
    preview BLOB,
    preview_type TEXT NOT NULL DEFAULT '',
    preview_width INTEGER NOT NULL DEFAULT 0,
    preview_height INTEGER NOT NULL DEFAULT 0,
    -- Why it is missing.
    problem TEXT NOT NULL DEFAULT '',
    first_tried_at INTEGER,
    -- Whether the room was told that it isn't sent.
    told INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The links in letters, by which files too large for a mail are fetched. The link bears the number,
-- signed with the salt: numbers come again after a backup was restored.
CREATE TABLE links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    conversation_id INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    salt TEXT NOT NULL DEFAULT (lower(hex(randomblob(10)))),
    -- What the file is called; nothing once it was taken back.
    filename TEXT NOT NULL,
    -- A tag of BCP 47: that of the letter, for the pages.
    language TEXT NOT NULL,
    -- When somebody last asked for it after its end, and whether the room was told of that.
    asked_at INTEGER,
    told INTEGER NOT NULL DEFAULT 1,
    UNIQUE (event_id, conversation_id)
) STRICT;

CREATE INDEX links_asked ON links (id) WHERE told = 0;

-- Blobs of files that nothing refers to any more: first they stand here, then they are deleted.
CREATE TABLE spent_blobs (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE INDEX files_of_blob ON files (blob) WHERE blob <> '';
CREATE INDEX files_waiting ON files (event_id) WHERE state = 'waiting';

-- What staff have set for a room; everything else is as the configuration has it.
CREATE TABLE room_settings (
    room_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, key)
) STRICT, WITHOUT ROWID;

-- As their last mail has it: a tag of BCP 47, and a name of the time zone database or an offset.
ALTER TABLE contacts ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
-- The mail that said so; the newest counts.
ALTER TABLE contacts ADD COLUMN language_mail INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN time_zone_mail INTEGER NOT NULL DEFAULT 0;

-- The last mail that came in a conversation, as the next letter quotes it.
CREATE TABLE last_mails (
    conversation_id INTEGER PRIMARY KEY,
    mail_id INTEGER NOT NULL,
    author TEXT NOT NULL,
    -- RFC 3339 with the sender's offset; empty where the mail didn't say.
    written_at TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- Whose mail somebody took back in the room is quoted in no letter.
ALTER TABLE mails ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0;

-- Who, besides us, a mail went to or came from.
CREATE TABLE had (
    mail_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    PRIMARY KEY (mail_id, contact_id)
) STRICT, WITHOUT ROWID;

-- Mails at the top of threads that come from nowhere in their conversation: the next letters name them.
CREATE TABLE loose_ends (
    conversation_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    -- A letter has named it.
    tied INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, position),
    UNIQUE (conversation_id, message_id)
) STRICT, WITHOUT ROWID;

-- People may be copied in; whose mail doesn't prove who sent it only offers somebody to staff.
CREATE TABLE participants_anew (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    position INTEGER NOT NULL,
    role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'guest', 'offered', 'removed')),
    -- Of a guest, and of somebody offered: the contact who copied them in.
    copied_by INTEGER NOT NULL DEFAULT 0,
    -- Of somebody who stays out: staff know that they are copied in nevertheless.
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, contact_id)
) STRICT, WITHOUT ROWID;
INSERT INTO participants_anew (conversation_id, contact_id, position, role)
SELECT conversation_id, contact_id, position, role FROM participants;
DROP TABLE participants;
ALTER TABLE participants_anew RENAME TO participants;
CREATE INDEX participants_of_contact ON participants (contact_id);

-- Closed since everybody had left the broadcast: it opens again when somebody comes back.
ALTER TABLE conversations ADD COLUMN deserted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversations_deserted ON conversations (room_id) WHERE deserted = 1;

-- A mail is shown by several events, in several rooms.
CREATE INDEX shown_of_mail ON shown (mail_id);

-- The same mail is known by its id, wherever it was posted.
CREATE INDEX postings_of_mail ON postings (message_id);

-- Who votes for what; the newest vote of each counts.
CREATE TABLE votes (
    poll_id TEXT NOT NULL,
    voter TEXT NOT NULL,
    -- The event that says so.
    event_id TEXT NOT NULL,
    -- JSON array of the ids of the answers.
    answers TEXT NOT NULL,
    voted_at INTEGER NOT NULL,
    PRIMARY KEY (poll_id, voter)
) STRICT, WITHOUT ROWID;

-- Polls that have ended: nothing more is counted.
CREATE TABLE ended_polls (
    poll_id TEXT PRIMARY KEY,
    ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which events have changed what a message says, oldest first by place. One that is taken back is gone.
CREATE TABLE edits (
    event_id TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    -- Place of the edit in the inbox.
    inbox_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX edits_of_message ON edits (message_id, inbox_seq);

-- Who gets the letters of a room in broadcast mode; the links for leaving bear the number, signed.
-- Somebody who leaves leaves the room, with all of its threads.
CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL,
    contact_id INTEGER NOT NULL,
    -- Whose letter was the first.
    conversation_id INTEGER NOT NULL,
    ended_at INTEGER,
    -- Whether the room knows of the last change.
    told INTEGER NOT NULL DEFAULT 1,
    UNIQUE (room_id, contact_id)
) STRICT;
CREATE INDEX subscriptions_untold ON subscriptions (id) WHERE told = 0;

-- A Matrix thread of a room is a conversation of its own with each customer, once.
CREATE UNIQUE INDEX conversations_of_thread ON conversations (room_id, thread_root, customer_id)
    WHERE thread_root <> '';

-- What was taken out of a letter before a mail's attempt began, by places in the inbox, was not in it:
-- `letter_items.struck` is the place of the event that took the message out.
ALTER TABLE outbox ADD COLUMN spared INTEGER NOT NULL DEFAULT 0;
