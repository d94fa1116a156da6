-- What a Postroom has stored after a while: 500 rooms more, each with a customer, and 25,000
-- letters and 25,000 answers, spread evenly over all conversations that there are.

CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY);
WITH RECURSIVE counting (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counting WHERE n < 24999)
INSERT INTO numbers SELECT n FROM counting;

INSERT INTO rooms (room_id, mailbox, name, bot_joined, known_at)
SELECT '!old' || n, 'support', 'Old room ' || n, 1, 0 FROM numbers WHERE n < 500;
INSERT INTO members (room_id, user_id, membership, name)
SELECT '!old' || n, '@postroom:example.org', 'join', 'Postroom' FROM numbers WHERE n < 500
UNION ALL SELECT '!old' || n, '@ann:example.org', 'join', 'Ann' FROM numbers WHERE n < 500
UNION ALL SELECT '!old' || n, '@_email_old.' || n || ':example.org', 'join', 'Old ' || n
FROM numbers WHERE n < 500;
INSERT INTO contacts (id, address, written, name, ghost, registered, profile_name, created_at)
SELECT 10000 + n, 'old' || n || '@acme.com', 'old' || n || '@acme.com', 'Old ' || n,
    '_email_old.' || n, 1, 'Old ' || n, 0
FROM numbers WHERE n < 500;
INSERT INTO customers (id, mailbox, created_at)
SELECT 10000 + n, 'support', 0 FROM numbers WHERE n < 500;
INSERT INTO customer_contacts (customer_id, contact_id)
SELECT 10000 + n, 10000 + n FROM numbers WHERE n < 500;
INSERT INTO conversations (id, room_id, customer_id, mailbox, subject, created_at)
SELECT 10000 + n, '!old' || n, 10000 + n, 'support', 'Old room ' || n, 0 FROM numbers WHERE n < 500;
INSERT INTO participants (conversation_id, contact_id, position)
SELECT 10000 + n, 10000 + n, 0 FROM numbers WHERE n < 500;

CREATE TEMP TABLE places (place INTEGER PRIMARY KEY, conversation, room, contact, address, ghost);
INSERT INTO places
SELECT row_number() OVER (ORDER BY conversations.id) - 1, conversations.id, room_id, contacts.id,
    address, '@' || ghost || ':example.org'
FROM conversations
JOIN participants ON conversation_id = conversations.id
JOIN contacts ON contacts.id = contact_id;
CREATE TEMP VIEW spread AS
SELECT n, places.* FROM numbers JOIN places ON place = n % (SELECT count(*) FROM places);

INSERT INTO transactions (txn_id, digest, received_at)
SELECT 'old' || n, zeroblob(32), 0 FROM numbers;
INSERT INTO inbox (seq, kind, id, room_id, sender, body, trace, received_at, state)
SELECT 1000000 + 2 * n, 'event', '$old-out-' || n, room, '@ann:example.org',
    '{"type":"m.room.message","content":{"body":"' || printf('%.*c', 500, 'x') || '"}}', 'old', 0, 'done'
FROM spread;
INSERT INTO inbox (seq, kind, id, room_id, sender, body, trace, received_at, state)
SELECT 1000001 + 2 * n, 'event', '$old-in-' || n, room, ghost,
    '{"type":"m.room.message","content":{"body":"' || printf('%.*c', 500, 'x') || '"}}', 'old', 0, 'done'
FROM spread;

INSERT INTO letters
    (id, conversation_id, state, opened_at, due_at, latest_at, trace, sealed_at, message_id, seal)
SELECT 1000000 + n, conversation, 'settled', 0, 0, 0, 'old', 0, 'old-out-' || n || '@example.org',
    printf('%.*c', 700, 'x')
FROM spread;
INSERT INTO letter_items
    (letter_id, event_id, inbox_seq, room_id, author, by_staff, sent_at, kind, body, settled)
SELECT 1000000 + n, '$old-out-' || n, 1000000 + 2 * n, room, 'Ann', 1, 0, 'text',
    printf('%.*c', 300, 'x'), 1
FROM spread;
INSERT INTO outbox
    (way, lane, effect_id, payload, state, attempts, next_at, result, letter_id, trace, created_at,
     settled_at)
SELECT 'mail', 'mail:' || conversation || ':' || address, 'old-mail-' || n, printf('%.*c', 100, 'x'),
    'delivered', 1, 0, '250 taken', 1000000 + n, 'old', 0, 0
FROM spread;
INSERT INTO outbox
    (way, lane, effect_id, payload, state, attempts, next_at, result, trace, created_at, settled_at)
SELECT 'matrix', 'receipt:' || room, 'old-receipt-' || n, printf('%.*c', 150, 'x'), 'delivered', 1,
    0, '', 'old', 0, 0
FROM spread;
INSERT INTO messages (event_id, conversation_id, message_id, direction)
SELECT '$old-out-' || n, conversation, 'old-out-' || n || '@example.org', 'out' FROM spread;

INSERT INTO mails
    (id, source, peer, helo, sender, recipients, size, raw, digest, trace, received_at, state, outcome,
     message_id)
SELECT 1000000 + n, 'lmtp', '127.0.0.1', 'mail.example.org', address, '[]', 2000, zeroblob(2000),
    hex(randomblob(32)), 'old', 0, 'done', 'posted', 'old-in-' || n || '@acme.com'
FROM spread;
INSERT INTO postings (conversation_id, message_id, from_address, date, mail_id)
SELECT conversation, 'old-in-' || n || '@acme.com', address, '', 1000000 + n FROM spread;
INSERT INTO outbox
    (way, lane, effect_id, payload, state, attempts, next_at, result, trace, created_at, settled_at)
SELECT 'matrix', 'room:' || room, 'old-post-' || n, printf('%.*c', 700, 'x'), 'delivered', 1, 0,
    '$old-in-' || n, 'old', 0, 0
FROM spread;
INSERT INTO messages (event_id, conversation_id, message_id, direction)
SELECT '$old-in-' || n, conversation, 'old-in-' || n || '@acme.com', 'in' FROM spread;
INSERT INTO chain (conversation_id, message_id, direction)
SELECT conversation, 'old-out-' || n || '@example.org', 'out' FROM spread
UNION ALL SELECT conversation, 'old-in-' || n || '@acme.com', 'in' FROM spread;
