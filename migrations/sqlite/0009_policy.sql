-- Pictures of rooms that the homeserver has.
CREATE TABLE logos (
    -- SHA-256 of the file, hexadecimal.
    digest TEXT PRIMARY KEY,
    -- mxc://…
    uri TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
