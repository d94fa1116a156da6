-- Pictures of rooms that the homeserver has.
CREATE TABLE logos (
    -- SHA-256 of the file, hexadecimal.
    digest TEXT COLLATE "C" PRIMARY KEY,
    -- mxc://…
    uri TEXT COLLATE "C" NOT NULL,
    uploaded_at BIGINT NOT NULL
);
