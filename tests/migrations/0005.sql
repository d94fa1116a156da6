-- A mail that was checked and is held, and somebody who was reminded of it.
UPDATE mails SET client = '192.0.2.1', client_helo = 'mail.acme.com', evidence = '{"source":"own"}', verdict = 'failed', checks = 1 WHERE id = 1;
INSERT INTO held (mail_id, conversation_id, room_id, held_at, why, is_member, sender, subject, message_id, from_address, date) VALUES (1, 1, '!room:example.org', 1000, 'failed', 1, 'Jane Doe <jane@acme.com>', 'Re: Training', 'a@acme.com', 'jane@acme.com', '');
INSERT INTO reminders (room_id, reminded_at) VALUES ('!room:example.org', 2000);
INSERT INTO address_salts (conversation_id, salt) VALUES (1, 'abcdefgh');
