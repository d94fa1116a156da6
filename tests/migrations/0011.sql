-- Jane has moved to Matrix; Bob's server isn't allowed yet.
INSERT INTO room_access (room_id, join_rule, history) VALUES ('!room:example.org', 'invite', 'shared');
INSERT INTO matrix_links (contact_id, user_id, linked_at) VALUES (1, '@jane:matrix.org', 1000);
INSERT INTO moves (room_id, contact_id, user_id, state, keeps_mail, changed_at) VALUES ('!room:example.org', 1, '@jane:matrix.org', 'joined', 0, 1000);
INSERT INTO welcomes (contact_id, mailbox, sent_at) VALUES (1, 'support', 1000);
INSERT INTO allowed_servers (server, allowed_by, allowed_at) VALUES ('*.acme.com', '@ann:example.org', 1000);
