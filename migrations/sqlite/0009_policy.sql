-- Pictures of rooms that the homeserver has.
CREATE TABLE logos (
    -- SHA-256 of the file, hexadecimal.
    digest TEXT PRIMARY KEY,
    -- mxc://…
    uri TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What staff ask for about rooms, until it is done: domain::room_policy::Job.
CREATE TABLE policy_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Where it is answered.
    room_id TEXT NOT NULL,
    -- The command, or the notice, that asks for it: for one thing.
    asked_event TEXT NOT NULL UNIQUE,
    -- The request of somebody who asks by mail.
    request_id INTEGER,
    -- JSON.
    job TEXT NOT NULL,
    -- JSON: domain::room_policy::Progress; empty: nothing is done.
    progress TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    trace TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Why it was set aside; empty: it wasn't.
    problem TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX policy_jobs_due ON policy_jobs (next_at, id) WHERE problem = '';
