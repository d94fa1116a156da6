-- How addresses do that mail has failed for. The address is in lower case.
CREATE TABLE troubled_addresses (
    address TEXT COLLATE "C" PRIMARY KEY,
    -- Points for failures, and when the last of them was counted.
    points BIGINT NOT NULL DEFAULT 0,
    counted_at BIGINT NOT NULL DEFAULT 0,
    -- Since when no mail goes to it; NULL while it does.
    suspended_at BIGINT,
    -- JSON: domain::bounce::Cause.
    cause TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- Staff know that the address seems to work again.
    offered BIGINT NOT NULL DEFAULT 0
);

-- What was reported of a letter to an address, and what wasn't sent to one that is suspended: each is
-- told once. An empty address: reported of one to which the letter hadn't gone.
CREATE TABLE letter_marks (
    address TEXT COLLATE "C" NOT NULL,
    letter_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('failed', 'delayed', 'complaint', 'unsent')),
    -- Something vouched for it.
    vouched BIGINT NOT NULL,
    marked_at BIGINT NOT NULL,
    PRIMARY KEY (address, letter_id, kind)
);

-- Automatic replies that were shown, by how they begin: the same isn't shown again and again.
CREATE TABLE auto_replies (
    conversation_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('absence', 'other')),
    beginning TEXT COLLATE "C" NOT NULL,
    shown_at BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, contact_id, kind, beginning)
);
