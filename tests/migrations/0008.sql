-- Somebody asked for help, twice, and has a room by now; somebody else waits.
INSERT INTO requests (mailbox, address, written, name, subject, state, told_in, room_id, conversation_id, decided_by, decided_at, created_at) VALUES ('support', 'jane@acme.com', 'Jane@acme.com', 'Jane Doe', 'Printer', 'opened', '!triage', '!room', 1, '@ann:example.org', 2000, 1000);
INSERT INTO requests (mailbox, address, written, name, subject, state, told_in, created_at, reminded_at) VALUES ('support', 'bob@beta.com', 'bob@beta.com', '', 'Scanner', 'waiting', '!triage', 3000, 4000);
INSERT INTO request_mails (mail_id, request_id, mailbox, message_id, from_address, date) VALUES (1, 1, 'support', 'a@acme.com', 'jane@acme.com', '2026-11-22T10:00:00+01:00');
-- Somebody wanted a room in the Space, and was told what came of it.
INSERT INTO requests (mailbox, address, written, name, subject, space, language, state, told_in, decided_by, decided_at, created_at) VALUES ('support', 'jane@acme.com', 'jane@acme.com', 'Jane Doe', 'Our room', '#lyon:example.org', 'fr', 'answered', '!triage', '@ann:example.org', 6000, 5000);
-- What is answered to a conversation that was closed long ago goes on in another one.
UPDATE conversations SET done_since = 1000 WHERE id = 1;
INSERT INTO continuations (conversation_id, by_id) VALUES (1, 2);
