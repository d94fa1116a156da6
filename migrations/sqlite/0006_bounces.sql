-- How addresses do that mail has failed for. The address is in lower case.
CREATE TABLE troubled_addresses (
    address TEXT PRIMARY KEY,
    -- Points for failures, and when the last of them was counted.
    points INTEGER NOT NULL DEFAULT 0,
    counted_at INTEGER NOT NULL DEFAULT 0,
    -- Since when no mail goes to it; NULL while it does.
    suspended_at INTEGER,
    -- JSON: domain::bounce::Cause.
    cause TEXT NOT NULL DEFAULT '',
    -- Staff know that the address seems to work again.
    offered INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What was reported of a letter to an address, and what wasn't sent to one that is suspended: each is
-- told once. An empty address: reported of one to which the letter hadn't gone.
CREATE TABLE letter_marks (
    address TEXT NOT NULL,
    letter_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('failed', 'delayed', 'complaint', 'unsent')),
    -- Something vouched for it.
    vouched INTEGER NOT NULL,
    marked_at INTEGER NOT NULL,
    PRIMARY KEY (address, letter_id, kind)
) STRICT, WITHOUT ROWID;

-- Automatic replies that were shown, by how they begin: the same isn't shown again and again.
CREATE TABLE auto_replies (
    conversation_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('absence', 'other')),
    beginning TEXT NOT NULL,
    shown_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, contact_id, kind, beginning)
) STRICT, WITHOUT ROWID;
