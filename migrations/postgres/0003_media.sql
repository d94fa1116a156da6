-- What of which mail the homeserver keeps already, so that a file goes up once however often its event
-- is tried.
CREATE TABLE uploads (
    mail_id BIGINT NOT NULL,
    -- `file 0`, `text` or `original`.
    part TEXT COLLATE "C" NOT NULL,
    -- JSON: what an event's content says of it.
    content TEXT COLLATE "C" NOT NULL,
    uploaded_at BIGINT NOT NULL,
    PRIMARY KEY (mail_id, part)
);

-- Which events show which mail.
CREATE TABLE shown (
    event_id TEXT COLLATE "C" NOT NULL,
    conversation_id BIGINT NOT NULL,
    mail_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (event_id, conversation_id)
);

-- What staff's reaction to a notice of the bot does.
CREATE TABLE offers (
    event_id TEXT COLLATE "C" PRIMARY KEY,
    -- JSON: domain::outgoing::Offer.
    offer TEXT COLLATE "C" NOT NULL,
    -- When somebody took it up; NULL until then.
    taken_at BIGINT
);

-- The last lines of what each sender wrote lately: those that come again are their signature.
CREATE TABLE endings (
    sender TEXT COLLATE "C" NOT NULL,
    mail_id BIGINT NOT NULL,
    -- JSON array, in the order in which they stood.
    lines TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (sender, mail_id)
);
