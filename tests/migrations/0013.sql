-- A room says that a bridge serves it, Jane has a picture, a message has gone, somebody is erased, and a
-- mail was being written without them.
INSERT INTO room_signs (room_id, due, stated) VALUES ('!r:example.org', 0, '{"mailbox":"support"}');
INSERT INTO portraits (contact_id, uploaded, mxc, worn) VALUES (1, 'initials 1 JD k7f3', 'mxc://example.org/abc', 'initials 1 JD k7f3');
INSERT INTO message_statuses (event_id, status) VALUES ('$one:example.org', 'sent');
INSERT INTO erasures (address, redacts, asked_by, room_id, asked_at, state) VALUES ('', 0, '@ann:example.org', '!c:example.org', 1000, 'done');
INSERT INTO crossed_out (name) VALUES ('mails/abcdefgh');
