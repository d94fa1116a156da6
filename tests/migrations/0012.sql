-- A room replaces another, in which a thread was; a ghost waits for the bot.
INSERT INTO room_lives (room_id, creation, levels, alias) VALUES ('!new', '{"version":"12","creators":["@ann:example.org"],"predecessor":"!room:example.org"}', '', '#training:example.org');
INSERT INTO successions (old_room_id, new_room_id, said_by, said_at) VALUES ('!room:example.org', '!new', '@ann:example.org', 1000);
INSERT INTO bids (room_id, localpart, invited_by, invited_at) VALUES ('!dm', '_email_jane=40acme.com', '@ann:example.org', 1000);
INSERT INTO told (room_id, about, told_at) VALUES ('!new', 'visitor @zoe:other.org', 1000);
INSERT INTO uprooted (conversation_id) VALUES (1);
