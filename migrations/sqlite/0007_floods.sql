-- How much came, or went, of what: domain::flood::Scope. A window begins with the first that is counted.
CREATE TABLE tallies (
    key TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    -- When staff were last told that it is full; zero: never.
    told_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX tallies_by_age ON tallies (began_at);

-- Mails that are decided about again later: what of them was too much, or what they wait for.
CREATE TABLE postponed (
    mail_id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX postponed_due ON postponed (due_at, mail_id);
CREATE INDEX postponed_for ON postponed (key, mail_id);

-- How an address answers the letters of a conversation.
CREATE TABLE rhythms (
    conversation_id INTEGER NOT NULL,
    address TEXT NOT NULL,
    -- JSON: domain::rhythm::Rhythm.
    rhythm TEXT NOT NULL,
    PRIMARY KEY (conversation_id, address)
) STRICT, WITHOUT ROWID;

-- Whom staff have put on a list.
CREATE TABLE senders (
    -- As domain::senders::SenderPattern has it.
    pattern TEXT PRIMARY KEY,
    list TEXT NOT NULL CHECK (list IN ('allow', 'block')),
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many mails a pattern has kept out of sight, whoever has listed it.
CREATE TABLE blocked (
    pattern TEXT PRIMARY KEY,
    mails INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Mails that a filter calls spam, of which staff are told together.
CREATE TABLE junk (
    mail_id INTEGER PRIMARY KEY,
    from_address TEXT NOT NULL,
    why TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX junk_untold ON junk (kept_at) WHERE told = 0;

-- What malware is in the mail: no file of it goes to the homeserver.
ALTER TABLE mails ADD COLUMN infected TEXT NOT NULL DEFAULT '';
