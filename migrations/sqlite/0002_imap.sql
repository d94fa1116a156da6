-- The folders on IMAP servers from which mail is fetched, and how far each has been read. Whose
-- account it is, and where, belongs to what a folder is: after a change it begins anew.
CREATE TABLE imap_folders (
    id INTEGER PRIMARY KEY,
    mailbox TEXT NOT NULL,
    host TEXT NOT NULL,
    username TEXT NOT NULL,
    folder TEXT NOT NULL,
    -- UIDs mean something only as long as the server keeps this number.
    uid_validity INTEGER NOT NULL,
    -- Everything below was taken, or passed over with a report.
    next_uid INTEGER NOT NULL,
    -- Mails below may be known under another UID: the number above has changed since.
    compare_below INTEGER NOT NULL DEFAULT 0,
    -- When it was first read, in milliseconds since 1970: mail from before stays where it is.
    since INTEGER NOT NULL,
    UNIQUE (mailbox, host, username, folder)
) STRICT;

-- Mails that were taken over and aren't marked on the server yet.
CREATE TABLE imap_unmarked (
    folder_id INTEGER NOT NULL REFERENCES imap_folders (id),
    uid INTEGER NOT NULL,
    PRIMARY KEY (folder_id, uid)
) STRICT, WITHOUT ROWID;

-- Mails that stay on the server because they are too large or can't be fetched. Staff were told; by
-- date of arrival and size they are known again when UIDs have changed.
CREATE TABLE imap_passed (
    folder_id INTEGER NOT NULL REFERENCES imap_folders (id),
    came_at INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (folder_id, came_at, size)
) STRICT, WITHOUT ROWID;

-- A mail that is seen under a new UID is known by its content.
CREATE INDEX mails_by_digest ON mails (digest);
