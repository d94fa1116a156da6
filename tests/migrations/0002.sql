-- An inbox that was read up to its seventh mail, which isn't marked yet; a large one stays there.
INSERT INTO imap_folders (id, mailbox, host, username, folder, uid_validity, next_uid, compare_below, since)
    VALUES (1, 'support', 'mail.example.org', 'support@example.org', 'INBOX', 1700000000, 8, 0, 1000);
INSERT INTO imap_unmarked (folder_id, uid) VALUES (1, 7);
INSERT INTO imap_passed (folder_id, came_at, size) VALUES (1, 1001, 200000000);
