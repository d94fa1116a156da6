-- Somebody is blocked, a customer's mails come too fast, and a ticket system answers.
INSERT INTO tallies (key, count, began_at, told_at) VALUES ('contact:jane@acme.com', 60, 1000, 2000);
INSERT INTO postponed (mail_id, key, due_at) VALUES (1, 'contact:jane@acme.com', 3601000);
INSERT INTO rhythms (conversation_id, address, rhythm) VALUES (1, 'jane@acme.com', '{"letter_at":1000,"unanswered":0,"at_once":1,"texts":[{"digest":17,"times":1,"last_at":1500}],"told_at":null}');
INSERT INTO senders (pattern, list, set_by, set_at) VALUES ('*@spam.example', 'block', '@ann:example.org', 1000);
INSERT INTO blocked (pattern, mails, last_at) VALUES ('*@spam.example', 3, 2000);
INSERT INTO junk (mail_id, from_address, why, kept_at) VALUES (1, 'x@spam.example', 'X-Spam-Flag: YES', 1000);
UPDATE mails SET infected = 'Eicar-Test-Signature' WHERE id = 1;
