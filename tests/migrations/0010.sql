-- An answer that may be changed.
INSERT INTO answers (event_id, room_id, effect_id) VALUES ('$command', '!room:example.org', 'answer');
