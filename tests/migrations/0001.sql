-- A database of version 1 in the middle of its work: a room with a customer of two people, a letter
-- that is on its way to one of them, one that is still open, and an answer.
INSERT INTO keys (id, secret, created_at) VALUES (1, x'00112233445566778899aabbccddeeff', 1000);
INSERT INTO transactions (txn_id, digest, received_at) VALUES ('1', x'0a0b', 1000);
INSERT INTO inbox (kind, id, room_id, sender, body, trace, received_at, state, internal) VALUES
    ('event', '$join', '!room:example.org', '@ann:example.org', '{}', 'trace1', 1000, 'done', 0),
    ('event', '$hello', '!room:example.org', '@ann:example.org', '{"type":"m.room.message"}', 'trace2', 1001, 'done', 0),
    ('event', '$note', '!room:example.org', '@ann:example.org', '{"type":"m.room.message"}', 'trace3', 1002, 'done', 1),
    ('event', '$next', '!room:example.org', '@ann:example.org', '{"type":"m.room.message"}', 'trace4', 1003, 'waiting', 0);
INSERT INTO inbox (kind, id, room_id, sender, body, trace, received_at, state, problem) VALUES
    ('event', 'broken:00', '', '', '[]', 'trace5', 1004, 'set_aside', 'it has no event_id');
INSERT INTO rooms (room_id, mailbox, name, bot_joined, known_at)
    VALUES ('!room:example.org', 'support', 'Kernel training', 1, 1000);
INSERT INTO members (room_id, user_id, membership, name)
    VALUES ('!room:example.org', '@ann:example.org', 'join', 'Ann');
INSERT INTO contacts (id, address, written, name, named_by_staff, ghost, registered, profile_name, created_at) VALUES
    (1, 'jane@acme.com', 'Jane@acme.com', 'Jane Doe', 1, '_email_jane.doe.k7f3', 1, 'Jane Doe', 1000),
    (2, 'bob@acme.com', 'bob@acme.com', '', 0, '_email_bob.a2b3', 0, '', 1000);
INSERT INTO customers (id, mailbox, created_at) VALUES (1, 'support', 1000);
INSERT INTO customer_contacts (customer_id, contact_id) VALUES (1, 1), (1, 2);
INSERT INTO conversations (id, room_id, customer_id, mailbox, subject, created_at)
    VALUES (1, '!room:example.org', 1, 'support', 'Kernel training', 1000);
INSERT INTO participants (conversation_id, contact_id, position) VALUES (1, 1, 0), (1, 2, 1);
INSERT INTO letters (id, conversation_id, state, opened_at, due_at, latest_at, trace, sealed_at, message_id, seal) VALUES
    (1, 1, 'sealed', 1001, 1002, 1005, 'trace2', 1002, 'first@example.org', '{}'),
    (2, 1, 'open', 1003, 1004, 1007, 'trace4', NULL, '', '');
INSERT INTO letter_items (letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, html) VALUES
    (1, '$hello', 2, '!room:example.org', 'Ann', 1, 1001, 'text', 'Hello Jane', NULL),
    (2, '$more', 4, '!room:example.org', 'Ann', 1, 1003, 'text', 'One more thing', '<b>One</b> more thing');
INSERT INTO chain (conversation_id, message_id, direction) VALUES
    (1, 'first@example.org', 'out'), (1, 'answer@acme.com', 'in');
INSERT INTO messages (event_id, conversation_id, message_id, direction) VALUES
    ('$hello', 1, 'first@example.org', 'out'), ('$answer', 1, 'answer@acme.com', 'in');
INSERT INTO mails (id, source, peer, helo, sender, recipients, size, raw, digest, trace, received_at, state, attempts, outcome, kind, message_id)
    VALUES (1, 'lmtp', '127.0.0.1', 'mail.example.org', 'jane@acme.com', '["support+token@example.org"]', 4,
        x'61620d0a', '00ff', 'trace6', 1003, 'done', 1, 'posted', 'reply', 'answer@acme.com');
INSERT INTO postings (conversation_id, message_id, from_address, date, mail_id)
    VALUES (1, 'answer@acme.com', 'jane@acme.com', '2026-11-22T08:00:00Z', 1);
INSERT INTO outbox (way, lane, effect_id, payload, state, uncertain, attempts, next_at, lease_until, result, letter_id, trace, created_at, settled_at) VALUES
    ('matrix', 'room:!room:example.org', 'effect1', '{}', 'delivered', 0, 1, 1000, NULL, '$joined', NULL, 'trace1', 1000, 1001),
    ('mail', 'mail:1:jane@acme.com', 'effect2', '{}', 'attempting', 1, 2, 1002, 9000, '', 1, 'trace2', 1002, NULL),
    ('mail', 'mail:1:bob@acme.com', 'effect3', '{}', 'ready', 0, 1, 1010, NULL, '', 1, 'trace2', 1002, NULL);
