-- The bot's one answer to a command, which is changed while work goes on.
CREATE TABLE answers (
    -- The event that it answers.
    event_id TEXT COLLATE "C" PRIMARY KEY,
    room_id TEXT COLLATE "C" NOT NULL,
    -- Of the row of the outbox that said it first.
    effect_id TEXT COLLATE "C" NOT NULL
);
