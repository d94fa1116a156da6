-- What somebody wants whose mail belongs to no conversation: staff decide, or a rule of theirs does.
CREATE TABLE requests (
    -- People see it as the request's number.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox TEXT NOT NULL,
    -- The sender's, in lower case; and as it stood in the mail.
    address TEXT NOT NULL,
    written TEXT NOT NULL,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- The room that is to come into the Space, as its sender names it; empty where they want something
    -- else.
    space TEXT NOT NULL DEFAULT '',
    -- Of what its sender wrote: a tag of BCP 47.
    language TEXT NOT NULL DEFAULT 'en',
    state TEXT NOT NULL
        CHECK (state IN ('waiting', 'opening', 'opened', 'answered', 'dismissed')),
    -- The room in which staff are asked; empty where there is none.
    told_in TEXT NOT NULL,
    -- Where its mails are, once they are somewhere.
    room_id TEXT NOT NULL DEFAULT '',
    conversation_id INTEGER,
    -- A Matrix user id; empty where a rule has decided.
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at INTEGER,
    created_at INTEGER NOT NULL,
    reminded_at INTEGER,
    -- When a rule had a room made for it.
    ordered_at INTEGER,
    -- Staff know that its room can't be made for now.
    trouble_told INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Nobody has two under way for the same.
CREATE UNIQUE INDEX requests_under_way ON requests (mailbox, address, space)
    WHERE state IN ('waiting', 'opening');
CREATE INDEX requests_waiting ON requests (id) WHERE state IN ('waiting', 'opening');
CREATE INDEX requests_by_rule ON requests (mailbox, ordered_at) WHERE ordered_at IS NOT NULL;

-- The mails of a request, in order of their ids. The same mail that comes twice is one; one that came to
-- several mailboxes is in a request of each.
CREATE TABLE request_mails (
    mail_id INTEGER NOT NULL,
    request_id INTEGER NOT NULL,
    mailbox TEXT NOT NULL,
    message_id TEXT NOT NULL,
    from_address TEXT NOT NULL,
    date TEXT NOT NULL,
    PRIMARY KEY (mail_id, request_id),
    UNIQUE (message_id, from_address, date, mailbox)
) STRICT;
CREATE INDEX request_mails_of_request ON request_mails (request_id, mail_id);

CREATE INDEX conversations_by_room ON conversations (room_id);

-- Since when staff call a conversation closed.
ALTER TABLE conversations ADD COLUMN done_since INTEGER;
-- What comes for a conversation that was closed long ago goes on in another one.
CREATE TABLE continuations (
    conversation_id INTEGER PRIMARY KEY,
    by_id INTEGER NOT NULL
) STRICT;
