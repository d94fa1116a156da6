-- Times are milliseconds since 1970, truth is 0 or 1, and an empty text means "none" unless a
-- column may be NULL. Only TEXT, INTEGER and BLOB are used, so that PostgreSQL can follow. Large tables
-- don't refer to others by constraint: the check would walk through them.

-- Secrets that sign reply tokens and Message-IDs. The newest signs, all verify.
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Transactions of the homeserver. An id proves a repeat only together with the body's digest:
-- numbering begins anew when a homeserver is restarted.
CREATE TABLE transactions (
    txn_id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;

-- What the homeserver handed over. The id is the event id and stays for all time.
CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('event', 'ephemeral', 'to_device')),
    id TEXT NOT NULL UNIQUE,
    room_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    trace TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'set_aside')),
    problem TEXT NOT NULL DEFAULT '',
    -- Stays in Matrix, and so does what hangs on it.
    internal INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX inbox_waiting ON inbox (seq) WHERE state = 'waiting';

CREATE TABLE rooms (
    room_id TEXT PRIMARY KEY,
    mailbox TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    encrypted INTEGER NOT NULL DEFAULT 0,
    bot_joined INTEGER NOT NULL DEFAULT 0,
    -- When the room's state was fetched; NULL until then.
    known_at INTEGER
) STRICT;

CREATE TABLE members (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    membership TEXT NOT NULL CHECK (membership IN ('invite', 'join', 'knock', 'leave', 'ban')),
    name TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    -- In lower case; `written` is how its owner writes it.
    address TEXT NOT NULL UNIQUE,
    written TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    -- A name given by staff isn't changed by what mails say.
    named_by_staff INTEGER NOT NULL DEFAULT 0,
    ghost TEXT NOT NULL UNIQUE,
    -- What the homeserver knows of the ghost, so that it is told only what is new.
    registered INTEGER NOT NULL DEFAULT 0,
    profile_name TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    mailbox TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT '',
    time_zone TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE customer_contacts (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (customer_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX customers_of_contact ON customer_contacts (contact_id);

CREATE TABLE conversations (
    -- The conversation's number, as people see it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL,
    thread_root TEXT NOT NULL DEFAULT '',
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    mailbox TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'pending', 'closed')),
    assignee TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    closed_at INTEGER
) STRICT;
CREATE INDEX conversations_of_customer ON conversations (customer_id);
CREATE INDEX conversations_of_room ON conversations (room_id) WHERE state <> 'closed';

-- Whom a conversation's letters go to, in the order in which they were added.
CREATE TABLE participants (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    position INTEGER NOT NULL,
    role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'guest', 'removed')),
    PRIMARY KEY (conversation_id, contact_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX participants_of_contact ON participants (contact_id);

-- Every Message-ID of a conversation in its order: References, and the way back.
CREATE TABLE chain (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    message_id TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    UNIQUE (message_id, conversation_id)
) STRICT;
CREATE INDEX chain_of_conversation ON chain (conversation_id, seq);

CREATE TABLE letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'sealed', 'settled')),
    opened_at INTEGER NOT NULL,
    -- NULL while it holds only what rides with a letter.
    due_at INTEGER,
    latest_at INTEGER,
    trace TEXT NOT NULL,
    -- Minted when the letter is sealed.
    sealed_at INTEGER,
    message_id TEXT NOT NULL DEFAULT '',
    -- The rest of what the decision to seal fixed, as JSON: domain::letter::Seal.
    seal TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX letters_open ON letters (conversation_id) WHERE state = 'open';
CREATE INDEX letters_of_conversation ON letters (conversation_id, state);
CREATE INDEX letters_due ON letters (due_at) WHERE state = 'open';

CREATE TABLE letter_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    letter_id INTEGER NOT NULL REFERENCES letters (id),
    event_id TEXT NOT NULL,
    -- Place of the event in the inbox.
    inbox_seq INTEGER NOT NULL,
    room_id TEXT NOT NULL,
    author TEXT NOT NULL,
    by_staff INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('text', 'emote', 'not_carried', 'correction', 'reaction')),
    body TEXT NOT NULL,
    html TEXT,
    quote TEXT NOT NULL DEFAULT '',
    -- The event that this one replies to.
    reply_to TEXT NOT NULL DEFAULT '',
    struck INTEGER NOT NULL DEFAULT 0,
    -- The letter is settled: taken or refused by everybody's server.
    settled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (letter_id, event_id)
) STRICT;
CREATE INDEX letter_items_of_event ON letter_items (event_id);
CREATE INDEX letter_items_unsettled ON letter_items (room_id, inbox_seq) WHERE settled = 0;
CREATE INDEX letter_items_settled ON letter_items (room_id, inbox_seq) WHERE settled = 1;

-- Which event is which mail.
CREATE TABLE messages (
    event_id TEXT NOT NULL,
    conversation_id INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    PRIMARY KEY (event_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_of_mail ON messages (message_id, conversation_id);

-- Mail as it was handed over, with what SPF will need.
CREATE TABLE mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL CHECK (source IN ('lmtp', 'imap')),
    peer TEXT NOT NULL,
    helo TEXT NOT NULL,
    sender TEXT NOT NULL,
    -- JSON array of the envelope's recipients.
    recipients TEXT NOT NULL,
    size INTEGER NOT NULL,
    -- A small mail stands here, a large one in the blob store under the name in `blob`.
    raw BLOB,
    blob TEXT NOT NULL DEFAULT '',
    digest TEXT NOT NULL,
    trace TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'kept', 'set_aside')),
    -- How often work on it was begun: one that ends the process every time is set aside.
    attempts INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',
    problem TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT '',
    message_id TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX mails_waiting ON mails (id) WHERE state = 'waiting';

-- What has been posted where: the same mail isn't posted twice in one conversation.
CREATE TABLE postings (
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    message_id TEXT NOT NULL,
    from_address TEXT NOT NULL,
    date TEXT NOT NULL,
    mail_id INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, message_id, from_address, date)
) STRICT, WITHOUT ROWID;

-- What is to leave the machine. Of each lane one row is at its head, the others are queued behind.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    way TEXT NOT NULL CHECK (way IN ('matrix', 'mail')),
    lane TEXT NOT NULL,
    effect_id TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('queued', 'ready', 'attempting', 'delivered', 'refused', 'withdrawn')),
    -- An attempt ended without an answer: the other side may have it.
    uncertain INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    -- Until when the attempt belongs to who began it.
    lease_until INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    -- The event id, or the mail server's answer.
    result TEXT NOT NULL DEFAULT '',
    -- The letter whose delivery this is.
    letter_id INTEGER REFERENCES letters (id),
    trace TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE INDEX outbox_ready ON outbox (way, next_at) WHERE state = 'ready';
CREATE UNIQUE INDEX outbox_head ON outbox (lane) WHERE state IN ('ready', 'attempting');
CREATE INDEX outbox_queued ON outbox (lane, id) WHERE state = 'queued';
CREATE INDEX outbox_attempting ON outbox (lease_until) WHERE state = 'attempting';
CREATE INDEX outbox_unsettled ON outbox (way) WHERE settled_at IS NULL;
CREATE INDEX outbox_of_letter ON outbox (letter_id) WHERE letter_id IS NOT NULL;
