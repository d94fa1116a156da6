-- An answer that may be changed; a conversation that waits for Ann, with a note; one that went on in it; and
-- what is known of rooms.
INSERT INTO answers (event_id, room_id, effect_id) VALUES ('$command', '!room:example.org', 'answer');
UPDATE conversations SET progress = 'open', title = 'Board', waits_since = 1000, reminded_at = 2000, waited_since = 500, answered_seq = 1,
    assignee = '@ann:example.org' WHERE id = 1;
INSERT INTO conversation_notes (conversation_id, author, text, written_at)
VALUES (1, '@ann:example.org', 'calls back on Tuesday', 1000);
INSERT INTO merged_conversations (conversation_id, into_id, merged_at) VALUES (9, 1, 1000);
INSERT INTO direct_rooms (room_id) VALUES ('!direct:example.org');
INSERT INTO room_aliases (alias, room_id, looked_at) VALUES ('#desk:example.org', '!room:example.org', 1000);
