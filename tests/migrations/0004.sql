-- A letter with a file that is too large for a mail, in a room with a setting and a closed poll.
INSERT INTO letter_items (letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, shared, fate, had_by, file_event)
VALUES (1, '$film:example.org', 9, '!room:example.org', 'Ann', 1, 1000, 'shared', '', '{"shared":"file","kind":"video","source":"mxc://example.org/film","filename":"film.mp4"}', '{"fate":"linked","link":1,"salt":"abcdefgh","size":90000000,"until":2592001000}', '[1]', '$film:example.org');
INSERT INTO files (event_id, source, state, size, content_type) VALUES ('$film:example.org', 'mxc://example.org/film', 'too_large', 90000000, 'video/mp4');
INSERT INTO links (event_id, conversation_id, made_at, ends_at, salt, filename, language) VALUES ('$film:example.org', 1, 1000, 2592001000, 'abcdefgh', 'film.mp4', 'en');
INSERT INTO spent_blobs (name) VALUES ('files/abcdefgh');
UPDATE contacts SET language = 'fr', language_mail = 1, time_zone = '+01:00', time_zone_mail = 1 WHERE id = 1;
INSERT INTO room_settings (room_id, key, value, set_by, set_at) VALUES ('!room:example.org', 'quiet', '5m', '@ann:example.org', 1000);
INSERT INTO last_mails (conversation_id, mail_id, author, written_at, text) VALUES (1, 1, 'Jane Doe', '2026-11-12T11:40:00+01:00', 'Hello');
INSERT INTO votes (poll_id, voter, event_id, answers, voted_at) VALUES ('$poll:example.org', '@ann:example.org', '$vote:example.org', '["a"]', 1000);
INSERT INTO ended_polls (poll_id, ended_at) VALUES ('$poll:example.org', 2000);
INSERT INTO edits (event_id, message_id, inbox_seq) VALUES ('$edit:example.org', '$film:example.org', 10);
INSERT INTO subscriptions (room_id, contact_id, conversation_id, ended_at)
VALUES ('!training:example.org', 1, 1, NULL);
UPDATE mails SET taken_back = 1 WHERE id = 1;
INSERT INTO had (mail_id, contact_id) VALUES (1, 1);
INSERT INTO loose_ends (conversation_id, position, message_id) VALUES (1, 0, 'new-subject@acme.com');
UPDATE participants SET copied_by = 1, told = 1 WHERE contact_id = 1;
UPDATE outbox SET spared = 9;
UPDATE letter_items SET thread_root = '$root:example.org' WHERE event_id = '$film:example.org';
