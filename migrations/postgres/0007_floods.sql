-- How much came, or went, of what: domain::flood::Scope. A window begins with the first that is counted.
CREATE TABLE tallies (
    key TEXT COLLATE "C" PRIMARY KEY,
    count BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    -- When staff were last told that it is full; zero: never.
    told_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX tallies_by_age ON tallies (began_at);

-- Mails that are decided about again later: what of them was too much, or what they wait for.
CREATE TABLE postponed (
    mail_id BIGINT PRIMARY KEY,
    key TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX postponed_due ON postponed (due_at, mail_id);
CREATE INDEX postponed_for ON postponed (key, mail_id);

-- How an address answers the letters of a conversation.
CREATE TABLE rhythms (
    conversation_id BIGINT NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    -- JSON: domain::rhythm::Rhythm.
    rhythm TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (conversation_id, address)
);

-- Whom staff have put on a list.
CREATE TABLE senders (
    -- As domain::senders::SenderPattern has it.
    pattern TEXT COLLATE "C" PRIMARY KEY,
    list TEXT COLLATE "C" NOT NULL CHECK (list IN ('allow', 'block')),
    set_by TEXT COLLATE "C" NOT NULL,
    set_at BIGINT NOT NULL
);

-- How many mails a pattern has kept out of sight, whoever has listed it.
CREATE TABLE blocked (
    pattern TEXT COLLATE "C" PRIMARY KEY,
    mails BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

-- Mails that a filter calls spam, of which staff are told together.
CREATE TABLE junk (
    mail_id BIGINT PRIMARY KEY,
    from_address TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    kept_at BIGINT NOT NULL,
    told BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX junk_untold ON junk (kept_at) WHERE told = 0;

-- What malware is in the mail: no file of it goes to the homeserver.
ALTER TABLE mails ADD COLUMN infected TEXT COLLATE "C" NOT NULL DEFAULT '';
