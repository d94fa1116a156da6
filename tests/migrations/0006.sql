-- An address that does not exist, to which a letter had gone and another one wasn't sent; and an absence
-- note.
INSERT INTO troubled_addresses (address, points, counted_at, suspended_at, cause)
VALUES ('gone@acme.com', 0, 1000, 1000, '{"failed":"unknown_user"}');
INSERT INTO letter_marks (address, letter_id, kind, vouched, marked_at)
VALUES ('gone@acme.com', 1, 'failed', 1, 1000);
INSERT INTO auto_replies (conversation_id, contact_id, kind, beginning, shown_at)
VALUES (1, 1, 'absence', 'i am away until monday', 1000);
